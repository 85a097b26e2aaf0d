package licensing_test

import (
	"database/sql"
	"sync/atomic"
	"testing"
	"time"

	"github.com/mailconnector/mailconnector/internal/database"
	"github.com/mailconnector/mailconnector/internal/dbtest"
	"github.com/mailconnector/mailconnector/licensing"
)

// clock is set by hand.
type clock struct{ micros atomic.Int64 }

func newClock(t time.Time) *clock {
	c := &clock{}
	c.set(t)
	return c
}

func (c *clock) now() time.Time          { return database.Time(c.micros.Load()) }
func (c *clock) set(t time.Time)         { c.micros.Store(database.Micros(t)) }
func (c *clock) advance(d time.Duration) { c.set(c.now().Add(d)) }

// installation is a service on a database of its own, in the world whose vendor it trusts.
type installation struct {
	world
	*licensing.Service
	db    *database.DB
	clock *clock
}

// each runs a test on both databases.
func each(t *testing.T, test func(t *testing.T, in installation)) {
	t.Helper()
	dbtest.Each(t, func(t *testing.T, raw *sql.DB) {
		in := installation{world: newWorld(t), clock: newClock(noon)}
		in.db = must(database.New(raw, database.Options{}))(t)
		steps := append(database.Migrations(), licensing.Migrations()...)
		if err := in.db.Migrate(t.Context(), steps); err != nil {
			t.Fatal(err)
		}
		in.Service = in.another(t)
		test(t, in)
	})
}

// another is one more instance on the same database.
func (in installation) another(t testing.TB, change ...func(*licensing.Config)) *licensing.Service {
	t.Helper()
	c := licensing.Config{
		DB: in.db, VendorKeys: []licensing.PublicKey{in.vendorKey()},
		CRMURL: "https://CRM.example.com/", Installation: in.order.Installation, Now: in.clock.now,
	}
	for _, f := range change {
		f(&c)
	}
	return must(licensing.New(c))(t)
}

// activated is an installation with a license for a number of users.
func (in installation) activated(t testing.TB, users int) licensing.License {
	t.Helper()
	l := in.license(t, func(terms *licensing.Terms) { terms.Users = users })
	if _, err := in.Activate(t.Context(), "admin", l.Document); err != nil {
		t.Fatal(err)
	}
	return l
}

// seated gives users seats, one second after the other.
func (in installation) seated(t testing.TB, users ...string) {
	t.Helper()
	for _, user := range users {
		in.clock.advance(time.Second)
		if err := in.TakeSeat(t.Context(), user); err != nil {
			t.Fatalf("seat for %s: %v", user, err)
		}
	}
}

func (in installation) state(t *testing.T) licensing.State {
	t.Helper()
	return must(in.Status(t.Context()))(t).State
}
