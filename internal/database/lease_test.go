package database_test

import (
	"database/sql"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/mailconnector/mailconnector/internal/database"
	"github.com/mailconnector/mailconnector/internal/dbtest"
)

// clock is set by hand.
type clock struct{ micros atomic.Int64 }

func newClock() *clock {
	c := &clock{}
	c.micros.Store(time.Date(2026, 5, 1, 10, 0, 0, 0, time.UTC).UnixMicro())
	return c
}

func (c *clock) now() time.Time          { return time.UnixMicro(c.micros.Load()) }
func (c *clock) advance(d time.Duration) { c.micros.Add(d.Microseconds()) }
func (c *clock) database(t *testing.T, db *sql.DB) *database.DB {
	t.Helper()
	migrated(t, db)
	return newDBAt(t, db, c.now)
}

// acquire takes the lease "job" for a minute and checks whether that succeeds.
func acquire(t *testing.T, d *database.DB, holder string, want bool) *database.Lease {
	t.Helper()
	lease, ok, err := d.AcquireLease(t.Context(), "job", holder, time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	if ok != want || (lease != nil) != want {
		t.Fatalf("%s acquires the lease: %t, want %t", holder, ok, want)
	}
	return lease
}

func renew(t *testing.T, lease *database.Lease, want bool) {
	t.Helper()
	ok, err := lease.Renew(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if ok != want {
		t.Errorf("the lease is renewed: %t, want %t", ok, want)
	}
}

func TestALeaseHasExactlyOneHolder(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *sql.DB) {
		c := newClock()
		d := c.database(t, db)
		for range 5 { // the first round creates the row, the others take it over
			var holders atomic.Int32
			var wg sync.WaitGroup
			for range 8 {
				wg.Go(func() {
					_, ok, err := d.AcquireLease(t.Context(), "job", "somebody", time.Minute)
					if err != nil {
						t.Error(err)
					}
					if ok {
						holders.Add(1)
					}
				})
			}
			wg.Wait()
			if got := holders.Load(); got != 1 {
				t.Fatalf("%d holders", got)
			}
			c.advance(time.Minute)
		}
	})
}

func TestALeaseIsTakenOverWhenItRanOutAndNotBefore(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *sql.DB) {
		c := newClock()
		d := c.database(t, db)
		ann := acquire(t, d, "ann", true)
		acquire(t, d, "bob", false)
		acquire(t, d, "ann", false)
		c.advance(time.Minute - time.Microsecond)
		acquire(t, d, "bob", false)
		c.advance(time.Microsecond)
		bob := acquire(t, d, "bob", true)
		renew(t, ann, false)
		renew(t, bob, true)
	})
}

func TestARenewedLeaseLastsLonger(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *sql.DB) {
		c := newClock()
		d := c.database(t, db)
		ann := acquire(t, d, "ann", true)
		renew(t, ann, true)
		renew(t, ann, true) // within the same microsecond
		c.advance(40 * time.Second)
		renew(t, ann, true)
		c.advance(40 * time.Second)
		acquire(t, d, "bob", false)
		c.advance(time.Hour)
		renew(t, ann, true) // it ran out, but nobody took it
		acquire(t, d, "bob", false)
	})
}

func TestAReleasedLeaseIsFreeAtOnce(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *sql.DB) {
		c := newClock()
		d := c.database(t, db)
		ann := acquire(t, d, "ann", true)
		if err := ann.Release(t.Context()); err != nil {
			t.Fatal(err)
		}
		renew(t, ann, false)
		bob := acquire(t, d, "bob", true)
		if err := ann.Release(t.Context()); err != nil { // no longer hers
			t.Fatal(err)
		}
		renew(t, bob, true)
		acquire(t, d, "ann", false)
	})
}

func TestLeasesOfDifferentNamesAreIndependent(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *sql.DB) {
		d := migrated(t, db)
		for _, name := range []string{"sweeper", "Sweeper", "sealer"} {
			if _, ok, err := d.AcquireLease(t.Context(), name, "ann", time.Minute); !ok || err != nil {
				t.Errorf("%s: acquired %t, error %v", name, ok, err)
			}
		}
	})
}

func TestLeasesThatCannotBe(t *testing.T) {
	d := migrated(t, dbtest.SQLite(t))
	for _, test := range []struct {
		problem, name, holder string
		ttl                   time.Duration
	}{
		{"no name", "", "ann", time.Minute},
		{"a name too long", strings.Repeat("x", 101), "ann", time.Minute},
		{"no holder", "job", "", time.Minute},
		{"a holder too long", "job", strings.Repeat("x", 101), time.Minute},
		{"no time", "job", "ann", 0},
	} {
		if _, ok, err := d.AcquireLease(t.Context(), test.name, test.holder, test.ttl); ok || err == nil {
			t.Errorf("%s: acquired %t, error %v", test.problem, ok, err)
		}
	}
}
