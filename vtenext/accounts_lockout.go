package vtenext

import (
	"context"
	"fmt"
)

// The CRM's lock-out: it counts wrong passwords for each user, address and way in.
const (
	wayIn       = "ws" // what the CRM calls its interface for programs
	lockedAfter = 5    // wrong passwords: the user is locked out from this address
	bannedAfter = 100  // the address is banned, whoever comes from it
	maxIP       = 50   // characters
)

// attempt is who tries to sign in from where. User 0 is nobody.
type attempt struct {
	user int64
	ip   string
}

// locked reports whether the CRM refuses this user from this address, or anybody from it. Only an administrator, or the
// mail the CRM sends, ends it.
func (a *Accounts) locked(ctx context.Context, at attempt) (bool, error) {
	found, err := collect(ctx, a.crm.db, scanOne[int64], a.crm.sql(`SELECT id FROM {check_logins}
		WHERE userid = ? AND ip = ? AND type = ? AND status = 'L' UNION ALL
		SELECT id FROM {check_logins} WHERE ip = ? AND status = 'B' LIMIT 1`), at.user, at.ip, wayIn, at.ip)
	if err != nil {
		return false, fmt.Errorf("read lock-out: %w", err)
	}
	return len(found) > 0, nil
}

// noteFailure counts a wrong password. Attempts on names that nobody has are counted too, without consequence, so that
// they take as long. A row the administrator whitelisted keeps its status.
func (a *Accounts) noteFailure(ctx context.Context, at attempt) error {
	now := a.crm.localTime(a.crm.now())
	counted, err := affected(a.crm.db.ExecContext(ctx, a.crm.sql(`UPDATE {check_logins} SET status = CASE
			WHEN userid = 0 OR status = 'W' THEN status WHEN attempts + 1 >= ? AND ip <> '' THEN 'B'
			WHEN attempts + 1 >= ? THEN 'L' ELSE status END,
		attempts = attempts + 1, last_attempt = ? WHERE userid = ? AND ip = ? AND type = ?`),
		bannedAfter, lockedAfter, now, at.user, at.ip, wayIn))
	if err != nil {
		return fmt.Errorf("count wrong password: %w", err)
	}
	if counted {
		return nil
	}
	id, err := a.crm.next(ctx, "check_logins", 1)
	if err != nil {
		return err
	}
	_, err = a.crm.db.ExecContext(ctx, a.crm.sql(`INSERT INTO {check_logins}
		(id, userid, first_attempt, last_attempt, ip, type, attempts, status) VALUES (?, ?, ?, ?, ?, ?, 1, '')`),
		id, at.user, now, now, at.ip, wayIn)
	if err != nil {
		return fmt.Errorf("note wrong password: %w", err)
	}
	return nil
}

// forgetFailures is what a right password does to the count.
func (a *Accounts) forgetFailures(ctx context.Context, at attempt) error {
	_, err := a.crm.db.ExecContext(ctx,
		a.crm.sql("DELETE FROM {check_logins} WHERE userid = ? AND ip = ? AND type = ? AND status = ''"), at.user, at.ip, wayIn)
	if err != nil {
		return fmt.Errorf("forget wrong passwords: %w", err)
	}
	return nil
}
