package admin_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/mailconnector/mailconnector/admin"
	"github.com/mailconnector/mailconnector/api/sessions"
	"github.com/mailconnector/mailconnector/permissions"
)

func credentials(user, password string) url.Values {
	return url.Values{"username": {user}, "password": {password}}
}

func TestSigningIn(t *testing.T) {
	for name, row := range map[string]struct {
		user, password string
		outcome        error
		status         int
		says           string
	}{
		"an administrator comes to the overview": {"admin", password, nil, 303, ""},
		"a wrong password and an unknown user read alike: password": {
			"admin", "wrong", nil, 401, "The user name or the password is wrong."},
		"a wrong password and an unknown user read alike: user": {
			"nobody", password, nil, 401, "The user name or the password is wrong."},
		"a disabled account reads like them": {"admin", password, sessions.ErrInactive, 401, "The user name or the password is wrong."},
		"an expired password is to be changed in the CRM": {
			"admin", password, sessions.ErrPasswordExpired, 403, "Set it in the CRM"},
		"an account of single sign-on is sent to the CRM": {"admin", password, sessions.ErrSSOOnly, 403, "single sign-on"},
		"a second factor is not asked for here": {
			"admin", password, &sessions.SecondFactorError{UserID: "1"}, 403, "second factor"},
		"a locked account is told until when": {
			"admin", password, &sessions.LockedError{Until: noon.Add(3 * time.Minute)}, 403, "Try again in 3 minutes."},
		"an account locked for good needs an administrator": {
			"admin", password, &sessions.LockedError{}, 403, "An administrator of the CRM can unlock it."},
		"who is no administrator is told so, and shown the way": {"sales.rep", password, nil, 403, "Your own page"},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.crm.outcome["admin"] = row.outcome
			got := w.browser().post("/admin/signin", credentials(row.user, row.password))
			got.want(t, row.status, row.says)
			if got.Status != http.StatusSeeOther && strings.Contains(got.Header.Get("Set-Cookie"), "mailconnector-admin") {
				t.Error("a refusal opens a session")
			}
		})
	}
}

func TestARefusedSignInKeepsTheNameAndNotThePassword(t *testing.T) {
	got := newWorld(t).browser().post("/admin/signin", credentials("sales.manager", "p4ssw0rd"))
	got.want(t, http.StatusUnauthorized)
	if !strings.Contains(got.Body, `value="sales.manager"`) {
		t.Error("the user name is lost")
	}
	got.wantNot(t, "p4ssw0rd")
}

func TestWhoIsNoAdministratorLeavesNoSession(t *testing.T) {
	w := newWorld(t)
	w.browser().post("/admin/signin", credentials("sales.rep", password)).want(t, http.StatusForbidden)
	list, _, err := w.config.Sessions.List(t.Context(), sessions.Filter{Active: true})
	if err != nil || len(list) > 0 {
		t.Errorf("open sessions: %v, %v", list, err)
	}
}

func TestTooManyAttemptsAreToldHowLongToWait(t *testing.T) {
	w := newWorld(t)
	b := w.browser()
	for range 6 {
		b.post("/admin/signin", credentials("admin", "wrong"))
	}
	got := b.post("/admin/signin", credentials("admin", password))
	got.want(t, http.StatusTooManyRequests, "Too many attempts failed. Wait 1 second, then try again.")
	if got.Header.Get("Retry-After") != "1" {
		t.Errorf("Retry-After is %q", got.Header.Get("Retry-After"))
	}
}

func TestPagesAskToSignInAndComeBack(t *testing.T) {
	w := newWorld(t)
	b := w.browser()
	asked := b.get("/admin/activity?user=3")
	asked.want(t, http.StatusSeeOther)
	form := b.follow(asked)
	form.want(t, http.StatusOK, "For administrators of the CRM.")
	next := url.QueryEscape(prefix + "/admin/activity?user=3")
	if !strings.Contains(asked.Header.Get("Location"), next) {
		t.Errorf("leads to %q", asked.Header.Get("Location"))
	}
	values := credentials("admin", password)
	values.Set("next", prefix+"/admin/activity?user=3")
	done := b.post("/admin/signin", values)
	if done.Header.Get("Location") != prefix+"/admin/activity?user=3" {
		t.Errorf("signing in leads to %q", done.Header.Get("Location"))
	}
}

func TestSigningInLeadsNowhereElse(t *testing.T) {
	w := newWorld(t)
	for _, next := range []string{
		"https://evil.example/", "//evil.example/crm/mailconnector/admin/", prefix + "/admin/../../../evil",
		`\\evil.example`, "/elsewhere", "javascript:alert(1)", prefix + "/admin//evil.example", "%zz",
	} {
		values := credentials("admin", password)
		values.Set("next", next)
		if got := w.browser().post("/admin/signin", values).Header.Get("Location"); got != prefix+"/admin/" {
			t.Errorf("%q leads to %q", next, got)
		}
	}
}

func TestASessionThatIsOverAsksAgainAndSaysWhy(t *testing.T) {
	w := newWorld(t)
	b := w.signedIn("admin", "admin")
	b.get("/admin/").want(t, http.StatusOK)
	w.setClock(noon.Add(13 * time.Hour))
	b.follow(b.get("/admin/")).want(t, http.StatusOK, "Your session has expired.")

	b = w.signedIn("admin", "admin")
	if err := w.config.Sessions.RevokeUser(t.Context(), permissions.Subject{}, "1", sessions.Administrator); err != nil {
		t.Fatal(err)
	}
	b.follow(b.get("/admin/")).want(t, http.StatusOK, "Your session was ended.")
}

func TestTheRightToAdministerIsReadAtEachRequest(t *testing.T) {
	w := newWorld(t)
	b := w.signedIn("admin", "admin")
	w.crm.change("1", func(a *sessions.Account) { a.Admin = false })
	b.get("/admin/license").want(t, http.StatusForbidden, "For administrators only")
	b.get("/me").want(t, http.StatusOK, "Hello, Alma Admin")
}

func TestSigningOutEndsTheSession(t *testing.T) {
	w := newWorld(t)
	b := w.signedIn("admin", "admin")
	b.follow(b.post("/admin/signout", nil)).want(t, http.StatusOK, "You are signed out.")
	b.get("/admin/").want(t, http.StatusSeeOther)
	list, _, err := w.config.Sessions.List(t.Context(), sessions.Filter{Active: true})
	if err != nil || len(list) > 0 {
		t.Errorf("open sessions: %v, %v", list, err)
	}
	b.post("/admin/signout", nil).want(t, http.StatusSeeOther)
}

// hostSession makes the host name a user for every request.
func hostSession(userID string) func(*admin.Config) {
	return func(c *admin.Config) {
		c.AdminUser = func(*http.Request) (permissions.Subject, bool) { return permissions.Subject{UserID: userID}, true }
	}
}

func TestTheHostsOwnSession(t *testing.T) {
	for name, row := range map[string]struct {
		user   string
		status int
	}{
		"of an administrator needs no form":          {"1", http.StatusOK},
		"of somebody else counts for nothing":        {"3", http.StatusSeeOther},
		"of somebody who is gone counts for nothing": {"99", http.StatusSeeOther},
		"of nobody in particular counts for nothing": {"", http.StatusSeeOther},
	} {
		t.Run(name, func(t *testing.T) {
			newWorld(t, hostSession(row.user)).browser().get("/admin/").want(t, row.status)
		})
	}
}

func TestTheHostsOwnSessionCannotBeLeftHere(t *testing.T) {
	b := newWorld(t, hostSession("1")).browser()
	b.get("/admin/").wantNot(t, "Sign out")
	b.get("/me").want(t, http.StatusOK, "You have no session with the connector.")
}
