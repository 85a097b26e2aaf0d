package database_test

import (
	"bytes"
	"context"
	"database/sql"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/mailconnector/mailconnector/internal/database"
	"github.com/mailconnector/mailconnector/internal/dbtest"
)

const (
	every = time.Second
	ttl   = 30 * time.Second
)

// eachInBubble runs fn on both databases by a clock that goes on only while everybody sleeps: however long a machine takes
// for a statement, no time passes, and no lease runs out. The connections belong to the bubble, the server does not.
func eachInBubble(t *testing.T, fn func(t *testing.T, db *sql.DB)) {
	t.Helper()
	t.Run("SQLite", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) { fn(t, dbtest.SQLite(t)) })
	})
	t.Run("MariaDB", func(t *testing.T) {
		dsn := dbtest.MariaDBDSN(t)
		synctest.Test(t, func(t *testing.T) {
			db, err := sql.Open("mysql", dsn)
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = db.Close() })
			fn(t, db)
		})
	})
}

// instance is one of several that run the same background work.
type instance struct {
	runs atomic.Int32
	stop context.CancelFunc
	done chan struct{}
}

func startInstance(t *testing.T, d *database.DB, every, ttl time.Duration, fn func(context.Context) error) *instance {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	in := &instance{stop: cancel, done: make(chan struct{})}
	go func() {
		defer close(in.done)
		d.RunLeased(ctx, "job", every, ttl, func(ctx context.Context) error {
			in.runs.Add(1)
			return fn(ctx)
		})
	}()
	t.Cleanup(func() { cancel(); <-in.done })
	return in
}

// pass lets time pass, and all that is due by then happen.
func pass(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}

func TestBackgroundWorkRunsOnOneInstance(t *testing.T) {
	eachInBubble(t, func(t *testing.T, db *sql.DB) {
		d := migrated(t, db)
		var working, most atomic.Int32
		work := func(context.Context) error {
			defer working.Add(-1)
			if n := working.Add(1); n > most.Load() {
				most.Store(n)
			}
			time.Sleep(every / 10)
			return nil
		}
		first := startInstance(t, d, every, ttl, work)
		synctest.Wait()
		second := startInstance(t, d, every, ttl, work)
		pass(3 * ttl)
		if first, second := first.runs.Load(), second.runs.Load(); first < 80 || second != 0 {
			t.Errorf("the first worked %d times, and the second %d times beside it", first, second)
		}
		first.stop()
		<-first.done
		pass(every)
		if second.runs.Load() == 0 {
			t.Error("the second does not take over: the lease was not released")
		}
		if got := most.Load(); got != 1 {
			t.Errorf("%d worked at the same time", got)
		}
	})
}

func TestLongWorkKeepsItsLease(t *testing.T) {
	eachInBubble(t, func(t *testing.T, db *sql.DB) {
		migrated(t, db)
		d := logged(t, db, t.Output())
		finished := make(chan error, 1)
		startInstance(t, d, every, ttl, func(ctx context.Context) error {
			err := ctx.Err()
			select {
			case <-ctx.Done():
				err = ctx.Err()
			case <-time.After(10 * ttl):
			}
			select {
			case finished <- err:
			default:
			}
			return err
		})
		synctest.Wait()
		rival := startInstance(t, d, every, ttl, func(context.Context) error { return nil })
		if err := <-finished; err != nil {
			t.Errorf("long work was cut off: %v", err)
		}
		if got := rival.runs.Load(); got != 0 {
			t.Errorf("a rival worked %d times meanwhile", got)
		}
	})
}

func TestALostLeaseEndsTheWork(t *testing.T) {
	eachInBubble(t, func(t *testing.T, db *sql.DB) {
		d := migrated(t, db)
		var cutOff atomic.Bool
		startInstance(t, d, every, ttl, func(ctx context.Context) error {
			<-ctx.Done()
			cutOff.Store(true)
			return ctx.Err()
		})
		synctest.Wait()
		exec(t, db, "UPDATE mc_leases SET version = version + 1, holder = 'rival'")
		pass(ttl / 3)
		if !cutOff.Load() {
			t.Error("the work goes on")
		}
	})
}

func TestFailingWorkIsLoggedAndRests(t *testing.T) {
	eachInBubble(t, func(t *testing.T, db *sql.DB) {
		var log bytes.Buffer
		migrated(t, db)
		d := logged(t, db, &log)
		var starts []time.Time
		worker := startInstance(t, d, every, ttl, func(context.Context) error {
			starts = append(starts, time.Now())
			switch len(starts) {
			case 1, 2, 3:
				return errOutOfStock
			case 4:
				panic("a bug")
			default:
				return nil
			}
		})
		pass(33 * every)
		worker.stop()
		<-worker.done
		var rests []time.Duration
		for i, start := range starts[1:] {
			rests = append(rests, start.Sub(starts[i]))
		}
		if diff := cmp.Diff([]time.Duration{2 * every, 4 * every, 8 * every, 16 * every, every, every, every}, rests); diff != "" {
			t.Errorf("rests after four failures and then none (-want +got):\n%s", diff)
		}
		for _, want := range []string{"lease=job", "out of stock", "failures=3", "panic: a bug", "leased_test.go"} {
			if !strings.Contains(log.String(), want) {
				t.Errorf("the log lacks %q:\n%s", want, log.String())
			}
		}
		if strings.Contains(log.String(), "failures=5") {
			t.Errorf("success did not end the series of failures:\n%s", log.String())
		}
	})
}

// TestARivalTakesOverFailingWork runs where only one of two instances can do the work.
func TestARivalTakesOverFailingWork(t *testing.T) {
	eachInBubble(t, func(t *testing.T, db *sql.DB) {
		d := migrated(t, db)
		startInstance(t, d, every, ttl, func(context.Context) error { return errOutOfStock })
		synctest.Wait()
		healthy := startInstance(t, d, every, ttl, func(context.Context) error { return nil })
		pass(every)
		if healthy.runs.Load() == 0 {
			t.Error("the healthy one does not work")
		}
	})
}

func TestBackgroundWorkSurvivesTheLossOfTheDatabase(t *testing.T) {
	t.Parallel()
	server := dbtest.StartServer(t)
	db := server.Open(t)
	worker := startInstance(t, migrated(t, db), 5*time.Millisecond, time.Second, func(ctx context.Context) error { return db.PingContext(ctx) })
	eventually(t, "the work begins", func() bool { return worker.runs.Load() > 0 })
	server.Kill(t)
	time.Sleep(50 * time.Millisecond)
	server.Start(t)
	before := worker.runs.Load()
	eventually(t, "the work goes on", func() bool { return worker.runs.Load() > before+5 })
}

// eventually waits for what other processes do.
func eventually(t *testing.T, what string, holds func() bool) {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); !holds(); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("%s: not within 20 s", what)
		}
	}
}
