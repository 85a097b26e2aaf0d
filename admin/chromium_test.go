package admin_test

import (
	"context"
	"os"
	"strings"
	"sync"
	"testing"

	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"

	"github.com/mailconnector/mailconnector/internal/browsertest"
	"github.com/mailconnector/mailconnector/licensing"
)

// chromium opens a tab of a real browser and reports what it complains about, such as a script that the policy forbids.
func chromium(t *testing.T) (tab context.Context, complaints func() []string) {
	t.Helper()
	tab = browsertest.Open(t)
	var mu sync.Mutex
	var all []string
	complain := func(text string) {
		mu.Lock()
		defer mu.Unlock()
		all = append(all, text)
	}
	chromedp.ListenTarget(tab, func(event any) {
		switch e := event.(type) {
		case *log.EventEntryAdded:
			if e.Entry.Level == log.LevelError && !strings.Contains(e.Entry.Text, "status of 422") {
				complain(e.Entry.Text)
			}
		case *runtime.EventExceptionThrown:
			complain(e.ExceptionDetails.Error())
		}
	})
	return tab, func() []string {
		mu.Lock()
		defer mu.Unlock()
		return all
	}
}

// run fails the test at the first action that does not succeed.
func run(t *testing.T, tab context.Context, what string, actions ...chromedp.Action) {
	t.Helper()
	if err := chromedp.Run(tab, actions...); err != nil {
		browsertest.Screenshot(t, tab, t.Name()+" failed")
		t.Fatalf("%s: %v", what, err)
	}
}

func TestAnAdministratorAtWorkInChromium(t *testing.T) {
	tab, complaints := chromium(t)
	w := newWorld(t)
	base := w.server.URL + prefix
	var state, reach, seats, checks string
	var overflows bool

	run(t, tab, "sign in", chromedp.Navigate(base+"/admin/license"), chromedp.WaitVisible("#username"),
		chromedp.SendKeys("#username", "admin"), chromedp.SendKeys("#password", password+"\r"))
	run(t, tab, "come back to the license", chromedp.WaitVisible(`[data-license-state="none"]`))

	run(t, tab, "enter a damaged license", chromedp.SetValue("#document", w.license(5).Document[:80]), chromedp.Submit("#document"),
		chromedp.WaitVisible(`#document[aria-invalid]`))
	file := t.TempDir() + "/license.txt"
	must(0, os.WriteFile(file, []byte(licensing.Wrap(w.license(5).Document)), 0o600))(t)
	run(t, tab, "choose the file", chromedp.SetUploadFiles("#file", []string{file}),
		chromedp.Poll(`document.getElementById("document").value.trimEnd().includes("\n")`, nil), chromedp.Click(`//button[text()="Activate"]`))
	run(t, tab, "see it active", chromedp.WaitVisible(`[data-license-state="active"]`), chromedp.Text("[data-license-state]", &state))
	if state != "Active" {
		t.Errorf("license is %q", state)
	}

	w.addin("sales.rep")
	run(t, tab, "release a seat", chromedp.Navigate(base+"/admin/seats"), chromedp.WaitVisible(`[data-seats="1"]`),
		chromedp.Click(`button[aria-label="Release the seat of Rolf Rep"]`), chromedp.WaitVisible(`[data-seats="0"]`),
		chromedp.Text(`main .note`, &seats))
	if !strings.Contains(seats, "The seat is free") {
		t.Errorf("page says %q", seats)
	}

	run(t, tab, "see the task pane reached", chromedp.Navigate(base+"/admin/"), chromedp.WaitVisible(`.step.done[data-reach]`),
		chromedp.Text(`[data-reach] [data-state]`, &reach))
	if reach != "Done" {
		t.Errorf("task pane is %q", reach)
	}
	run(t, tab, "check the connection", chromedp.Navigate(base+"/admin/health"), chromedp.Click("[data-connection]"),
		chromedp.WaitVisible(".checks .good"), chromedp.Text("#connection-result", &checks))
	for _, want := range []string{"Reached in", "Connector 1.0.0, API v1", "Example CRM 24.08 is supported", "License: Active", "not among the allowed origins"} {
		if !strings.Contains(checks, want) {
			t.Errorf("check says %q, not %q", checks, want)
		}
	}
	for _, path := range []string{"/admin/", "/admin/license", "/admin/seats", "/admin/sessions", "/admin/activity", "/admin/health", "/me"} {
		run(t, tab, "look at "+path+" on a telephone", chromedp.EmulateViewport(360, 740), chromedp.Navigate(base+path),
			chromedp.Evaluate(`document.documentElement.scrollWidth > innerWidth`, &overflows))
		if overflows {
			t.Errorf("%s is wider than a telephone", path)
		}
	}
	if found := complaints(); len(found) > 0 {
		t.Errorf("the browser complains:\n%s", strings.Join(found, "\n"))
	}
}
