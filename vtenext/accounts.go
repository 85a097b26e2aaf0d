package vtenext

import (
	"cmp"
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
	"html"
	"slices"
	"strings"

	"golang.org/x/text/language"

	"github.com/mailconnector/mailconnector/api/sessions"
)

// concurrentSessions is how many sessions of one kind the CRM lets a user have whose client is a program. It ends none
// for being old or idle.
const concurrentSessions = 5

// Accounts is who may sign in, by the CRM's own rules. It is safe for concurrent use.
type Accounts struct {
	crm     *CRM
	schemes map[string]scheme
}

var _ sessions.Accounts = (*Accounts)(nil)

// NewAccounts returns the accounts of a CRM. It does no I/O.
func NewAccounts(c *CRM) *Accounts { return &Accounts{crm: c, schemes: schemes()} }

// DirectLoginError says why a user name and a password are not enough, or cannot be compared with what the CRM has. It
// is a [sessions.ErrSSOOnly]: guessing would be a way around the CRM's own sign-in. As nothing was verified, it tells
// that the user exists.
type DirectLoginError struct {
	UserID string
	Reason DirectLoginReason
}

// DirectLoginReason is stable, lower case, with dashes.
type DirectLoginReason string

// The reasons why direct login is refused.
const (
	// DirectoryUser is a user whose password is in a directory (LDAP), which the CRM asks.
	DirectoryUser DirectLoginReason = "directory-user"
	// UnknownScheme is a password stored in a way that the CRM this package knows has not.
	UnknownScheme DirectLoginReason = "unknown-password-scheme"
	// UnexpectedHash is a stored password that does not look as its scheme makes them.
	UnexpectedHash DirectLoginReason = "unexpected-password-hash"
)

func (e *DirectLoginError) Error() string {
	return fmt.Sprintf("user %s cannot sign in with a password: %s", e.UserID, e.Reason)
}

// Unwrap makes errors.Is(err, sessions.ErrSSOOnly) true.
func (e *DirectLoginError) Unwrap() error { return sessions.ErrSSOOnly }

// Verify implements [sessions.Accounts]. A password that is right but that the CRM no longer takes, being too old or
// against its criteria, is an expired one: the CRM
// wants another in both cases.
func (a *Accounts) Verify(ctx context.Context, c sessions.Credentials) (sessions.Account, error) {
	u, err := a.find(ctx, "BINARY u.user_name = ?", storedName(c.UserName))
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return sessions.Account{}, err
	}
	directory, err := a.asksDirectory(ctx, u)
	if err != nil {
		return sessions.Account{}, err
	}
	matches, err := a.matches(u, c.Password, directory)
	if err != nil {
		return sessions.Account{}, err
	}
	attempt := attempt{user: u.id, ip: cut(c.ClientIP, maxIP)}
	locked, err := a.locked(ctx, attempt)
	switch {
	case err != nil:
		return sessions.Account{}, err
	case !matches:
		return sessions.Account{}, errors.Join(sessions.ErrInvalidCredentials, a.noteFailure(ctx, attempt))
	case locked:
		return sessions.Account{}, &sessions.LockedError{}
	}
	if err := u.refusal(c.Password, a.crm.now(), a.crm.timeZone); err != nil {
		return sessions.Account{}, err
	}
	if err := a.forgetFailures(ctx, attempt); err != nil {
		return sessions.Account{}, err
	}
	return a.account(ctx, u)
}

// Account implements [sessions.Accounts].
func (a *Accounts) Account(ctx context.Context, userID string) (sessions.Account, error) {
	id, ok := parseID(userID)
	if !ok {
		return sessions.Account{}, sessions.ErrInactive
	}
	u, err := a.find(ctx, "u.id = ?", id)
	if errors.Is(err, sql.ErrNoRows) || err == nil && !u.active() {
		return sessions.Account{}, sessions.ErrInactive
	}
	if err != nil {
		return sessions.Account{}, err
	}
	return a.account(ctx, u)
}

// Find returns the id of the user with a user name, active or not, or sessions.ErrInactive where there is none. The
// name is as the user types it.
func (a *Accounts) Find(ctx context.Context, userName string) (string, error) {
	u, err := a.find(ctx, "BINARY u.user_name = ?", storedName(userName))
	if errors.Is(err, sql.ErrNoRows) {
		return "", sessions.ErrInactive
	}
	return formatID(u.id), err
}

// storedName is what the CRM makes of a typed user name before it looks for it.
func storedName(typed string) string {
	return strings.NewReplacer("&", "&amp;", `"`, "&quot;", "'", "&#039;", "<", "&lt;", ">", "&gt;").Replace(typed)
}

// user is what a decision about a sign-in needs.
type user struct {
	id           int64
	name         string // as stored
	first, last  string
	hash, scheme string
	status       string
	deleted      bool
	admin        bool
	ldap         bool
	language     string
	addresses    []string
	known        bool   // the CRM has seen a sign-in of this user
	changed      string // when the password was, as stored
}

func (u user) active() bool { return !u.deleted && !strings.EqualFold(u.status, "Inactive") }

// find reads the one user that meets a condition, or answers sql.ErrNoRows. Of several with one name, which only a
// restored backup makes, the CRM takes the first that fits; here it is the one that is not deleted, the oldest first.
func (a *Accounts) find(ctx context.Context, condition string, arg any) (user, error) {
	found, err := collect(ctx, a.crm.db, scanUser, a.crm.sql(`SELECT u.id, COALESCE(u.user_name, ''),
		COALESCE(u.first_name, ''), COALESCE(u.last_name, ''), COALESCE(u.user_password, ''), u.crypt_type,
		COALESCE(u.status, 'Inactive'), u.deleted <> 0, COALESCE(u.is_admin, '') = 'on', COALESCE(u.use_ldap, 0) <> 0,
		COALESCE(u.default_language, ''), COALESCE(u.email1, ''), COALESCE(u.email2, ''), COALESCE(u.yahoo_id, ''),
		p.userid IS NOT NULL, COALESCE(CAST(p.last_change_pwd AS CHAR), '')
		FROM {users} u LEFT JOIN vte_check_pwd p ON p.userid = u.id
		WHERE `+condition+" ORDER BY u.deleted, u.id LIMIT 1"), arg)
	if err != nil {
		return user{}, fmt.Errorf("read user: %w", err)
	}
	if len(found) == 0 {
		return user{}, sql.ErrNoRows
	}
	return found[0], nil
}

func scanUser(rows *sql.Rows) (u user, err error) {
	u.addresses = make([]string, 3)
	return u, rows.Scan(&u.id, &u.name, &u.first, &u.last, &u.hash, &u.scheme, &u.status, &u.deleted, &u.admin, &u.ldap,
		&u.language, &u.addresses[0], &u.addresses[1], &u.addresses[2], &u.known, &u.changed)
}

// account is what the module gets to know of a user.
func (a *Accounts) account(ctx context.Context, u user) (sessions.Account, error) {
	mailboxes, err := a.mailboxes(ctx, u.id)
	if err != nil {
		return sessions.Account{}, err
	}
	name := html.UnescapeString(u.name)
	return sessions.Account{
		UserID: formatID(u.id), UserName: name,
		DisplayName: cmp.Or(strings.TrimSpace(u.first+" "+u.last), name),
		Addresses:   addresses(slices.Concat(u.addresses, mailboxes)),
		Language:    languageTag(u.language), Admin: u.admin, Active: u.active(), CredentialStamp: u.stamp(),
		Policy: sessions.Policy{Concurrent: concurrentSessions},
	}, nil
}

// stamp changes with whatever a sign-in depends on that is the user's own.
func (u user) stamp() string {
	sum := sha256.Sum256(fmt.Appendf(nil, "credential stamp %d %q %q %t", u.id, u.scheme, u.hash, u.ldap))
	return hex.EncodeToString(sum[:16])
}

// mailboxes returns the addresses of the mail accounts that a user reads in the CRM.
func (a *Accounts) mailboxes(ctx context.Context, user int64) ([]string, error) {
	list, err := collect(ctx, a.crm.db, scanOne[string], a.crm.sql(`SELECT COALESCE(email, '') FROM {messages_account} WHERE userid = ?
		UNION SELECT COALESCE(username, '') FROM {messages_account} WHERE userid = ?`), user, user)
	if err != nil {
		return nil, fmt.Errorf("read mail accounts: %w", err)
	}
	return list, nil
}

// addresses keeps what is an e-mail address, each once.
func addresses(list []string) []string {
	var kept []string
	for _, s := range list {
		s = strings.ToLower(strings.TrimSpace(s))
		if strings.Contains(s, "@") && !slices.Contains(kept, s) {
			kept = append(kept, s)
		}
	}
	return kept
}

// languageTag turns the CRM's it_it into "it", and pt_pt into "pt-PT", because most of those who speak it are in
// Brazil. What is no language is empty.
func languageTag(stored string) string {
	tag, err := language.Parse(strings.ReplaceAll(stored, "_", "-"))
	if err != nil {
		return ""
	}
	base, _ := tag.Base()
	likely, _ := language.Make(base.String()).Region()
	if region, _ := tag.Region(); region == likely {
		return base.String()
	}
	return tag.String()
}
