package sessions

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// The outcomes of [Accounts.Verify] besides success. Only [ErrInvalidCredentials] may be answered before the password
// was found right; the others tell their bearer something about the account.
var (
	// ErrInvalidCredentials says that the user name or the password is wrong. It never says which.
	ErrInvalidCredentials = errors.New("user name or password is wrong")
	// ErrInactive says that the account is disabled in the CRM. The edge answers it like ErrInvalidCredentials.
	ErrInactive = errors.New("account is inactive")
	// ErrPasswordExpired says that the CRM wants a new password, to be set in the CRM itself.
	ErrPasswordExpired = errors.New("password has expired")
	// ErrLocked says that too many attempts failed. The [*LockedError] behind it says until when.
	ErrLocked = errors.New("account is locked")
	// ErrSSOOnly says that this account signs in through the identity provider only.
	ErrSSOOnly = errors.New("single sign-on is required")
)

// LockedError is an [ErrLocked] with its end.
type LockedError struct {
	Until time.Time // zero where only an administrator can unlock
}

func (e *LockedError) Error() string {
	if e.Until.IsZero() {
		return ErrLocked.Error()
	}
	return fmt.Sprintf("%s until %s", ErrLocked, e.Until.UTC().Format(time.RFC3339))
}

// Unwrap makes errors.Is(err, ErrLocked) true.
func (e *LockedError) Unwrap() error { return ErrLocked }

// SecondFactorError says that the password was right and a second factor is asked for.
type SecondFactorError struct {
	UserID  string
	Methods []string // "totp", "recovery-code" or a name of the host's
}

func (e *SecondFactorError) Error() string { return "a second factor is required" }

// Credentials are what a person types. They are never logged and never stored.
type Credentials struct {
	UserName string
	Password string
	ClientIP string // of the connection, not of a header the client controls; for the CRM's own lock-out table
}

// Account is the CRM's view of a user, read afresh at each request.
type Account struct {
	UserID      string
	UserName    string
	DisplayName string
	Addresses   []string // every e-mail address of the user, so that suggestions never offer the user to himself
	Language    string   // BCP 47
	Admin       bool
	Active      bool
	// CredentialStamp changes whenever the password does, which ends every session opened before. It must not reveal
	// the password or its hash: hash it once more.
	CredentialStamp string
	Policy          Policy
}

// Policy is what the CRM asks of sessions. A zero field leaves the choice to this module.
type Policy struct {
	Idle       time.Duration // a session unused for longer is over
	Absolute   time.Duration // a session older is over
	Concurrent int           // sessions a user may have at once; the oldest gives way
}

// Accounts is the port through which the CRM says who may sign in. Implementations are safe for concurrent use.
type Accounts interface {
	// Verify checks a user name and a password by the CRM's own rules, its lock-out included. It answers
	// ErrInvalidCredentials, ErrInactive, ErrPasswordExpired, ErrSSOOnly, a *LockedError or a *SecondFactorError,
	// and takes as long for a user name that does not exist as for one that does.
	Verify(ctx context.Context, c Credentials) (Account, error)

	// Account reads one account by its id, at each request. A disabled account comes with Active false, so that the name
	// of who left can still be shown; one that is gone answers ErrInactive.
	Account(ctx context.Context, userID string) (Account, error)
}
