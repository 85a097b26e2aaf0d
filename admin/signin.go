package admin

import (
	"errors"
	"fmt"
	"math"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/mailconnector/mailconnector/api/sessions"
)

// signInPage is the form that asks for the CRM's credentials.
type signInPage struct {
	For      area
	Path     string
	Next     string
	UserName string
	Why      string // a key: why the last session is over
	Problem  string // one sentence
}

func (h *Handler) askSignIn(a area) page {
	return func(v *visit) error {
		q := v.r.URL.Query()
		p := newSignInPage(a, q.Get("next"))
		if why := "signin.why." + q.Get("why"); v.say.has(why) {
			p.Why = why
		}
		v.render(http.StatusOK, "signin", "signin.title", p)
		return nil
	}
}

func newSignInPage(a area, next string) signInPage {
	return signInPage{For: a, Path: "/" + string(a) + "/signin", Next: next}
}

// signIn opens a session of the area's scope and hands its token to the browser.
func (h *Handler) signIn(a area) page {
	return func(v *visit) error {
		grant, err := h.c.Sessions.SignIn(v.ctx(), sessions.SignIn{
			Credentials: sessions.Credentials{
				UserName: v.r.PostFormValue("username"), Password: v.r.PostFormValue("password"), ClientIP: h.c.ClientIP(v.r),
			},
			Client: sessions.Client{Name: "browser", Platform: browserOf(v.r.UserAgent())},
			Scope:  a.scopes()[0],
		})
		if err != nil {
			return v.refuseSignIn(a, err)
		}
		if a == areaAdmin && !grant.Session.Account.Admin {
			if err := h.c.Sessions.SignOut(v.ctx(), grant.Session); err != nil {
				return fmt.Errorf("end session of who is no administrator: %w", err)
			}
			return errNotAdmin
		}
		http.SetCookie(v.w, h.cookie(v.r, grant.Session.Scope, grant.Token))
		http.Redirect(v.w, v.r, v.next(a), http.StatusSeeOther)
		return nil
	}
}

// refuseSignIn shows the form again with the reason. What the password was is the one thing not shown again.
func (v *visit) refuseSignIn(a area, err error) error {
	status, problem := http.StatusUnauthorized, ""
	var throttled *sessions.ThrottledError
	var locked *sessions.LockedError
	var factor *sessions.SecondFactorError
	switch {
	case errors.As(err, &throttled):
		status, problem = http.StatusTooManyRequests, v.say.text("signin.throttled", "wait", v.say.wait(throttled.RetryAfter))
		v.w.Header().Set("Retry-After", strconv.Itoa(int(math.Ceil(throttled.RetryAfter.Seconds()))))
	case errors.Is(err, sessions.ErrInvalidCredentials), errors.Is(err, sessions.ErrInactive):
		problem = v.say.text("signin.invalid")
	case errors.As(err, &locked):
		status, problem = http.StatusForbidden, v.lockedUntil(locked.Until)
	case errors.Is(err, sessions.ErrPasswordExpired):
		status, problem = http.StatusForbidden, v.say.text("signin.password-expired")
	case errors.Is(err, sessions.ErrSSOOnly):
		status, problem = http.StatusForbidden, v.say.text("signin.sso")
	case errors.As(err, &factor):
		status, problem = http.StatusForbidden, v.say.text("signin.second-factor")
	default:
		return fmt.Errorf("sign in: %w", err)
	}
	p := newSignInPage(a, v.r.PostFormValue("next"))
	p.UserName, p.Problem = v.r.PostFormValue("username"), problem
	v.render(status, "signin", "signin.title", p)
	return nil
}

func (v *visit) lockedUntil(until time.Time) string {
	if until.IsZero() {
		return v.say.text("signin.locked")
	}
	return v.say.text("signin.locked-until", "wait", v.say.wait(until.Sub(v.h.c.Now())))
}

// signOut ends the session of the browser, whichever opens the area, and forgets its token.
func (h *Handler) signOut(a area) page {
	return func(v *visit) error {
		for _, scope := range a.scopes() {
			cookie, err := v.r.Cookie(h.cookieName(scope))
			if err != nil {
				continue
			}
			http.SetCookie(v.w, h.cookie(v.r, scope, ""))
			session, err := h.c.Sessions.Authenticate(v.ctx(), cookie.Value, scope)
			if err == nil {
				err = h.c.Sessions.SignOut(v.ctx(), session)
			}
			if err != nil && !isOver(err) {
				return fmt.Errorf("sign out: %w", err)
			}
		}
		target := h.c.Prefix + "/" + string(a) + "/signin?" + url.Values{"why": {"signed-out"}}.Encode()
		http.Redirect(v.w, v.r, target, http.StatusSeeOther)
		return nil
	}
}

// isOver reports whether a session is no more, for whatever reason.
func isOver(err error) bool {
	return errors.Is(err, sessions.ErrUnauthenticated) || errors.Is(err, sessions.ErrSessionExpired) ||
		errors.Is(err, sessions.ErrSessionRevoked)
}
