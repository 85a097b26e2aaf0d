package moduletest

import (
	"errors"
	"testing"

	"github.com/mailconnector/mailconnector/api/sessions"
)

func accountsTests() []hostTest {
	return []hostTest{
		{"four users sign in with their own passwords", signsIn},
		{"a wrong password and an unknown name are one error", refusesWrongCredentials},
		{"accounts are read by their ids", readsAccounts},
	}
}

func signsIn(t *testing.T, h HostUnderTest) {
	for _, u := range h.Users {
		a, err := h.Host.Accounts.Verify(t.Context(), sessions.Credentials{UserName: u.UserName, Password: u.Password})
		if err != nil {
			t.Errorf("Verify(%s) = %v", u.UserName, err)
			continue
		}
		checkAccount(t, u, a)
	}
}

func checkAccount(t *testing.T, u Login, a sessions.Account) {
	t.Helper()
	if a.UserID != u.UserID || a.UserName != u.UserName {
		t.Errorf("account of %s is user %q, id %q; want id %q", u.UserName, a.UserName, a.UserID, u.UserID)
	}
	if !a.Active || a.CredentialStamp == "" || a.CredentialStamp == u.Password {
		t.Errorf("account of %s: active %t, credential stamp of %d bytes; want an active account and a stamp that is no password",
			u.UserName, a.Active, len(a.CredentialStamp))
	}
	if len(a.UserID) > maxID {
		t.Errorf("id of %s has %d bytes, at most %d are allowed", u.UserName, len(a.UserID), maxID)
	}
}

// maxID is the longest id at any port, in bytes.
const maxID = 64

func refusesWrongCredentials(t *testing.T, h HostUnderTest) {
	for what, c := range map[string]sessions.Credentials{
		"wrong password":        {UserName: h.Users[0].UserName, Password: h.Users[0].Password + "x"},
		"empty password":        {UserName: h.Users[0].UserName},
		"somebody's else":       {UserName: h.Users[0].UserName, Password: "' OR ''='"},
		"unknown user":          {UserName: "nobody-of-this-name", Password: h.Users[0].Password},
		"empty user":            {},
		"SQL instead of a name": {UserName: "' OR 1=1 -- ", Password: "x"},
	} {
		if _, err := h.Host.Accounts.Verify(t.Context(), c); !errors.Is(err, sessions.ErrInvalidCredentials) {
			t.Errorf("Verify with %s = %v, want ErrInvalidCredentials", what, err)
		}
	}
}

func readsAccounts(t *testing.T, h HostUnderTest) {
	for _, u := range h.Users {
		a, err := h.Host.Accounts.Account(t.Context(), u.UserID)
		if err != nil {
			t.Errorf("Account(%s) = %v", u.UserID, err)
			continue
		}
		checkAccount(t, u, a)
		again, err := h.Host.Accounts.Account(t.Context(), u.UserID)
		if err != nil || again.CredentialStamp != a.CredentialStamp {
			t.Errorf("credential stamp of %s changes by itself (%v)", u.UserName, err)
		}
	}
	for _, id := range []string{"", "no-such-user", "0", "' OR 1=1 -- "} {
		if _, err := h.Host.Accounts.Account(t.Context(), id); !errors.Is(err, sessions.ErrInactive) {
			t.Errorf("Account(%q) = %v, want ErrInactive", id, err)
		}
	}
}
