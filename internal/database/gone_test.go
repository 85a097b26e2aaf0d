package database_test

import (
	"context"
	"database/sql"
	"errors"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/mailconnector/mailconnector/internal/database"
	"github.com/mailconnector/mailconnector/internal/dbtest"
)

func TestTheDatabaseGoesAndComesBack(t *testing.T) {
	t.Parallel()
	server := dbtest.StartServer(t)
	db := server.Open(t)
	d := withCounters(t, db)
	if err := d.Tx(t.Context(), readAndAddOne); err != nil {
		t.Fatal(err)
	}

	server.Kill(t)
	if err := d.Tx(t.Context(), readAndAddOne); !database.IsUnavailable(err) {
		t.Errorf("without a server: got %v, want an error that means unavailable", err)
	}
	if err := d.Check(t.Context()); !database.IsUnavailable(err) {
		t.Errorf("without a server: Check says %v, want an error that means unavailable", err)
	}

	server.Start(t)
	if err := d.Tx(t.Context(), readAndAddOne); err != nil {
		t.Errorf("with the server back: %v", err)
	}
	if got := number(t, db, "SELECT n FROM counters WHERE id = 1"); got != 2 {
		t.Errorf("the counter is %d, want both commits", got)
	}
}

// TestNoAcknowledgedCommitIsLost kills the server amid writers, each of which counts what was acknowledged.
func TestNoAcknowledgedCommitIsLost(t *testing.T) {
	t.Parallel()
	server := dbtest.StartServer(t)
	db := server.Open(t)
	exec(t, db, "CREATE TABLE receipts (writer INTEGER, n INTEGER, PRIMARY KEY (writer, n))")
	d := newDB(t, db)
	var acknowledged [4]atomic.Int32
	var stop atomic.Bool
	var writers sync.WaitGroup
	for w := range acknowledged {
		writers.Go(func() {
			for n := &acknowledged[w]; !stop.Load(); {
				if err := insertReceipt(t, d, w, n.Load()); err == nil || database.IsDuplicate(err) {
					n.Add(1)
				} else if !database.IsUnavailable(err) {
					t.Error(err)
					return
				}
			}
		})
	}
	defer writers.Wait()
	defer stop.Store(true)
	eachWrites := func(more int32) {
		for w := range acknowledged {
			want := acknowledged[w].Load() + more
			eventually(t, "every writer writes", func() bool { return acknowledged[w].Load() >= want })
		}
	}
	eachWrites(20)
	server.Kill(t)
	server.Start(t)
	eachWrites(20)
	stop.Store(true)
	writers.Wait()
	for w := range acknowledged {
		want := acknowledged[w].Load()
		var got int32
		err := db.QueryRow("SELECT COUNT(*) FROM receipts WHERE writer = ? AND n < ?", w, want).Scan(&got)
		if err != nil || got != want {
			t.Errorf("writer %d: %d of %d acknowledged receipts are there (%v)", w, got, want, err)
		}
	}
}

func TestAClosedDatabaseIsAnError(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *sql.DB) {
		d := newDB(t, db)
		_ = db.Close()
		err := d.Tx(t.Context(), readAndAddOne)
		if err == nil || errors.Is(err, sql.ErrTxDone) {
			t.Errorf("got %v", err)
		}
	})
}

func insertReceipt(t *testing.T, d *database.DB, writer int, n int32) error {
	return d.Tx(t.Context(), func(ctx context.Context, tx *database.Tx) error {
		_, err := tx.SQL().ExecContext(ctx, "INSERT INTO receipts (writer, n) VALUES (?, ?)", writer, n)
		return err
	})
}
