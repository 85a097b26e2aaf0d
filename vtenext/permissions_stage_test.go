package vtenext_test

import (
	"context"
	"database/sql"
	"regexp"
	"strconv"
	"testing"
)

// stage is a user with a role and a profile of its own, and a record of another user, which the default hides. In
// statements N stands for its number: 9N1 is the user, HWN the role, 9N2 the owner, HON the owner's role, 9N both
// profile and rule, 9N0 the record, an account.
type stage struct {
	n           string
	user, owner string
	record      string // its id
}

// newStage sets a stage up, and then whatever else the statements say.
func newStage(t testing.TB, db *sql.DB, n int, more ...string) *stage {
	t.Helper()
	s := &stage{n: strconv.Itoa(n)}
	s.user, s.owner, s.record = s.fill("9N1"), s.fill("9N2"), s.fill("9N0")
	s.run(t, db,
		"INSERT INTO vte_profile (profileid, profilename) VALUES (9N, 'profile N')",
		"INSERT INTO vte_profile2globalperm VALUES (9N, 1, 1), (9N, 2, 1)",
		"INSERT INTO vte_profile2tab (profileid, tabid, permissions) VALUES (9N, 6, 0)",
		"INSERT INTO vte_profile2standardperm VALUES (9N, 6, 0, 0), (9N, 6, 1, 0), (9N, 6, 2, 0), (9N, 6, 3, 0), (9N, 6, 4, 0)",
		"INSERT INTO vte_role VALUES ('HWN', 'watcher', 'H1::HWN', 1), ('HON', 'owner', 'H1::HON', 1)",
		"INSERT INTO vte_role2profile VALUES ('HWN', 9N, 0), ('HON', 9N, 0)",
		`INSERT INTO vte_users (id, user_name, status, is_admin, reminder_interval)
			VALUES (9N1, 'watcherN', 'Active', 'off', ''), (9N2, 'ownerN', 'Active', 'off', '')`,
		"INSERT INTO vte_user2role VALUES (9N1, 'HWN'), (9N2, 'HON')",
		"INSERT INTO vte_crmentity (crmid, smownerid, setype) VALUES (9N0, 9N2, 'Accounts')",
	)
	s.run(t, db, more...)
	return s
}

var stageNumber = regexp.MustCompile(`\b(9|H[OWX]|watcher|owner|profile |group |advanced |')N`)

// fill puts the stage's number into a statement.
func (s *stage) fill(statement string) string {
	return stageNumber.ReplaceAllString(statement, "${1}"+s.n)
}

func (s *stage) run(t testing.TB, db *sql.DB, statements ...string) {
	t.Helper()
	for _, statement := range statements {
		exec(t, db, s.fill(statement))
	}
}

// keep puts tables back as they were when the test ends. Temporary tables are made quickly, and belong to a connection.
func keep(t testing.TB, db *sql.DB, tables ...string) {
	t.Helper()
	ctx := context.Background() // that of the test has ended by then
	conn, err := db.Conn(ctx)
	if err != nil {
		t.Fatal(err)
	}
	run := func(statement string) {
		if _, err := conn.ExecContext(ctx, statement); err != nil {
			t.Fatalf("%s: %v", statement, err)
		}
	}
	for _, table := range tables {
		run("CREATE TEMPORARY TABLE kept_" + table + " AS SELECT * FROM " + table)
	}
	t.Cleanup(func() {
		for _, table := range tables {
			run("DELETE FROM " + table)
			run("INSERT INTO " + table + " SELECT * FROM kept_" + table)
			run("DROP TEMPORARY TABLE kept_" + table)
		}
		_ = conn.Close()
	})
}
