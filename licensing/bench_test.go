package licensing_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/mailconnector/mailconnector/internal/database"
	"github.com/mailconnector/mailconnector/internal/dbtest"
	"github.com/mailconnector/mailconnector/licensing"
)

// BenchmarkAllow is the gate in front of every call, with 2,000 seats taken. "again" is the answer from memory, "fresh"
// the one call a second that reads the database.
func BenchmarkAllow(b *testing.B) {
	const users = 2000
	in := installation{world: newWorld(b), clock: newClock(noon)}
	in.db = must(database.New(dbtest.SQLite(b), database.Options{}))(b)
	if err := in.db.Migrate(b.Context(), append(database.Migrations(), licensing.Migrations()...)); err != nil {
		b.Fatal(err)
	}
	in.Service = in.another(b)
	in.activated(b, users)
	for i := range users {
		in.seated(b, fmt.Sprint(i))
	}
	b.Run("again", func(b *testing.B) { allow(b, in, 0) })
	b.Run("fresh", func(b *testing.B) { allow(b, in, time.Second) })
}

func allow(b *testing.B, in installation, between time.Duration) {
	in.clock.set(noon.Add(day))
	b.ReportAllocs()
	for b.Loop() {
		in.clock.advance(between)
		if err := in.Allow(b.Context(), "42"); err != nil {
			b.Fatal(err)
		}
	}
}
