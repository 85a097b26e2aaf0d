package search_test

import (
	"context"
	"slices"
	"testing"

	"github.com/mailconnector/mailconnector/internal/dbtest"
)

// TestStatementsAreGivenBackWhenRunEnds counts the statements that the server keeps prepared.
func TestStatementsAreGivenBackWhenRunEnds(t *testing.T) {
	db := dbtest.StartServer(t).Open(t)
	c := newCRM()
	c.put(contact("1", "anna", "Anna Rossi", "", ""))
	s := service(t, db, c)
	kept := func() (n int) {
		t.Helper()
		var name string
		if err := db.QueryRowContext(t.Context(), "SHOW GLOBAL STATUS LIKE 'Prepared_stmt_count'").Scan(&name, &n); err != nil {
			t.Fatal(err)
		}
		return n
	}
	if got := find(t, s, anna, "rossi"); !slices.Equal(got, []string{"Anna Rossi"}) || kept() == 0 {
		t.Errorf("found %v, with %d statements prepared", got, kept())
	}
	ctx, end := context.WithCancel(t.Context())
	end()
	s.Run(ctx)
	if n := kept(); n != 0 {
		t.Errorf("%d statements stay prepared", n)
	}
	if got := find(t, s, anna, "rossi"); !slices.Equal(got, []string{"Anna Rossi"}) {
		t.Errorf("found %v after Run has ended", got)
	}
}
