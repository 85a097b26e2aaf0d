package addin_test

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"github.com/mailconnector/mailconnector/demo"
	"github.com/mailconnector/mailconnector/internal/browsertest"
	"github.com/mailconnector/mailconnector/module/moduletest"
)

// TestPane works in the task pane as people do, in a real browser. The tests share a demo and use different mails.
func TestPane(t *testing.T) {
	browser := browsertest.Open(t)
	browsertest.Run(t, browser) // starts it
	s := newSite(t, demo.Config{Activated: true})
	for _, tt := range []struct {
		name, mail string
		test       func(t *testing.T, o *outlook, s *site)
	}{
		{"a wrong password is said and asked for again", "1-offer", wrongPassword},
		{"guessing passwords is slowed down, and the pane says for how long", "1-offer", throttled},
		{"a record that is read-only cannot be linked", "1-offer", readOnly},
		{"an address of two people suggests both", "6-shared-address", ambiguous},
		{"a number in the subject suggests the record", "4-ticket", recordNumber},
		{"a linked conversation is suggested first, and a linked mail is shown as linked", "1-offer", conversation},
		{"a link is undone and leaves the record empty", "3-inline", undo},
		{"a double press stores once", "8-sent", doublePress},
		{"an Outlook without whole mails sends them field by field", "5-stranger", fieldByField},
		{"a phone saves what it can and says so", "8-sent", phone},
		{"the mail that was open is linked, even if another is selected meanwhile", "2-reply", switchedMeanwhile},
		{"a record that was deleted meanwhile is said to be gone", "2-reply", deletedMeanwhile},
		{"fast typing shows the last answer only", "1-offer", typing},
		{"a long answer comes in pages", "1-offer", pages20},
		{"hostile words stay words", "7-hostile", hostile},
		{"everything is reached by the keyboard", "6-shared-address", keyboard},
		{"the pane speaks Italian", "6-shared-address", italian},
		{"a session that an administrator ends asks to sign in", "1-offer", revoked},
		{"an outage is said, and over when it is over", "1-offer", outage},
		{"signing out forgets the session", "1-offer", signedOut},
		{"nothing scrolls sideways at 320 pixels", "7-hostile", narrow},
		{"dark and forced colours", "1-offer", colours},
	} {
		t.Run(tt.name, func(t *testing.T) { tt.test(t, newOutlook(t, browser, s, tt.mail), s) })
	}
	t.Run("without a license the pane says whom to ask", func(t *testing.T) { unlicensed(t, browser) })
	t.Run("outside Outlook the pane says where it belongs", func(t *testing.T) { outsideOutlook(t, browser, s) })
}

func wrongPassword(t *testing.T, o *outlook, _ *site) {
	o.signIn("sales.rep", "wrong")
	o.reads("form .problem", "User name or password is wrong.")
	o.sees(`pane.activeElement === $("#password") && $("#password").value === "" && $("#user").value === "sales.rep"`)
	o.picture("pane-wrong-password")
	o.run(chromedp.KeyEvent("demo" + kb.Enter))
	o.reads("header", "Giulia Moretti")
	o.sees(`pane.activeElement === $("#query")`)
}

func throttled(t *testing.T, o *outlook, _ *site) {
	o.signIn("nobody", "guess")
	for range 20 {
		o.sees(`text($("form .problem")) && !$("form button").disabled`)
		if strings.Contains(o.text("form .problem"), "Too many attempts. Try again in ") {
			return
		}
		o.write("#password", "guess")
		o.run(chromedp.KeyEvent(kb.Enter))
		o.sees(`!$("form button").disabled`)
	}
	t.Errorf("after twenty guesses the pane says %q", o.text("form .problem"))
}

func readOnly(t *testing.T, o *outlook, _ *site) {
	o.enter("sales.rep")
	o.write("#query", "bottling line AL-2015")
	o.sees(`$(".found [data-record^=Machines]")`)
	o.sees(`$(".found [data-record^=Machines] button").disabled`)
	o.reads(".found [data-record^=Machines]", "You may not link mails to this record.")
	o.picture("pane-read-only")
}

func ambiguous(t *testing.T, o *outlook, _ *site) {
	o.enter("sales.rep")
	o.sees(`$$("[data-record^=Contacts] .reason").filter((e) => e.innerText.includes("office@kellerei-sonnhof.example")).length === 2`)
	o.picture("pane-ambiguous")
}

func recordNumber(t *testing.T, o *outlook, _ *site) {
	o.enter("sales.rep")
	o.sees(`$$(".group").some((g) => g.innerText.startsWith("Number in the subject") && g.innerText.includes("TT1003"))`)
}

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
	o.click(`button("Unlink")`)
	o.click(`row("Label shifts after format change").querySelector("button.link")`)
	o.reads(".receipt .parts", "étiquette de travers.png\nin Documents")
	o.sees(`!seen($(".receipt .warning"))`)
}

// switchedMeanwhile holds the upload of one mail until another one is selected.
func switchedMeanwhile(t *testing.T, o *outlook, s *site) {
	o.enter("sales.rep")
	arrived, release := make(chan struct{}), make(chan struct{})
	s.setDelay(func(r *http.Request) {
		if r.Method == http.MethodPost && strings.HasSuffix(r.URL.Path, "/v1/messages") {
			close(arrived)
			<-release
		}
	})
	o.click(`row("Sabine Oßwald").querySelector("button")`)
	<-arrived
	s.setDelay(nil)
	o.picture("pane-busy")
	o.sees(`row("Sabine Oßwald").querySelector("button.busy")`)
	o.mail("5-stranger")
	o.reads(".mail", "Anton Krause")
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
	record := s.contact(t, "Short Lived", "short@lived.example")
	o.enter("sales.rep")
	o.write("#query", "short lived")
	o.sees(`row("Short Lived")`)
	s.post(t, "sales.rep", record+"/delete", nil)
	o.click(`row("Short Lived").querySelector("button")`)
	o.reads(".status.problem", "This record is no longer there, or you may no longer see it.")
	o.sees(`!seen($(".receipt")) && row("Short Lived").querySelector("button.link:not(.busy)")`)
	if after, err := c.Status(t.Context(), status[0].MessageID); err != nil || len(after[0].Links) != len(status[0].Links) {
		t.Errorf("the mail is now linked to %+v, %v", after, err)
	}
}

// typing delays the answer to the first words beyond that to the last.
func typing(t *testing.T, o *outlook, s *site) {
	o.enter("sales.rep")
	slow := make(chan struct{})
	s.setDelay(func(r *http.Request) {
		if r.URL.Query().Get("q") == "brau" {
			<-slow
		}
	})
	o.write("#query", "brau")
	time.Sleep(300 * time.Millisecond) // the first search is on its way
	o.run(chromedp.KeyEvent("haus sabine"))
	const right = `seen($(".found .name")) && $$(".found .name").every((e) => e.innerText === "Sabine Oßwald")`
	o.sees(right)
	close(slow)
	s.setDelay(nil)
	time.Sleep(200 * time.Millisecond) // its answer comes last
	o.sees(right + ` && !seen($(".status.problem"))`)
	o.write("#query", "no such thing anywhere")
	o.reads(".found", "Nothing found for “no such thing anywhere”.")
	o.write("#query", "")
	o.sees(`seen($(".group")) && !text($(".found")).includes("Nothing found")`)
}

func pages20(t *testing.T, o *outlook, _ *site) {
	o.enter("sales.manager")
	o.write("#query", "a")
	o.sees(`$$(".found .records li").length === 20`)
	o.click(`button("Show more")`)
	o.sees(`$$(".found .records li").length > 20`)
	o.sees(`new Set($$(".found .records li").map((li) => li.dataset.record)).size === $$(".found .records li").length`)
}

func hostile(t *testing.T, o *outlook, s *site) {
	s.contact(t, `<img src=x onerror=alert(1)>`, "win@grand-lottery.example")
	o.enter("sales.rep")
	o.reads(".mail", `You <b>WON</b>! <script>alert("subject")</script>`)
	o.click(`row("<img src=x onerror=alert(1)>").querySelector("button")`)
	o.reads(".receipt", "Linked to <img src=x onerror=alert(1)>")
	o.reads(".receipt .parts", "prize.pdf.exe")
	o.write("#query", "<b>nothing</b>")
	o.reads(".found", "Nothing found for “<b>nothing</b>”.")
	o.sees(`$$("img, b:not(.user b), #pane script").length === 0`)
	o.picture("pane-hostile")
}

// keyboard touches no mouse.
func keyboard(t *testing.T, o *outlook, _ *site) {
	var done bool
	o.sees(`seen($("#user"))`)
	o.script(`($("#user").focus(), true)`, &done)
	o.run(chromedp.KeyEvent("sales.rep" + kb.Tab + "demo" + kb.Enter))
	o.sees(`pane.activeElement === $("#query") && seen($(".group"))`)
	o.run(chromedp.KeyEvent("sonnhof"))
	o.sees(`row("Hans Sonnhof")`)
	focused := func() (what string) {
		o.t.Helper()
		o.script(`(pane.activeElement.id || pane.activeElement.innerText)`, &what)
		return what
	}
	var order []string
	for range 4 {
		o.run(chromedp.KeyEvent(kb.Tab))
		order = append(order, focused())
	}
	if order[0] != "module" || order[2] != "Link" {
		t.Errorf("Tab leads from the search to %q, want the choice of modules, then a record and its Link", order)
	}
	o.script(`(row("Hans Sonnhof").querySelector("button").focus(), true)`, &done)
	o.run(chromedp.KeyEvent(kb.Enter))
	o.sees(`seen($(".receipt")) && pane.activeElement === $(".receipt h2")`)
	o.run(chromedp.KeyEvent(kb.Tab))
	if got := focused(); got != "Undo" {
		t.Errorf("after the receipt Tab leads to %q, want Undo", got)
	}
	o.run(chromedp.KeyEvent(" "))
	o.reads(".status", "The link was undone.")
	o.sees(`pane.activeElement === $("#query")`)
}

func italian(t *testing.T, o *outlook, _ *site) {
	o.choose("language", "it-IT")
	o.reads("h1", "Accedi a Alpina CRM")
	o.signIn("sales.rep", "sbagliata")
	o.reads("form .problem", "Nome utente o password errati.")
	o.enter("sales.rep")
	o.sees(`pane.documentElement.lang === "it" && $("#query").placeholder === "Cerca nel CRM" && button("Collega") && button("Esci")`)
	o.picture("pane-italian")
}

func revoked(t *testing.T, o *outlook, s *site) {
	o.enter("support.agent")
	admin, leave := chromedp.NewContext(o.tab)
	defer leave()
	browsertest.Run(t, admin,
		chromedp.Navigate(s.url+"/signin"),
		chromedp.Click(`//button[contains(., "admin")]`, chromedp.BySearch),
		chromedp.WaitVisible(`a[href="/mailconnector/admin/"]`, chromedp.ByQuery),
		chromedp.Navigate(s.url+"/mailconnector/admin/sessions?user=support.agent"),
		chromedp.Click(`.pager button.danger`, chromedp.ByQuery),
		chromedp.WaitNotPresent(`.pager button.danger`, chromedp.ByQuery))
	o.write("#query", "mueller")
	o.reads("form", "Your session was ended. Sign in again.")
	o.picture("pane-revoked")
	o.sees(`$$("form.signin").length === 1 && pane.activeElement === $("#user")`)
	o.enter("support.agent")
	o.reads("header", "Jonas Weber")
	o.mail("2-reply") // the pane of the ended session does nothing any more
	o.reads(".mail", "AW: Angebot")
	o.sees(`seen($(".group")) && !seen($("form.signin"))`)
}

func outage(t *testing.T, o *outlook, s *site) {
	o.enter("sales.rep")
	s.setDown(true)
	o.mail("3-inline")
	o.reads(".status.problem", "The CRM cannot be reached. Check your connection, then try again.")
	o.sees(`button("Try again")`)
	o.picture("pane-offline")
	s.setDown(false)
	o.click(`button("Try again")`)
	o.sees(`row("Niccolò Ravà") && !seen($(".status.problem"))`)

	s.setDown(true) // while linking: the upload is tried again once, and then said to have failed
	o.click(`row("Niccolò Ravà").querySelector("button")`)
	o.reads(".status.problem", "The CRM cannot be reached.")
	o.sees(`row("Niccolò Ravà").querySelector("button.link:not(.busy)")`)
	o.open(s, "1-offer")
	o.reads("#pane .problem", "The CRM cannot be reached.")
	s.setDown(false)
	o.click(`button("Try again")`)
	o.reads("header", "Giulia Moretti") // the session outlived the outage
}

func signedOut(t *testing.T, o *outlook, s *site) {
	o.enter("sales.rep")
	o.click(`button("Sign out")`)
	o.reads("form", "You are signed out.")
	o.open(s, "1-offer")
	o.sees(`seen($("form.signin"))`)
	o.signIn("sales.rep", "wrong")
	o.reads("form .problem", "wrong")
}

func narrow(t *testing.T, o *outlook, s *site) {
	fits := func(what string) {
		t.Helper()
		var width struct{ Inner, Scroll int }
		o.script(`({Inner: pane.documentElement.clientWidth, Scroll: pane.documentElement.scrollWidth})`, &width)
		if width.Scroll > width.Inner || width.Inner > 320 {
			t.Errorf("%s is %d pixels wide in %d", what, width.Scroll, width.Inner)
		}
		o.picture("pane-narrow-" + what)
	}
	var done bool
	o.script(`(document.querySelector("#pane").style.width = "320px", true)`, &done)
	fits("sign-in")
	o.enter("sales.rep")
	fits("suggestions")
	name := strings.Repeat("Donaudampfschifffahrtsgesellschaft", 3)
	s.contact(t, name, "donau@dampf.example")
	o.write("#query", "donaudampf")
	o.sees(`row("` + name + `")`)
	fits("search")
	o.click(`row("` + name + `").querySelector("button")`)
	o.sees(`seen($(".receipt"))`)
	fits("receipt")
	o.click(`button("Undo")`)
	o.sees(`!seen($(".receipt"))`)
}

func colours(t *testing.T, o *outlook, s *site) {
	dark := []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: "dark"}}
	o.run(emulation.SetEmulatedMedia().WithFeatures(dark))
	o.open(s, "1-offer")
	o.sees(`pane.documentElement.dataset.theme === "dark"`)
	o.picture("pane-dark-sign-in")
	o.enter("sales.rep")
	o.picture("pane-dark")
	o.mail("2-reply")
	o.sees(`row("Jürgen Müller")`)
	o.click(`row("Jürgen Müller").querySelector("button")`)
	o.sees(`seen($(".receipt"))`)
	o.picture("pane-dark-receipt")
	o.run(emulation.SetEmulatedMedia().WithFeatures(append(dark, &emulation.MediaFeature{Name: "forced-colors", Value: "active"})))
	o.sees(`pane.defaultView.matchMedia("(forced-colors: active)").matches`)
	o.picture("pane-forced-colors")
}

func unlicensed(t *testing.T, browser context.Context) {
	s := newSite(t, demo.Config{})
	o := newOutlook(t, browser, s, "1-offer")
	const sentence = "The Outlook connector is not activated in this CRM yet. Ask your administrator."
	o.reads("form .warning", sentence)
	o.picture("pane-unlicensed")
	o.signIn("sales.rep", "demo")
	o.reads("form .problem", sentence)
}

func outsideOutlook(t *testing.T, browser context.Context, s *site) {
	tab, leave := chromedp.NewContext(browser)
	t.Cleanup(leave)
	var text string
	browsertest.Run(t, tab, chromedp.Navigate(s.url+"/mailconnector/addin/taskpane.html"),
		chromedp.WaitVisible("#pane p", chromedp.ByQuery), chromedp.Text("#pane", &text, chromedp.ByQuery))
	if want := "Open this page in Outlook, with a mail selected."; text != want {
		t.Errorf("the pane says %q, want %q", text, want)
	}
}
