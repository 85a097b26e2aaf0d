package admin_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/mailconnector/mailconnector/api/problem"
	"github.com/mailconnector/mailconnector/api/sessions"
)

func (w *world) alive(g sessions.Grant) bool {
	_, err := w.config.Sessions.Authenticate(w.t.Context(), g.Token, g.Session.Scope)
	return err == nil
}

func TestSessionsAreListedAndEnded(t *testing.T) {
	w := newWorld(t)
	w.activate(w.license(5))
	rep, manager := w.addin("sales.rep"), w.addin("sales.manager")
	b := w.signedIn("admin", "admin")
	b.get("/admin/sessions").want(t, http.StatusOK, "Rolf Rep", "Mira Manager", "outlook-addin 1.0.0 · OutlookWeb", "192.0.2.7", "this one")

	b.follow(b.post("/admin/sessions/end", url.Values{"session": {rep.Session.ID}})).want(t, http.StatusOK, "The session has ended.")
	if w.alive(rep) || !w.alive(manager) {
		t.Errorf("after ending one: rep alive %v, manager alive %v", w.alive(rep), w.alive(manager))
	}
	b.get("/admin/sessions?all=1").want(t, http.StatusOK, "ended by an administrator")
	b.post("/admin/sessions/end", url.Values{"session": {"unknown"}}).want(t, http.StatusSeeOther)
}

func TestAllSessionsOfAUserAreEnded(t *testing.T) {
	w := newWorld(t)
	w.activate(w.license(5))
	first, second, manager := w.addin("sales.rep"), w.addin("sales.rep"), w.addin("sales.manager")
	b := w.signedIn("admin", "admin")
	b.get("/admin/sessions?user=sales.rep").want(t, http.StatusOK, "End all sessions of Rolf Rep")
	b.get("/admin/sessions?user=sales.rep").wantNot(t, "192.0.2.8", "/admin/sessions?user=2\"")
	b.follow(b.post("/admin/sessions/end-all", url.Values{"user": {"3"}})).want(t, http.StatusOK, "All sessions of this user have ended.")
	if w.alive(first) || w.alive(second) || !w.alive(manager) {
		t.Error("the wrong sessions ended")
	}
}

func TestAListForAUserNobodyKnowsIsEmpty(t *testing.T) {
	w := newWorld(t)
	w.activate(w.license(5))
	w.addin("sales.rep")
	b := w.signedIn("admin", "admin")
	for _, path := range []string{"/admin/sessions", "/admin/activity"} {
		got := b.get(path + "?user=" + url.QueryEscape(`"><b>nobody`))
		got.want(t, http.StatusOK, "No active user")
		got.wantNot(t, "<b>nobody", "Rolf Rep</a>")
	}
}

func TestManySessionsArePaged(t *testing.T) {
	w := newWorld(t)
	w.activate(w.license(100))
	for i := range 40 {
		a := sessions.Account{UserID: "x" + strings.Repeat("i", i), UserName: "user" + strings.Repeat("i", i), DisplayName: "User " + strings.Repeat("i", i)}
		w.crm.put(a)
		w.setClock(noon.Add(time.Duration(i) * time.Second))
		w.addin(a.UserName)
	}
	b := w.signedIn("admin", "admin")
	first := b.get("/admin/sessions")
	first.want(t, http.StatusOK, "More")
	_, rest, _ := strings.Cut(first.Body, `class="button small" href="`+prefix)
	next, _, _ := strings.Cut(rest, `"`)
	second := b.get(strings.ReplaceAll(next, "&amp;", "&"))
	second.want(t, http.StatusOK, "User iii")
	if rows := strings.Count(first.Body, `name="session"`) + strings.Count(second.Body, `name="session"`); rows != 41 {
		t.Errorf("%d sessions on two pages, want 41", rows)
	}
}

func TestTheLastProblemOfEachUserIsASentence(t *testing.T) {
	w := newWorld(t)
	b := w.signedIn("admin", "admin")
	for _, kind := range problem.Types() {
		if err := w.config.Sessions.NoteError(t.Context(), "u-"+string(kind), string(kind)); err != nil {
			t.Fatal(err)
		}
	}
	got := b.get("/admin/sessions")
	got.want(t, http.StatusOK, "No seat was free. seat-limit", "The mail was too large. content-too-large")
	for _, kind := range problem.Types() {
		if strings.Contains(got.text(), string(kind)+" "+string(kind)) {
			t.Errorf("%s has no sentence", kind)
		}
	}
}
