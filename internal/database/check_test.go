package database_test

import (
	"database/sql"
	"path/filepath"
	"strings"
	"testing"

	"github.com/mailconnector/mailconnector/internal/dbtest"
)

func TestCheckAcceptsTheSettingsWeAskFor(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *sql.DB) {
		if err := newDB(t, db).Check(t.Context()); err != nil {
			t.Error(err)
		}
	})
}

func TestCheckRefusesAConnectionThatLosesCharacters(t *testing.T) {
	dsn := dbtest.MariaDBDSN(t)
	for _, charset := range []string{"latin1", "utf8mb3"} {
		t.Run(charset, func(t *testing.T) {
			db, err := sql.Open("mysql", strings.Replace(dsn, "charset=utf8mb4", "charset="+charset, 1))
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = db.Close() }()
			err = newDB(t, db).Check(t.Context())
			if err == nil || !strings.Contains(err.Error(), "charset=utf8mb4") {
				t.Errorf("got %v, want an error that says how to mend it", err)
			}
		})
	}
}

func TestCheckRefusesALogOfStatements(t *testing.T) {
	t.Parallel()
	db := dbtest.StartServer(t, "--log-bin=log", "--binlog-format=STATEMENT").Open(t)
	d := migrated(t, db)
	if err := d.Check(t.Context()); err == nil || !strings.Contains(err.Error(), "MIXED or ROW") {
		t.Errorf("got %v, want an error that says how to mend it", err)
	}
	exec(t, db, "SET GLOBAL binlog_format = 'MIXED'")
	db.SetMaxIdleConns(0) // what is open keeps its format
	if err := d.Check(t.Context()); err != nil {
		t.Errorf("MIXED is refused: %v", err)
	}
}

func TestCheckWorksWithoutInterpolation(t *testing.T) {
	dsn := strings.Replace(dbtest.MariaDBDSN(t), "interpolateParams=true", "interpolateParams=false", 1)
	db, err := sql.Open("mysql", dsn)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	if err := newDB(t, db).Check(t.Context()); err != nil {
		t.Error(err)
	}
}

func TestCheckOfSQLite(t *testing.T) {
	const wal, patient = "?_pragma=journal_mode(WAL)", "&_pragma=busy_timeout(5000)"
	for _, test := range []struct {
		name, query string
		maxOpen     int
		says        string // empty: accepted
	}{
		{"a file in WAL that waits for locks", wal + patient, 0, ""},
		{"a file with a rollback journal", "?" + patient[1:], 0, "journal_mode = WAL"},
		{"a file without patience", wal + "&_pragma=busy_timeout(0)", 0, "busy_timeout"},
		{"a file that never waits for the disk", wal + patient + "&_pragma=synchronous(OFF)", 0, "synchronous"},
		{"memory on one connection", "?mode=memory", 1, ""},
		{"memory on many connections", "?mode=memory", 0, "SetMaxOpenConns(1)"},
	} {
		t.Run(test.name, func(t *testing.T) {
			db := openSQLite(t, filepath.Join(t.TempDir(), "x.db"), test.query)
			db.SetMaxOpenConns(test.maxOpen)
			switch err := newDB(t, db).Check(t.Context()); {
			case test.says == "" && err != nil:
				t.Errorf("refused: %v", err)
			case test.says != "" && (err == nil || !strings.Contains(err.Error(), test.says)):
				t.Errorf("got %v, want an error that says %q", err, test.says)
			}
		})
	}
}
