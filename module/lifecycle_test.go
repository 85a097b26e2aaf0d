package module_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-sql-driver/mysql"
	"github.com/google/go-cmp/cmp"

	"github.com/mailconnector/mailconnector/internal/dbtest"
	"github.com/mailconnector/mailconnector/module"
	"github.com/mailconnector/mailconnector/module/moduletest"
	"github.com/mailconnector/mailconnector/permissions/search"
)

func TestStartNeedsMigrate(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *sql.DB) {
		ext := newExtension(t, config(t, db))
		for call, do := range map[string]func(context.Context) error{"Start": ext.Start, "Check": ext.Check} {
			if err := do(t.Context()); !errors.Is(err, module.ErrNotMigrated) || !strings.Contains(err.Error(), "call Migrate") {
				t.Errorf("%s before Migrate = %v, want ErrNotMigrated", call, err)
			}
		}
		for range 2 {
			if err := ext.Migrate(t.Context()); err != nil {
				t.Fatalf("Migrate = %v", err)
			}
		}
		if _, err := db.ExecContext(t.Context(), "DELETE FROM mc_migrations WHERE id = 'database-002-settings'"); err != nil {
			t.Fatal(err)
		}
		if err := ext.Start(t.Context()); !errors.Is(err, module.ErrNotMigrated) || !strings.Contains(err.Error(), "database-002-settings") {
			t.Errorf("Start before a later step = %v, want ErrNotMigrated and the step", err)
		}
		if err := errors.Join(ext.Migrate(t.Context()), ext.Start(t.Context()), ext.Stop(t.Context())); err != nil {
			t.Errorf("Migrate again, Start and Stop = %v", err)
		}
	})
}

func TestStartRefusesAConnectionThatLosesCharacters(t *testing.T) {
	cfg, err := mysql.ParseDSN(dbtest.MariaDBDSN(t))
	if err != nil {
		t.Fatal(err)
	}
	if err := cfg.Apply(mysql.Charset("latin1", "")); err != nil {
		t.Fatal(err)
	}
	connector, err := mysql.NewConnector(cfg)
	if err != nil {
		t.Fatal(err)
	}
	db := sql.OpenDB(connector)
	t.Cleanup(func() { _ = db.Close() })
	ext := newExtension(t, config(t, db))
	if err := ext.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := ext.Start(t.Context()); err == nil || !strings.Contains(err.Error(), "charset=utf8mb4") {
		t.Errorf("Start over latin1 = %v, want how to mend it", err)
	}
}

func TestStartFailsWhereTheDatabaseIsGone(t *testing.T) {
	db := dbtest.SQLite(t)
	ext := newExtension(t, config(t, db))
	if err := errors.Join(ext.Migrate(t.Context()), db.Close()); err != nil {
		t.Fatal(err)
	}
	if err := ext.Start(t.Context()); err == nil {
		t.Error("Start without a database succeeds")
	}
	if status, _, _ := get(t, ext, "/mailconnector/api/v1/health/ready"); status != 503 {
		t.Errorf("ready answers %d without a database", status)
	}
	if status, _, _ := get(t, ext, "/mailconnector/api/v1/health/live"); status != 200 {
		t.Errorf("live answers %d without a database", status)
	}
}

func TestStartsAndStopsAgain(t *testing.T) {
	ext := newExtension(t, config(t, dbtest.SQLite(t)))
	if err := ext.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	for range 3 {
		if err := ext.Start(t.Context()); err != nil {
			t.Fatalf("Start = %v", err)
		}
		if err := ext.Start(t.Context()); err == nil || !strings.Contains(err.Error(), "already started") {
			t.Errorf("Start while started = %v", err)
		}
		for range 2 {
			if err := ext.Stop(t.Context()); err != nil {
				t.Fatalf("Stop = %v", err)
			}
		}
	}
}

// TestWorkOutlivesTheContextOfStart ends the context of Start while the work has begun: it bounds the start only.
func TestWorkOutlivesTheContextOfStart(t *testing.T) {
	ext, source := stuck(t)
	ctx, cancel := context.WithCancel(t.Context())
	if err := ext.Start(ctx); err != nil {
		t.Fatal(err)
	}
	<-source.entered
	cancel()
	close(source.release)
	for end := time.Now().Add(time.Minute); ; time.Sleep(10 * time.Millisecond) { // no search, which would refresh the index itself
		status, err := ext.IndexStatus(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if status.Built {
			break
		}
		if time.Now().After(end) {
			t.Fatal("the index is not built after the context of Start ended")
		}
	}
	if err := ext.Stop(t.Context()); err != nil {
		t.Errorf("Stop = %v", err)
	}
}

func TestStopWaitsForTheWork(t *testing.T) {
	ext, source := stuck(t)
	if err := ext.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	<-source.entered
	for range 2 {
		if err := ext.Stop(soon(t)); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("Stop while the host works = %v, want that it waited", err)
		}
	}
	if err := ext.Start(t.Context()); err == nil {
		t.Error("Start succeeds while the work of the last one goes on")
	}
	close(source.release)
	if err := ext.Stop(t.Context()); err != nil {
		t.Errorf("Stop = %v", err)
	}
	if err := errors.Join(ext.Start(t.Context()), ext.Stop(t.Context())); err != nil {
		t.Errorf("Start and Stop after that = %v", err)
	}
}

// stuck returns the module, migrated, on a host that is stuck when it is asked what changed.
func stuck(t *testing.T) (*module.Extension, *stuckSource) {
	t.Helper()
	c := config(t, dbtest.SQLite(t))
	source := &stuckSource{Source: c.Host.Records, entered: make(chan struct{}), release: make(chan struct{})}
	c.Host.Records = source
	ext := newExtension(t, c)
	if err := ext.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	return ext, source
}

// stuckSource answers Changes only once it is released, whatever its context says.
type stuckSource struct {
	search.Source
	once             sync.Once
	entered, release chan struct{}
}

func (s *stuckSource) Changes(ctx context.Context, after string, limit int) ([]search.Doc, string, error) {
	s.once.Do(func() { close(s.entered) })
	<-s.release
	return s.Source.Changes(ctx, after, limit)
}

// TestTheHostsDatabaseStaysTheHosts works with the module on every connection of a pool, and finds the pool and its
// connections as they were.
func TestTheHostsDatabaseStaysTheHosts(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *sql.DB) {
		const size = 5
		db.SetMaxOpenConns(size)
		before := settingsOf(t, db, 1)[0]
		ext := moduletest.Mount(t, newHost(t, db).UnderTest())
		if err := ext.Licensing().TakeSeat(t.Context(), rep.UserID); err != nil {
			t.Fatal(err)
		}
		var all sync.WaitGroup
		for range 2 * size {
			all.Go(func() {
				if _, err := ext.Search(t.Context(), rep, search.Query{Text: "nora"}); err != nil {
					t.Error(err)
				}
			})
		}
		all.Wait()
		link(t, ext, raw("Message-ID: <1@mail.example>", "Subject: Hello", "", "Hello."))
		if err := ext.Stop(t.Context()); err != nil {
			t.Fatal(err)
		}
		if got := db.Stats().MaxOpenConnections; got != size {
			t.Errorf("the pool has at most %d connections, had %d", got, size)
		}
		for end := time.Now().Add(time.Minute); db.Stats().InUse > 0; time.Sleep(time.Millisecond) { // of a cancelled transaction, a moment more
			if time.Now().After(end) {
				t.Fatalf("%d connections are still in use after Stop", db.Stats().InUse)
			}
		}
		for _, after := range settingsOf(t, db, size) {
			if diff := cmp.Diff(before, after); diff != "" {
				t.Errorf("a connection was reconfigured (-before +after):\n%s", diff)
			}
		}
	})
}

// settingsOf reads the settings of n connections at once.
func settingsOf(t *testing.T, db *sql.DB, n int) (settings []map[string]string) {
	t.Helper()
	onSQLite := strings.Contains(fmt.Sprintf("%T", db.Driver()), "sqlite")
	for range n {
		conn, err := db.Conn(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = conn.Close() }()
		settings = append(settings, session(t, conn, onSQLite))
	}
	return settings
}

func session(t *testing.T, conn *sql.Conn, onSQLite bool) map[string]string {
	t.Helper()
	query := "SELECT variable_name, variable_value FROM information_schema.session_variables"
	if onSQLite {
		query = `SELECT 'busy_timeout', timeout FROM pragma_busy_timeout UNION ALL SELECT 'foreign_keys', foreign_keys FROM pragma_foreign_keys
			UNION ALL SELECT 'synchronous', synchronous FROM pragma_synchronous`
	}
	rows, err := conn.QueryContext(t.Context(), query)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = rows.Close() }()
	values := map[string]string{}
	for rows.Next() {
		var name, value string
		if err := rows.Scan(&name, &value); err != nil {
			t.Fatal(err)
		}
		if !slices.Contains(volatile, strings.ToLower(name)) {
			values[name] = value
		}
	}
	if err := rows.Err(); err != nil || len(values) < 3 {
		t.Fatalf("settings of the connection are %v, %v", values, err)
	}
	return values
}

// volatile are variables that differ between connections or with each statement.
var volatile = []string{
	"timestamp", "pseudo_thread_id", "last_insert_id", "identity", "insert_id", "rand_seed1", "rand_seed2", "last_gtid",
	"in_transaction", "warning_count", "error_count", "pseudo_slave_mode",
}
