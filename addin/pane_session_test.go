package addin_test

import (
	"context"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"github.com/mailconnector/mailconnector/demo"
	"github.com/mailconnector/mailconnector/internal/browsertest"
)

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

	s.setDown(true)
	o.mail("5-stranger")
	o.reads(".status.problem", "The CRM cannot be reached.")
	s.setDown(false)
	o.mail("3-inline") // another mail is another try
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
