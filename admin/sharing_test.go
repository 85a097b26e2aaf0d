package admin_test

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"github.com/mailconnector/mailconnector/admin"
	"github.com/mailconnector/mailconnector/internal/browsertest"
	"github.com/mailconnector/mailconnector/messages"
)

// readersBy makes the CRM one with a rule of its own about who reads linked mails.
func readersBy(rule *messages.Readers) func(*admin.Config) {
	return func(c *admin.Config) {
		c.Sharing = &messages.Sharing{
			DB: c.DB, Logger: c.Logger, Readers: func(context.Context) (messages.Readers, error) { return *rule, nil },
		}
	}
}

func TestThePageSaysWhoReadsLinkedMails(t *testing.T) {
	const accept = "I accept that every CRM user can open a shared mail"
	for name, row := range map[string]struct {
		rule    messages.Readers
		shared  bool
		want    []string
		without string
	}{
		"public":           {messages.ReadersOfRecord, false, []string{"everyone who may open one of the records", "Nothing has to be switched on"}, accept},
		"private":          {messages.ReadersAbove, false, []string{"setting for messages is Private", accept, "Share linked mails"}, "Stop sharing"},
		"assigned":         {messages.ReadersOwner, false, []string{"setting for messages is Assigned", accept}, "Stop sharing"},
		"private, shared":  {messages.ReadersAbove, true, []string{"it is public in the CRM", "Without sharing it would be", "Private", "Stop sharing"}, accept},
		"assigned, shared": {messages.ReadersOwner, true, []string{"it is public in the CRM", "Assigned", "Stop sharing"}, accept},
		"public, shared":   {messages.ReadersOfRecord, true, []string{"everyone who may open one of the records", "Stop sharing"}, accept},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, readersBy(&row.rule))
			if err := w.config.Sharing.Choose(t.Context(), messages.SharingChoice{By: "1", Shared: row.shared}); err != nil {
				t.Fatal(err)
			}
			got := w.signedIn("admin", "admin").get("/admin/sharing")
			got.want(t, http.StatusOK, row.want...)
			got.wantNot(t, row.without)
		})
	}
}

func TestSharingBeginsOnlyOnceItsSentenceIsAccepted(t *testing.T) {
	rule := messages.ReadersOwner
	w := newWorld(t, readersBy(&rule))
	shared := func(want bool) {
		t.Helper()
		if got := must(w.config.Sharing.Shared(t.Context()))(t); got != want {
			t.Errorf("shared is %t, want %t", got, want)
		}
	}
	b := w.signedIn("admin", "admin")
	shared(false)
	b.get("/admin/sharing").wantNot(t, "stay shared")
	form := b.sharing()
	form.Del("accepted")
	b.post("/admin/sharing", form).want(t, http.StatusUnprocessableEntity, "only once you accept this sentence")
	shared(false)
	b.follow(b.post("/admin/sharing", b.sharing())).
		want(t, http.StatusOK, "Mails linked from now on are shared", "Mails linked before sharing began follow", "Choices so far", "Alma Admin", "I accept that every CRM user can open")
	shared(true)
	b.get("/admin/").want(t, http.StatusOK, "it is public in the CRM")
	if got := steps(b.get("/admin/"))["You know who reads linked mails"]; got != "done" {
		t.Errorf("who chose has yet to read who reads: %s", got)
	}
	b.follow(b.post("/admin/sharing", url.Values{"shared": {"no"}})).want(t, http.StatusOK, "follow the CRM’s own rule", "Mails linked while they were shared stay shared")
	shared(false)
	if got := steps(b.get("/admin/"))["You know who reads linked mails"]; got != "todo" {
		t.Errorf("what holds after sharing has been read by nobody, and is %s", got)
	}
	w.signedIn("me", "sales.rep").post("/admin/sharing", b.sharing())
	shared(false)
}

func TestASentenceThatChangedMeanwhileIsNotAccepted(t *testing.T) {
	const changed = "What you accepted does not hold any more"
	rule := messages.ReadersOwner
	w := newWorld(t, readersBy(&rule))
	b := w.signedIn("admin", "admin")
	readers, sharing := b.shown("/admin/"), b.sharing()
	rule = messages.ReadersAbove // somebody changes the CRM's setting
	b.post("/admin/readers", readers).want(t, http.StatusUnprocessableEntity, changed, "setting for messages is Private")
	b.post("/admin/readers", nil).want(t, http.StatusUnprocessableEntity, changed)
	b.post("/admin/sharing", sharing).want(t, http.StatusUnprocessableEntity, changed, "setting for messages is Private", "Share linked mails")
	rule = messages.ReadersOfRecord
	b.post("/admin/sharing", sharing).want(t, http.StatusUnprocessableEntity, changed, "Nothing has to be switched on")
	if choices, err := w.config.Sharing.Choices(t.Context()); err != nil || len(choices) > 0 {
		t.Errorf("choices are %+v, %v, want none", choices, err)
	}
	if got := steps(b.get("/admin/"))["You know who reads linked mails"]; got != "todo" {
		t.Errorf("a sentence that did not hold counts as read: %s", got)
	}

	rule = messages.ReadersOwner // as it was when the page was shown
	b.post("/admin/readers", readers).want(t, http.StatusSeeOther)
	b.post("/admin/sharing", sharing).want(t, http.StatusSeeOther)
	b.post("/admin/sharing", sharing).want(t, http.StatusUnprocessableEntity, changed, "it is public in the CRM") // shared already
}

func TestWhatWasAcceptedIsNotedWordForWord(t *testing.T) {
	rule := messages.ReadersOwner
	w := newWorld(t, readersBy(&rule))
	b := w.signedIn("admin", "capo")
	check := func(want string) {
		t.Helper()
		var noted struct{ By, Sentence string }
		if _, err := w.config.DB.Setting(t.Context(), "admin.readers_acknowledged", &noted); err != nil || noted.By != "5" || !strings.Contains(noted.Sentence, want) {
			t.Errorf("noted %+v, %v, want %q", noted, err, want)
		}
		english := w.signedIn("admin", "admin")
		if got := steps(english.get("/admin/"))["You know who reads linked mails"]; got != "done" {
			t.Errorf("what was read in one language is %s in another", got)
		}
	}
	b.post("/admin/readers", b.shown("/admin/")).want(t, http.StatusSeeOther)
	check("nel CRM i messaggi sono impostati come Assegnati.")
	b.post("/admin/sharing", b.sharing()).want(t, http.StatusSeeOther)
	check("Accetto che ogni utente del CRM possa aprire")
	choices, err := w.config.Sharing.Choices(t.Context())
	if err != nil || len(choices) != 1 || !strings.HasPrefix(choices[0].Accepted, "Accetto che") {
		t.Errorf("choices are %+v, %v", choices, err)
	}
}

func TestACRMWithoutAChoiceShowsNone(t *testing.T) {
	w := newWorld(t)
	b := w.signedIn("admin", "admin")
	b.get("/admin/").wantNot(t, "/admin/sharing")
	b.get("/admin/").want(t, http.StatusOK, "A linked mail is read by everyone who may open one of the records it is on.")
	b.get("/admin/sharing").want(t, http.StatusNotFound)
	b.post("/admin/sharing", url.Values{"shared": {"yes"}, "accepted": {"yes"}}).want(t, http.StatusNotFound)
}

func TestNothingIsSaidOfReadersTheCRMDoesNotTell(t *testing.T) {
	w := newWorld(t, func(c *admin.Config) {
		c.Sharing = &messages.Sharing{
			DB: c.DB, Logger: c.Logger, Readers: func(context.Context) (messages.Readers, error) { return "", errors.New("broken") },
		}
	})
	b := w.signedIn("admin", "admin")
	b.get("/admin/").wantNot(t, "A linked mail is read by")
	b.get("/admin/sharing").want(t, http.StatusInternalServerError)
	b.post("/admin/readers", nil).want(t, http.StatusInternalServerError)
}

func TestAnAdministratorSharesInChromium(t *testing.T) {
	tab, complaints := chromium(t)
	rule := messages.ReadersAbove
	w := newWorld(t, readersBy(&rule))
	base := w.server.URL + prefix
	var refused, overflows bool
	run(t, tab, "sign in", chromedp.Navigate(base+"/admin/"), chromedp.WaitVisible("#username"),
		chromedp.SendKeys("#username", "admin"), chromedp.SendKeys("#password", password+"\r"))
	run(t, tab, "come from the first steps", chromedp.Click(`a[href$="/admin/sharing"]`), chromedp.WaitVisible(`[data-readers="above"]`))
	run(t, tab, "press without accepting", chromedp.Click(`//button[text()="Share linked mails"]`),
		chromedp.Evaluate(`document.querySelector("[name=accepted]").matches(":invalid")`, &refused))
	browsertest.Screenshot(t, tab, "sharing off")
	if !refused {
		t.Error("the browser does not ask for the sentence to be accepted")
	}
	run(t, tab, "accept and share", chromedp.Click(".accept"), chromedp.Click(`//button[text()="Share linked mails"]`),
		chromedp.WaitVisible(`[data-readers="shared"]`))
	browsertest.Screenshot(t, tab, "sharing on")
	run(t, tab, "look at it on a telephone", chromedp.EmulateViewport(360, 740), chromedp.Navigate(base+"/admin/sharing"),
		chromedp.Evaluate(`document.documentElement.scrollWidth > innerWidth`, &overflows))
	if overflows {
		t.Error("the page is wider than a telephone")
	}
	run(t, tab, "stop sharing", chromedp.Click(`//button[text()="Stop sharing"]`), chromedp.WaitVisible(`[data-readers="above"]`))
	if found := complaints(); len(found) > 0 {
		t.Errorf("the browser complains:\n%s", strings.Join(found, "\n"))
	}
}
