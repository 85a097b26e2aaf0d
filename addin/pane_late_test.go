package addin_test

import (
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/mailconnector/mailconnector/demo"
	"github.com/mailconnector/mailconnector/internal/browsertest"
	"github.com/mailconnector/mailconnector/module/moduletest"
)

const archive = "/mailconnector/api/v1/messages"

// TestPaneBearsLateAnswers sends mails to a CRM that takes its time to answer, or refuses them.
func TestPaneBearsLateAnswers(t *testing.T) {
	browser := browsertest.Open(t)
	browsertest.Run(t, browser)
	s := newSite(t, demo.Config{Activated: true})
	s.perform(t, browser, []task{
		{"a CRM that does not say whether an uploaded mail is linked is asked again", "1-offer", neverAnswered},
		{"what is cancelled while its upload is opened leaves nothing behind", "2-reply", cancelledEarly},
		{"an upload that was opened while its user signed out goes on later", "3-inline", signedOutEarly},
		{"what the CRM said of links before they changed does not count any more", "8-sent", overtaken},
		{"a mail of which the CRM takes no more is said in the user's language", "4-ticket", tooMany},
	})
}

func neverAnswered(t *testing.T, o *outlook, s *site) {
	mail := s.enlarge("1-offer", offerID, 2<<20, 11)
	var asked atomic.Int64
	arrived := make(chan struct{})
	s.setFault(func(_ http.ResponseWriter, r *http.Request) bool {
		if r.Method == http.MethodPost && r.URL.Path == archive && asked.Add(1) == 1 {
			close(arrived)
			<-r.Context().Done()
			panic(http.ErrAbortHandler)
		}
		return false
	})
	o.enter("sales.rep")
	endWait := o.catchWait(100)
	o.click(`row("Sabine Oßwald").querySelector("button")`)
	<-arrived
	endWait()
	o.reads(".receipt", "Linked to Sabine Oßwald")
	s.wantLinked(t, offerID, mail)
	if n := asked.Load(); n != 2 {
		t.Errorf("the CRM was asked %d times", n)
	}
}

// catchWait lets the pane wait without an end the first time that it would wait so many seconds. What it returns ends the wait.
func (o *outlook) catchWait(seconds int) (end func()) {
	o.t.Helper()
	var done bool
	o.script(fmt.Sprintf(`(() => {
		const window = pane.defaultView, wait = window.setTimeout;
		window.setTimeout = (f, time) => {
			if (time !== %d000) return wait.call(window, f, time);
			window.setTimeout = wait;
			window.endWait = f;
		};
		return true;
	})()`, seconds), &done)
	return func() {
		o.t.Helper()
		o.script(`(pane.defaultView.endWait(), true)`, &done)
	}
}

// lateUpload lets an upload be opened, and its answer wait until it is called. Each upload that is deleted is told.
func (s *site) lateUpload() (opened, deleted chan struct{}, answer func()) {
	opened, gate := make(chan struct{}), make(chan struct{})
	s.setFault(func(w http.ResponseWriter, r *http.Request) bool {
		if r.Method != http.MethodPost || r.URL.Path != uploads {
			return false
		}
		late := httptest.NewRecorder()
		s.app.ServeHTTP(late, r)
		close(opened)
		<-gate
		answerAs(w, late)
		return true
	})
	return opened, s.tellDeleted(), sync.OnceFunc(func() { close(gate) })
}

func cancelledEarly(t *testing.T, o *outlook, s *site) {
	s.enlarge("2-reply", replyID, 2<<20, 12)
	opened, deleted, answer := s.lateUpload()
	defer answer()
	o.enter("sales.rep")
	o.click(`row("Jürgen Müller").querySelector("button")`)
	<-opened
	o.picture("pane-opening")
	o.click(`button("Cancel")`)
	o.reads(".status.note", "Sending was cancelled; the mail is not linked.")
	answer()
	<-deleted
	s.setFault(nil)
	s.wantNoUploads(t)
}

func signedOutEarly(t *testing.T, o *outlook, s *site) {
	mail := s.enlarge("3-inline", inlineID, 2<<20, 13)
	before := s.count("POST " + uploads)
	opened, deleted, answer := s.lateUpload()
	defer answer()
	o.enter("sales.rep")
	o.click(`row("Niccolò Ravà").querySelector("button")`)
	<-opened
	o.click(`button("Sign out")`)
	o.reads("form", "You are signed out.")
	answer()
	<-deleted // in vain, without a session
	s.setFault(nil)
	o.sees(`Object.keys(pane.defaultView.localStorage).some((name) => name.endsWith("uploads"))`)
	o.enter("sales.rep")
	o.click(`row("Niccolò Ravà").querySelector("button")`)
	o.reads(".receipt", "Linked to Niccolò Ravà")
	s.wantLinked(t, inlineID, mail)
	if n := s.count("POST "+uploads) - before; n != 1 {
		t.Errorf("%d uploads were opened, want one that went on", n)
	}
	s.wantNoUploads(t)
}

// overtaken undoes a link while the answer that tells of it is on its way.
func overtaken(t *testing.T, o *outlook, s *site) {
	o.enter("sales.rep")
	var asked atomic.Int64
	late, known := make(chan struct{}), make(chan struct{})
	s.setFault(func(w http.ResponseWriter, r *http.Request) bool {
		if r.Method != http.MethodPost || r.URL.Path != archive+"/status" {
			return false
		}
		answer, n := httptest.NewRecorder(), asked.Add(1)
		s.app.ServeHTTP(answer, r)
		if n == 1 {
			close(late)
			<-known
		}
		answerAs(w, answer)
		if n == 2 {
			close(known)
		}
		return true
	})
	o.click(`row("Niccolò Ravà").querySelector("button")`)
	<-late
	o.click(`button("Undo")`)
	<-known
	o.sees(`!row("Niccolò Ravà").querySelector(".busy")`)
	o.sees(`!seen($(".linked")) && row("Niccolò Ravà").querySelector("button.link") && !seen($(".status.problem"))`)
}

// answerAs gives the answer that was recorded.
func answerAs(w http.ResponseWriter, recorded *httptest.ResponseRecorder) {
	maps.Copy(w.Header(), recorded.Header())
	w.WriteHeader(recorded.Code)
	_, _ = io.Copy(w, recorded.Body)
}

func tooMany(t *testing.T, o *outlook, s *site) {
	c, to := s.client(t, "sales.rep"), s.find(t, "Label shifts", "HelpDesk").Target
	for n := range 50 {
		other := fmt.Sprintf("Message-ID: %s\r\nFrom: someone@x.example\r\nSubject: Report %d\r\n\r\nHello\r\n", ticketID, n)
		if _, err := c.Link(t.Context(), strings.NewReader(other), moduletest.LinkOptions{}, to); err != nil {
			t.Fatal(err)
		}
	}
	o.choose("language", "it-IT")
	o.enter("sales.rep")
	o.write("#query", "Brauhaus")
	o.click(`$(".found [data-record^=Accounts] button.link")`)
	o.reads(".status.problem", "Il CRM non ha accettato il messaggio.")
	o.sees(`!text($(".status")).includes("different mails")`)
	o.picture("pane-conflict")
}
