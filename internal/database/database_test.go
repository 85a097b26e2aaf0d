package database_test

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"testing"
	"time"

	_ "modernc.org/sqlite"

	"github.com/mailconnector/mailconnector/internal/database"
	"github.com/mailconnector/mailconnector/internal/dbtest"
)

func newDB(t testing.TB, db *sql.DB) *database.DB {
	t.Helper()
	return newDBAt(t, db, nil)
}

func newDBAt(t testing.TB, db *sql.DB, now func() time.Time) *database.DB {
	t.Helper()
	d, err := database.New(db, database.Options{Now: now})
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// logged returns the database with a log.
func logged(t testing.TB, db *sql.DB, log io.Writer) *database.DB {
	t.Helper()
	d, err := database.New(db, database.Options{Logger: slog.New(slog.NewTextHandler(log, nil))})
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// migrated returns the database with the tables of this package.
func migrated(t testing.TB, db *sql.DB) *database.DB {
	t.Helper()
	d := newDB(t, db)
	if err := d.Migrate(t.Context(), database.Migrations()); err != nil {
		t.Fatal(err)
	}
	return d
}

func exec(t testing.TB, db *sql.DB, statements ...string) {
	t.Helper()
	for _, s := range statements {
		if _, err := db.ExecContext(t.Context(), s); err != nil {
			t.Fatalf("%s: %v", s, err)
		}
	}
}

func number(t testing.TB, db *sql.DB, query string) (n int) {
	t.Helper()
	if err := db.QueryRowContext(t.Context(), query).Scan(&n); err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	return n
}

func TestTheDriverTellsTheDialect(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *sql.DB) {
		want := database.SQLite
		if strings.HasSuffix(t.Name(), "MariaDB") {
			want = database.MySQL
		}
		d := newDB(t, db)
		if got := d.Dialect(); got != want {
			t.Errorf("dialect is %s, want %s", got, want)
		}
		if d.SQL() != db {
			t.Error("SQL returns another database than the host's")
		}
	})
}

// tracedConnector stands for a host whose driver is wrapped.
type tracedConnector struct{ driver.Connector }

func (tracedConnector) Driver() driver.Driver { return tracedDriver{} }

type tracedDriver struct{}

func (tracedDriver) Open(string) (driver.Conn, error) { return nil, errors.New("not used") }

func TestNewSaysHowToMendWhatItRefuses(t *testing.T) {
	traced := sql.OpenDB(tracedConnector{})
	t.Cleanup(func() { _ = traced.Close() })
	for _, test := range []struct {
		name    string
		db      *sql.DB
		dialect database.Dialect
		says    string
	}{
		{"no database", nil, "", "no *sql.DB"},
		{"a driver nobody knows", traced, "", "set Dialect"},
		{"a dialect nobody knows", traced, "oracle", "unknown dialect"},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, err := database.New(test.db, database.Options{Dialect: test.dialect})
			if err == nil || !strings.Contains(err.Error(), test.says) {
				t.Errorf("got error %v, want one that says %q", err, test.says)
			}
		})
	}
	for _, dialect := range []database.Dialect{database.MySQL, database.SQLite} {
		if _, err := database.New(traced, database.Options{Dialect: dialect}); err != nil {
			t.Errorf("a wrapped driver with dialect %s: %v", dialect, err)
		}
	}
}

func TestNowIsInUTCAndInMicroseconds(t *testing.T) {
	rome := time.FixedZone("Rome", 7200)
	d := newDBAt(t, dbtest.SQLite(t), func() time.Time { return time.Date(2026, 5, 1, 12, 0, 0, 123456789, rome) })
	want := time.Date(2026, 5, 1, 10, 0, 0, 123456000, time.UTC)
	if got := d.Now(); got != want {
		t.Errorf("now is %v, want %v", got, want)
	}
}

func TestTimesSurviveTheirStorage(t *testing.T) {
	for _, want := range []time.Time{
		{},
		time.Date(2026, 5, 1, 10, 0, 0, 123456000, time.UTC),
		time.Date(1969, 12, 31, 23, 59, 59, 0, time.UTC),
		time.Date(9999, 12, 31, 23, 59, 59, 999999000, time.UTC),
	} {
		if got := database.Time(database.Micros(want)); got != want {
			t.Errorf("%v became %v", want, got)
		}
	}
}

func ExampleDB_Tx() {
	conn, err := sql.Open("sqlite", "file:example?mode=memory")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer conn.Close()
	conn.SetMaxOpenConns(1) // each connection to a database in memory would be another database
	db, _ := database.New(conn, database.Options{})
	ctx := context.Background()
	_ = db.Migrate(ctx, []database.Migration{{
		ID:     "example-001",
		SQLite: "CREATE TABLE mc_receipts (k TEXT NOT NULL PRIMARY KEY)",
	}})

	link := func(ctx context.Context, tx *database.Tx) error {
		_, err := tx.SQL().ExecContext(ctx, "INSERT INTO mc_receipts (k) VALUES ('a')") // the unique key first
		return err
	}
	fmt.Println(db.Tx(ctx, link))
	fmt.Println(database.IsDuplicate(db.Tx(ctx, link)))
	// Output:
	// <nil>
	// true
}
