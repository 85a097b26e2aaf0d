package sessions

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"time"
	"unicode"

	"golang.org/x/text/runes"
	"golang.org/x/text/transform"
	"golang.org/x/text/unicode/norm"
)

// ErrThrottled says that too many attempts failed lately. The [*ThrottledError] behind it says when to try again.
var ErrThrottled = errors.New("too many failed attempts")

// ThrottledError is an [ErrThrottled] with its end.
type ThrottledError struct{ RetryAfter time.Duration }

func (e *ThrottledError) Error() string {
	return fmt.Sprintf("%s, retry after %s", ErrThrottled, e.RetryAfter.Round(time.Second))
}

// Unwrap makes errors.Is(err, ErrThrottled) true.
func (e *ThrottledError) Unwrap() error { return ErrThrottled }

// ThrottlePolicy slows down guessing passwords. Failed attempts are counted for the user name, whether it exists or
// not, and for the client's address; each one beyond the free ones doubles the wait before the next. The zero value
// means the defaults.
type ThrottlePolicy struct {
	PerName    int           // failures of one user name that cost nothing; defaults to 5
	PerAddress int           // failures from one address that cost nothing, many people may share it; defaults to 50
	First      time.Duration // the first wait; defaults to one second
	Longest    time.Duration // no wait is longer, so that nobody is locked out for long; defaults to five minutes
	Forget     time.Duration // failures are forgotten after this long without one; defaults to a day
}

func (p ThrottlePolicy) normalize() (ThrottlePolicy, error) {
	if p.PerName < 0 || p.PerAddress < 0 || p.First < 0 || p.Longest < 0 || p.Forget < 0 {
		return p, errors.New("sessions: no field of Throttle may be negative")
	}
	p.PerName = orDefault(p.PerName, 5)
	p.PerAddress = orDefault(p.PerAddress, 50)
	p.First = orDefault(p.First, time.Second)
	p.Longest = orDefault(p.Longest, 5*time.Minute)
	p.Forget = orDefault(p.Forget, 24*time.Hour)
	return p, nil
}

// wait is how long the attempt after so many failures has to wait, of which some are free.
func (p ThrottlePolicy) wait(failures, free int) time.Duration {
	wait := p.First
	for n := failures - free; n > 1 && wait < p.Longest; n-- {
		wait *= 2
	}
	if failures <= free {
		return 0
	}
	return min(wait, p.Longest)
}

type throttle struct {
	store  store
	policy ThrottlePolicy
}

// counter is one thing failures are counted for. Only a hash of it is stored.
type counter struct {
	key  [32]byte
	free int
}

// attempt is one try to sign in.
type attempt struct {
	throttle throttle
	address  *counter // nil where the address is unknown
	name     counter
}

func (t throttle) attempt(c Credentials) attempt {
	a := attempt{
		throttle: t,
		name:     counter{key: sha256.Sum256([]byte("name\x00" + fold(c.UserName))), free: t.policy.PerName},
	}
	if network := network(c.ClientIP); network != "" {
		a.address = &counter{key: sha256.Sum256([]byte("address\x00" + network)), free: t.policy.PerAddress}
	}
	return a
}

// count notes the attempt as failed, or answers a [*ThrottledError] and notes nothing.
func (a attempt) count(ctx context.Context, now time.Time) error {
	counters := []counter{a.name}
	if a.address != nil {
		counters = []counter{*a.address, a.name} // always in this order, so that no two attempts block each other
	}
	return a.throttle.store.countFailure(ctx, counters, now, a.throttle.policy)
}

// settle corrects the count once the outcome is known. A right password clears the user name; the address keeps what
// others failed. Where the CRM could not tell, the attempt is taken back. An attempt whose client hung up stays
// counted.
func (a attempt) settle(ctx context.Context, outcome error) error {
	if guessed(outcome) {
		return nil
	}
	store := a.throttle.store
	if a.address != nil {
		if err := store.takeBack(ctx, a.address.key); err != nil {
			return fmt.Errorf("take back attempt: %w", err)
		}
	}
	if passed(outcome) {
		return store.forget(ctx, a.name.key)
	}
	return store.takeBack(ctx, a.name.key)
}

// guessed reports whether a wrong guess could get this outcome. An inactive account counts: it must be told from a wrong
// password by nothing, not by the delay of the next attempt either.
func guessed(err error) bool {
	return errors.Is(err, ErrInvalidCredentials) || errors.Is(err, ErrInactive) ||
		errors.Is(err, ErrLocked) || errors.Is(err, ErrSSOOnly)
}

// passed reports whether the outcome proves that the password was right.
func passed(err error) bool {
	var second *SecondFactorError
	return err == nil || errors.Is(err, ErrPasswordExpired) || errors.As(err, &second)
}

// fold maps the spellings of a user name that a database may take for the same to one. Otherwise each of them would
// come with free attempts of its own. Collations pass over accents and over all that cannot be seen.
func fold(name string) string {
	ignored := runes.Remove(runes.Predicate(func(r rune) bool {
		return unicode.In(r, unicode.Mn, unicode.Me, unicode.Cc, unicode.Cf)
	}))
	folded, _, err := transform.String(transform.Chain(norm.NFKD, ignored, norm.NFKC), name)
	if err != nil {
		folded = name
	}
	return strings.ReplaceAll(strings.ToLower(strings.TrimSpace(folded)), "ß", "ss")
}

// network is what one client is told by: its IPv4 address, or the /64 that a single IPv6 host usually has for itself.
func network(ip string) string {
	addr, err := netip.ParseAddr(ip)
	if err != nil {
		return ""
	}
	addr = addr.Unmap().WithZone("")
	if addr.Is4() {
		return addr.String()
	}
	prefix, _ := addr.Prefix(64)
	return prefix.String()
}
