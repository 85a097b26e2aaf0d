package sessions_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/mailconnector/mailconnector/api/sessions"
)

// try signs in and returns the wait that was imposed, zero where the CRM was asked.
func try(t *testing.T, s *sessions.Service, in sessions.SignIn) time.Duration {
	t.Helper()
	_, err := s.SignIn(t.Context(), in)
	var throttled *sessions.ThrottledError
	if !errors.As(err, &throttled) {
		return 0
	}
	wantError(t, err, sessions.ErrThrottled)
	return throttled.RetryAfter
}

func strict(c *sessions.Config) {
	c.Throttle = sessions.ThrottlePolicy{PerName: 3, PerAddress: 6, First: time.Second, Longest: 8 * time.Second}
}

func TestWrongPasswordsSlowDownTheNextTryWhetherTheUserExistsOrNot(t *testing.T) {
	each(t, strict, func(w *world) {
		waits := map[string][]time.Duration{}
		for _, name := range []string{"ada", "nobody"} {
			in := login(name, "wrong")
			in.Credentials.ClientIP = ""
			for range 9 {
				wait := try(w.t, w.Service, in)
				waits[name] = append(waits[name], wait)
				w.clock.pass(wait)
				if wait > 0 {
					try(w.t, w.Service, in) // is let through and fails
				}
			}
		}
		s := time.Second
		want := []time.Duration{0, 0, 0, 0, s, 2 * s, 4 * s, 8 * s, 8 * s}
		if diff := cmp.Diff(map[string][]time.Duration{"ada": want, "nobody": want}, waits); diff != "" {
			w.t.Errorf("waits (-want +got):\n%s", diff)
		}
	})
}

func TestAThrottledTryDoesNotReachTheCRMNorCount(t *testing.T) {
	each(t, strict, func(w *world) {
		for range 4 {
			try(w.t, w.Service, login("ada", "wrong"))
		}
		asked := w.accounts.verified
		for range 5 {
			if wait := try(w.t, w.Service, login("ada", "secret")); wait != time.Second {
				w.t.Errorf("wait is %v, want one second", wait)
			}
		}
		if w.accounts.verified != asked {
			w.t.Error("the CRM was asked")
		}
	})
}

func TestWhatNobodyTypesIsNotHashed(t *testing.T) {
	each(t, strict, func(w *world) {
		for _, in := range []sessions.SignIn{login("ada", strings.Repeat("x", 1025)), login(strings.Repeat("a", 256), "secret")} {
			asked := w.accounts.verified
			_, err := w.SignIn(w.t.Context(), in)
			wantError(w.t, err, sessions.ErrInvalidCredentials)
			if w.accounts.verified != asked {
				w.t.Error("the CRM was asked")
			}
		}
	})
}

func TestSpellingsOfOneNameShareACounter(t *testing.T) {
	each(t, strict, func(w *world) {
		for name, spellings := range map[string][]string{
			"jose":   {"josé", "JOSE", " jose ", "Jose\u0301"},
			"strass": {"straß", "s\u200btrass", "STRASS\x01", "stra\u00adss\ufeff"},
		} {
			for _, spelling := range spellings {
				in := login(spelling, "wrong")
				in.Credentials.ClientIP = ""
				try(w.t, w.Service, in)
			}
			if wait := try(w.t, w.Service, login(name, "wrong")); wait == 0 {
				w.t.Errorf("each spelling of %s has attempts of its own", name)
			}
		}
	})
}

func TestTheRightPasswordClearsTheName(t *testing.T) {
	roomy := func(c *sessions.Config) { c.Throttle.PerName, c.Throttle.PerAddress = 3, 100 }
	each(t, roomy, func(w *world) {
		for range 3 {
			for range 3 {
				if wait := try(w.t, w.Service, login("ada", "wrong")); wait != 0 {
					w.t.Fatalf("wait is %v, want none", wait)
				}
			}
			w.open("ada")
		}
	})
}

func TestManyNamesFromOneAddressAreThrottled(t *testing.T) {
	for name, ips := range map[string][2]string{
		"IPv4":                     {"192.0.2.7", "192.0.2.8"},
		"IPv4 written as IPv6":     {"::ffff:192.0.2.7", "::ffff:192.0.2.8"},
		"IPv6 by its network only": {"2001:db8::%d", "2001:db8:0:1::1"},
	} {
		t.Run(name, func(t *testing.T) {
			each(t, strict, func(w *world) {
				for n := range 7 {
					in := login(fmt.Sprintf("user%d", n), "wrong")
					in.Credentials.ClientIP = ips[0]
					if name == "IPv6 by its network only" {
						in.Credentials.ClientIP = fmt.Sprintf(ips[0], n+1)
					}
					if wait := try(w.t, w.Service, in); wait != 0 {
						w.t.Fatalf("try %d has to wait %v", n, wait)
					}
				}
				in := login("ada", "secret")
				in.Credentials.ClientIP = ips[0]
				if name == "IPv6 by its network only" {
					in.Credentials.ClientIP = fmt.Sprintf(ips[0], 99)
				}
				if wait := try(w.t, w.Service, in); wait != time.Second {
					w.t.Errorf("wait is %v, want one second", wait)
				}
				in.Credentials.ClientIP = ips[1]
				if wait := try(w.t, w.Service, in); wait != 0 {
					w.t.Errorf("another address has to wait %v", wait)
				}
			})
		})
	}
}

func TestPeopleBehindOneAddressDoNotSlowEachOtherDownBySigningIn(t *testing.T) {
	each(t, strict, func(w *world) {
		for range 30 {
			w.open("ada")
			w.open("grace")
		}
	})
}

func TestAttemptsAtTheSameMomentCannotOutrunTheCount(t *testing.T) {
	each(t, strict, func(w *world) {
		instances := []*sessions.Service{w.Service, w.instance(strict)}
		var group sync.WaitGroup
		for n := range 24 {
			group.Go(func() {
				in := login("ada", "wrong")
				in.Credentials.ClientIP = fmt.Sprintf("198.51.100.%d", n)
				_, _ = instances[n%2].SignIn(context.WithoutCancel(w.t.Context()), in)
			})
		}
		group.Wait()
		if w.accounts.verified != 4 {
			w.t.Errorf("the CRM was asked %d times, want 4: three free attempts and the one that brings the wait", w.accounts.verified)
		}
	})
}

func TestFailuresAreForgottenAfterAQuietDay(t *testing.T) {
	each(t, strict, func(w *world) {
		for range 4 {
			try(w.t, w.Service, login("ada", "wrong"))
		}
		w.clock.pass(25 * time.Hour)
		for range 4 {
			if wait := try(w.t, w.Service, login("ada", "wrong")); wait != 0 {
				w.t.Errorf("wait is %v after a day", wait)
			}
		}
		w.clock.pass(25 * time.Hour)
		w.sweep()
		var left int
		err := w.db.SQL().QueryRowContext(w.t.Context(), "SELECT COUNT(*) FROM mc_sign_in_attempts").Scan(&left)
		if err != nil || left != 0 {
			w.t.Errorf("%d counters are left after a sweep, %v", left, err)
		}
	})
}

func TestWhatCountsAsAWrongGuess(t *testing.T) {
	for name, row := range map[string]struct {
		outcome error
		counts  bool
	}{
		"an inactive account counts like a wrong password": {sessions.ErrInactive, true},
		"a locked account counts":                          {&sessions.LockedError{}, true},
		"an account of the identity provider counts":       {sessions.ErrSSOOnly, true},
		"an expired password was right":                    {sessions.ErrPasswordExpired, false},
		"a second factor comes after the right password":   {&sessions.SecondFactorError{}, false},
		"a CRM that is down tells nothing":                 {errors.New("down"), false},
	} {
		t.Run(name, func(t *testing.T) {
			each(t, strict, func(w *world) {
				w.accounts.change("ada", func(u *user) { u.outcome = row.outcome })
				for range 4 {
					_, _ = w.SignIn(w.t.Context(), login("ada", "secret"))
				}
				if throttled := try(w.t, w.Service, login("ada", "secret")) > 0; throttled != row.counts {
					w.t.Errorf("throttled: %v, want %v", throttled, row.counts)
				}
			})
		})
	}
}
