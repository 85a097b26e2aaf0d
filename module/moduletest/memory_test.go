package moduletest_test

import (
	"database/sql"
	"testing"

	"github.com/mailconnector/mailconnector/internal/dbtest"
	"github.com/mailconnector/mailconnector/module/moduletest"
)

func TestMemoryHostPassesTheHostTests(t *testing.T) {
	t.Run("SQLite", func(t *testing.T) {
		moduletest.RunHostTests(t, func(t *testing.T) moduletest.HostUnderTest { return underTest(t, dbtest.SQLite(t)) })
	})
	t.Run("MariaDB", func(t *testing.T) {
		moduletest.RunHostTests(t, func(t *testing.T) moduletest.HostUnderTest { return underTest(t, dbtest.MariaDB(t)) })
	})
}

func underTest(t *testing.T, db *sql.DB) moduletest.HostUnderTest {
	t.Helper()
	h, err := moduletest.NewMemoryHost(t.Context(), db)
	if err != nil {
		t.Fatal(err)
	}
	return h.UnderTest()
}
