package search_test

import (
	"context"
	"fmt"
	"slices"
	"sync"
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

// slowHost is a host that is told to go on with the first changes it is asked for.
type slowHost struct {
	*crm
	asked, goOn chan struct{}
}

func (h slowHost) Changes(ctx context.Context, after string, limit int) ([]search.Doc, string, error) {
	close(h.asked)
	<-h.goOn
	return h.crm.Changes(ctx, after, limit)
}

// TestAnIndexIsSearchedFromTheStart searches while the first search of a process still waits for the host.
func TestAnIndexIsSearchedFromTheStart(t *testing.T) {
	c, db := newCRM(), dbtest.SQLite(t)
	c.put(contact("1", "anna", "Anna Rossi", "", ""))
	build(t, service(t, db, c))

	host := slowHost{c, make(chan struct{}), make(chan struct{})}
	s := serviceOf(t, db, c, host)
	var first sync.WaitGroup
	first.Go(func() { _, _ = s.Search(t.Context(), anna, search.Query{Text: "rossi"}) })
	<-host.asked
	results, err := s.Search(t.Context(), anna, search.Query{Text: "rossi"})
	close(host.goOn)
	first.Wait()
	if err != nil || len(results.Items) != 1 || len(results.Partial) > 0 {
		t.Errorf("the second search answers %+v, %v", results, err)
	}
}
