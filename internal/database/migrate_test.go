package database_test

import (
	"database/sql"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/mailconnector/mailconnector/internal/database"
	"github.com/mailconnector/mailconnector/internal/dbtest"
)

// steps create a table and widen it, one kind of DDL each, after the tables of the package itself.
func steps() []database.Migration {
	return append(database.Migrations(),
		database.Migration{
			ID: "notes-001-create",
			MySQL: `CREATE TABLE mc_notes (
				hash BINARY(32) NOT NULL PRIMARY KEY,
				text MEDIUMTEXT NOT NULL
			) ` + database.TableOptions,
			SQLite: `CREATE TABLE mc_notes (
				hash BLOB NOT NULL PRIMARY KEY,
				text TEXT NOT NULL
			)`,
		},
		database.Migration{
			ID:     "notes-002-author",
			MySQL:  "ALTER TABLE mc_notes ADD COLUMN author VARCHAR(64)",
			SQLite: "ALTER TABLE mc_notes ADD COLUMN author TEXT",
		},
		database.Migration{
			ID:     "notes-003-by-author",
			MySQL:  "CREATE INDEX mc_notes_author ON mc_notes (author, hash)",
			SQLite: "CREATE INDEX mc_notes_author ON mc_notes (author, hash)",
		},
		database.Migration{
			ID:    "notes-004-mysql-only",
			MySQL: "ALTER TABLE mc_notes ADD UNIQUE INDEX mc_notes_hash (hash, author)",
		},
	)
}

func notesTable(unique bool) dbtest.Table {
	table := dbtest.Table{
		Name: "mc_notes",
		Columns: []dbtest.Column{
			{Name: "hash", Type: "bytes"}, {Name: "text", Type: "text"}, {Name: "author", Type: "text", Nullable: true},
		},
		Keys: []dbtest.Key{{Kind: "index", Columns: "author,hash"}, {Kind: "primary", Columns: "hash"}},
	}
	if unique {
		table.Keys = append(table.Keys, dbtest.Key{Kind: "unique", Columns: "hash,author"})
	}
	return table
}

func checkNotes(t *testing.T, db *sql.DB) {
	t.Helper()
	want := []dbtest.Table{notesTable(strings.HasSuffix(t.Name(), "MariaDB"))}
	if diff := cmp.Diff(want, dbtest.Catalog(t, db, "mc_notes")); diff != "" {
		t.Errorf("tables (-want +got):\n%s", diff)
	}
}

func TestBothDialectsEndWithTheSameTables(t *testing.T) {
	onSQLite := migrated(t, dbtest.SQLite(t)).SQL()
	onMariaDB := migrated(t, dbtest.MariaDB(t)).SQL()
	diff := cmp.Diff(dbtest.Catalog(t, onSQLite, "mc_"), dbtest.Catalog(t, onMariaDB, "mc_"))
	if diff != "" {
		t.Errorf("tables differ between the dialects (-SQLite +MariaDB):\n%s", diff)
	}
}

func TestMigrateAppliesWhatIsPendingOnce(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *sql.DB) {
		now := time.Date(2026, 5, 1, 10, 0, 0, 0, time.UTC)
		d := newDBAt(t, db, func() time.Time { now = now.Add(time.Second); return now })
		pending, err := d.Pending(t.Context(), steps())
		if err != nil || len(pending) != len(steps()) || pending[2] != "notes-001-create" {
			t.Fatalf("pending before: %v, error %v", pending, err)
		}
		if err := d.Migrate(t.Context(), steps()[:3]); err != nil {
			t.Fatal(err)
		}
		pending, err = d.Pending(t.Context(), steps())
		want := []string{"notes-002-author", "notes-003-by-author", "notes-004-mysql-only"}
		if err != nil || !slices.Equal(pending, want) {
			t.Fatalf("pending in between: %v, error %v", pending, err)
		}
		var history [2]int
		for i := range history {
			if err := d.Migrate(t.Context(), steps()); err != nil {
				t.Fatal(err)
			}
			history[i] = number(t, db, "SELECT SUM(applied % 1000000000) FROM mc_migrations")
		}
		if history[0] != history[1] {
			t.Error("the second run changed the history")
		}
		if pending, err = d.Pending(t.Context(), steps()); err != nil || len(pending) != 0 {
			t.Errorf("pending after: %v, error %v", pending, err)
		}
		checkNotes(t, db)
	})
}

func TestConcurrentMigrationsConverge(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *sql.DB) {
		d := newDB(t, db)
		var wg sync.WaitGroup
		for range 8 {
			wg.Go(func() {
				if err := d.Migrate(t.Context(), steps()); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if got := number(t, db, "SELECT COUNT(*) FROM mc_migrations"); got != len(steps()) {
			t.Errorf("%d steps recorded, want %d", got, len(steps()))
		}
		checkNotes(t, db)
	})
}

// TestCrashedMigrationsConverge takes back the record of each step, as if the process had died between the two.
func TestCrashedMigrationsConverge(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *sql.DB) {
		d := newDB(t, db)
		for _, crashed := range steps() {
			if err := d.Migrate(t.Context(), steps()); err != nil {
				t.Fatal(err)
			}
			if _, err := db.Exec("DELETE FROM mc_migrations WHERE id = ?", crashed.ID); err != nil {
				t.Fatal(err)
			}
		}
		if err := d.Migrate(t.Context(), steps()); err != nil {
			t.Fatal(err)
		}
		checkNotes(t, db)
		exec(t, db, "DELETE FROM mc_migrations")
		if err := d.Migrate(t.Context(), steps()); err != nil {
			t.Errorf("with no record at all: %v", err)
		}
		checkNotes(t, db)
	})
}

func TestAStepThatFailsIsNamedAndStopsTheRest(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *sql.DB) {
		d := newDB(t, db)
		broken := steps()
		broken[3].MySQL, broken[3].SQLite = "ALTER TABLE nowhere ADD COLUMN x INTEGER", "ALTER TABLE nowhere ADD COLUMN x INTEGER"
		err := d.Migrate(t.Context(), broken)
		if err == nil || !strings.Contains(err.Error(), "notes-002-author") {
			t.Errorf("got %v, want an error that names the step", err)
		}
		if got := number(t, db, "SELECT COUNT(*) FROM mc_migrations"); got != 3 {
			t.Errorf("%d steps recorded, want the 3 before", got)
		}
		if err := d.Migrate(t.Context(), steps()); err != nil {
			t.Fatal(err)
		}
		checkNotes(t, db)
	})
}

func TestWhereNothingIsPendingNoRightsAreNeeded(t *testing.T) {
	db := dbtest.SQLite(t)
	d := migrated(t, db)
	db.SetMaxOpenConns(1)
	exec(t, db, "PRAGMA query_only = ON")
	if err := d.Migrate(t.Context(), database.Migrations()); err != nil {
		t.Error(err)
	}
	if err := d.Migrate(t.Context(), steps()); err == nil {
		t.Error("a read-only database was migrated")
	}
}

func TestMigrationsNeedProperIDs(t *testing.T) {
	d := newDB(t, dbtest.SQLite(t))
	for name, wrong := range map[string][]database.Migration{
		"an empty id":           {{}},
		"an id too long":        {{ID: strings.Repeat("x", 101)}},
		"the same id two times": {{ID: "a"}, {ID: "a"}},
	} {
		if err := d.Migrate(t.Context(), wrong); err == nil {
			t.Errorf("%s was accepted", name)
		}
		if _, err := d.Pending(t.Context(), wrong); err == nil {
			t.Errorf("%s was accepted by Pending", name)
		}
	}
}
