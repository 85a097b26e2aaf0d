package sessions_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/mailconnector/mailconnector/api/sessions"
	"github.com/mailconnector/mailconnector/permissions"
)

func TestSignOutEndsThisSessionOnly(t *testing.T) {
	each(t, nil, func(w *world) {
		grant, other := w.open("ada"), w.open("ada")
		for range 2 {
			if err := w.SignOut(w.t.Context(), grant.Session); err != nil {
				w.t.Fatal(err)
			}
		}
		w.wantRevoked(grant, sessions.SignedOut)
		w.wantAlive(other)
	})
}

func TestWhoMayRevokeASession(t *testing.T) {
	for name, row := range map[string]struct {
		actor permissions.Subject
		want  error
	}{
		"an administrator":           {root, nil},
		"the user":                   {permissions.Subject{UserID: "id-ada"}, nil},
		"the system":                 {permissions.Subject{}, nil},
		"another user may not":       {permissions.Subject{UserID: "id-grace"}, sessions.ErrNotFound},
		"an unknown user may not":    {permissions.Subject{UserID: "id-nobody"}, sessions.ErrNotFound},
		"nobody may revoke the void": {root, sessions.ErrNotFound},
	} {
		t.Run(name, func(t *testing.T) {
			each(t, nil, func(w *world) {
				grant := w.open("ada")
				id := grant.Session.ID
				if name == "nobody may revoke the void" {
					id = "00000000000000000000000000000000"
				}
				wantError(w.t, w.Revoke(w.t.Context(), row.actor, id, sessions.Administrator), row.want)
				if row.want == nil {
					w.wantRevoked(grant, sessions.Administrator)
				} else {
					w.wantAlive(grant)
				}
			})
		})
	}
}

func TestRevokeUserEndsEverySessionOfTheUser(t *testing.T) {
	each(t, nil, func(w *world) {
		first, second, other := w.open("ada"), w.open("ada"), w.open("grace")
		err := w.RevokeUser(w.t.Context(), permissions.Subject{UserID: "id-grace"}, "id-ada", sessions.SeatReleased)
		wantError(w.t, err, sessions.ErrNotFound)
		w.wantAlive(first)
		if err := w.RevokeUser(w.t.Context(), root, "id-ada", sessions.SeatReleased); err != nil {
			w.t.Fatal(err)
		}
		w.wantRevoked(first, sessions.SeatReleased)
		w.wantRevoked(second, sessions.SeatReleased)
		w.wantAlive(other)
	})
}

func TestTheFirstReasonStays(t *testing.T) {
	each(t, nil, func(w *world) {
		grant := w.open("ada")
		if err := w.SignOut(w.t.Context(), grant.Session); err != nil {
			w.t.Fatal(err)
		}
		if err := w.Revoke(w.t.Context(), root, grant.Session.ID, sessions.Administrator); err != nil {
			w.t.Fatal(err)
		}
		w.wantRevoked(grant, sessions.SignedOut)
	})
}

func TestListPagesThroughSessionsNewestFirst(t *testing.T) {
	each(t, nil, func(w *world) {
		var want []string
		for _, name := range []string{"ada", "grace", "ada", "grace", "ada"} {
			want = append([]string{w.open(name).Session.ID}, want...)
			w.clock.pass(time.Second)
		}
		if diff := cmp.Diff(want, w.listAll(sessions.Filter{Limit: 2})); diff != "" {
			w.t.Errorf("all sessions (-want +got):\n%s", diff)
		}
		if diff := cmp.Diff([]string{want[0], want[2], want[4]}, w.listAll(sessions.Filter{UserID: "id-ada", Limit: 1})); diff != "" {
			w.t.Errorf("sessions of ada (-want +got):\n%s", diff)
		}
		if _, _, err := w.List(w.t.Context(), sessions.Filter{Limit: 101}); err == nil {
			w.t.Error("a limit of 101 is accepted")
		}
	})
}

// listAll walks through all pages and returns the ids.
func (w *world) listAll(f sessions.Filter) (ids []string) {
	w.t.Helper()
	for {
		page, next, err := w.List(w.t.Context(), f)
		if err != nil {
			w.t.Fatal(err)
		}
		for _, session := range page {
			ids = append(ids, session.ID)
		}
		if next == "" {
			return ids
		}
		f.After = next
	}
}

func TestListTellsTheLivingFromTheEnded(t *testing.T) {
	each(t, nil, func(w *world) {
		ended, living := w.open("ada"), w.open("ada")
		if err := w.SignOut(w.t.Context(), ended.Session); err != nil {
			w.t.Fatal(err)
		}
		list, _, err := w.List(w.t.Context(), sessions.Filter{Active: true})
		if err != nil || len(list) != 1 || list[0].ID != living.Session.ID || list[0].Account.UserName != "ada" {
			w.t.Errorf("living sessions: %+v, %v", list, err)
		}
		w.clock.pass(sessions.DefaultIdle)
		if list := w.listAll(sessions.Filter{Active: true}); len(list) != 0 {
			w.t.Errorf("expired sessions are listed as living: %v", list)
		}
	})
}

func TestListKnowsOnlyTheIDOfAnAccountThatIsGone(t *testing.T) {
	each(t, nil, func(w *world) {
		w.open("ada")
		delete(w.accounts.byName, "ada")
		list, _, err := w.List(w.t.Context(), sessions.Filter{})
		if err != nil || len(list) != 1 {
			w.t.Fatalf("list: %v, %v", list, err)
		}
		if diff := cmp.Diff(sessions.Account{UserID: "id-ada"}, list[0].Account); diff != "" {
			w.t.Errorf("account (-want +got):\n%s", diff)
		}
	})
}

func TestTheLastErrorOfEachUserIsRemembered(t *testing.T) {
	each(t, nil, func(w *world) {
		for _, note := range [][2]string{{"id-ada", "internal"}, {"id-grace", "seat-limit"}, {"id-ada", "content-too-large"}} {
			w.clock.pass(time.Minute)
			if err := w.NoteError(w.t.Context(), note[0], note[1]); err != nil {
				w.t.Fatal(err)
			}
		}
		got, err := w.LastErrors(w.t.Context(), 10)
		if err != nil {
			w.t.Fatal(err)
		}
		want := []sessions.LastError{
			{UserID: "id-ada", Code: "content-too-large", At: w.clock.Now()},
			{UserID: "id-grace", Code: "seat-limit", At: w.clock.Now().Add(-time.Minute)},
		}
		if diff := cmp.Diff(want, got); diff != "" {
			w.t.Errorf("last errors (-want +got):\n%s", diff)
		}
		w.clock.pass(91 * 24 * time.Hour)
		w.sweep()
		if got, err := w.LastErrors(w.t.Context(), 10); err != nil || len(got) != 0 {
			w.t.Errorf("after 91 days: %v, %v", got, err)
		}
	})
}
