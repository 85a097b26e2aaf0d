package crm

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
	"time"

	"golang.org/x/crypto/bcrypt"

	"github.com/mailconnector/mailconnector/api/sessions"
)

var _ sessions.Accounts = (*CRM)(nil)

// The lock-out of this CRM: so many wrong passwords in a row close an account for so long.
const (
	maxFailures = 5
	lockedFor   = 5 * time.Minute
)

// hashCost lets the demo start fast. A CRM with secrets takes bcrypt.DefaultCost or more.
const hashCost = bcrypt.MinCost

// noSuchUser is compared for user names that do not exist, so that they take as long as those that do. It is the hash,
// at hashCost, of a password nobody has.
const noSuchUser = "$2a$04$dWOInBp47HR4MAYv6uasOOI6M20.64OkgtJXGb.DkSySmQ0vjhjgG"

// Verify implements [sessions.Accounts]. A locked account answers so only to the right password.
func (c *CRM) Verify(ctx context.Context, cr sessions.Credentials) (sessions.Account, error) {
	u, err := c.user(ctx, "user_name", cr.UserName)
	if errors.Is(err, sql.ErrNoRows) {
		u.hash = noSuchUser
	} else if err != nil {
		return sessions.Account{}, err
	}
	matches := bcrypt.CompareHashAndPassword([]byte(u.hash), []byte(cr.Password)) == nil
	switch lockedUntil := fromMicros(u.lockedUntil); {
	case !matches:
		return sessions.Account{}, errors.Join(sessions.ErrInvalidCredentials, c.noteFailure(ctx, cr.UserName))
	case !u.Active:
		return sessions.Account{}, sessions.ErrInactive
	case c.now().Before(lockedUntil):
		return sessions.Account{}, &sessions.LockedError{Until: lockedUntil}
	}
	return u.Account, c.forgetFailures(ctx, u)
}

// Account implements [sessions.Accounts].
func (c *CRM) Account(ctx context.Context, userID string) (sessions.Account, error) {
	u, err := c.user(ctx, "id", userID)
	if errors.Is(err, sql.ErrNoRows) || err == nil && !u.Active {
		return sessions.Account{}, sessions.ErrInactive
	}
	return u.Account, err
}

// FindUser returns the id of the user with a user name, or [sessions.ErrInactive].
func (c *CRM) FindUser(ctx context.Context, userName string) (string, error) {
	u, err := c.user(ctx, "user_name", userName)
	if errors.Is(err, sql.ErrNoRows) {
		return "", sessions.ErrInactive
	}
	return u.UserID, err
}

type user struct {
	sessions.Account
	hash        string
	failed      int64
	lockedUntil int64
}

// user reads the user whose column has the value, to the letter: MySQL ignores blanks at the end.
func (c *CRM) user(ctx context.Context, column, value string) (user, error) {
	var u user
	var email string
	row := c.db.QueryRowContext(ctx, `SELECT id, user_name, display_name, email, language, is_admin, active,
		password_hash, failed, locked_until FROM crm_users WHERE `+column+` = ?`, value)
	err := row.Scan(&u.UserID, &u.UserName, &u.DisplayName, &email, &u.Language, &u.Admin, &u.Active,
		&u.hash, &u.failed, &u.lockedUntil)
	if err != nil {
		return user{}, fmt.Errorf("read user: %w", err)
	}
	if value != u.UserID && value != u.UserName {
		return user{}, sql.ErrNoRows
	}
	stamp := sha256.Sum256([]byte("credential stamp " + u.hash))
	u.Addresses, u.CredentialStamp = []string{email}, hex.EncodeToString(stamp[:16])
	return u, nil
}

// noteFailure counts a wrong password. The order of the assignments matters: MySQL computes each with the outcome of
// the ones before it.
func (c *CRM) noteFailure(ctx context.Context, userName string) error {
	_, err := c.db.ExecContext(ctx, `UPDATE crm_users SET
		locked_until = CASE WHEN failed + 1 >= ? THEN ? ELSE locked_until END,
		failed = CASE WHEN failed + 1 >= ? THEN 0 ELSE failed + 1 END WHERE user_name = ?`,
		maxFailures, micros(c.now().Add(lockedFor)), maxFailures, userName)
	return err
}

func (c *CRM) forgetFailures(ctx context.Context, u user) error {
	if u.failed == 0 {
		return nil
	}
	_, err := c.db.ExecContext(ctx, "UPDATE crm_users SET failed = 0 WHERE id = ?", u.UserID)
	return err
}

// SetPassword gives a user a new password and ends the lock-out.
func (c *CRM) SetPassword(ctx context.Context, userName, password string) error {
	hash, err := bcrypt.GenerateFromPassword([]byte(password), hashCost)
	if err != nil {
		return fmt.Errorf("hash password: %w", err)
	}
	_, err = c.db.ExecContext(ctx, "UPDATE crm_users SET password_hash = ?, failed = 0, locked_until = 0 WHERE user_name = ?",
		string(hash), userName)
	return err
}

// People lists the users and groups a record can be assigned to, by name.
func (c *CRM) People(ctx context.Context) ([]Person, error) {
	return collect(ctx, c.db, func(rows *sql.Rows) (p Person, err error) {
		return p, rows.Scan(&p.ID, &p.UserName, &p.Name)
	}, `SELECT id, user_name, display_name FROM crm_users WHERE active = 1
		UNION ALL SELECT id, '', name FROM crm_groups ORDER BY 3`)
}

// Person is somebody a record can belong to.
type Person struct {
	ID       string
	UserName string // empty for a group
	Name     string
}
