package sessions_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/mailconnector/mailconnector/api/sessions"
)

func TestNewRefusesWhatCannotWork(t *testing.T) {
	for name, config := range map[string]sessions.Config{
		"no database and no accounts": {},
		"no database":                 {Accounts: newAccounts()},
	} {
		if _, err := sessions.New(config); err == nil {
			t.Errorf("%s: New succeeds", name)
		}
	}
	each(t, nil, func(w *world) {
		for name, config := range map[string]sessions.Config{
			"negative idle time": {Idle: -1},
			"negative limit":     {Concurrent: -1},
			"negative throttle":  {Throttle: sessions.ThrottlePolicy{PerName: -1}},
		} {
			config.DB, config.Accounts = w.db, w.accounts
			if _, err := sessions.New(config); err == nil {
				w.t.Errorf("%s: New succeeds", name)
			}
		}
	})
}

func TestSignInOpensASession(t *testing.T) {
	each(t, nil, func(w *world) {
		grant := w.open("ada")
		got, err := w.Authenticate(w.t.Context(), grant.Token, sessions.ScopeAddin)
		if err != nil {
			w.t.Fatal(err)
		}
		now := w.clock.Now()
		want := sessions.Session{
			ID:       grant.Session.ID,
			Account:  w.accounts.byName["ada"].account,
			Client:   sessions.Client{Name: "outlook", Version: "1.0.0", Platform: "web", IP: "192.0.2.7"},
			Scope:    sessions.ScopeAddin,
			Created:  now,
			LastSeen: now,
			Expires:  now.Add(sessions.DefaultIdle),
		}
		if diff := cmp.Diff(want, got); diff != "" {
			w.t.Errorf("session (-want +got):\n%s", diff)
		}
		if diff := cmp.Diff(want, grant.Session); diff != "" {
			w.t.Errorf("granted session (-want +got):\n%s", diff)
		}
	})
}

func TestTokensAreRecognisableAndStoredHashed(t *testing.T) {
	each(t, nil, func(w *world) {
		first, second := w.open("ada").Token, w.open("ada").Token
		if !strings.HasPrefix(first, "mcs_") || len(first) != 47 || first == second {
			w.t.Errorf("tokens %q and %q", first, second)
		}
		var stored []byte
		err := w.db.SQL().QueryRowContext(w.t.Context(), "SELECT token_hash FROM mc_sessions").Scan(&stored)
		if err != nil || len(stored) != 32 {
			w.t.Errorf("stored hash has %d bytes, %v", len(stored), err)
		}
	})
}

func TestSignInHandsOutcomesOfTheCRMOn(t *testing.T) {
	locked := &sessions.LockedError{Until: time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC)}
	second := &sessions.SecondFactorError{UserID: "id-ada", Methods: []string{"totp"}}
	for name, outcome := range map[string]error{
		"inactive": sessions.ErrInactive, "password expired": sessions.ErrPasswordExpired,
		"single sign-on": sessions.ErrSSOOnly, "locked": locked, "second factor": second,
	} {
		t.Run(name, func(t *testing.T) {
			each(t, nil, func(w *world) {
				w.accounts.change("ada", func(u *user) { u.outcome = outcome })
				grant, err := w.SignIn(w.t.Context(), login("ada", "secret"))
				wantError(w.t, err, outcome)
				if grant.Token != "" {
					w.t.Error("a token was given out")
				}
			})
		})
	}
}

func TestSignInRefusesAnInactiveAccountThatTheHostLetThrough(t *testing.T) {
	each(t, nil, func(w *world) {
		w.accounts.change("ada", func(u *user) { u.account.Active = false })
		_, err := w.SignIn(w.t.Context(), login("ada", "secret"))
		wantError(w.t, err, sessions.ErrInactive)
	})
}

func TestSignInRefusesAnUnknownScope(t *testing.T) {
	each(t, nil, func(w *world) {
		in := login("ada", "secret")
		in.Scope = "everything"
		if _, err := w.SignIn(w.t.Context(), in); err == nil {
			w.t.Error("an unknown scope was accepted")
		}
	})
}

func TestOnlyTheAddinTakesASeat(t *testing.T) {
	full := func(c *sessions.Config) { c.Admission = admission{"id-ada": true} }
	each(t, full, func(w *world) {
		_, err := w.SignIn(w.t.Context(), login("ada", "secret"))
		var refused *sessions.AdmissionError
		if !errors.As(err, &refused) || refused.UserID != "id-ada" || !errors.Is(err, errNoSeat) {
			w.t.Errorf("sign in answers %v, want an admission error of id-ada for want of a seat", err)
		}
		w.open("grace")
		page := login("ada", "secret")
		page.Scope = sessions.ScopePage
		if _, err := w.SignIn(w.t.Context(), page); err != nil {
			w.t.Errorf("the user's own page asks for a seat: %v", err)
		}
	})
}

func TestTheOldestSessionGivesWay(t *testing.T) {
	each(t, nil, func(w *world) {
		w.accounts.change("ada", func(u *user) { u.account.Policy.Concurrent = 2 })
		var grants []sessions.Grant
		for range 3 {
			grants = append(grants, w.open("ada"))
			w.clock.pass(time.Second)
		}
		page := login("ada", "secret")
		page.Scope = sessions.ScopePage
		elsewhere, err := w.SignIn(w.t.Context(), page)
		if err != nil {
			w.t.Fatal(err)
		}
		w.wantRevoked(grants[0], sessions.OverLimit)
		w.wantAlive(grants[1])
		w.wantAlive(grants[2])
		w.wantAlive(elsewhere)
	})
}

func TestSignInsAtTheSameMomentKeepTheLimit(t *testing.T) {
	each(t, func(c *sessions.Config) { c.Concurrent = 3 }, func(w *world) {
		var group sync.WaitGroup
		for range 12 {
			group.Go(func() {
				if _, err := w.SignIn(context.WithoutCancel(w.t.Context()), login("ada", "secret")); err != nil &&
					!errors.Is(err, sessions.ErrThrottled) {
					w.t.Error(err)
				}
			})
		}
		group.Wait()
		living, _, err := w.List(w.t.Context(), sessions.Filter{UserID: "id-ada", Active: true})
		if err != nil || len(living) != 3 {
			w.t.Errorf("%d sessions are alive, %v; want 3", len(living), err)
		}
	})
}

func TestClientDescriptionsAreCutToFit(t *testing.T) {
	each(t, nil, func(w *world) {
		in := login("ada", "secret")
		in.Client.Name = strings.Repeat("ü", 80) + "\xff"
		grant, err := w.SignIn(w.t.Context(), in)
		if err != nil {
			w.t.Fatal(err)
		}
		if want := strings.Repeat("ü", 50); grant.Session.Client.Name != want {
			w.t.Errorf("client name is %q, want %q", grant.Session.Client.Name, want)
		}
	})
}
