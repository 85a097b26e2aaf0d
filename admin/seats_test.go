package admin_test

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"testing"

	"github.com/mailconnector/mailconnector/admin"
	"github.com/mailconnector/mailconnector/api/sessions"
)

func TestSeatsAreAssigned(t *testing.T) {
	w := newWorld(t, func(c *admin.Config) {
		c.FindUser = func(_ context.Context, name string) (string, error) {
			if name == "support.agent" {
				return "4", nil
			}
			return "", sessions.ErrInactive
		}
	})
	w.activate(w.license(3))
	b := w.signedIn("admin", "admin")
	w.signedIn("me", "sales.rep")
	for name, row := range map[string]struct{ typed, shown string }{
		"by the CRM's id":                      {"2", "Mira Manager"},
		"by the name of one who has signed in": {" rolf rep ", "Rolf Rep"},
		"by the user name, where the host can": {"support.agent", "Ada Agent"},
	} {
		t.Run(name, func(t *testing.T) {
			b.follow(b.post("/admin/seats", url.Values{"user": {row.typed}})).want(t, http.StatusOK, "The seat is assigned.", row.shown)
		})
	}
	b.get("/admin/seats").want(t, http.StatusOK, "3 / 3", "0 seats free")
}

func TestASeatThatCannotBeAssignedSaysWhy(t *testing.T) {
	w := newWorld(t)
	b := w.signedIn("admin", "admin")
	b.post("/admin/seats", url.Values{"user": {"2"}}).want(t, http.StatusUnprocessableEntity,
		"Seats can be assigned while a license is in force.")
	w.activate(w.license(1))
	w.addin("sales.rep")
	for typed, says := range map[string]string{
		"nobody <b>": "No active user “nobody &lt;b&gt;” is known.",
		"":           "No active user “” is known.",
		"2":          "Every seat is taken.",
	} {
		got := b.post("/admin/seats", url.Values{"user": {typed}})
		got.want(t, http.StatusUnprocessableEntity, says)
	}
}

func TestReleasingASeatEndsTheAddinSessionsOfItsUserOnly(t *testing.T) {
	w := newWorld(t)
	w.activate(w.license(5))
	rep, manager := w.addin("sales.rep"), w.addin("sales.manager")
	own := w.signedIn("me", "sales.rep")
	b := w.signedIn("admin", "admin")
	b.follow(b.post("/admin/seats/release", url.Values{"user": {"3"}})).want(t, http.StatusOK, "The seat is free", "1 / 5")

	var revoked *sessions.RevokedError
	_, err := w.config.Sessions.Authenticate(t.Context(), rep.Token, sessions.ScopeAddin)
	if !errors.As(err, &revoked) || revoked.Reason != sessions.SeatReleased {
		t.Errorf("the add-in session answers %v", err)
	}
	if _, err := w.config.Sessions.Authenticate(t.Context(), manager.Token, sessions.ScopeAddin); err != nil {
		t.Errorf("another user's session answers %v", err)
	}
	own.get("/me").want(t, http.StatusOK, "Hello, Rolf Rep")
}

func TestReleasingNobodysSeatEndsNothing(t *testing.T) {
	w := newWorld(t)
	w.activate(w.license(5))
	rep := w.addin("sales.rep")
	b := w.signedIn("admin", "admin")
	b.post("/admin/seats/release", nil).want(t, http.StatusSeeOther)
	if _, err := w.config.Sessions.Authenticate(t.Context(), rep.Token, sessions.ScopeAddin); err != nil {
		t.Errorf("the session answers %v", err)
	}
}

func TestSeatsBeyondTheLicenseAreNamed(t *testing.T) {
	w := newWorld(t)
	w.activate(w.license(3))
	w.addin("sales.rep")
	w.addin("sales.manager")
	w.crm.change("2", func(a *sessions.Account) { a.Active = false })
	w.activate(w.license(1))
	b := w.signedIn("admin", "admin")
	b.get("/admin/seats").want(t, http.StatusOK, "2 seats are assigned, 1 are licensed.", "1 more than licensed", "not in force", "not active")
	b.get("/admin/license").want(t, http.StatusOK, "2 seats are assigned, 1 are licensed.")
}
