package search_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/mailconnector/mailconnector/internal/dbtest"
	"github.com/mailconnector/mailconnector/permissions/search"
)

// TestAnswersBeforeTheIndexIsBuilt looks for the last of more records than a search waits for.
func TestAnswersBeforeTheIndexIsBuilt(t *testing.T) {
	c := newCRM()
	for i := range 700 {
		c.put(contact(fmt.Sprint(i), "boss", fmt.Sprint("Early ", i), "", ""))
	}
	c.put(contact("9001", "anna", "Late Lara", "lara@late.example", ""))
	c.put(contact("9002", "boss", "Late Foreign", "lara@late.example", ""))
	s := serviceOf(t, dbtest.SQLite(t), c, openHost{c})

	for _, text := range []string{"Lara@Late.example", "con9001"} {
		results, err := s.Search(t.Context(), anna, search.Query{Text: text})
		if err != nil {
			t.Fatal(err)
		}
		got := labels(results.Items, func(h search.Hit) string { return h.Label })
		if !slices.Equal(got, []string{"Late Lara"}) || !slices.Equal(results.Partial, []string{"index"}) {
			t.Errorf("search %q: %v, partial %v", text, got, results.Partial)
		}
	}
	if got := suggested(t, s, anna, search.Mail{Participants: from("lara@late.example")}); !slices.Equal(got, []string{"address: Late Lara"}) {
		t.Errorf("suggested %v", got)
	}
	if got := find(t, s, guest, "lara@late.example"); len(got) != 0 {
		t.Errorf("guest finds %v by an address that guest may not read", got)
	}
	read := 0
	if err := s.Build(t.Context(), func(n int) { read = n }); err != nil || read >= 702 || read == 0 {
		t.Errorf("the build read %d records, want those that are left: %v", read, err)
	}
	if got := find(t, s, anna, "late la"); !slices.Equal(got, []string{"Late Lara"}) {
		t.Errorf("after the build: %v", got)
	}
}
