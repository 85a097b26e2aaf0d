package demo_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/mail"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/google/go-cmp/cmp"

	"github.com/mailconnector/mailconnector/demo"
	"github.com/mailconnector/mailconnector/internal/browsertest"
	"github.com/mailconnector/mailconnector/module/moduletest"
)

// TestTheRightRecordIsFirstForEverySampleMail opens every sample mail as every user, and reads the first record that the
// pane shows, the heading above it and the reason beside it.
func TestTheRightRecordIsFirstForEverySampleMail(t *testing.T) {
	everybody := []string{"admin", "sales.manager", "sales.rep", "support.agent"}
	want := map[string]string{} // by mail and user
	for _, row := range []struct {
		mail  string
		users []string
		first string
	}{
		{"1-offer", everybody, "Same e-mail address: Jürgen Müller, CON1001: Has the address juergen.mueller@brauhaus-mueller.example"},
		{"2-reply", everybody, "Same e-mail address: Sabine Oßwald, CON1002: Has the address sabine.osswald@brauhaus-mueller.example"},
		{"3-inline", everybody, "Same e-mail address: Niccolò Ravà, CON1003: Has the address niccolo.rava@pastificio-rava.example"},
		{"4-ticket", []string{"admin", "sales.manager", "support.agent"},
			"Same e-mail address: Zoé Lefèvre, CON1005: Has the address zoe.lefevre@fromagerie-lefevre.example"},
		{"4-ticket", []string{"sales.rep"}, "Number in the subject: Label shifts after format change, TT1003: Its number TT1003 is in the subject"},
		{"5-stranger", []string{"admin", "sales.rep", "support.agent"},
			"Companies with this domain: Nordlicht Kosmetik, ACC1006: Uses the domain nordlicht-kosmetik.example"},
		{"5-stranger", []string{"sales.manager"}, "nothing"}, // the company is a key account of others
		{"6-shared-address", everybody, "Same e-mail address: Maria Sonnhof, CON1007: Has the address office@kellerei-sonnhof.example"},
		{"7-hostile", everybody, "nothing"},
		{"8-sent", everybody, "Same e-mail address: Niccolò Ravà, CON1003: Has the address niccolo.rava@pastificio-rava.example"},
	} {
		for _, user := range row.users {
			want[row.mail+" as "+user] = row.first
		}
	}
	onBoth(t, func(t *testing.T, c demo.Config) {
		app := open(t, c)
		find(t, addin(t, app, "admin"), "nordlicht", "Accounts") // waits for the index
		got := map[string]string{}
		for _, user := range everybody {
			client := addin(t, app, user)
			for _, m := range outlookMails(t, app) {
				got[m.ID+" as "+user] = first(t, client, m)
			}
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	})
}

// TestALinkedConversationAndAChoiceComeFirst links a mail, and opens the answer to it and another mail of its sender.
func TestALinkedConversationAndAChoiceComeFirst(t *testing.T) {
	onBoth(t, func(t *testing.T, c demo.Config) {
		app := open(t, c)
		rep, mails := addin(t, app, "sales.rep"), outlookMails(t, app)
		deal := find(t, rep, "OPP1001", "Potentials")
		offer, err := rep.Suggest(t.Context(), mails[0].open())
		if err != nil || len(labels(offer, "conversation")) != 0 {
			t.Fatalf("before linking: %v, %v", offer, err)
		}
		if _, err := rep.Link(t.Context(), bytes.NewReader(sample(t, "1-offer")), moduletest.LinkOptions{}, deal.Target); err != nil {
			t.Fatal(err)
		}
		if got, want := first(t, rep, mails[1]), "This conversation: Bottling line for Brauhaus Müller, OPP1001: A mail of this conversation is already linked"; got != want {
			t.Errorf("the answer: first is %q, want %q", got, want)
		}
		other := mails[0]
		other.InternetMessageID, other.Subject = "<another@brauhaus-mueller.example>", "Something else"
		if got, want := first(t, rep, other), "Chosen before: Bottling line for Brauhaus Müller, OPP1001: You linked it before for juergen.mueller@brauhaus-mueller.example"; got != want {
			t.Errorf("another mail: first is %q, want %q", got, want)
		}
		if got := first(t, addin(t, app, "support.agent"), mails[1]); strings.Contains(got, "OPP1001") {
			t.Errorf("the agent, who may not see the deal, is shown %q", got)
		}
	})
}

// first describes what is suggested first for a mail.
func first(t *testing.T, c *moduletest.Client, m outlookMail) string {
	t.Helper()
	groups, err := c.Suggest(t.Context(), m.open())
	if err != nil {
		t.Fatal(err)
	}
	if len(groups) == 0 {
		return "nothing"
	}
	card := groups[0].Items[0]
	return groups[0].Label + ": " + card.Label + ", " + card.Number + ": " + card.Reason.Text
}

// outlookMail is a sample mail as the simulated Outlook gives it to the pane.
type outlookMail struct {
	ID, Subject, InternetMessageID, Headers string
	From                                    outlookPerson
	To, Cc                                  []outlookPerson
}

type outlookPerson struct{ DisplayName, EmailAddress string }

func outlookMails(t *testing.T, app http.Handler) []outlookMail {
	t.Helper()
	answer := httptest.NewRecorder()
	app.ServeHTTP(answer, httptest.NewRequest(http.MethodGet, "/outlook/mails", nil))
	var list struct{ Mails []outlookMail }
	if err := json.Unmarshal(answer.Body.Bytes(), &list); err != nil {
		t.Fatal(err)
	}
	slices.SortFunc(list.Mails, func(a, b outlookMail) int { return strings.Compare(a.ID, b.ID) })
	return list.Mails
}

// open is what the pane sends of the mail to be suggested for.
func (m outlookMail) open() moduletest.OpenMail {
	o := moduletest.OpenMail{MessageID: m.InternetMessageID, Subject: m.Subject}
	if parsed, err := mail.ReadMessage(strings.NewReader(m.Headers + "\r\n")); err == nil {
		o.InReplyTo, o.References = parsed.Header.Get("In-Reply-To"), strings.Fields(parsed.Header.Get("References"))
	}
	add := func(role string, people ...outlookPerson) {
		for _, p := range people {
			o.Participants = append(o.Participants, moduletest.Participant{Role: role, Name: p.DisplayName, Address: p.EmailAddress})
		}
	}
	add("from", m.From)
	add("to", m.To...)
	add("cc", m.Cc...)
	return o
}

// TestThePaneShowsTheReasonBesideTheRecord opens five of the sample mails in a real browser, one after the other.
func TestThePaneShowsTheReasonBesideTheRecord(t *testing.T) {
	tab := browsertest.Open(t)
	address := serve(t, demo.Config{DataDir: t.TempDir(), Activated: true})
	find(t, signIn(t, address, "admin"), "nordlicht", "Accounts") // waits for the index
	browsertest.Run(t, tab, chromedp.Navigate(address+"/outlook/"))
	in := chromedp.FromNode(frame(t, tab, "#pane"))
	for i, row := range []struct{ from, group, record, reason string }{
		{"Jürgen Müller", "Same e-mail address", "Jürgen Müller", "Has the address juergen.mueller@brauhaus-mueller.example"},
		{"Niccolò Ravà", "Same e-mail address", "Niccolò Ravà", "Has the address niccolo.rava@pastificio-rava.example"},
		{"Zoé Lefèvre", "Number in the subject", "Label shifts after format change", "Its number TT1003 is in the subject"},
		{"Anton Krause", "Companies with this domain", "Nordlicht Kosmetik", "Uses the domain nordlicht-kosmetik.example"},
		{"Office Kellerei Sonnhof", "Same e-mail address", "Maria Sonnhof", "Has the address office@kellerei-sonnhof.example"},
	} {
		browsertest.Run(t, tab, chromedp.Click(`//ul[@id="list"]//button[contains(., "`+row.from+`")]`, chromedp.BySearch))
		if i == 0 {
			browsertest.Run(t, tab, chromedp.WaitVisible("#user", chromedp.ByQuery, in),
				chromedp.SendKeys("#user", "sales.rep", chromedp.ByQuery, in), chromedp.SendKeys("#password", "demo", chromedp.ByQuery, in),
				chromedp.Click("button[type=submit]", chromedp.ByQuery, in))
		}
		want := []string{row.group, row.record, row.reason}
		var got []string
		for end := time.Now().Add(time.Minute); !slices.Equal(got, want) && time.Now().Before(end); time.Sleep(25 * time.Millisecond) {
			var group, record, reason string
			ctx, cancel := context.WithTimeout(tab, 5*time.Second) // or it waits for what was replaced meanwhile
			err := chromedp.Run(ctx, chromedp.Text(".group h2", &group, chromedp.ByQuery, in),
				chromedp.Text(".group li .name", &record, chromedp.ByQuery, in), chromedp.Text(".group li .reason", &reason, chromedp.ByQuery, in))
			cancel()
			if err == nil {
				got = []string{group, record, reason}
			}
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("the mail of %s shows first (-want +got):\n%s", row.from, diff)
		}
		browsertest.Screenshot(t, tab, fmt.Sprintf("suggested-%d", i+1))
	}
}
