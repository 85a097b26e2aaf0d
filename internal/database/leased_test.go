package database_test

import (
	"bytes"
	"context"
	"database/sql"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/mailconnector/mailconnector/internal/database"
	"github.com/mailconnector/mailconnector/internal/dbtest"
)

const (
	every = 5 * time.Millisecond
	ttl   = 1500 * time.Millisecond // long for a test: a loaded machine pauses
)

// instance is one of several that run the same background work.
type instance struct {
	runs atomic.Int32
	stop context.CancelFunc
	done chan struct{}
}

func startInstance(t *testing.T, d *database.DB, fn func(context.Context) error) *instance {
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

func eventually(t *testing.T, what string, holds func() bool) {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); !holds(); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("%s: not within 20 s", what)
		}
	}
}

func TestBackgroundWorkRunsOnOneInstance(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *sql.DB) {
		t.Parallel()
		d := migrated(t, db)
		var working, most atomic.Int32
		work := func(context.Context) error {
			defer working.Add(-1)
			if n := working.Add(1); n > most.Load() {
				most.Store(n)
			}
			time.Sleep(time.Millisecond)
			return nil
		}
		first := startInstance(t, d, work)
		eventually(t, "the first works", func() bool { return first.runs.Load() > 0 })
		second := startInstance(t, d, work)
		eventually(t, "the first goes on", func() bool { return first.runs.Load() > 10 })
		if got := second.runs.Load(); got != 0 {
			t.Errorf("the second worked %d times beside the first", got)
		}
		first.stop()
		<-first.done
		stopped := time.Now()
		eventually(t, "the second takes over", func() bool { return second.runs.Load() > 0 })
		if took := time.Since(stopped); took > ttl/2 {
			t.Errorf("the take-over took %s: the lease was not released", took)
		}
		if got := most.Load(); got != 1 {
			t.Errorf("%d worked at the same time", got)
		}
	})
}

func TestLongWorkKeepsItsLease(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *sql.DB) {
		t.Parallel()
		migrated(t, db)
		d := logged(t, db, t.Output())
		finished := make(chan error, 1)
		worker := startInstance(t, d, func(ctx context.Context) error {
			err := ctx.Err()
			select {
			case <-ctx.Done():
				err = ctx.Err()
			case <-time.After(ttl + ttl/4):
			}
			select {
			case finished <- err:
			default:
			}
			return err
		})
		eventually(t, "the work begins", func() bool { return worker.runs.Load() > 0 })
		rival := startInstance(t, d, func(context.Context) error { return nil })
		if err := <-finished; err != nil {
			t.Errorf("long work was cut off: %v", err)
		}
		if got := rival.runs.Load(); got != 0 {
			t.Errorf("a rival worked %d times meanwhile", got)
		}
	})
}

func TestALostLeaseEndsTheWork(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *sql.DB) {
		t.Parallel()
		d := migrated(t, db)
		var cutOff atomic.Bool
		worker := startInstance(t, d, func(ctx context.Context) error {
			<-ctx.Done()
			cutOff.Store(true)
			return ctx.Err()
		})
		eventually(t, "the work begins", func() bool { return worker.runs.Load() > 0 })
		exec(t, db, "UPDATE mc_leases SET version = version + 1, holder = 'rival'")
		eventually(t, "the work is cut off", cutOff.Load)
	})
}

// syncBuffer is a log that is read while it is written.
type syncBuffer struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (b *syncBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.Write(p)
}

func (b *syncBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.String()
}

func TestFailingWorkIsLoggedAndRests(t *testing.T) {
	t.Parallel()
	var log syncBuffer
	db := dbtest.SQLite(t)
	migrated(t, db)
	d := logged(t, db, &log)
	var mu sync.Mutex
	var starts []time.Time
	startInstance(t, d, func(context.Context) error {
		mu.Lock()
		defer mu.Unlock()
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
	eventually(t, "the work recovers", func() bool {
		mu.Lock()
		defer mu.Unlock()
		return len(starts) > 6
	})
	if got := starts[4].Sub(starts[3]); got < 16*every {
		t.Errorf("after four failures it rested for %s only", got)
	}
	for _, want := range []string{"lease=job", "out of stock", "failures=3", "panic: a bug", "leased_test.go"} {
		if !strings.Contains(log.String(), want) {
			t.Errorf("the log lacks %q:\n%s", want, log.String())
		}
	}
	if strings.Contains(log.String(), "failures=5") {
		t.Errorf("success did not end the series of failures:\n%s", log.String())
	}
}

// TestARivalTakesOverFailingWork runs where only one of two instances can do the work.
func TestARivalTakesOverFailingWork(t *testing.T) {
	t.Parallel()
	d := migrated(t, dbtest.SQLite(t))
	startInstance(t, d, func(context.Context) error { return errOutOfStock })
	healthy := startInstance(t, d, func(context.Context) error { return nil })
	eventually(t, "the healthy one works", func() bool { return healthy.runs.Load() > 0 })
}

func TestBackgroundWorkSurvivesTheLossOfTheDatabase(t *testing.T) {
	t.Parallel()
	server := dbtest.StartServer(t)
	db := server.Open(t)
	d := migrated(t, db)
	worker := startInstance(t, d, func(ctx context.Context) error { return db.PingContext(ctx) })
	eventually(t, "the work begins", func() bool { return worker.runs.Load() > 0 })
	server.Kill(t)
	time.Sleep(50 * time.Millisecond)
	server.Start(t)
	before := worker.runs.Load()
	eventually(t, "the work goes on", func() bool { return worker.runs.Load() > before+5 })
}
