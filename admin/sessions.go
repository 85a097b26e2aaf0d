package admin

import (
	"cmp"
	"errors"
	"net/url"

	"github.com/mailconnector/mailconnector/api/sessions"
)

const sessionsPerPage = 25

// sessionsPage shows who is signed in, from where, and what last went wrong for whom.
type sessionsPage struct {
	Sessions []sessionView
	Filter   userFilter
	All      bool // with those that ended
	Next     string
	Errors   []lastError
}

// userFilter is the field that narrows a list to one user.
type userFilter struct {
	Typed   string
	User    person // empty for all
	Problem string
	People  []person
}

type sessionView struct {
	sessions.Session
	User person
	Over bool // ended or expired
	Own  bool // this page was opened with it
}

type lastError struct {
	sessions.LastError
	User person
	Text string
}

func (h *Handler) sessions(v *visit) error {
	q := v.r.URL.Query()
	p := sessionsPage{All: q.Get("all") != ""}
	var err error
	if p.Filter, err = v.userFilter(); err != nil {
		return err
	}
	filter := sessions.Filter{UserID: p.Filter.User.ID, Active: !p.All, After: q.Get("after"), Limit: sessionsPerPage}
	list, next, err := h.c.Sessions.List(v.ctx(), filter)
	if err != nil {
		return err
	}
	p.Sessions = v.sessionViews(list)
	if next != "" {
		p.Next = withQuery(v.r.URL, "after", next)
	}
	if p.Errors, err = v.lastErrors(); err != nil {
		return err
	}
	return v.show("sessions", p)
}

func (v *visit) sessionViews(list []sessions.Session) []sessionView {
	now := v.h.c.Now()
	views := make([]sessionView, len(list))
	for i, s := range list {
		views[i] = sessionView{
			Session: s, User: v.person(s.Account.UserID), Own: s.ID == v.who.SessionID,
			Over: !s.Ended.IsZero() || !s.Expires.After(now),
		}
	}
	return views
}

// userFilter reads the field "user" of the address. A user nobody knows narrows to nobody and says so; one who is gone
// is still found by his id.
func (v *visit) userFilter() (f userFilter, err error) {
	if f.People, err = v.people(); err != nil {
		return f, err
	}
	f.Typed = v.r.URL.Query().Get("user")
	if f.Typed == "" {
		return f, nil
	}
	id, err := v.findUser(f.Typed)
	switch {
	case err == nil:
		f.User = v.person(id)
		f.Typed = cmp.Or(f.User.UserName, f.Typed)
	case errors.Is(err, errUnknownUser):
		f.User = person{ID: f.Typed, Name: f.Typed, Gone: true}
		f.Problem = v.say.text("filter.unknown", "user", f.Typed)
	default:
		return f, err
	}
	return f, nil
}

// lastErrors are shown as sentences where the code is a known one.
func (v *visit) lastErrors() ([]lastError, error) {
	list, err := v.h.c.Sessions.LastErrors(v.ctx(), 50)
	if err != nil {
		return nil, err
	}
	views := make([]lastError, len(list))
	for i, e := range list {
		views[i] = lastError{LastError: e, User: v.person(e.UserID), Text: e.Code}
		if key := "error." + e.Code; v.say.has(key) {
			views[i].Text = v.say.text(key)
		}
	}
	return views, nil
}

// endSession ends one session. That it is over already is what was wanted.
func (h *Handler) endSession(v *visit) error {
	err := h.c.Sessions.Revoke(v.ctx(), v.who.subject(), v.r.PostFormValue("session"), sessions.Administrator)
	if err != nil && !errors.Is(err, sessions.ErrNotFound) {
		return err
	}
	return v.redirect(v.backTo("/admin/sessions"), "ended")
}

// endSessions ends every session of one user.
func (h *Handler) endSessions(v *visit) error {
	err := h.c.Sessions.RevokeUser(v.ctx(), v.who.subject(), v.r.PostFormValue("user"), sessions.Administrator)
	if err != nil && !errors.Is(err, sessions.ErrNotFound) {
		return err
	}
	return v.redirect("/admin/sessions", "ended-all")
}

// backTo keeps a list narrowed to the user it was narrowed to.
func (v *visit) backTo(path string) string {
	if user := v.r.PostFormValue("user"); user != "" {
		return path + "?" + url.Values{"user": {user}}.Encode()
	}
	return path
}

// withQuery is the address of the same page with one parameter changed.
func withQuery(u *url.URL, name, value string) string {
	q := u.Query()
	q.Del("done")
	q.Set(name, value)
	return u.Path + "?" + q.Encode()
}
