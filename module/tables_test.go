package module_test

import (
	"database/sql"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/mailconnector/mailconnector/internal/dbtest"
	"github.com/mailconnector/mailconnector/module"
)

func TestTablesAreThoseThatMigrateCreates(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *sql.DB) {
		c := config(t, db)
		c.Owner = "crm.one_"
		check := func(what string, want []string) {
			t.Helper()
			tables, err := module.Tables(t.Context(), c)
			if err != nil {
				t.Fatalf("%s: %v", what, err)
			}
			if len(want) > 0 && tables[len(tables)-1] != "mc_migrations" {
				t.Errorf("%s: the last table to drop is %s", what, tables[len(tables)-1])
			}
			slices.Sort(tables)
			if diff := cmp.Diff(want, tables); diff != "" {
				t.Errorf("%s: Tables (-there +named):\n%s", what, diff)
			}
		}
		check("before Migrate", nil)
		if err := newExtension(t, c).Migrate(t.Context()); err != nil {
			t.Fatal(err)
		}
		var there []string
		for _, table := range dbtest.Catalog(t, db, "mc_") {
			there = append(there, table.Name)
		}
		slices.Sort(there)
		check("after Migrate", there)
		exec(t, db, "DELETE FROM mc_migrations")
		check("without a record of the steps", there)
	})
}

func TestTablesOfAnotherCRMAreRefused(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *sql.DB) {
		c := config(t, db)
		c.Owner = "crm.one_"
		one := newExtension(t, c)
		if err := errors.Join(one.Migrate(t.Context()), one.Migrate(t.Context()), one.Check(t.Context())); err != nil {
			t.Fatal(err)
		}
		c.Owner = "crm.two_"
		two := newExtension(t, c)
		_, named := module.Tables(t.Context(), c)
		for what, err := range map[string]error{
			"Migrate": two.Migrate(t.Context()), "Check": two.Check(t.Context()), "Start": two.Start(t.Context()), "Tables": named,
		} {
			if !errors.Is(err, module.ErrTaken) || !strings.Contains(err.Error(), "they serve crm.one_, and this is crm.two_") {
				t.Errorf("%s at another CRM: %v", what, err)
			}
		}
		if err := one.Check(t.Context()); err != nil {
			t.Errorf("Check at its own CRM: %v", err)
		}
		exec(t, db, "DELETE FROM mc_settings WHERE name = 'database.owner'") // as the error says
		if err := two.Check(t.Context()); !errors.Is(err, module.ErrNotMigrated) {
			t.Errorf("Check where no CRM is noted: %v", err)
		}
		if err := errors.Join(two.Migrate(t.Context()), two.Check(t.Context())); err != nil {
			t.Error(err)
		}
		if err := one.Check(t.Context()); !errors.Is(err, module.ErrTaken) {
			t.Errorf("Check at the CRM they served before: %v", err)
		}
	})
}

func exec(t *testing.T, db *sql.DB, statement string) {
	t.Helper()
	if _, err := db.ExecContext(t.Context(), statement); err != nil {
		t.Fatalf("%s: %v", statement, err)
	}
}
