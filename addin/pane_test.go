package addin_test

import (
	"context"
	"testing"

	"github.com/mailconnector/mailconnector/demo"
	"github.com/mailconnector/mailconnector/internal/browsertest"
)

// Contacts that the tests add to the sample organisation, by their names.
const (
	shortLived = "Short Lived"
	markup     = "<img src=x onerror=alert(1)>"
	oneWord    = "DonaudampfschifffahrtsgesellschaftskapitänDonaudampfschifffahrtsgesellschaftskapitän"
)

// task is something that people do in the pane beside one of the sample mails.
type task struct {
	name, mail string
	do         func(t *testing.T, o *outlook, s *site)
}

// perform does one task after the other, each in a tab of its own. A fault that one sets ends with it.
func (s *site) perform(t *testing.T, browser context.Context, tasks []task) {
	t.Helper()
	for _, one := range tasks {
		t.Run(one.name, func(t *testing.T) {
			defer s.setFault(nil)
			one.do(t, newOutlook(t, browser, s, one.mail), s)
		})
	}
}

// TestPane works in the task pane as people do, in a real browser. The tests share a demo and use different mails.
func TestPane(t *testing.T) {
	browser := browsertest.Open(t)
	browsertest.Run(t, browser) // starts it
	s := newSite(t, demo.Config{Activated: true})
	s.contact(t, shortLived, "short@lived.example")
	s.contact(t, markup, "win@grand-lottery.example")
	s.contact(t, oneWord, "donau@dampf.example")
	s.perform(t, browser, []task{
		{"an address is broken behind its punctuation at 320 pixels", "1-offer", addresses}, // while the mail is on no record
		{"a wrong password is said and asked for again", "1-offer", wrongPassword},
		{"guessing passwords is slowed down, and the pane says for how long", "1-offer", throttled},
		{"a record that is read-only cannot be linked", "1-offer", readOnly},
		{"an address of two people suggests both", "6-shared-address", ambiguous},
		{"a number in the subject suggests the record", "4-ticket", recordNumber},
		{"a linked conversation is suggested first, and a linked mail is shown as linked", "1-offer", conversation},
		{"a link is undone and leaves the record empty", "3-inline", undo},
		{"a mail that the user sent shows whom it went to", "8-sent", sentMail},
		{"a double press stores once", "8-sent", doublePress},
		{"an Outlook without whole mails sends them field by field", "5-stranger", fieldByField},
		{"a phone saves what it can and says so", "8-sent", phone},
		{"the mail that was open is linked, even if another is selected meanwhile", "2-reply", switchedMeanwhile},
		{"a record that was deleted meanwhile is said to be gone", "2-reply", deletedMeanwhile},
		{"fast typing shows the last answer only", "1-offer", typing},
		{"what was linked last is not said to be found for words that were typed meanwhile", "1-offer", linkedLast},
		{"a long answer comes in pages", "1-offer", resultPages},
		{"a search that takes long goes on by itself", "1-offer", shortPages},
		{"a search that finds nothing for long asks whether to go on", "1-offer", patientPages},
		{"hostile words stay words", "7-hostile", hostile},
		{"everything is reached by the keyboard", "6-shared-address", keyboard},
		{"the pane speaks Italian", "6-shared-address", italian},
		{"a record that several mails with one Message-ID are on is shown once", "6-shared-address", sameID},
		{"a session that an administrator ends asks to sign in", "1-offer", revoked},
		{"an outage is said, and over when it is over", "1-offer", outage},
		{"signing out forgets the session", "1-offer", signedOut},
		{"nothing scrolls sideways at 320 pixels", "7-hostile", narrow},
		{"dark and forced colours", "1-offer", colours},
	})
	t.Run("without a license the pane says whom to ask", func(t *testing.T) { unlicensed(t, browser) })
	t.Run("outside Outlook the pane says where it belongs", func(t *testing.T) { outsideOutlook(t, browser, s) })
}
