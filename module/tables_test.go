package module_test

import (
	"database/sql"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/mailconnector/mailconnector/internal/dbtest"
	"github.com/mailconnector/mailconnector/module"
)

func TestTablesAreThoseThatMigrateCreates(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *sql.DB) {
		if err := newExtension(t, config(t, db)).Migrate(t.Context()); err != nil {
			t.Fatal(err)
		}
		var there []string
		for _, table := range dbtest.Catalog(t, db, "mc_") {
			there = append(there, table.Name)
		}
		own := module.Tables()
		slices.Sort(own)
		slices.Sort(there)
		if diff := cmp.Diff(own, there); diff != "" {
			t.Errorf("Tables (-named +created):\n%s", diff)
		}
	})
}
