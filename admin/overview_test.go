package admin_test

import (
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/mailconnector/mailconnector/admin"
	"github.com/mailconnector/mailconnector/messages"
)

var stepPattern = regexp.MustCompile(`(?s)<li class="step (\w+)".*?<h3>(.*?) <span`)

// steps reads the checklist: title → done, todo or unknown.
func steps(a answer) map[string]string {
	found := map[string]string{}
	for _, m := range stepPattern.FindAllStringSubmatch(a.Body, -1) {
		found[m[2]] = m[1]
	}
	return found
}

func TestTheFirstStepsAreTickedFromLiveState(t *testing.T) {
	rule := messages.ReadersOfRecord
	w := newWorld(t, readersBy(&rule))
	b := w.signedIn("admin", "admin")
	want := map[string]string{
		"A license is in force": "todo", "The add-in’s origins are allowed": "done", "The search index is built": "todo",
		"The task pane can be reached": "unknown", "You know who reads linked mails": "todo", "The first mail is linked": "todo",
	}
	check := func(what string) {
		t.Helper()
		if diff := cmp.Diff(want, steps(b.get("/admin/"))); diff != "" {
			t.Errorf("%s: -want +got\n%s", what, diff)
		}
	}
	check("at first")
	b.get("/admin/").want(t, http.StatusOK, "4 to do", "http://crm.example.com"+prefix+"/addin/taskpane.html")

	w.activate(w.license(5))
	w.link("3", "Offer 7", nora)
	if err := w.config.Search.Build(t.Context(), func(int) {}); err != nil {
		t.Fatal(err)
	}
	b.follow(b.post("/admin/readers", b.shown("/admin/"))).want(t, http.StatusOK, "Noted.", "2 records indexed", "All done")
	for title := range want {
		want[title] = "done"
	}
	want["The task pane can be reached"] = "unknown"
	check("when all is done")

	rule = messages.ReadersAbove
	want["You know who reads linked mails"] = "todo"
	check("when the setting changed")

	must(0, w.config.Licensing.Deactivate(t.Context(), "1"))(t)
	want["A license is in force"] = "todo"
	check("without a license again")
}

func TestOriginsThatOutlookRefusesAreNotDone(t *testing.T) {
	for name, row := range map[string]struct {
		origins []string
		state   string
	}{
		"none":                       {nil, "todo"},
		"https":                      {[]string{"https://a.example", "https://b.example"}, "done"},
		"http":                       {[]string{"https://a.example", "http://b.example"}, "todo"},
		"http on the machine itself": {[]string{"http://localhost:3000"}, "done"},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, func(c *admin.Config) { c.AllowedOrigins = row.origins })
			got := steps(w.signedIn("admin", "admin").get("/admin/"))["The add-in’s origins are allowed"]
			if got != row.state {
				t.Errorf("step is %s, want %s", got, row.state)
			}
		})
	}
}

func TestTheOverviewCounts(t *testing.T) {
	w := newWorld(t)
	w.activate(w.license(10))
	w.addin("sales.rep")
	b := w.signedIn("admin", "admin")
	b.get("/admin/").want(t, http.StatusOK, "1 / 10", "9 seats free", "365 days left", "No mail has been linked in the last 30 days.")

	w.setClock(noon.Add(-40 * day))
	w.link("3", "Before the chart begins", nora)
	w.setClock(noon.Add(-29 * day))
	w.link("3", "On its first day", nora)
	w.setClock(noon)
	w.link("3", "Today", nora)
	w.link("3", "Today too", acme)
	got := b.get("/admin/")
	got.want(t, http.StatusOK, "3 links in 30 days", "with 4 links to records", "4 October 2026: 1 link", "2 November 2026: 2 links",
		"4 Oct 19 Oct Today")
	if bars := strings.Count(got.Body, `class="bar"`); bars != 2 {
		t.Errorf("%d bars, want 2", bars)
	}
}

func TestPagesAnswerWhileTheDatabaseIsGone(t *testing.T) {
	w := newWorld(t, hostSession("1"))
	b := w.browser()
	b.get("/admin/").want(t, http.StatusOK)
	if err := w.config.DB.SQL().Close(); err != nil {
		t.Fatal(err)
	}
	b.get("/admin/health").want(t, http.StatusOK, "This could not be read just now.", "Example CRM 24.08")
	b.get("/admin/").want(t, http.StatusOK, "This could not be read just now.")
	got := b.get("/admin/license")
	if got.Status < 500 {
		t.Errorf("status is %d", got.Status)
	}
	got.wantNot(t, "sql:", ".go", "database is closed")
}
