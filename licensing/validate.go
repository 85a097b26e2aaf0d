package licensing

import (
	"strings"
	"time"
)

// ClockTolerance is how far the clock may be behind a moment known to have passed: machines are not set to the second,
// and virtual machines wake up late.
const ClockTolerance = 24 * time.Hour

// ExpiryNotice is how long before its end a license counts as [Expiring].
const ExpiryNotice = 30 * 24 * time.Hour

// State is the answer to whether a license is in force now and here.
type State string

// The states of a license.
const (
	None     State = "none"     // nothing activated
	Pending  State = "pending"  // begins later
	Active   State = "active"   // in force
	Expiring State = "expiring" // in force, at most [ExpiryNotice] left
	Grace    State = "grace"    // over, but everything works until the grace period ends
	Expired  State = "expired"
	Revoked  State = "revoked"
	Mismatch State = "mismatch" // for another installation, address or product
	Clock    State = "clock"    // the server's clock was moved back, so nothing can be said
)

// InForce reports whether users may work.
func (s State) InForce() bool { return s == Active || s == Expiring || s == Grace }

// Err returns nil in force, else [ErrRequired], [ErrExpired], [ErrRevoked], [ErrMismatch] or [ErrClock].
func (s State) Err() error {
	switch s {
	case Active, Expiring, Grace:
		return nil
	case Expired:
		return ErrExpired
	case Revoked:
		return ErrRevoked
	case Mismatch:
		return ErrMismatch
	case Clock:
		return ErrClock
	default:
		return ErrRequired
	}
}

// Place is where and when a license is validated.
type Place struct {
	Installation string
	CRMURL       string
	Product      string
	Now          time.Time
	Latest       time.Time   // the latest moment this installation has seen; zero when it is new
	Revoked      Revocations // the newest list it has applied
}

// Validate reports whether a genuine license is in force in a place. Where several things are wrong it names the one
// that waiting or setting a clock cannot mend.
func Validate(l License, p Place) State {
	switch {
	case p.Revoked.License(l.Serial):
		return Revoked
	case p.mismatch(l) != "":
		return Mismatch
	case p.behind(l.IssuedAt), p.behind(p.Latest):
		return Clock
	case p.behind(l.ValidFrom):
		return Pending
	}
	return l.age(p.Now)
}

// age is the state as far as the end of the license decides it.
func (l License) age(now time.Time) State {
	switch {
	case !now.Before(l.GraceEnds()):
		return Expired
	case !now.Before(l.ValidTo):
		return Grace
	case l.ValidTo.Sub(now) <= ExpiryNotice:
		return Expiring
	default:
		return Active
	}
}

// behind reports whether the clock is earlier than a moment by more than is tolerated.
func (p Place) behind(t time.Time) bool { return t.Sub(p.Now) > ClockTolerance }

// mismatch names, in words, the first thing the license says of another place; empty when it is for this one.
func (p Place) mismatch(l License) string {
	switch {
	case l.Product != p.Product:
		return "product " + quote(l.Product) + ", not " + quote(p.Product)
	case !sameURL(l.CRMURL, p.CRMURL):
		return "CRM URL " + quote(l.CRMURL) + ", not " + quote(p.CRMURL)
	case !sameName(l.Installation, p.Installation):
		return "installation " + quote(l.Installation) + ", not " + quote(p.Installation)
	}
	return ""
}

// sameName forgives case and spacing, which differ between an order form and a configuration file.
func sameName(a, b string) bool {
	return strings.EqualFold(strings.Join(strings.Fields(a), " "), strings.Join(strings.Fields(b), " "))
}

func quote(s string) string { return "“" + s + "”" }
