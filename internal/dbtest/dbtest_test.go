package dbtest_test

import (
	"database/sql"
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
