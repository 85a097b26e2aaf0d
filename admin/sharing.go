package admin

import (
	"slices"
	"time"

	"github.com/mailconnector/mailconnector/messages"
)

// readersShared names the sentence about mails that are shared beyond the CRM's own rule. The others are named as the
// rules are.
const readersShared = "shared"

// readersView is who reads linked mails.
type readersView struct {
	Rule    messages.Readers // the CRM's own
	Shared  bool             // administrators chose to share
	Choices []messages.SharingChoice
}

// Sentence names the sentence that holds.
func (r readersView) Sentence() string {
	if r.Shared && r.Rule != messages.ReadersOfRecord {
		return readersShared
	}
	return string(r.Rule)
}

func (v *visit) readers() (r readersView, err error) {
	sharing := v.h.c.Sharing
	if sharing == nil {
		return readersView{Rule: messages.ReadersOfRecord}, nil
	}
	if r.Rule, err = sharing.Readers(v.ctx()); err != nil {
		return r, err
	}
	if r.Choices, err = sharing.Choices(v.ctx()); err != nil {
		return r, err
	}
	r.Shared = len(r.Choices) > 0 && r.Choices[0].Shared
	return r, nil
}

// readersStep is done when an administrator has read who reads linked mails as it is now.
func (v *visit) readersStep() step {
	s := step{Name: "readers"}
	if v.h.c.Sharing != nil {
		s.Link = "/admin/sharing"
	}
	readers, err := v.readers()
	if !v.try("who reads linked mails", err) {
		return s
	}
	s.Detail = v.say.text("readers." + readers.Sentence())
	a, err := v.h.acknowledged(v.ctx())
	s.Done = v.try("acknowledgement", err) && a.By != "" && a.Sentence == readers.Sentence()
	return s
}

// acknowledgeReaders notes that an administrator read who reads linked mails.
func (h *Handler) acknowledgeReaders(v *visit) error {
	if err := v.acknowledge(); err != nil {
		return err
	}
	return v.redirect("/admin/", "readers")
}

func (v *visit) acknowledge() error {
	readers, err := v.readers()
	if err != nil {
		return err
	}
	return v.h.setAcknowledged(v.ctx(), acknowledgement{By: v.who.UserID, At: v.h.c.Now().UTC(), Sentence: readers.Sentence()})
}

// sharingPage shows who reads linked mails, and lets an administrator choose.
type sharingPage struct {
	readersView
	History []choiceView
	Missing bool // the sentence was not accepted
}

// Idle reports whether sharing would change nothing.
func (p sharingPage) Idle() bool { return p.Rule == messages.ReadersOfRecord && !p.Shared }

// Remains reports whether mails may be shared beyond what holds now, because sharing ended.
func (p sharingPage) Remains() bool {
	return p.Rule != messages.ReadersOfRecord && !p.Shared &&
		slices.ContainsFunc(p.Choices, func(c messages.SharingChoice) bool { return c.Shared })
}

type choiceView struct {
	Shared bool
	By     person
	At     time.Time
}

func (h *Handler) sharing(v *visit) error {
	p, err := v.sharingPage()
	if err != nil {
		return err
	}
	return v.show("sharing", p)
}

// sharingPage answers errNotFound for a CRM that leaves nothing to choose.
func (v *visit) sharingPage() (p sharingPage, err error) {
	if v.h.c.Sharing == nil {
		return p, errNotFound
	}
	if p.readersView, err = v.readers(); err != nil {
		return p, err
	}
	for _, c := range p.Choices {
		p.History = append(p.History, choiceView{Shared: c.Shared, By: v.person(c.By), At: c.At})
	}
	return p, nil
}

// chooseSharing turns sharing on or off. On is taken only with the sentence that says what it lets every user do.
func (h *Handler) chooseSharing(v *visit) error {
	p, err := v.sharingPage()
	if err != nil {
		return err
	}
	shared := v.r.PostFormValue("shared") == "yes"
	if shared && v.r.PostFormValue("accepted") != "yes" {
		p.Missing = true
		return v.refuse("sharing", p)
	}
	if err := h.c.Sharing.Choose(v.ctx(), v.who.UserID, shared); err != nil {
		return err
	}
	if err := v.acknowledge(); err != nil {
		return err
	}
	if shared {
		return v.redirect("/admin/sharing", "shared")
	}
	return v.redirect("/admin/sharing", "unshared")
}
