package addin_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"github.com/mailconnector/mailconnector/module/moduletest"
)

func conversation(t *testing.T, o *outlook, s *site) {
	o.enter("sales.rep")
	o.sees(`!row("Jürgen Müller").innerText.includes("Linked")`)
	o.click(`row("Jürgen Müller").querySelector("button")`)
	o.reads(".receipt", "Linked to Jürgen Müller")
	o.reads(".receipt .parts", "Halle Grundriss.png")
	o.sees(`row("Jürgen Müller").innerText.includes("✓ Linked") || row("Jürgen Müller").querySelector(".done")`)
	o.sees(`pane.activeElement === $(".receipt h2")`)
	o.picture("pane-receipt")

	o.mail("2-reply")
	o.sees(`text($(".group")).startsWith("This conversation") && text($(".group")).includes("Jürgen Müller")`)
	o.sees(`!seen($(".receipt")) && row("Jürgen Müller").querySelector("button.link")`)

	o.open(s, "1-offer") // the session is remembered
	o.reads(".linked", "Jürgen Müller\nby Giulia Moretti")
	o.sees(`button("Unlink", $(".linked")) && row("Jürgen Müller").querySelector(".done") && !row("Sabine Oßwald").querySelector(".done")`)
	o.picture("pane-reopened")

	o.click(`button("Sign out")`)
	o.enter("sales.manager")
	o.reads(".linked", "Jürgen Müller\nby Giulia Moretti")
	o.sees(`!button("Unlink") && row("Jürgen Müller").querySelector(".done")`)
	o.picture("pane-colleague")
}

func undo(t *testing.T, o *outlook, s *site) {
	o.enter("sales.rep")
	o.click(`row("Niccolò Ravà").querySelector("button")`)
	o.reads(".receipt", "Linked to Niccolò Ravà")
	on := s.find(t, "Niccolò Ravà", "Contacts").Target
	subject := func(m []moduletest.Summary) bool { return len(m) > 0 && strings.Contains(m[0].Subject, "tagliatelle") }
	if list := s.messages(t, "sales.rep", on); !subject(list) {
		t.Errorf("the record shows %+v, want the mail", list)
	}
	o.click(`button("Undo")`)
	o.reads(".status", "The link was undone.")
	o.sees(`!seen($(".receipt")) && !seen($(".linked")) && row("Niccolò Ravà").querySelector("button.link")`)
	if list := s.messages(t, "sales.rep", on); subject(list) {
		t.Errorf("after Undo the record shows %+v", list)
	}
	o.click(`row("Niccolò Ravà").querySelector("button")`) // and again
	o.reads(".receipt", "Linked to Niccolò Ravà")
	o.click(`button("Undo")`)
	o.sees(`!seen($(".receipt"))`)
}

func doublePress(t *testing.T, o *outlook, s *site) {
	o.enter("sales.rep")
	before := s.count("POST /mailconnector/api/v1/messages")
	o.click(`row("Niccolò Ravà").querySelector("button")`, chromedp.ClickCount(2))
	o.reads(".receipt", "Offerta 2026-118.pdf")
	if sent := s.count("POST /mailconnector/api/v1/messages") - before; sent != 1 {
		t.Errorf("a double press sent the mail %d times", sent)
	}
}

func fieldByField(t *testing.T, o *outlook, s *site) {
	o.choose("client", "classic")
	o.enter("sales.rep")
	o.write("#query", "nordlicht")
	o.click(`$(".found [data-record^=Accounts] button.link")`)
	o.reads(".receipt .parts", "Tiegelfüller gesucht.eml\nin Documents")
	o.sees(`!seen($(".receipt .warning"))`)
	c := s.client(t, "sales.rep")
	status, err := c.Status(t.Context(), "<ak-0017@nordlicht-kosmetik.example>")
	if err != nil || !status[0].Linked {
		t.Fatalf("status is %+v, %v", status, err)
	}
	if m, err := c.Message(t.Context(), status[0].Message); err != nil || m.HasSource || !strings.HasPrefix(m.Subject, "Füller für") {
		t.Errorf("the message is %+v, %v, want one made of fields", m, err)
	}
}

func phone(t *testing.T, o *outlook, _ *site) {
	o.choose("client", "ios")
	o.enter("sales.rep")
	o.mail("4-ticket")
	o.click(`row("Label shifts after format change").querySelector("button")`)
	o.reads(".receipt .warning", "Only a part of the mail could be read in this Outlook.")
	o.reads(".receipt .parts", "étiquette de travers.png\nnot stored: This Outlook does not hand out attachments.")
	o.picture("pane-phone")
	o.choose("client", "new") // on a computer the same mail is completed
	o.reads(".linked .warning", "A part of this mail is missing in the CRM.")
	o.picture("pane-incomplete")
	o.click(`button("Send the whole mail")`)
	o.reads(".receipt .parts", "étiquette de travers.png\nin Documents")
	o.sees(`!seen($(".warning")) && !button("Send the whole mail") && button("Unlink", $(".linked"))`)
}

// switchedMeanwhile holds the upload of one mail until another one is selected.
func switchedMeanwhile(t *testing.T, o *outlook, s *site) {
	o.enter("sales.rep")
	arrived, release := make(chan struct{}), make(chan struct{})
	s.setFault(func(_ http.ResponseWriter, r *http.Request) bool {
		if r.Method == http.MethodPost && r.URL.Path == archive {
			close(arrived)
			<-release
		}
		return false
	})
	o.click(`row("Sabine Oßwald").querySelector("button")`)
	<-arrived
	s.setFault(nil)
	o.picture("pane-busy")
	o.sees(`row("Sabine Oßwald").querySelector("button.busy")`)
	o.mail("5-stranger")
	o.reads(".mail", "Anton Krause")
	o.write("#query", "sabine")
	o.sees(`found("Sabine Oßwald").querySelector("button.link:not(.busy)")`) // this mail is not being linked to her
	close(release)
	o.reads(".status.note", "Linked to Sabine Oßwald")
	o.sees(`!seen($(".receipt"))`)
	status, err := s.client(t, "sales.rep").Status(t.Context(), "<b8-4712@brauhaus-mueller.example>")
	if err != nil || !status[0].Linked {
		t.Errorf("the mail that was open is %+v, %v", status, err)
	}
}

func deletedMeanwhile(t *testing.T, o *outlook, s *site) {
	c := s.client(t, "sales.rep")
	status, err := c.Status(t.Context(), "<b8-4712@brauhaus-mueller.example>")
	if err != nil {
		t.Fatal(err)
	}
	record := s.find(t, "short@lived.example", "Contacts").Target
	o.enter("sales.rep")
	o.write("#query", "short lived")
	o.sees(`row("Short Lived")`)
	s.post(t, "sales.rep", "/records/Contacts/"+record.Record+"/delete", nil)
	o.click(`row("Short Lived").querySelector("button")`)
	o.reads(".status.problem", "This record is no longer there, or you may no longer see it.")
	o.sees(`!seen($(".receipt")) && row("Short Lived").querySelector("button.link:not(.busy)")`)
	if after, err := c.Status(t.Context(), status[0].MessageID); err != nil || len(after[0].Links) != len(status[0].Links) {
		t.Errorf("the mail is now linked to %+v, %v", after, err)
	}
}
