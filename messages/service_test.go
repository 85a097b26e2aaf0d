package messages_test

import (
	"context"
	"database/sql"
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/mailconnector/mailconnector/documents"
	"github.com/mailconnector/mailconnector/internal/database"
	"github.com/mailconnector/mailconnector/internal/dbtest"
	"github.com/mailconnector/mailconnector/messages"
)

func TestNewRefuses(t *testing.T) {
	h := newHarness(t, dbtest.SQLite(t))
	db, err := database.New(h.db, database.Options{})
	if err != nil {
		t.Fatal(err)
	}
	blobs, err := documents.New(documents.Config{DB: db, Store: h.content})
	if err != nil {
		t.Fatal(err)
	}
	good := messages.Config{DB: db, Blobs: blobs, Filing: h.crm, Permissions: h.crm, Labels: h.crm.labels}
	for name, change := range map[string]func(*messages.Config){
		"no database":      func(c *messages.Config) { c.DB = nil },
		"no blobs":         func(c *messages.Config) { c.Blobs = nil },
		"no filing":        func(c *messages.Config) { c.Filing = nil },
		"no permissions":   func(c *messages.Config) { c.Permissions = nil },
		"no labels":        func(c *messages.Config) { c.Labels = nil },
		"a short key":      func(c *messages.Config) { c.SigningKey = make([]byte, 31) },
		"a negative grace": func(c *messages.Config) { c.Grace = -time.Second },
		"a negative age":   func(c *messages.Config) { c.ReceiptAge = -time.Second },
	} {
		c := good
		change(&c)
		if _, err := messages.New(c); err == nil {
			t.Errorf("New with %s succeeded", name)
		}
	}
	if _, err := messages.New(good); err != nil {
		t.Errorf("New = %v", err)
	}
}

func TestRunStopsWithItsContext(t *testing.T) {
	onBoth(t, func(t *testing.T, h *harness) {
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan struct{})
		go func() { defer close(done); h.Run(ctx) }()
		cancel()
		<-done
	})
}

// TestTablesAreTheSameOnBothDatabases compares the names of columns, and that migrating twice changes nothing.
func TestTablesAreTheSameOnBothDatabases(t *testing.T) {
	var found []map[string][]string
	dbtest.Each(t, func(t *testing.T, db *sql.DB) {
		newHarness(t, db)
		wrapped, err := database.New(db, database.Options{})
		if err != nil {
			t.Fatal(err)
		}
		if err := wrapped.Migrate(t.Context(), messages.Migrations()); err != nil {
			t.Errorf("migrating again: %v", err)
		}
		columns := make(map[string][]string)
		for table := range nothing() {
			rows, err := db.QueryContext(t.Context(), "SELECT * FROM "+table)
			if err != nil {
				t.Fatal(err)
			}
			if columns[table], err = rows.Columns(); err != nil {
				t.Fatal(err)
			}
			if err := errors.Join(rows.Err(), rows.Close()); err != nil {
				t.Fatal(err)
			}
		}
		found = append(found, columns)
	})
	if len(found) == 2 {
		if diff := cmp.Diff(found[0], found[1]); diff != "" {
			t.Errorf("tables (-SQLite +MariaDB):\n%s", diff)
		}
	}
}
