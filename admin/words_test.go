package admin_test

import (
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"github.com/mailconnector/mailconnector/admin"
	"github.com/mailconnector/mailconnector/internal/browsertest"
)

func TestWordsAndTablesStayWholeOnATelephone(t *testing.T) {
	tab, complaints := chromium(t)
	w := newWorld(t, func(c *admin.Config) {
		c.ManifestURL = "https://crm.example.com/mailconnector/addin/manifest.xml"
		c.TaskPaneURL = "https://crm.example.com/mailconnector/addin/taskpane.html"
	})
	w.activate(w.license(5))
	w.addin("sales.rep")
	w.link("3", "Offer 7", nora)
	base := w.server.URL + prefix
	for user, language := range map[string]string{"admin": "en", "capo": "it"} {
		run(t, tab, "sign in as "+user, chromedp.EmulateViewport(360, 740), chromedp.Navigate(base+"/admin/signin"),
			chromedp.SetValue("#username", user), chromedp.SendKeys("#password", password+"\r"), chromedp.WaitVisible("nav"))
		for _, page := range []string{"/admin/", "/admin/license", "/admin/seats", "/admin/sessions", "/admin/activity", "/admin/health", "/me"} {
			var broken []string
			var scrolls bool
			run(t, tab, "look at "+page, chromedp.Navigate(base+page), chromedp.WaitVisible(`html[lang="`+language+`"] main`),
				chromedp.Evaluate(`document.querySelectorAll("details").forEach((d) => { d.open = true; })`, nil),
				chromedp.Evaluate(`(`+browsertest.BrokenWords+`)(document.body)`, &broken),
				chromedp.Evaluate(`[...document.querySelectorAll(".scroll")].some((e) => e.scrollWidth > e.clientWidth)`, &scrolls))
			browsertest.Screenshot(t, tab, "telephone "+language+" "+strings.ReplaceAll(page, "/", "-"))
			if len(broken) > 0 {
				t.Errorf("%s in %s breaks %q", page, language, broken)
			}
			if scrolls {
				t.Errorf("%s in %s has a table that is cut off", page, language)
			}
		}
	}
	if found := complaints(); len(found) > 0 {
		t.Errorf("the browser complains:\n%s", strings.Join(found, "\n"))
	}
}
