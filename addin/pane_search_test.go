package addin_test

import (
	"io"
	"net/http"
	"sync/atomic"
	"testing"

	"github.com/chromedp/chromedp"
)

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

// holdSearch holds the one search for these words from when it is asked until answer, which returns when it is answered.
func (s *site) holdSearch(words string) (asked <-chan struct{}, answer func()) {
	arrived, release, answered := make(chan struct{}), make(chan struct{}), make(chan struct{})
	s.setFault(func(w http.ResponseWriter, r *http.Request) bool {
		if r.URL.Query().Get("q") != words {
			return false
		}
		close(arrived)
		<-release
		s.app.ServeHTTP(w, r)
		close(answered)
		return true
	})
	return arrived, func() { close(release); <-answered }
}

// typing delays the answer to the first words beyond that to the last.
func typing(t *testing.T, o *outlook, s *site) {
	o.enter("sales.rep")
	asked, answer := s.holdSearch("brau")
	o.write("#query", "brau")
	<-asked
	o.run(chromedp.KeyEvent("haus sabine"))
	const right = `seen($(".found .name")) && $$(".found .name").every((e) => e.innerText === "Sabine Oßwald")`
	o.sees(right)
	answer() // last
	o.sees(right + ` && !seen($(".status.problem"))`)
	o.write("#query", "no such thing anywhere")
	o.reads(".found", "Nothing found for “no such thing anywhere”.")
	o.write("#query", "")
	o.sees(`seen($(".group")) && !text($(".found")).includes("Nothing found")`)
	o.write("#query", "no such thing anywhere")
	o.reads(".found", "Nothing found for “no such thing anywhere”.")
	o.mail("2-reply") // the words were about another mail
	o.sees(`$("#query").value === "" && !text($(".found")).includes("Nothing found")`)
	o.sees(`text($(".group")).includes("Jürgen Müller")`)
}

// linkedLast types while the answer to no words is on its way, and has not stopped typing when it comes.
func linkedLast(_ *testing.T, o *outlook, s *site) {
	typed := make(chan struct{})
	s.setFault(func(_ http.ResponseWriter, r *http.Request) bool {
		if r.URL.Query().Has("q") && r.URL.Query().Get("q") == "" {
			<-typed
		}
		return false
	})
	o.enter("sales.rep")
	var done bool
	o.script(`($("#query").value = "brau", true)`, &done) // a key press would start the search for it
	close(typed)
	o.sees(`text($(".found h2")) === "Linked last" && text($(".status")) === ""`)
}

func resultPages(t *testing.T, o *outlook, _ *site) {
	o.enter("sales.manager")
	o.write("#query", "a")
	o.sees(`$$(".found .records li").length === 20`)
	o.click(`button("Show more")`)
	o.sees(`$$(".found .records li").length > 20`)
	o.sees(`new Set($$(".found .records li").map((li) => li.dataset.record)).size === $$(".found .records li").length`)
}

// shortPages answers as a search does that takes long: the first page is empty, and the next one goes on.
func shortPages(t *testing.T, o *outlook, s *site) {
	o.enter("sales.rep")
	s.setFault(func(w http.ResponseWriter, r *http.Request) bool {
		q := r.URL.Query()
		if q.Get("q") != "brauhaus sabine" {
			return false
		}
		if q.Get("cursor") == "" {
			w.Header().Set("Content-Type", "application/json")
			_, _ = io.WriteString(w, `{"items": [], "next_cursor": "later", "partial": []}`)
			return true
		}
		q.Del("cursor")
		r.URL.RawQuery = q.Encode()
		return false
	})
	defer s.setFault(nil)
	o.write("#query", "brauhaus sabine")
	o.sees(`found("Sabine Oßwald")`)
}

// patientPages answers as a search does that finds nothing for ten pages: whether it goes on is for the user to say.
func patientPages(t *testing.T, o *outlook, s *site) {
	o.enter("sales.rep")
	var asked atomic.Int32
	s.setFault(func(w http.ResponseWriter, r *http.Request) bool {
		q := r.URL.Query()
		if q.Get("q") != "brauhaus sabine" || asked.Add(1) > 10 {
			q.Del("cursor")
			r.URL.RawQuery = q.Encode()
			return false
		}
		w.Header().Set("Content-Type", "application/json")
		_, _ = io.WriteString(w, `{"items": [], "next_cursor": "later", "partial": []}`)
		return true
	})
	defer s.setFault(nil)
	o.write("#query", "brauhaus sabine")
	o.sees(`$(".found").innerText.includes("Nothing found yet for “brauhaus sabine”.")`)
	if n := asked.Load(); n != 10 {
		t.Errorf("the pane asked for %d pages by itself, want 10", n)
	}
	o.picture("pane-search-on")
	o.click(`button("Search on")`)
	o.sees(`found("Sabine Oßwald")`)
}

// sentMail opens a mail of the user's own, and then another one.
func sentMail(t *testing.T, o *outlook, _ *site) {
	o.enter("sales.rep")
	o.reads(".mail", "To Niccolò Ravà")
	o.write("#query", "brauhaus")
	o.sees(`text($(".status")).includes("found")`)
	o.mail("1-offer")
	o.reads(".mail", "Jürgen Müller")
	o.sees(`text($(".status")) === ""`) // a screen reader is told nothing of the mail before
}
