package database_test

import (
	"context"
	"database/sql"
	"errors"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"github.com/mailconnector/mailconnector/internal/database"
	"github.com/mailconnector/mailconnector/internal/dbtest"
)

type counterRow struct {
	ID int64
	N  int64
}

func (counterRow) TableName() string { return "counters" }

func withCounters(t testing.TB, db *sql.DB) *database.DB {
	t.Helper()
	exec(t, db, "CREATE TABLE counters (id INTEGER PRIMARY KEY, n INTEGER NOT NULL)",
		"INSERT INTO counters (id, n) VALUES (1, 0), (2, 0)")
	return newDB(t, db)
}

// openSQLite opens a file with settings other than those of dbtest.SQLite.
func openSQLite(t testing.TB, path, query string) *sql.DB {
	t.Helper()
	db, err := sql.Open("sqlite", "file:"+path+query)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	return db
}

// eachAndDeferred adds a SQLite host that did not ask for immediate transactions, where a reader that turns writer
// collides.
func eachAndDeferred(t *testing.T, fn func(t *testing.T, db *sql.DB)) {
	t.Helper()
	dbtest.Each(t, fn)
	t.Run("SQLite deferred", func(t *testing.T) {
		// It waits for others as long as that of dbtest, and not for the disk: who waits sleeps, and may miss every moment
		// between two writers on a slow one.
		fn(t, openSQLite(t, filepath.Join(t.TempDir(), "x.db"),
			"?_pragma=journal_mode(WAL)&_pragma=busy_timeout(10000)&_pragma=synchronous(NORMAL)"))
	})
}

func TestEightWritersLoseNoUpdate(t *testing.T) {
	eachAndDeferred(t, func(t *testing.T, db *sql.DB) {
		migrated(t, db)
		d := withCounters(t, db)
		const writers, updates = 8, 50
		var wg sync.WaitGroup
		for range writers {
			wg.Go(func() {
				for range updates {
					if err := d.Tx(t.Context(), readAndAddOne); err != nil {
						t.Error(err)
					}
				}
			})
		}
		wg.Wait()
		if got := number(t, db, "SELECT n FROM counters WHERE id = 1"); got != writers*updates {
			t.Errorf("%d of %d updates counted", got, writers*updates)
		}
	})
}

func readAndAddOne(_ context.Context, tx *database.Tx) error {
	var row counterRow
	if err := tx.Gorm().Clauses(clause.Locking{Strength: "UPDATE"}).Take(&row, 1).Error; err != nil {
		return err
	}
	return tx.Gorm().Model(&row).Update("n", row.N+1).Error
}

func TestADeadlockRunsTheWholeFunctionAgain(t *testing.T) {
	db := dbtest.MariaDB(t)
	d := withCounters(t, db)
	var runs atomic.Int32
	var bothHoldOne sync.WaitGroup
	bothHoldOne.Add(2)
	cross := func(first, second int) error {
		var met sync.Once
		return d.Tx(t.Context(), func(ctx context.Context, tx *database.Tx) error {
			runs.Add(1)
			if err := addOne(ctx, tx, first); err != nil {
				return err
			}
			met.Do(func() { bothHoldOne.Done(); bothHoldOne.Wait() })
			return addOne(ctx, tx, second)
		})
	}
	var wg sync.WaitGroup
	for _, order := range [][2]int{{1, 2}, {2, 1}} {
		wg.Go(func() {
			if err := cross(order[0], order[1]); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if got := number(t, db, "SELECT SUM(n) FROM counters"); got != 4 {
		t.Errorf("counters add up to %d, want 4", got)
	}
	if got := runs.Load(); got < 3 {
		t.Errorf("%d runs: there was no deadlock", got)
	}
}

func addOne(ctx context.Context, tx *database.Tx, id int) error {
	return tx.Gorm().WithContext(ctx).Exec("UPDATE counters SET n = n + 1 WHERE id = ?", id).Error
}

// TestAnOverlookedDeadlockNeverCommits lets fn swallow the error of a deadlock, after which the server would take what
// follows as statements that commit by themselves.
func TestAnOverlookedDeadlockNeverCommits(t *testing.T) {
	db := dbtest.MariaDB(t)
	exec(t, db, "CREATE TABLE trace (run INTEGER, step INTEGER, PRIMARY KEY (run, step))")
	d := withCounters(t, db)
	other, err := db.BeginTx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	for range 20 { // the server picks the lighter transaction as the victim: this one is heavy
		if _, err := other.Exec("UPDATE counters SET n = n + 100 WHERE id = 2"); err != nil {
			t.Fatal(err)
		}
	}
	released := make(chan error, 1)
	runs := 0
	err = d.Tx(t.Context(), func(ctx context.Context, tx *database.Tx) error {
		runs++
		if runs == 2 {
			if err := <-released; err != nil {
				return err
			}
		}
		if err := addOne(ctx, tx, 1); err != nil {
			return err
		}
		if runs == 1 {
			go func() {
				_, err := other.Exec("UPDATE counters SET n = n + 1 WHERE id = 1")
				released <- errors.Join(err, other.Rollback())
			}()
			time.Sleep(50 * time.Millisecond) // until the other waits for us
		}
		_ = addOne(ctx, tx, 2)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	one, two := number(t, db, "SELECT n FROM counters WHERE id = 1"), number(t, db, "SELECT n FROM counters WHERE id = 2")
	if runs != 2 || one != 1 || two != 1 {
		t.Errorf("after %d runs the counters are %d and %d, want 1 and 1 after 2 runs", runs, one, two)
	}
}

func TestABusyFileRunsTheWholeFunctionAgain(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x.db")
	settings := "?_pragma=journal_mode(WAL)&_pragma=busy_timeout(1)"
	db, rival := openSQLite(t, path, settings), openSQLite(t, path, settings+"&_txlock=immediate")
	d := withCounters(t, db)
	lock, err := rival.BeginTx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	runs := 0
	err = d.Tx(t.Context(), func(ctx context.Context, tx *database.Tx) error {
		if runs++; runs == 3 {
			if err := lock.Rollback(); err != nil {
				return err
			}
		}
		return addOne(ctx, tx, 1)
	})
	if err != nil || runs != 3 {
		t.Errorf("got error %v after %d runs, want none after 3", err, runs)
	}
}

func TestRunsAreBounded(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "x.db")
	settings := "?_pragma=journal_mode(WAL)&_pragma=busy_timeout(1)&_txlock=immediate"
	db := openSQLite(t, path, settings)
	d := withCounters(t, db)
	lock, err := openSQLite(t, path, settings).BeginTx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = lock.Rollback() }()
	err = d.Tx(t.Context(), readAndAddOne)
	if !database.IsUnavailable(err) {
		t.Errorf("got %v, want an error that means unavailable", err)
	}
}

var errOutOfStock = errors.New("out of stock")

func TestAnErrorRollsBack(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *sql.DB) {
		d := withCounters(t, db)
		err := d.Tx(t.Context(), func(ctx context.Context, tx *database.Tx) error {
			if err := addOne(ctx, tx, 1); err != nil {
				return err
			}
			return errOutOfStock
		})
		if err != errOutOfStock { //nolint:errorlint // unchanged, not only wrapped
			t.Errorf("got %v, want fn's own error unchanged", err)
		}
		if got := number(t, db, "SELECT n FROM counters WHERE id = 1"); got != 0 {
			t.Errorf("the counter is %d after a rollback", got)
		}
	})
}

func TestAPanicRollsBackAndGoesOn(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *sql.DB) {
		d := withCounters(t, db)
		func() {
			defer func() {
				if recover() == nil {
					t.Error("the panic was swallowed")
				}
			}()
			_ = d.Tx(t.Context(), func(ctx context.Context, tx *database.Tx) error {
				_ = addOne(ctx, tx, 1)
				panic("bug")
			})
		}()
		if got := number(t, db, "SELECT n FROM counters WHERE id = 1"); got != 0 {
			t.Errorf("the counter is %d after a panic", got)
		}
		if got := db.Stats().InUse; got != 0 {
			t.Errorf("%d connections leaked", got)
		}
	})
}

func TestANestedGormTransactionJoinsTheOuterOne(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *sql.DB) {
		d := withCounters(t, db)
		err := d.Tx(t.Context(), func(_ context.Context, tx *database.Tx) error {
			if err := tx.Gorm().Create(&[]counterRow{{ID: 3}, {ID: 4}}).Error; err != nil {
				return err
			}
			return errOutOfStock
		})
		if !errors.Is(err, errOutOfStock) {
			t.Fatal(err)
		}
		if got := number(t, db, "SELECT COUNT(*) FROM counters"); got != 2 {
			t.Errorf("%d rows after the rollback, want 2", got)
		}
	})
}

func TestTransactionsAreReadCommitted(t *testing.T) {
	db := dbtest.MariaDB(t)
	d := withCounters(t, db)
	err := d.Tx(t.Context(), func(ctx context.Context, tx *database.Tx) error {
		var before, after counterRow
		if err := tx.Gorm().Take(&before, 1).Error; err != nil {
			return err
		}
		if _, err := db.ExecContext(ctx, "UPDATE counters SET n = 9 WHERE id = 1"); err != nil {
			return err
		}
		if err := tx.Gorm().Take(&after, 1).Error; err != nil {
			return err
		}
		if before.N != 0 || after.N != 9 {
			t.Errorf("read %d and then %d, want 0 and then what was committed, 9", before.N, after.N)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestAStatementAloneRunsAgainWhereTheFileIsBusy(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x.db")
	settings := "?_pragma=journal_mode(WAL)&_pragma=busy_timeout(1)"
	db, rival := openSQLite(t, path, settings), openSQLite(t, path, settings+"&_txlock=immediate")
	d := withCounters(t, db)
	lock, err := rival.BeginTx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	runs := 0
	err = d.Alone(t.Context(), func(db *gorm.DB) error {
		if runs++; runs == 3 {
			if err := lock.Rollback(); err != nil {
				return err
			}
		}
		return db.Exec("UPDATE counters SET n = n + 1 WHERE id = 1").Error
	})
	if err != nil || runs != 3 {
		t.Errorf("got error %v after %d runs, want none after 3", err, runs)
	}
	if got := number(t, db, "SELECT n FROM counters WHERE id = 1"); got != 1 {
		t.Errorf("the counter is at %d, want 1", got)
	}
}
