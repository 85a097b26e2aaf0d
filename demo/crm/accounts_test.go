package crm_test

import (
	"database/sql"
	"errors"
	"testing"
	"time"

	"github.com/mailconnector/mailconnector/api/sessions"
)

func TestVerify(t *testing.T) {
	onBoth(t, func(t *testing.T, s *sample) {
		account, err := s.Verify(t.Context(), sessions.Credentials{UserName: "sales.rep", Password: "demo"})
		if err != nil || account.UserID != rep.UserID || account.DisplayName != "Giulia Moretti" || !account.Active {
			t.Fatalf("account %+v, error %v", account, err)
		}
		for name, c := range map[string]sessions.Credentials{
			"a wrong password":             {UserName: "sales.rep", Password: "Demo"},
			"no password":                  {UserName: "sales.rep"},
			"an unknown user":              {UserName: "nobody", Password: "demo"},
			"a user name with a blank":     {UserName: "sales.rep ", Password: "demo"},
			"a colleague without password": {UserName: "lukas.gruber", Password: "*"},
		} {
			if _, err := s.Verify(t.Context(), c); !errors.Is(err, sessions.ErrInvalidCredentials) {
				t.Errorf("%s: %v", name, err)
			}
		}
	})
}

func TestLockOut(t *testing.T) {
	onBoth(t, func(t *testing.T, s *sample) {
		try := func(password string) error {
			_, err := s.Verify(t.Context(), sessions.Credentials{UserName: "admin", Password: password})
			return err
		}
		for range 5 {
			if err := try("guess"); !errors.Is(err, sessions.ErrInvalidCredentials) {
				t.Fatal(err)
			}
		}
		var locked *sessions.LockedError
		if err := try("demo"); !errors.As(err, &locked) || !locked.Until.Equal(s.now.Add(5*time.Minute)) {
			t.Errorf("right password of a locked account: %v", err)
		}
		if err := try("guess"); errors.Is(err, sessions.ErrLocked) {
			t.Error("a wrong password learns that the account is locked")
		}
		s.now = s.now.Add(5 * time.Minute)
		if err := try("demo"); err != nil {
			t.Errorf("after the lock: %v", err)
		}
	})
}

func TestCredentialStampFollowsThePassword(t *testing.T) {
	onBoth(t, func(t *testing.T, s *sample) {
		before, err := s.Account(t.Context(), rep.UserID)
		if err != nil {
			t.Fatal(err)
		}
		if err := s.SetPassword(t.Context(), "sales.rep", "another"); err != nil {
			t.Fatal(err)
		}
		after, err := s.Account(t.Context(), rep.UserID)
		if err != nil || after.CredentialStamp == before.CredentialStamp {
			t.Errorf("stamp %q before, %q after (%v)", before.CredentialStamp, after.CredentialStamp, err)
		}
	})
}

func TestInactiveAccount(t *testing.T) {
	onBoth(t, func(t *testing.T, s *sample) {
		err := s.ChangePolicy(t.Context(), func(tx *sql.Tx) error {
			_, err := tx.ExecContext(t.Context(), "UPDATE crm_users SET active = 0 WHERE id = ?", rep.UserID)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := s.Account(t.Context(), rep.UserID); !errors.Is(err, sessions.ErrInactive) {
			t.Errorf("Account: %v", err)
		}
		_, err = s.Verify(t.Context(), sessions.Credentials{UserName: "sales.rep", Password: "demo"})
		if !errors.Is(err, sessions.ErrInactive) {
			t.Errorf("Verify: %v", err)
		}
		if _, err := s.Account(t.Context(), "u99"); !errors.Is(err, sessions.ErrInactive) {
			t.Errorf("a user who never was: %v", err)
		}
	})
}
