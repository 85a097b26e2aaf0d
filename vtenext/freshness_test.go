package vtenext_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/mailconnector/mailconnector/permissions"
	"github.com/mailconnector/mailconnector/vtenext"
)

// allowance is how long a change may take to count.
const allowance = 2 * time.Second

// toggle is something an administrator or a user changes that opens one record to one user, and closes it again.
type toggle struct {
	name          string
	grant, revoke []string // statements on the stage
	setUp         []string
	*stage
	history
}

func toggles() []*toggle {
	rule := []string{
		"INSERT INTO vte_datashare_mod_rel (shareid, tabid, relationtype) VALUES (9N, 6, 'ROLE::ROLE')",
		"INSERT INTO vte_datashare_role2role (shareid, share_roleid, to_roleid, permission) VALUES (9N, 'HON', 'HWN', 0)",
	}
	return []*toggle{
		{
			name:   "the owner's role moves below the user's",
			grant:  []string{"UPDATE vte_role SET parentrole = 'H1::HWN::HON' WHERE roleid = 'HON'"},
			revoke: []string{"UPDATE vte_role SET parentrole = 'H1::HON' WHERE roleid = 'HON'"},
		},
		{
			name: "the user gets another role",
			setUp: []string{
				"INSERT INTO vte_role VALUES ('HXN', 'above', 'H1::HXN', 1)",
				"INSERT INTO vte_role2profile VALUES ('HXN', 9N, 0)",
				"UPDATE vte_role SET parentrole = 'H1::HXN::HON' WHERE roleid = 'HON'",
			},
			grant:  []string{"UPDATE vte_user2role SET roleid = 'HXN' WHERE userid = 9N1"},
			revoke: []string{"UPDATE vte_user2role SET roleid = 'HWN' WHERE userid = 9N1"},
		},
		{
			name: "the user joins a group",
			setUp: []string{
				"INSERT INTO vte_groups (groupid, groupname) VALUES (9N9, 'group N')",
				"UPDATE vte_crmentity SET smownerid = 9N9 WHERE crmid = 9N0",
			},
			grant:  []string{"INSERT INTO vte_users2group (groupid, userid) VALUES (9N9, 9N1)"},
			revoke: []string{"DELETE FROM vte_users2group WHERE groupid = 9N9"},
		},
		{
			name:  "a sharing rule is made",
			grant: rule,
			revoke: []string{
				"DELETE FROM vte_datashare_mod_rel WHERE shareid = 9N", "DELETE FROM vte_datashare_role2role WHERE shareid = 9N",
			},
		},
		{
			name:   "a profile permits an operation",
			setUp:  rule,
			grant:  []string{"UPDATE vte_profile2standardperm SET permissions = 0 WHERE profileid = 9N AND operation = 4"},
			revoke: []string{"UPDATE vte_profile2standardperm SET permissions = 1 WHERE profileid = 9N AND operation = 4"},
		},
		{
			name:   "a profile permits everything",
			grant:  []string{"UPDATE vte_profile2globalperm SET globalactionpermission = 0 WHERE profileid = 9N AND globalactionid = 1"},
			revoke: []string{"UPDATE vte_profile2globalperm SET globalactionpermission = 1 WHERE profileid = 9N AND globalactionid = 1"},
		},
		{
			name:   "the record gets another owner",
			grant:  []string{"UPDATE vte_crmentity SET smownerid = 9N1 WHERE crmid = 9N0"},
			revoke: []string{"UPDATE vte_crmentity SET smownerid = 9N2 WHERE crmid = 9N0"},
		},
		{
			name:   "the user may sign in",
			setUp:  []string{"UPDATE vte_crmentity SET smownerid = 9N1 WHERE crmid = 9N0"},
			grant:  []string{"UPDATE vte_users SET status = 'Active' WHERE id = 9N1"},
			revoke: []string{"UPDATE vte_users SET status = 'Inactive' WHERE id = 9N1"},
		},
		{
			name:   "the user becomes an administrator",
			grant:  []string{"UPDATE vte_users SET is_admin = 'on' WHERE id = 9N1"},
			revoke: []string{"UPDATE vte_users SET is_admin = 'off' WHERE id = 9N1"},
		},
		{
			name: "an advanced rule is for the user",
			setUp: []string{
				"INSERT INTO vte_account (accountid, accountname) VALUES (9N0, 'advanced N')",
				"INSERT INTO tbl_s_advancedrule (advrule_id, module_name, title) VALUES (9N, 'Accounts', 'N')",
				`INSERT INTO tbl_s_advancedrulefilters
					VALUES (9N, 0, 'vte_account:accountname:accountname:Accounts_Account_Name:V', 'e', 'advanced N')`,
			},
			grant:  []string{"INSERT INTO tbl_s_advancedrule_rel VALUES (9N, 'Users', '9N1', 0)"},
			revoke: []string{"DELETE FROM tbl_s_advancedrule_rel WHERE advrule_id = 9N"},
		},
	}
}

// history is what became of a toggle, and how long its changes took to count.
type history struct {
	mu      sync.Mutex
	granted bool
	since   time.Time                     // of the last commit, as known by the one who committed
	busy    bool                          // a change is under way
	late    map[*vtenext.Permissions]bool // the checkers that have answered since the last change had to count
	slowest time.Duration
	leaks   []string
}

// change commits statements in one transaction.
func (c *toggle) change(ctx context.Context, db *sql.DB, grant bool) error {
	c.mu.Lock()
	c.busy = true
	c.mu.Unlock()
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }()
	statements := c.revoke
	if grant {
		statements = c.grant
	}
	for _, statement := range statements {
		if _, err := tx.ExecContext(ctx, c.fill(statement)); err != nil {
			return fmt.Errorf("%s: %w", statement, err)
		}
	}
	if err := tx.Commit(); err != nil {
		return err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.granted, c.since, c.busy = grant, time.Now(), false
	clear(c.late)
	return nil
}

// turn grants and revokes twice, and each time waits for so many checkers to answer when that had to count.
func (c *toggle) turn(ctx context.Context, db *sql.DB, checkers int) error {
	for range 2 {
		if err := c.change(ctx, db, true); err != nil {
			return err
		}
		time.Sleep(allowance / 2)
		if err := c.change(ctx, db, false); err != nil {
			return err
		}
		time.Sleep(allowance + 400*time.Millisecond) // long enough for an answer to leak
		for deadline := time.Now().Add(time.Minute); c.answered() < checkers; time.Sleep(5 * time.Millisecond) {
			if time.Now().After(deadline) {
				return fmt.Errorf("%s: not every checker answers", c.name)
			}
		}
	}
	return nil
}

// answered counts the checkers that have answered since the last change had to count.
func (c *toggle) answered() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.late)
}

// judge holds an answer against the state that has lasted from before the question to now.
func (c *toggle) judge(asked time.Time, allowed bool, by *vtenext.Permissions) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.busy || c.since.IsZero() || asked.Before(c.since) {
		return
	}
	age := asked.Sub(c.since)
	if age > allowance {
		c.late[by] = true
	}
	if allowed == c.granted {
		return
	}
	c.slowest = max(c.slowest, age)
	if age > allowance {
		c.leaks = append(c.leaks, fmt.Sprintf("%v after the commit: allowed %t", age, allowed))
	}
}

func TestChangesCountWithinTwoSecondsUnderLoad(t *testing.T) {
	db := organisation(t, organisationA)
	all := toggles()
	for i, c := range all {
		c.stage, c.late = newStage(t, db, 1000+i, c.setUp...), make(map[*vtenext.Permissions]bool)
	}
	checked, onDemand := permissionsOf(t, db), permissionsOf(t, db)
	checkers := []*vtenext.Permissions{checked, onDemand}
	ctx, cancel := context.WithCancel(t.Context())
	var work sync.WaitGroup
	work.Go(func() { checked.Run(ctx) })
	for _, c := range all {
		for _, p := range checkers {
			work.Go(func() { c.watch(ctx, t, p) })
		}
	}
	var changes sync.WaitGroup
	for i, c := range all {
		changes.Go(func() {
			time.Sleep(time.Duration(i) * 70 * time.Millisecond) // whatever the phase of the checks
			if err := c.turn(ctx, db, len(checkers)); err != nil {
				t.Error(err)
			}
		})
	}
	changes.Wait()
	cancel()
	work.Wait()
	for _, c := range all {
		t.Logf("%s: counted after %v at the latest", c.name, c.slowest)
		for _, leak := range c.leaks {
			t.Errorf("%s: %s", c.name, leak)
		}
	}
}

// watch asks again and again whether the toggle's user may view its record. Where a machine is so slow that the checker
// gives up, it answers nothing.
func (c *toggle) watch(ctx context.Context, t *testing.T, p *vtenext.Permissions) {
	user, r := permissions.Subject{UserID: c.fill("9N1")}, record("Accounts", c.fill("9N0"))
	for ctx.Err() == nil {
		asked := time.Now()
		decisions, err := p.Check(ctx, user, permissions.View, []permissions.Record{r})
		switch {
		case err == nil:
			c.judge(asked, decisions[0].Allows(), p)
		case errors.Is(err, vtenext.ErrUnavailable) && errors.Is(err, context.DeadlineExceeded):
		case ctx.Err() == nil:
			t.Errorf("%s: %v", c.name, err)
		}
		time.Sleep(5 * time.Millisecond)
	}
}

func testLockedTables(t *testing.T, db *sql.DB) {
	p := permissionsOf(t, db)
	if got := ask(t, p, "1", permissions.View, record("Accounts", "59")); !got.Allows() {
		t.Fatal(got)
	}
	lock, err := db.Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = lock.Close() }()
	if _, err := lock.ExecContext(t.Context(), "LOCK TABLES vte_role WRITE"); err != nil {
		t.Fatal(err)
	}
	time.Sleep(allowance + 10*time.Millisecond)
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	_, err = p.Check(ctx, permissions.Subject{UserID: "1"}, permissions.View, []permissions.Record{record("Accounts", "59")})
	if !errors.Is(err, vtenext.ErrUnavailable) || !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("an answer by a policy that is too old: %v", err)
	}
	var waited sync.WaitGroup
	waited.Go(func() {
		late, err := p.Check(t.Context(), permissions.Subject{UserID: "1"}, permissions.View, []permissions.Record{record("Accounts", "59")})
		if err != nil || !late[0].Allows() {
			t.Errorf("a question that waits for the tables: %v, error %v", late, err)
		}
	})
	time.Sleep(6 * time.Second) // as a lock may last; nobody's question is refused for it
	if _, err := lock.ExecContext(t.Context(), "UNLOCK TABLES"); err != nil {
		t.Fatal(err)
	}
	waited.Wait()
	if got := ask(t, p, "1", permissions.View, record("Accounts", "59")); !got.Allows() {
		t.Errorf("after that: %v", got)
	}
}
