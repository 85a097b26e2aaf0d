package sessions

import (
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/mailconnector/mailconnector/permissions"
)

// Why a token is not accepted.
var (
	// ErrUnauthenticated says that there is no such session: no token, a wrong one, one of another scope, or one
	// whose session ended so long ago that it is forgotten.
	ErrUnauthenticated = errors.New("not signed in")
	// ErrSessionExpired says that the session ended by age or disuse.
	ErrSessionExpired = errors.New("session has expired")
	// ErrSessionRevoked says that somebody or something ended the session. The [*RevokedError] behind it says what.
	ErrSessionRevoked = errors.New("session was ended")
)

// ErrNotFound says that there is no such session, or that the actor may not know of it.
var ErrNotFound = errors.New("session not found")

// RevokedError is an [ErrSessionRevoked] with its reason.
type RevokedError struct{ Reason Reason }

func (e *RevokedError) Error() string { return fmt.Sprintf("%s: %s", ErrSessionRevoked, e.Reason) }

// Unwrap makes errors.Is(err, ErrSessionRevoked) true.
func (e *RevokedError) Unwrap() error { return ErrSessionRevoked }

// Reason says why a session ended.
type Reason string

// The reasons.
const (
	SignedOut       Reason = "signed-out"
	Expired         Reason = "expired"
	Administrator   Reason = "administrator"
	PasswordChanged Reason = "password-changed"
	Deactivated     Reason = "deactivated"
	OverLimit       Reason = "over-limit"
	SeatReleased    Reason = "seat-released"
)

// Scope says what a session is good for. A token of one scope is nothing in another.
type Scope string

// The scopes.
const (
	ScopeAddin Scope = "addin" // the Outlook add-in; takes a license seat
	ScopeAdmin Scope = "admin" // the administrators' page
	ScopePage  Scope = "page"  // a user's own page
)

func (s Scope) valid() bool { return s == ScopeAddin || s == ScopeAdmin || s == ScopePage }

// Client describes the program a session was opened by. All but the address is the client's own word.
type Client struct {
	Name     string
	Version  string
	Platform string
	IP       string // of the connection
}

// clipped fits the description into its columns; it is for people to read, not to decide by.
func (c Client) clipped() Client {
	return Client{
		Name:     clip(c.Name, 100),
		Version:  clip(c.Version, 40),
		Platform: clip(c.Platform, 100),
		IP:       clip(c.IP, 45),
	}
}

// clip cuts s to at most n bytes of whole characters.
func clip(s string, n int) string {
	s = strings.ToValidUTF8(s, "")
	if len(s) <= n {
		return s
	}
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n]
}

// Session is one signed-in client of one user.
type Session struct {
	ID       string // names the session; unlike the token it is no secret
	Account  Account
	Client   Client
	Scope    Scope
	Created  time.Time
	LastSeen time.Time // to the minute
	Expires  time.Time // if it is not used any more
	Ended    time.Time // zero while it lives
	Reason   Reason    // of its end
}

// Subject is the user on whose behalf requests of this session are made.
func (s Session) Subject() permissions.Subject { return permissions.Subject{UserID: s.Account.UserID} }

// endError says why an ended session is refused, and nil for a living one.
func (s Session) endError() error {
	switch {
	case s.Ended.IsZero():
		return nil
	case s.Reason == Expired:
		return ErrSessionExpired
	default:
		return &RevokedError{Reason: s.Reason}
	}
}
