package admin

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/mailconnector/mailconnector/api/sessions"
	"github.com/mailconnector/mailconnector/permissions"
)

// visitor is the user who looks at a page.
type visitor struct {
	sessions.Account
	SessionID string // empty for a session of the CRM's own
}

func (u *visitor) subject() permissions.Subject { return permissions.Subject{UserID: u.UserID} }

// signInError asks to sign in first.
type signInError struct{ why string } // "", "expired" or "ended"

func (e *signInError) Error() string { return "sign in first" }

// identify finds out who looks, and whether he may.
func (v *visit) identify() error {
	if v.area == areaAnyone {
		return nil
	}
	who, err := v.hostUser()
	if err == nil && who == nil {
		who, err = v.sessionUser()
	}
	if err != nil {
		return err
	}
	v.who = who
	v.say = v.h.languages.of(who.Language, v.r.Header.Get("Accept-Language"))
	if v.area == areaAdmin && !who.Admin {
		return errNotAdmin
	}
	return nil
}

// hostUser is the administrator whom the host knows from its own session, nil where there is none.
func (v *visit) hostUser() (*visitor, error) {
	subject, ok := v.h.c.AdminUser(v.r)
	if !ok {
		return nil, nil
	}
	account, err := v.h.c.Accounts.Account(v.ctx(), subject.UserID)
	if errors.Is(err, sessions.ErrInactive) || err == nil && !(account.Active && account.Admin) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read account of the host's session: %w", err)
	}
	return &visitor{Account: account}, nil
}

// sessionUser is the user of a session opened here. An administrator's session opens his own page too.
func (v *visit) sessionUser() (*visitor, error) {
	refusal := &signInError{}
	for _, scope := range v.area.scopes() {
		cookie, err := v.r.Cookie(v.h.cookieName(scope))
		if err != nil {
			continue
		}
		session, err := v.h.c.Sessions.Authenticate(v.ctx(), cookie.Value, scope)
		switch {
		case err == nil:
			return &visitor{Account: session.Account, SessionID: session.ID}, nil
		case errors.Is(err, sessions.ErrSessionExpired):
			refusal.why = "expired"
		case errors.Is(err, sessions.ErrSessionRevoked):
			refusal.why = "ended"
		case !errors.Is(err, sessions.ErrUnauthenticated):
			return nil, fmt.Errorf("authenticate: %w", err)
		}
	}
	return nil, refusal
}

// scopes are the sessions that open an area; the first is the one that signing in there opens.
func (a area) scopes() []sessions.Scope {
	if a == areaAdmin {
		return []sessions.Scope{sessions.ScopeAdmin}
	}
	return []sessions.Scope{sessions.ScopePage, sessions.ScopeAdmin}
}

// home is the path of an area's first page, below the prefix.
func (a area) home() string {
	if a == areaMe {
		return "/me"
	}
	return "/admin/"
}

// signInURL leads to the form and, for a page that can be asked for again, back to it.
func (v *visit) signInURL(why string) string {
	q := url.Values{}
	if why != "" {
		q.Set("why", why)
	}
	if v.r.Method == http.MethodGet && v.r.URL.Path != v.h.c.Prefix+v.area.home() {
		q.Set("next", v.r.URL.RequestURI())
	}
	target := v.h.c.Prefix + strings.TrimSuffix(v.area.home(), "/") + "/signin"
	if len(q) > 0 {
		target += "?" + q.Encode()
	}
	return target
}

// next is where to go after signing in: a page of the area, wherever the form says.
func (v *visit) next(a area) string {
	home := v.h.c.Prefix + a.home()
	target := v.r.PostFormValue("next")
	if u, err := url.Parse(target); err != nil || u.Host != "" || u.Scheme != "" || !strings.HasPrefix(u.Path, home) ||
		strings.Contains(target, `\`) || strings.Contains(u.Path, "//") || strings.Contains(u.Path, "..") {
		return home
	}
	return target
}
