package vtenext

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/mailconnector/mailconnector/api/sessions"
)

// The CRM's rules for passwords. They are constants of its code.
const (
	minPassword    = 8 // bytes
	passwordMonths = 3 // until a password has to be changed
)

// directoryExempt is the one user that the CRM never asks the directory about.
const directoryExempt = "admin"

// asksDirectory reports whether the CRM would ask a directory for the user's password.
func (a *Accounts) asksDirectory(ctx context.Context, u user) (bool, error) {
	active, err := collect(ctx, a.crm.db, scanOne[bool],
		"SELECT COALESCE(ldap_active, 0) <> 0 FROM tbl_s_ldap_config LIMIT 1")
	if err != nil {
		return false, fmt.Errorf("read directory settings: %w", err)
	}
	return len(active) > 0 && active[0] && u.ldap && u.name != directoryExempt, nil
}

// matches compares a password with the stored one. For a user who does not exist it computes what it would for others.
func (a *Accounts) matches(u user, password string, directory bool) (bool, error) {
	if u.id == 0 {
		_, err := paddedMD5Hash("no such user", password)
		return false, err
	}
	scheme, known := a.schemes[u.scheme]
	switch {
	case directory:
		return false, u.needsOtherLogin(DirectoryUser)
	case !known:
		return false, u.needsOtherLogin(UnknownScheme)
	case u.hash != "" && u.hash[0] != '*' && !scheme.form(u.hash):
		return false, u.needsOtherLogin(UnexpectedHash)
	}
	computed, err := scheme.hash(u.name, password)
	if errors.Is(err, errNoHash) {
		return false, nil
	}
	return sameHash(computed, u.hash), err
}

// needsOtherLogin is told to those only who could sign in another way.
func (u user) needsOtherLogin(reason DirectLoginReason) error {
	if !u.active() {
		return sessions.ErrInactive
	}
	return &DirectLoginError{UserID: formatID(u.id), Reason: reason}
}

// refusal says why the CRM refuses a user whose password is right, or nil. Those it knows from a directory are not held
// to its rules for passwords.
func (u user) refusal(password string, now time.Time, zone *time.Location) error {
	switch {
	case !u.active():
		return sessions.ErrInactive
	case u.ldap:
		return nil
	case u.meetsCriteria(password) && !u.expired(now.In(zone)):
		return nil
	}
	return sessions.ErrPasswordExpired
}

// meetsCriteria applies the CRM's criteria, which it does at each sign-in. Like the CRM it folds the case of ASCII
// letters only.
func (u user) meetsCriteria(password string) bool {
	if len(password) < minPassword {
		return false
	}
	folded := lowerASCII(password)
	for _, name := range []string{u.name, u.first, u.last} {
		if name != "" && strings.Contains(folded, lowerASCII(name)) {
			return false
		}
	}
	return true
}

func lowerASCII(s string) string {
	b := []byte(s)
	for i, c := range b {
		if 'A' <= c && c <= 'Z' {
			b[i] = c + 'a' - 'A'
		}
	}
	return string(b)
}

// expired reports whether a user whom the CRM has seen before has not changed the password for too long. The row it
// reads is the CRM's own: writing it here would turn a first sign-in into one that expires.
func (u user) expired(now time.Time) bool {
	if !u.known {
		return false
	}
	changed, err := time.ParseInLocation(localTime, u.changed, now.Location())
	if err != nil || changed.Year() < 1971 { // absent, or one of the ways in which zeros are stored
		return true
	}
	return changed.AddDate(0, passwordMonths, 0).Before(now)
}
