package sessions_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/mailconnector/mailconnector/api/sessions"
)

func TestAuthenticateRefusesWhatIsNoToken(t *testing.T) {
	each(t, nil, func(w *world) {
		token := w.open("ada").Token
		for name, presented := range map[string]string{
			"nothing":            "",
			"a prefix":           "mcs_",
			"another prefix":     "xyz_" + token[4:],
			"a token cut short":  token[:len(token)-1],
			"a token with more":  token + "A",
			"a token not issued": "mcs_" + strings.Repeat("A", 43),
			"another case":       "mcs_" + strings.ToUpper(token[4:]),
		} {
			if _, err := w.Authenticate(w.t.Context(), presented, sessions.ScopeAddin); !errors.Is(err, sessions.ErrUnauthenticated) {
				w.t.Errorf("%s answers %v", name, err)
			}
		}
	})
}

func TestATokenIsNothingInAnotherScope(t *testing.T) {
	each(t, nil, func(w *world) {
		_, err := w.Authenticate(w.t.Context(), w.open("root").Token, sessions.ScopeAdmin)
		wantError(w.t, err, sessions.ErrUnauthenticated)
	})
}

func TestASessionEndsByDisuse(t *testing.T) {
	each(t, func(c *sessions.Config) { c.Idle = time.Hour }, func(w *world) {
		used, unused := w.open("ada"), w.open("ada")
		for range 3 {
			w.clock.pass(59 * time.Minute)
			w.wantAlive(used)
		}
		wantError(w.t, w.use(unused), sessions.ErrSessionExpired)
		wantError(w.t, w.use(unused), sessions.ErrSessionExpired)
	})
}

func TestASessionEndsByAgeHoweverMuchItIsUsed(t *testing.T) {
	each(t, func(c *sessions.Config) { c.Idle, c.Absolute = time.Hour, 2*time.Hour }, func(w *world) {
		grant := w.open("ada")
		w.clock.pass(50 * time.Minute)
		w.wantAlive(grant)
		w.clock.pass(50 * time.Minute)
		session, err := w.Authenticate(w.t.Context(), grant.Token, sessions.ScopeAddin)
		if err != nil || !session.Expires.Equal(grant.Session.Created.Add(2*time.Hour)) {
			w.t.Errorf("session expires at %v, %v", session.Expires, err)
		}
		w.clock.pass(20 * time.Minute)
		wantError(w.t, w.use(grant), sessions.ErrSessionExpired)
	})
}

func TestThePolicyOfTheCRMComesFirstAndCountsAtOnce(t *testing.T) {
	each(t, nil, func(w *world) {
		grant := w.open("ada")
		w.clock.pass(10 * time.Minute)
		w.accounts.change("ada", func(u *user) { u.account.Policy.Idle = 5 * time.Minute })
		wantError(w.t, w.use(grant), sessions.ErrSessionExpired)
	})
}

func TestUseIsWrittenDownOnceAMinute(t *testing.T) {
	each(t, nil, func(w *world) {
		grant := w.open("ada")
		opened := w.clock.Now()
		for _, step := range []struct {
			after time.Duration
			want  time.Duration // of the time noted
		}{{59 * time.Second, 0}, {time.Second, time.Minute}, {30 * time.Second, time.Minute}} {
			w.clock.pass(step.after)
			session, err := w.Authenticate(w.t.Context(), grant.Token, sessions.ScopeAddin)
			if err != nil || session.LastSeen.Sub(opened) != step.want {
				w.t.Errorf("last seen %v after opening, %v; want %v", session.LastSeen.Sub(opened), err, step.want)
			}
		}
	})
}

func TestWhatHappensInTheCRMEndsSessionsAtOnce(t *testing.T) {
	for name, change := range map[string]struct {
		fn     func(*user)
		reason sessions.Reason
	}{
		"a new password":       {func(u *user) { u.account.CredentialStamp = "other" }, sessions.PasswordChanged},
		"an account disabled":  {func(u *user) { u.account.Active = false }, sessions.Deactivated},
		"an account that left": {func(u *user) { u.account.UserID = "id-somebody" }, sessions.Deactivated},
	} {
		t.Run(name, func(t *testing.T) {
			each(t, nil, func(w *world) {
				grant, other := w.open("ada"), w.open("grace")
				w.accounts.change("ada", change.fn)
				w.wantRevoked(grant, change.reason)
				w.wantRevoked(grant, change.reason)
				w.wantAlive(other)
			})
		})
	}
}

func TestATroubledCRMEndsNoSession(t *testing.T) {
	each(t, nil, func(w *world) {
		grant := w.open("ada")
		w.accounts.broken = errors.New("directory does not answer")
		wantError(w.t, w.use(grant), w.accounts.broken)
		w.accounts.broken = nil
		w.wantAlive(grant)
	})
}

func TestEndedSessionsAreForgottenInTheEnd(t *testing.T) {
	each(t, func(c *sessions.Config) { c.Keep = 24 * time.Hour }, func(w *world) {
		ended, unused := w.open("ada"), w.open("ada")
		if err := w.SignOut(w.t.Context(), ended.Session); err != nil {
			w.t.Fatal(err)
		}
		w.clock.pass(23 * time.Hour)
		w.sweep()
		w.wantRevoked(ended, sessions.SignedOut)
		w.clock.pass(2 * time.Hour)
		w.sweep()
		wantError(w.t, w.use(ended), sessions.ErrUnauthenticated)
		w.clock.pass(24 * time.Hour)
		w.sweep()
		wantError(w.t, w.use(unused), sessions.ErrUnauthenticated)
	})
}

func (w *world) sweep() {
	w.t.Helper()
	if err := w.Sweep(w.t.Context()); err != nil {
		w.t.Fatal(err)
	}
}
