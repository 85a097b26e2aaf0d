package admin

import (
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strings"

	"github.com/mailconnector/mailconnector/messages"
)

// readersShared names the sentence about mails that are shared beyond the CRM's own rule. The others are named as the
// rules are.
const readersShared = "shared"

// acceptKey names the sentence under which sharing begins.
const acceptKey = "sharing.accept"

// version is how a form names the sentences that its page shows, so that nobody accepts others that hold meanwhile.
func version(sentences ...string) string {
	sum := sha256.Sum256([]byte(strings.Join(sentences, "\n")))
	return hex.EncodeToString(sum[:])
}

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

// readBy names the sentences of which each tells an administrator who reads linked mails: the one that holds, and where
// mails are shared the one under which they are.
func (r readersView) readBy() []string {
	keys := []string{"readers." + r.Sentence()}
	if r.Sentence() == readersShared {
		keys = append(keys, acceptKey)
	}
	return keys
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
	s.Version = version(s.Detail)
	a, err := v.h.acknowledged(v.ctx())
	s.Done = v.try("acknowledgement", err) && a.By != "" && v.h.languages.say(a.Sentence, readers.readBy()...)
	return s
}

// acknowledgeReaders notes that an administrator read who reads linked mails. Where the sentence that was read does not
// hold any more, it shows the one that does.
func (h *Handler) acknowledgeReaders(v *visit) error {
	readers, err := v.readers()
	if err != nil {
		return err
	}
	sentence := v.say.text("readers." + readers.Sentence())
	if v.r.PostFormValue("sentence") != version(sentence) {
		p := v.overviewPage()
		p.Changed = true
		return v.refuse("overview", p)
	}
	if err := v.acknowledge(sentence); err != nil {
		return err
	}
	return v.redirect("/admin/", "readers")
}

// acknowledge notes a sentence that was shown and accepted.
func (v *visit) acknowledge(sentence string) error {
	return v.h.setAcknowledged(v.ctx(), acknowledgement{By: v.who.UserID, At: v.h.c.Now().UTC(), Sentence: sentence})
}

// sharingPage shows who reads linked mails, and lets an administrator choose.
type sharingPage struct {
	readersView
	History []choiceView
	Version string // of what is shown to be accepted
	Missing bool   // the sentence was not accepted
	Changed bool   // another one was accepted
}

// Idle reports whether sharing would change nothing.
func (p sharingPage) Idle() bool { return p.Rule == messages.ReadersOfRecord && !p.Shared }

// Remains reports whether mails may be shared beyond what holds now, because sharing ended.
func (p sharingPage) Remains() bool {
	return p.Rule != messages.ReadersOfRecord && !p.Shared &&
		slices.ContainsFunc(p.Choices, func(c messages.SharingChoice) bool { return c.Shared })
}

type choiceView struct {
	messages.SharingChoice
	Who person
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
		p.History = append(p.History, choiceView{SharingChoice: c, Who: v.person(c.By)})
	}
	p.Version = version(v.say.text("readers."+p.Sentence()), v.say.text(acceptKey))
	return p, nil
}

// chooseSharing turns sharing on or off. On is taken only with the sentence that says what it lets every user do, and
// only as long as the page that showed it would say the same.
func (h *Handler) chooseSharing(v *visit) error {
	p, err := v.sharingPage()
	if err != nil {
		return err
	}
	if v.r.PostFormValue("shared") != "yes" {
		if err := h.c.Sharing.Choose(v.ctx(), messages.SharingChoice{By: v.who.UserID}); err != nil {
			return err
		}
		return v.redirect("/admin/sharing", "unshared")
	}
	p.Changed = v.r.PostFormValue("sentence") != p.Version
	p.Missing = !p.Changed && v.r.PostFormValue("accepted") != "yes"
	if p.Changed || p.Missing {
		return v.refuse("sharing", p)
	}
	accepted := v.say.text(acceptKey)
	if err := h.c.Sharing.Choose(v.ctx(), messages.SharingChoice{By: v.who.UserID, Shared: true, Accepted: accepted}); err != nil {
		return err
	}
	if err := v.acknowledge(accepted); err != nil {
		return err
	}
	return v.redirect("/admin/sharing", "shared")
}
