package database_test

import (
	"context"
	"database/sql"
	"errors"
	"testing"
	"time"

	"github.com/mailconnector/mailconnector/internal/database"
	"github.com/mailconnector/mailconnector/internal/dbtest"
)

func TestCancellingEndsTheTransaction(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *sql.DB) {
		d := withCounters(t, db)
		ctx, cancel := context.WithCancel(t.Context())
		runs := 0
		err := d.Tx(ctx, func(ctx context.Context, tx *database.Tx) error {
			runs++
			if err := addOne(ctx, tx, 1); err != nil {
				return err
			}
			cancel()
			return addOne(ctx, tx, 1)
		})
		if !errors.Is(err, context.Canceled) || database.IsUnavailable(err) {
			t.Errorf("got %v, want context.Canceled", err)
		}
		if runs != 1 {
			t.Errorf("fn ran %d times", runs)
		}
		if got := number(t, db, "SELECT n FROM counters WHERE id = 1"); got != 0 {
			t.Errorf("the counter is %d after a canceled transaction", got)
		}
	})
}

func TestCancellingEndsTheWaitForALock(t *testing.T) {
	db := dbtest.MariaDB(t)
	d := withCounters(t, db)
	lock, err := db.BeginTx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = lock.Rollback() }()
	if _, err := lock.Exec("UPDATE counters SET n = 7"); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Millisecond)
	defer cancel()
	if err := d.Tx(ctx, readAndAddOne); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v, want context.DeadlineExceeded", err)
	}
}
