package database_test

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"net"
	"path/filepath"
	"testing"

	"github.com/go-sql-driver/mysql"

	"github.com/mailconnector/mailconnector/internal/database"
	"github.com/mailconnector/mailconnector/internal/dbtest"
)

// sqliteFieldError has the shape of the errors of mattn/go-sqlite3, sqliteMethodError of those of ncruces/go-sqlite3.
type (
	sqliteFieldError  struct{ Code, ExtendedCode int }
	sqliteMethodError struct{ code uint16 }
)

func (sqliteFieldError) Error() string            { return "locked" }
func (*sqliteMethodError) Error() string          { return "locked" }
func (e *sqliteMethodError) Code() uint8          { return uint8(e.code) }
func (e *sqliteMethodError) ExtendedCode() uint16 { return e.code }
func mysqlError(n uint16) error                   { return fmt.Errorf("insert: %w", &mysql.MySQLError{Number: n}) }
func dialError(cause error) error                 { return &net.OpError{Op: "dial", Net: "tcp", Err: cause} }
func alsoFailed(err error) error                  { return errors.Join(errors.New("first"), err) }
func wrapped(err error) error                     { return fmt.Errorf("outer: %w", fmt.Errorf("inner: %w", err)) }

func TestErrorsAreTold(t *testing.T) {
	for _, test := range []struct {
		name                   string
		err                    error
		duplicate, unavailable bool
	}{
		{"no error", nil, false, false},
		{"an error of somebody else", errors.New("boom"), false, false},
		{"no rows", sql.ErrNoRows, false, false},
		{"an ended context", wrapped(context.DeadlineExceeded), false, false},
		{"a canceled context that cost the connection", alsoFailed(errors.Join(context.Canceled, driver.ErrBadConn)), false, false},
		{"MySQL: duplicate key", mysqlError(1062), true, false},
		{"MySQL: duplicate key, named", mysqlError(1586), true, false},
		{"MySQL: syntax error", mysqlError(1064), false, false},
		{"MySQL: column too long", mysqlError(1406), false, false},
		{"MySQL: deadlock, after all re-runs", mysqlError(1213), false, true},
		{"MySQL: lock wait timeout", mysqlError(1205), false, true},
		{"MySQL: Galera node without quorum", mysqlError(1047), false, true},
		{"MySQL: too many connections", mysqlError(1040), false, true},
		{"MySQL: too many connections of this user", mysqlError(1203), false, true},
		{"MySQL: login refused", mysqlError(1045), false, true},
		{"MySQL: table full", mysqlError(1114), false, true},
		{"MySQL: read-only", mysqlError(1290), false, true},
		{"connection refused", wrapped(dialError(errors.New("refused"))), false, true},
		{"invalid connection", alsoFailed(mysql.ErrInvalidConn), false, true},
		{"bad connection", driver.ErrBadConn, false, true},
		{"SQLite in C: unique", wrapped(sqliteFieldError{19, 2067}), true, false},
		{"SQLite in C: busy", sqliteFieldError{5, 0}, false, true},
		{"SQLite in C: snapshot too old", alsoFailed(&sqliteFieldError{5, 517}), false, true},
		{"SQLite in C: syntax error", sqliteFieldError{1, 1}, false, false},
		{"SQLite in Wasm: primary key", &sqliteMethodError{1555}, true, false},
		{"SQLite in Wasm: not null", &sqliteMethodError{1299}, false, false},
		{"SQLite in Wasm: disk full", &sqliteMethodError{13}, false, true},
	} {
		t.Run(test.name, func(t *testing.T) {
			if got := database.IsDuplicate(test.err); got != test.duplicate {
				t.Errorf("IsDuplicate is %t", got)
			}
			if got := database.IsUnavailable(test.err); got != test.unavailable {
				t.Errorf("IsUnavailable is %t", got)
			}
		})
	}
}

func TestDuplicatesOfEveryKindOfKey(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *sql.DB) {
		exec(t, db, "CREATE TABLE keys_ (id INTEGER NOT NULL PRIMARY KEY, name VARCHAR(20), UNIQUE (name))",
			"INSERT INTO keys_ VALUES (1, 'a')")
		for statement, want := range map[string]bool{
			"INSERT INTO keys_ VALUES (1, 'b')":    true,
			"INSERT INTO keys_ VALUES (2, 'a')":    true,
			"INSERT INTO keys_ VALUES (NULL, 'c')": false,
			"INSERT INTO nowhere VALUES (1)":       false,
		} {
			_, err := db.Exec(statement)
			if got := database.IsDuplicate(err); got != want {
				t.Errorf("%s: %v: IsDuplicate is %t", statement, err, got)
			}
			if database.IsUnavailable(err) {
				t.Errorf("%s: %v: IsUnavailable", statement, err)
			}
		}
	})
}

func TestAFullSQLiteFileIsUnavailable(t *testing.T) {
	db := openSQLite(t, filepath.Join(t.TempDir(), "x.db"), "?_pragma=max_page_count(3)")
	exec(t, db, "CREATE TABLE big (v BLOB)")
	_, err := db.Exec("INSERT INTO big VALUES (zeroblob(100000))")
	if !database.IsUnavailable(err) {
		t.Errorf("%v is not taken for unavailable", err)
	}
}

func TestAMissingSQLiteFolderIsUnavailable(t *testing.T) {
	err := openSQLite(t, filepath.Join(t.TempDir(), "gone", "x.db"), "").Ping()
	if !database.IsUnavailable(err) {
		t.Errorf("%v is not taken for unavailable", err)
	}
}

func TestTooManyConnectionsAreUnavailable(t *testing.T) {
	t.Parallel()
	server := dbtest.StartServer(t, "--max-connections=10", "--extra-max-connections=1")
	db := server.Open(t)
	var err error
	for range 40 {
		conn, failure := db.Conn(t.Context())
		if failure != nil {
			err = failure
			break
		}
		defer func() { _ = conn.Close() }()
	}
	if !database.IsUnavailable(err) {
		t.Errorf("%v is not taken for unavailable", err)
	}
}
