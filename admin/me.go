package admin

import (
	"errors"

	"github.com/mailconnector/mailconnector/api/sessions"
	"github.com/mailconnector/mailconnector/messages"
	"github.com/mailconnector/mailconnector/permissions"
)

const lastLinks = 10

// mePage is a user's own page.
type mePage struct {
	Sessions    []sessionView
	Links       []linkView
	TaskPaneURL string
	ManifestURL string
}

// Platforms are the Outlooks that get the add-in in different ways. Their steps are texts.
func (mePage) Platforms() []string { return []string{"web", "classic", "mac", "mobile"} }

type linkView struct {
	messages.LastLink
	Record recordView
}

func (h *Handler) me(v *visit) error {
	p := mePage{TaskPaneURL: h.c.TaskPaneURL, ManifestURL: h.c.ManifestURL}
	list, _, err := h.c.Sessions.List(v.ctx(), sessions.Filter{UserID: v.who.UserID, Active: true, Limit: 100})
	if err != nil {
		return err
	}
	p.Sessions = v.sessionViews(list)
	if p.Links, err = v.lastLinks(); err != nil {
		return err
	}
	return v.show("me", p)
}

// lastLinks are the user's own last links. Of a mail on a record he may no longer open, nothing is shown.
func (v *visit) lastLinks() ([]linkView, error) {
	links, err := v.h.c.Messages.LastLinks(v.ctx(), v.who.subject(), lastLinks)
	if err != nil {
		return nil, err
	}
	var records []permissions.Record
	for _, l := range links {
		records = append(records, l.Link.Record)
	}
	named, err := v.records(records)
	if err != nil {
		return nil, err
	}
	var views []linkView
	for _, l := range links {
		if r := named[l.Link.Record]; r.Label != "" {
			views = append(views, linkView{LastLink: l, Record: r})
		}
	}
	return views, nil
}

// endOwnSession ends one of the visitor's own sessions. Another user's is not found, as if there were none.
func (h *Handler) endOwnSession(v *visit) error {
	id := v.r.PostFormValue("session")
	list, _, err := h.c.Sessions.List(v.ctx(), sessions.Filter{UserID: v.who.UserID, Active: true, Limit: 100})
	if err != nil {
		return err
	}
	for _, session := range list {
		if session.ID != id {
			continue
		}
		err := h.c.Sessions.Revoke(v.ctx(), v.who.subject(), id, sessions.SignedOut)
		if err != nil && !errors.Is(err, sessions.ErrNotFound) {
			return err
		}
		return v.redirect("/me", "ended")
	}
	return v.redirect("/me", "")
}

// endOwnSessions signs the visitor out everywhere, here too.
func (h *Handler) endOwnSessions(v *visit) error {
	err := h.c.Sessions.RevokeUser(v.ctx(), v.who.subject(), v.who.UserID, sessions.SignedOut)
	if err != nil && !errors.Is(err, sessions.ErrNotFound) {
		return err
	}
	return v.redirect("/me/signin?why=signed-out", "")
}
