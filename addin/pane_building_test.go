package addin_test

import (
	"fmt"
	"io"
	"net/http"
	"slices"
	"sync/atomic"
	"testing"

	"github.com/mailconnector/mailconnector/demo"
	"github.com/mailconnector/mailconnector/internal/browsertest"
)

const preparing = "The CRM is still preparing its search"

// TestPaneWhileTheIndexIsBuilt opens the pane while the CRM's index of records is being built, or answers as if it were.
func TestPaneWhileTheIndexIsBuilt(t *testing.T) {
	browser := browsertest.Open(t)
	browsertest.Run(t, browser)
	s := newSite(t, demo.Config{Activated: true})
	s.perform(t, browser, []task{
		{"suggestions come by themselves, asked for ever more rarely, and nothing is read out twice", "1-offer", suggestedLater},
		{"a search is answered by itself, unless the user types on", "1-offer", foundLater},
		{"nothing is asked for while nobody sees the pane, nor of another mail, nor signed out", "3-inline", unseen},
		{"an outage meanwhile is waited out, and the end of the session said", "1-offer", outageMeanwhile},
		{"a part of the CRM that fails is said at once, and not waited for", "1-offer", partFails},
	})
}

// lacking answers searches and suggestions as if something could not be asked, until it can.
func (s *site) lacking(what string) (mended *atomic.Bool) {
	mended = new(atomic.Bool)
	s.setFault(func(w http.ResponseWriter, r *http.Request) bool {
		if mended.Load() || !asksForRecords(r) {
			return false
		}
		w.Header().Set("Content-Type", "application/json")
		_, _ = fmt.Fprintf(w, `{"items": [], "next_cursor": null, "groups": [], "partial": [%q]}`, what)
		return true
	})
	return mended
}

func asksForRecords(r *http.Request) bool {
	return r.URL.Path == "/mailconnector/api/v1/suggestions" || r.URL.Path == "/mailconnector/api/v1/records"
}

// holdPauses lets each pause between questions last until endPause, and notes what the pane asks for and what it reads out.
func (o *outlook) holdPauses() {
	o.t.Helper()
	var done bool
	o.script(`(() => {
		const w = pane.defaultView, set = w.setTimeout, clear = w.clearTimeout, ask = w.fetch;
		Object.assign(w, {pauses: new Map(), questions: [], waiting: 0, read: []});
		let last = 0, said = "";
		w.setTimeout = (f, time) => {
			if (![2000, 4000, 8000, 16000, 30000].includes(time)) return set.call(w, f, time);
			w.pauses.set(--last, {f, time});
			return last;
		};
		w.clearTimeout = (id) => w.pauses.delete(id) || clear.call(w, id);
		w.fetch = async (url, request) => {
			if (/suggestions$|records\?/.test(url)) w.questions.push(new URL(url).searchParams.get("q") ?? "suggestions");
			w.waiting++;
			let answered = () => { w.waiting--; answered = () => undefined; };
			try {
				const answer = await ask.call(w, url, request), json = answer.json;
				if (answer.status === 204) answered();
				answer.json = () => json.call(answer).finally(answered);
				return answer;
			} catch (cause) {
				answered();
				throw cause;
			}
		};
		new MutationObserver(() => {
			const before = said;
			said = $$("[role=status]").map((e) => e.textContent).filter(Boolean).join(" | ");
			if (said !== before) w.read.push(said);
		}).observe($("#pane"), {subtree: true, childList: true, characterData: true});
		return true;
	})()`, &done)
}

// pausing waits until all questions are answered and the pane pauses for so many milliseconds before the next; for 0, it asks
// nothing more by itself.
func (o *outlook) pausing(milliseconds int) {
	o.t.Helper()
	o.sees(fmt.Sprintf(`pane.defaultView.waiting === 0 &&
		[0, ...pane.defaultView.pauses.values()].reduce((sum, pause) => sum + (pause.time ?? 0)) === %d`, milliseconds))
}

func (o *outlook) endPause() {
	o.t.Helper()
	var done bool
	o.script(`(() => {
		const w = pane.defaultView, [[id, pause]] = w.pauses;
		w.pauses.delete(id);
		pause.f();
		return true;
	})()`, &done)
}

// wantQuestions checks what the pane asked for since it was last checked, in alphabetical order.
func (o *outlook) wantQuestions(want ...string) {
	o.t.Helper()
	var got []string
	o.script(`pane.defaultView.questions.splice(0)`, &got)
	if slices.Sort(got); !slices.Equal(got, want) {
		o.t.Errorf("the pane asked for %q, want %q", got, want)
	}
}

// read returns what screen readers were told since it was last called.
func (o *outlook) read() (said []string) {
	o.t.Helper()
	o.script(`pane.defaultView.read.splice(0)`, &said)
	return said
}

func suggestedLater(t *testing.T, o *outlook, s *site) {
	built := s.lacking("index")
	o.holdPauses()
	o.enter("sales.rep")
	o.reads(".building", preparing)
	o.sees(`!seen($(".status.note")) && !text($("main")).includes("No record matches this mail")`)
	o.picture("pane-building")
	o.pausing(2000)
	o.wantQuestions("", "suggestions")
	o.read()
	for _, pause := range []int{2000, 4000, 8000, 16000, 30000, 30000} {
		o.pausing(pause)
		o.endPause()
		o.wantQuestions("suggestions")
	}
	o.pausing(30000)
	if again := o.read(); len(again) > 0 {
		t.Errorf("while nothing is new, %q is read out", again)
	}
	built.Store(true)
	o.endPause()
	o.sees(`row("Jürgen Müller") && !seen($(".building p"))`)
	o.sees(`text($(".status.quiet")) === "The CRM has prepared its search. All records are found now."`)
	o.pausing(0)
	o.wantQuestions("suggestions")
	o.picture("pane-built")
}

func foundLater(t *testing.T, o *outlook, s *site) {
	built := s.lacking("index")
	o.holdPauses()
	o.enter("sales.rep")
	o.reads(".building", preparing)
	o.pausing(2000)
	o.read()
	o.write("#query", "brauhaus sabine")
	o.reads(".found", "Nothing found yet for “brauhaus sabine”.")
	o.reads(".building", preparing)
	o.pausing(2000)
	o.picture("pane-building-search")
	if again := o.read(); len(again) > 0 {
		t.Errorf("for another question, %q is read out again", again)
	}
	built.Store(true)
	o.endPause()
	o.sees(`found("Sabine Oßwald") && !seen($(".building p")) && text($(".status")) === "2 found"`)
	o.pausing(0)

	built.Store(false)
	o.write("#query", "brauhaus")
	o.reads(".building", preparing)
	o.pausing(2000)
	asked, answer := s.holdSearch("brauhaus")
	o.endPause()
	<-asked
	o.write("#query", "sabine")
	o.sees(`found("Sabine Oßwald")`)
	answer() // what nobody asks any more
	o.pausing(0)
	o.sees(`found("Sabine Oßwald") && !row("Brauhaus Müller")`)

	s.lacking("index")
	o.write("#query", "brauhaus")
	o.pausing(2000)
	var stopped bool
	o.script(`(() => {
		$("#query").value += " m";
		$("#query").dispatchEvent(new Event("input"));
		return pane.defaultView.pauses.size === 0;
	})()`, &stopped)
	if !stopped {
		t.Error("the pane goes on asking for what was typed before, while the user types")
	}
}

func unseen(_ *testing.T, o *outlook, s *site) {
	s.lacking("index")
	o.choose("language", "it-IT")
	o.holdPauses()
	o.enter("sales.rep")
	o.reads(".building", "Il CRM sta ancora preparando la ricerca")
	o.picture("pane-building-italian")
	hide := func(hidden bool) {
		var done bool
		o.script(fmt.Sprintf(`(() => {
			Object.defineProperty(pane, "hidden", {value: %t, configurable: true});
			return pane.dispatchEvent(new Event("visibilitychange"));
		})()`, hidden), &done)
	}
	o.pausing(2000)
	o.wantQuestions("", "suggestions")
	hide(true)
	o.endPause()
	o.wantQuestions()
	hide(false)
	o.wantQuestions("suggestions")
	o.pausing(4000)

	o.mail("4-ticket")
	o.pausing(2000)
	o.wantQuestions("suggestions")
	o.endPause()
	o.wantQuestions("suggestions")
	o.pausing(4000)

	o.click(`button("Esci")`)
	o.sees(`seen($("form.signin"))`)
	o.pausing(0)
}

func outageMeanwhile(_ *testing.T, o *outlook, s *site) {
	s.lacking("index")
	o.holdPauses()
	o.enter("sales.rep")
	o.pausing(2000)
	s.setDown(true)
	o.endPause()
	o.pausing(4000)
	s.setDown(false)
	o.sees(`!seen($(".status.problem"))`)
	s.setFault(func(w http.ResponseWriter, r *http.Request) bool {
		if !asksForRecords(r) {
			return false
		}
		w.Header().Set("Content-Type", "application/problem+json")
		w.WriteHeader(http.StatusUnauthorized)
		_, _ = io.WriteString(w, `{"type": "https://mailconnector.example/problems/session-revoked", "title": "Session revoked", "status": 401}`)
		return true
	})
	o.endPause()
	o.reads("form", "Your session was ended. Sign in again.")
	o.pausing(0)
}

func partFails(_ *testing.T, o *outlook, s *site) {
	s.lacking("HelpDesk")
	o.holdPauses() // that of the note too
	o.enter("sales.rep")
	o.reads(".status.note", "Some records could not be searched just now.")
	o.reads("main", "No record matches this mail.")
	o.pausing(8000)
	o.sees(`!seen($(".building p"))`)
}
