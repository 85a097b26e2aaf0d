package dbtest

import (
	"crypto/rand"
	"database/sql"
	"net/url"
	"path/filepath"
	"strings"
	"testing"

	"github.com/go-sql-driver/mysql"
	_ "modernc.org/sqlite" // the driver "sqlite"
)

// Each runs fn as the subtests "SQLite" and "MariaDB", each with an empty database of its own.
func Each(t *testing.T, fn func(t *testing.T, db *sql.DB)) {
	t.Helper()
	t.Run("SQLite", func(t *testing.T) { fn(t, SQLite(t)) })
	t.Run("MariaDB", func(t *testing.T) { fn(t, MariaDB(t)) })
}

// SQLite returns an empty database in a temporary file, closed when the test ends.
func SQLite(t testing.TB) *sql.DB {
	t.Helper()
	db, err := sql.Open("sqlite", SQLiteDSN(filepath.Join(t.TempDir(), "test.db")))
	if err != nil {
		t.Fatal(err)
	}
	if err := db.PingContext(t.Context()); err != nil { // WAL is set before connections compete for it
		t.Fatal(err)
	}
	return pooled(t, db)
}

// SQLiteDSN names a database file for the driver "sqlite" with the settings the module asks for: WAL, transactions that
// take the write lock at once, waiting for locks. It does not wait for the disk.
func SQLiteDSN(path string) string {
	q := url.Values{
		"_txlock": {"immediate"},
		"_pragma": {"busy_timeout(10000)", "journal_mode(WAL)", "synchronous(NORMAL)"},
	}
	return (&url.URL{Scheme: "file", OmitHost: true, Path: path, RawQuery: q.Encode()}).String()
}

// MariaDB returns an empty database on the server of this process, closed and dropped when the test ends.
func MariaDB(t testing.TB) *sql.DB {
	t.Helper()
	return openMariaDB(t, MariaDBDSN(t))
}

// MariaDBDSN creates an empty database on the server of this process and returns its DSN. It is dropped when the test
// ends.
func MariaDBDSN(t testing.TB) string {
	t.Helper()
	return sharedServer(t).newDatabase(t)
}

// openMariaDB keeps the driver from writing to the output of tests that kill their server.
func openMariaDB(t testing.TB, dsn string) *sql.DB {
	t.Helper()
	cfg, err := mysql.ParseDSN(dsn)
	if err != nil {
		t.Fatal(err)
	}
	cfg.Logger = &mysql.NopLogger{}
	connector, err := mysql.NewConnector(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return pooled(t, sql.OpenDB(connector))
}

// pooled keeps connections open, and closes them when the test ends.
func pooled(t testing.TB, db *sql.DB) *sql.DB {
	t.Helper()
	db.SetMaxOpenConns(32)
	db.SetMaxIdleConns(32)
	t.Cleanup(func() { _ = db.Close() })
	return db
}

// databaseName is unique, because test processes may share a server.
func databaseName() string { return "mctest_" + strings.ToLower(rand.Text()) }
