package dbtest_test

import (
	"database/sql"
	"runtime"
	"testing"

	"github.com/mailconnector/mailconnector/internal/dbtest"
)

func TestEachGivesAnEmptyDatabaseOfItsOwn(t *testing.T) {
	for range 2 {
		dbtest.Each(t, func(t *testing.T, db *sql.DB) {
			if _, err := db.Exec("CREATE TABLE only_mine (id INTEGER PRIMARY KEY)"); err != nil {
				t.Fatal(err)
			}
		})
	}
}

func TestTheServerOutlivesGarbageCollection(t *testing.T) {
	db := dbtest.MariaDB(t)
	runtime.GC()
	runtime.GC()
	if err := db.Ping(); err != nil {
		t.Fatal(err)
	}
	dbtest.MariaDBDSN(t)
}
