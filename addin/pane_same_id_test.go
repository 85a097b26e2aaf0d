package addin_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/mailconnector/mailconnector/module/moduletest"
)

// sameID opens a mail that bears the Message-ID of others: each record is shown once, and what is taken off it is all that
// the user linked there himself.
func sameID(t *testing.T, o *outlook, s *site) {
	company, person := s.find(t, "Brauhaus", "Accounts"), s.find(t, "Sabine Oßwald", "Contacts")
	s.linkSameID(t, "sales.manager", "Theirs", company.Target)
	first := s.linkSameID(t, "sales.rep", "Report 1", company.Target, person.Target)
	s.linkSameID(t, "sales.rep", "Report 2", company.Target, person.Target)

	o.enter("sales.rep")
	at := func(card moduletest.Card) string {
		return fmt.Sprintf(`$$(".linked li").filter((li) => li.innerText.includes(%q))`, card.Label)
	}
	const own = "by Giulia Moretti"
	o.sees(fmt.Sprintf(`%s.length === 1 && %s.length === 1 && text($(".linked")).split(%q).length === 3`, at(company), at(person), own))
	o.picture("pane-same-id")
	o.click(`button("Unlink", ` + at(person) + `[0])`)
	o.sees(fmt.Sprintf(`%s.length === 1 && %s.length === 0`, at(company), at(person)))
	s.wantSubjects(t, person.Target)

	if err := s.client(t, "sales.rep").Unlink(t.Context(), first, company.Target); err != nil { // elsewhere, meanwhile
		t.Fatal(err)
	}
	o.click(`button("Unlink", ` + at(company) + `[0])`)
	o.sees(fmt.Sprintf(`%[1]s.length === 1 && !button("Unlink", %[1]s[0]) && !text(%[1]s[0]).includes(%[2]q)`, at(company), own))
	s.wantSubjects(t, company.Target, "Theirs")
	o.picture("pane-same-id-unlinked")

	o.click(`row("Hans Sonnhof").querySelector("button")`) // the mail that is open
	o.reads(".receipt", "Linked to Hans Sonnhof")
	o.click(`button("Undo")`)
	o.sees(`!seen($(".receipt")) && !seen($(".status.problem")) && row("Hans Sonnhof").querySelector("button.link:not(.busy)")`)
}

// linkSameID links a mail with the Message-ID of a sample, and returns its id.
func (s *site) linkSameID(t *testing.T, user, subject string, to ...moduletest.Target) string {
	t.Helper()
	mail := fmt.Sprintf("Message-ID: %s\r\nFrom: someone@x.example\r\nSubject: %s\r\n\r\nHello\r\n", sharedID, subject)
	receipt, err := s.client(t, user).Link(t.Context(), strings.NewReader(mail), moduletest.LinkOptions{}, to...)
	if err != nil {
		t.Fatal(err)
	}
	return receipt.Message.ID
}

// wantSubjects checks which of the mails that sameID linked are on a record.
func (s *site) wantSubjects(t *testing.T, on moduletest.Target, want ...string) {
	t.Helper()
	var got []string
	for _, m := range s.messages(t, "sales.rep", on) {
		if m.MessageID == sharedID {
			got = append(got, m.Subject)
		}
	}
	if !slices.Equal(got, want) {
		t.Errorf("%v has %q, want %q", on, got, want)
	}
}
