package database_test

import (
	"database/sql"
	"errors"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/mailconnector/mailconnector/internal/database"
	"github.com/mailconnector/mailconnector/internal/dbtest"
)

func TestTablesOfAnotherProgramAreRefused(t *testing.T) {
	for name, row := range map[string]struct{ table, want string }{
		"settings of its own":                 {"CREATE TABLE mc_settings (name VARCHAR(50), data TEXT)", "there is mc_settings, but not mc_migrations"},
		"settings that have the same columns": {"CREATE TABLE mc_settings (name VARCHAR(50), value TEXT, updated BIGINT)", "there is mc_settings, but not mc_migrations"},
		"a history of its own":                {"CREATE TABLE mc_migrations (id INT, batch INT)", "mc_migrations is another program's, for it has no column applied"},
	} {
		t.Run(name, func(t *testing.T) {
			dbtest.Each(t, func(t *testing.T, db *sql.DB) {
				exec(t, db, row.table, "CREATE TABLE mc_of_others (id INT)")
				before := dbtest.Catalog(t, db, "")
				d := newDB(t, db)
				_, pending := d.Pending(t.Context(), steps())
				_, tables := d.Tables(t.Context(), steps())
				for what, err := range map[string]error{"Pending": pending, "Tables": tables, "Migrate": d.Migrate(t.Context(), steps())} {
					if !errors.Is(err, database.ErrTaken) || !strings.Contains(err.Error(), row.want) {
						t.Errorf("%s = %v, want %q", what, err, row.want)
					}
				}
				if diff := cmp.Diff(before, dbtest.Catalog(t, db, "")); diff != "" {
					t.Errorf("the tables changed (-before +after):\n%s", diff)
				}
			})
		})
	}
}

func TestATableThatAnotherProgramMadeMeanwhileIsRefused(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *sql.DB) {
		d := migrated(t, db)
		exec(t, db, "CREATE TABLE mc_notes (hash VARCHAR(50), author TEXT)")
		if err := d.Migrate(t.Context(), steps()); !errors.Is(err, database.ErrTaken) || !strings.Contains(err.Error(), "mc_notes is another program's, for it has no column text") {
			t.Errorf("Migrate = %v", err)
		}
		tables, err := d.Tables(t.Context(), database.Migrations())
		want := []string{"mc_leases", "mc_settings", "mc_migrations"}
		if diff := cmp.Diff(want, tables); diff != "" || err != nil {
			t.Errorf("Tables (-want +got), %v:\n%s", err, diff)
		}
	})
}

// ownedBy returns the database as the module of a CRM uses it.
func ownedBy(t *testing.T, db *sql.DB, owner string) *database.DB {
	t.Helper()
	d, err := database.New(db, database.Options{Owner: owner})
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func TestOfOwnersThatComeAtOnceOneHasTheTables(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *sql.DB) {
		owners := []string{"crm.a_", "crm.b_", "crm.c_", "crm.d_"}
		results := make([]error, len(owners))
		var wg sync.WaitGroup
		for i, owner := range owners {
			d := ownedBy(t, db, owner)
			wg.Go(func() { results[i] = d.Migrate(t.Context(), steps()) })
		}
		wg.Wait()
		var served []string
		for i, err := range results {
			if err == nil {
				served = append(served, owners[i])
			} else if !errors.Is(err, database.ErrTaken) {
				t.Errorf("%s: %v", owners[i], err)
			}
			if again := ownedBy(t, db, owners[i]).CheckOwner(t.Context()); (again == nil) != (err == nil) {
				t.Errorf("%s: Migrate = %v, then CheckOwner = %v", owners[i], err, again)
			}
		}
		if len(served) != 1 {
			t.Errorf("the tables serve %v, want one", served)
		}
		checkNotes(t, db)
	})
}

func TestAnOwnerIsNotedOnce(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *sql.DB) {
		if err := newDB(t, db).Migrate(t.Context(), steps()); err != nil { // as before there were owners
			t.Fatal(err)
		}
		d := ownedBy(t, db, "crm.vte_")
		for _, want := range [][]string{{"database-owner"}, nil} {
			pending, err := d.Pending(t.Context(), steps())
			if diff := cmp.Diff(want, pending); diff != "" || err != nil {
				t.Errorf("Pending (-want +got), %v:\n%s", err, diff)
			}
			if err := d.Migrate(t.Context(), steps()); err != nil {
				t.Fatal(err)
			}
		}
		if err := newDB(t, db).CheckOwner(t.Context()); err != nil {
			t.Errorf("where nobody asks for an owner: %v", err)
		}
	})
}
