package search_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/go-sql-driver/mysql"
	"github.com/google/go-cmp/cmp"

	"github.com/mailconnector/mailconnector/internal/database"
	"github.com/mailconnector/mailconnector/internal/dbtest"
	"github.com/mailconnector/mailconnector/permissions/search"
)

// aboveOneBatch is more than the first pass asks a host for at once, twice.
const aboveOneBatch = 4700

// manyElenas is a CRM with more records than are written in their orders.
func manyElenas() *crm {
	c := newCRM()
	for i := range aboveOneBatch {
		owner := "anna"
		if i%2 == 0 {
			owner = "boss"
		}
		c.put(contact(fmt.Sprint(i), owner, fmt.Sprintf("Elena N%d", i), "", ""))
	}
	return c
}

// orders lists the indexes of the terms besides their primary key.
func orders(t *testing.T, db *sql.DB) (columns []string) {
	t.Helper()
	for _, table := range dbtest.Catalog(t, db, "mc_search_terms") {
		for _, key := range table.Keys {
			if key.Kind != "primary" {
				columns = append(columns, key.Columns)
			}
		}
	}
	return columns
}

var allOrders = []string{"kind,term,doc,field,owner,pairs", "owner,kind,term,doc,field,pairs", "type,kind,term,doc,field,owner,pairs"}

// TestAnIndexIsBuiltHoweverOftenTheBuildEnds ends a build after each batch, and before it sorts.
func TestAnIndexIsBuiltHoweverOftenTheBuildEnds(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *sql.DB) {
		c := manyElenas()
		s := service(t, db, c)
		builds := 0
		for ; builds < 20; builds++ {
			ctx, end := context.WithCancel(t.Context())
			err := s.Build(ctx, func(n int) {
				if n > 0 {
					end()
				}
			})
			end()
			if err == nil {
				break
			}
			if !errors.Is(err, context.Canceled) {
				t.Fatal(err)
			}
			results, err := s.Search(t.Context(), anna, search.Query{Text: "elena n1 n2"})
			if err != nil || len(results.Items) > 0 || !slices.Equal(results.Partial, []string{"index"}) {
				t.Fatalf("before the index is built: %+v, %v", results, err)
			}
		}
		if builds < 2 {
			t.Errorf("%d builds ended, want one after each batch", builds)
		}
		if diff := cmp.Diff(allOrders, orders(t, db)); diff != "" {
			t.Errorf("orders of terms (-want +got):\n%s", diff)
		}
		status, err := s.Status(t.Context())
		if err != nil || !status.Built || status.Sorting || status.Records != aboveOneBatch {
			t.Errorf("status %+v, %v", status, err)
		}
		if got := find(t, s, anna, "elena n4699"); !slices.Equal(got, []string{"Elena N4699"}) {
			t.Errorf("found %v", got)
		}
	})
}

// TestAFirstPassWritesUnsorted looks at the orders after each batch of a first pass.
func TestAFirstPassWritesUnsorted(t *testing.T) {
	db := dbtest.MariaDB(t)
	s := service(t, db, manyElenas())
	err := s.Build(t.Context(), func(int) {
		if got := orders(t, db); len(got) > 0 {
			t.Errorf("a first pass over many records writes in the orders %v", got)
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(allOrders, orders(t, db)); diff != "" {
		t.Errorf("orders of terms (-want +got):\n%s", diff)
	}
}

// TestABuildNeedsNoRightToAlterTables builds as a database user who may only read and write, from the beginning and after
// a build that was killed when it had just been refused.
func TestABuildNeedsNoRightToAlterTables(t *testing.T) {
	server := dbtest.StartServer(t)
	if _, err := server.Open(t).ExecContext(t.Context(), "CREATE USER reader IDENTIFIED BY 'secret'"); err != nil {
		t.Fatal(err)
	}
	for name, refused := range map[string]bool{"from the beginning": false, "after one that was refused": true} {
		t.Run(name, func(t *testing.T) {
			dsn := server.NewDatabase(t)
			c := manyElenas()
			service(t, openDSN(t, dsn), c) // migrates
			cfg, err := mysql.ParseDSN(dsn)
			if err != nil {
				t.Fatal(err)
			}
			root := openDSN(t, dsn)
			if _, err := root.ExecContext(t.Context(), "GRANT SELECT, INSERT, UPDATE, DELETE ON `"+cfg.DBName+"`.* TO reader"); err != nil {
				t.Fatal(err)
			}
			cfg.User, cfg.Passwd = "reader", "secret"
			own, err := database.New(openDSN(t, cfg.FormatDSN()), database.Options{Now: c.now})
			if err != nil {
				t.Fatal(err)
			}
			if err := own.SetSetting(t.Context(), "search.index", map[string]bool{"unsorted": refused}); err != nil {
				t.Fatal(err)
			}
			var log strings.Builder
			s, err := search.New(search.Config{DB: own, Source: c, Permissions: c, Logger: slog.New(slog.NewTextHandler(&log, nil))})
			if err != nil {
				t.Fatal(err)
			}
			if err := s.Build(t.Context(), func(int) {}); err != nil {
				t.Fatal(err)
			}
			if !strings.Contains(log.String(), "takes longer") {
				t.Errorf("the log does not tell why the build takes longer: %s", log.String())
			}
			if got := find(t, s, anna, "elena n4699"); !slices.Equal(got, []string{"Elena N4699"}) {
				t.Errorf("found %v", got)
			}
			if diff := cmp.Diff(allOrders, orders(t, root)); diff != "" {
				t.Errorf("orders of terms (-want +got):\n%s", diff)
			}
		})
	}
}

// TestABuildWaitsForASortingThatGoesOn has the server sort already, as it does when its client was killed, or gave up
// waiting for an answer. A reader makes that take long.
func TestABuildWaitsForASortingThatGoesOn(t *testing.T) {
	db := dbtest.MariaDB(t)
	s := service(t, db, manyElenas())
	begun := make(chan error, 1)
	err := s.Build(t.Context(), func(n int) {
		if n < aboveOneBatch {
			return
		}
		reader, err := db.BeginTx(t.Context(), nil)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := reader.ExecContext(t.Context(), "SELECT 1 FROM mc_search_terms LIMIT 1"); err != nil {
			t.Fatal(err)
		}
		go func() {
			_, err := db.ExecContext(t.Context(), "CREATE INDEX mc_search_terms_owner ON mc_search_terms (owner, kind, term, doc, field, pairs)")
			begun <- err
		}()
		for sorting := 0; sorting == 0; {
			if err := db.QueryRowContext(t.Context(), `SELECT COUNT(*) FROM information_schema.processlist
				WHERE info LIKE 'CREATE INDEX mc_search_terms_owner%' AND db = DATABASE()`).Scan(&sorting); err != nil {
				t.Fatal(err)
			}
		}
		time.AfterFunc(300*time.Millisecond, func() { _ = reader.Rollback() })
	})
	if err := errors.Join(err, <-begun); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(allOrders, orders(t, db)); diff != "" {
		t.Errorf("orders of terms (-want +got):\n%s", diff)
	}
}

// TestASecondWriterStartsOver has somebody write the document that the index would write next.
func TestASecondWriterStartsOver(t *testing.T) {
	db := dbtest.MariaDB(t)
	c := newCRM()
	s := service(t, db, c)
	c.put(contact("1", "anna", "Anna Rossi", "", ""))
	build(t, s)
	c.put(contact("2", "anna", "Nora Rossi", "", ""))
	first, err := db.BeginTx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := first.ExecContext(t.Context(), `INSERT INTO mc_search_docs SELECT id - 1, type, 'other', owner, checksum, modified, is_open,
		label, fingerprint, pairs FROM mc_search_docs`); err != nil {
		t.Fatal(err)
	}
	refreshed := make(chan error, 1)
	go func() { refreshed <- s.Refresh(t.Context()) }()
	for waits := false; !waits; { // for the first
		time.Sleep(150 * time.Millisecond) // asked sooner, the server answers as before
		err := db.QueryRowContext(t.Context(), `SELECT COUNT(*) > 0 FROM information_schema.innodb_trx
			WHERE trx_state = 'LOCK WAIT' AND trx_query LIKE 'INSERT INTO %mc_search_docs%'`).Scan(&waits)
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := first.Commit(); err != nil {
		t.Fatal(err)
	}
	if err := <-refreshed; !database.IsDuplicate(err) {
		t.Errorf("the second writer ends with %v, want a duplicate", err)
	}
	if err := s.Refresh(t.Context()); err != nil {
		t.Fatal(err)
	}
	var other int
	if err := db.QueryRowContext(t.Context(), "SELECT COUNT(*) FROM mc_search_docs WHERE record = 'other'").Scan(&other); err != nil || other != 1 {
		t.Errorf("%d documents of the first writer are left, want 1: %v", other, err)
	}
	if got := find(t, s, anna, "nora"); !slices.Equal(got, []string{"Nora Rossi"}) {
		t.Errorf("found %v", got)
	}
}

func openDSN(t *testing.T, dsn string) *sql.DB {
	t.Helper()
	db, err := sql.Open("mysql", dsn)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	return db
}
