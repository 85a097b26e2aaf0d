package addin_test

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/storage"
	"github.com/chromedp/chromedp"

	"github.com/mailconnector/mailconnector/demo"
	"github.com/mailconnector/mailconnector/internal/browsertest"
	"github.com/mailconnector/mailconnector/module/moduletest"
)

// patience is how long the pane may take to show something; a machine that compiles meanwhile takes its time.
const patience = time.Minute

// site is a demo that is served on a port of its own. It counts requests and can fail on demand.
type site struct {
	app *demo.App
	url string

	mu    sync.Mutex
	seen  map[string]int
	down  bool              // closes connections to the API without an answer
	files map[string][]byte // what Outlook hands out in base64, by path, in the place of the sample's own

	// fault may let a request wait, answer it itself or cut it off by a panic; it reports whether it answered.
	fault func(w http.ResponseWriter, r *http.Request) bool
}

// newSite runs a demo until the test ends.
func newSite(t *testing.T, c demo.Config) *site {
	t.Helper()
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &site{url: "http://" + listener.Addr().String(), seen: map[string]int{}, files: map[string][]byte{}}
	c.DataDir = t.TempDir()
	if s.app, err = demo.Open(t.Context(), c, s.url); err != nil {
		t.Fatal(err)
	}
	server := &http.Server{Handler: s, ReadHeaderTimeout: time.Minute}
	go func() { _ = server.Serve(listener) }()
	t.Cleanup(func() {
		_ = server.Close()
		if err := s.app.Close(context.Background()); err != nil {
			t.Error(err)
		}
	})
	if c.Activated {
		s.find(t, "Brauhaus", "Accounts") // the index is built
	}
	return s
}

func (s *site) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	s.seen[r.Method+" "+r.URL.Path]++
	down, fault := s.down, s.fault
	s.mu.Unlock()
	if down && strings.HasPrefix(r.URL.Path, "/mailconnector/api/") {
		panic(http.ErrAbortHandler)
	}
	if fault != nil && fault(w, r) {
		return
	}
	if !s.serveFile(w, r.URL.Path) {
		s.app.ServeHTTP(w, r)
	}
}

// serveFile answers what Outlook was told to hand out under a path, if it was.
func (s *site) serveFile(w io.Writer, path string) bool {
	s.mu.Lock()
	content, ok := s.files[path]
	s.mu.Unlock()
	if ok {
		_, _ = io.WriteString(w, base64.StdEncoding.EncodeToString(content))
	}
	return ok
}

func (s *site) setFault(fault func(w http.ResponseWriter, r *http.Request) bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.fault = fault
}

// setFile lets Outlook hand out other bytes.
func (s *site) setFile(path string, content []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.files[path] = content
}

func (s *site) setDown(down bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.down = down
}

func (s *site) count(request string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.seen[request]
}

// client calls the API as a user.
func (s *site) client(t *testing.T, user string) *moduletest.Client {
	t.Helper()
	c := moduletest.NewClient(s.app, "/mailconnector")
	if _, err := c.SignIn(t.Context(), user, "demo"); err != nil {
		t.Fatalf("sign in as %s: %v", user, err)
	}
	return c
}

// find searches as the representative until the index is built, for it is built while the demo runs already.
func (s *site) find(t *testing.T, words, entityType string) moduletest.Card {
	t.Helper()
	c := s.client(t, "sales.rep")
	for end := time.Now().Add(patience); time.Now().Before(end); time.Sleep(25 * time.Millisecond) {
		found, err := c.Search(t.Context(), moduletest.Query{Text: words, Module: entityType})
		if err != nil {
			t.Fatal(err)
		}
		if len(found.Items) > 0 {
			return found.Items[0]
		}
	}
	t.Fatalf("%q is not found", words)
	return moduletest.Card{}
}

// messages lists what the API shows on a record.
func (s *site) messages(t *testing.T, user string, on moduletest.Target) []moduletest.Summary {
	t.Helper()
	list, err := s.client(t, user).Messages(t.Context(), on, 50, "")
	if err != nil {
		t.Fatal(err)
	}
	return list.Items
}

// outlook is the simulated Outlook in a tab of a real browser, with the pane in a frame.
type outlook struct {
	t   *testing.T
	tab context.Context
}

// newOutlook opens the simulated Outlook on a mail, in a tab of its own, with nobody signed in.
func newOutlook(t *testing.T, browser context.Context, s *site, mail string) *outlook {
	t.Helper()
	tab, leave := chromedp.NewContext(browser)
	t.Cleanup(leave)
	o := &outlook{t: t, tab: tab}
	o.run(chromedp.EmulateViewport(1400, 900), storage.ClearDataForOrigin(s.url, "local_storage"))
	o.open(s, mail)
	return o
}

func (o *outlook) run(actions ...chromedp.Action) {
	o.t.Helper()
	browsertest.Run(o.t, o.tab, actions...)
}

// open opens the simulated Outlook on a mail, signed in as before if the session is remembered.
func (o *outlook) open(s *site, mail string) {
	o.t.Helper()
	o.run(page.BringToFront(), chromedp.Navigate("about:blank"), chromedp.Navigate(s.url+"/outlook/#"+mail))
	o.sees(`document.readyState === "complete" && pane.readyState === "complete" && seen($("#pane :is(form, header, .problem)"))`)
}

// prelude is what every script finds: the pane's document, and short ways to what is in it. What is found is the row of a
// record once the search has its answer: until then a suggestion of the same name may be there, which goes when it comes.
const prelude = `(() => {
	const pane = document.querySelector("#pane").contentDocument;
	const $ = (selector) => pane.querySelector(selector), $$ = (selector) => [...pane.querySelectorAll(selector)];
	const seen = (e) => !!e && e.getClientRects().length > 0;
	const text = (e) => seen(e) ? e.innerText : "";
	const button = (words, within = pane) => [...within.querySelectorAll("button")].find((b) => seen(b) && b.innerText.trim() === words);
	const row = (name) => $$(".group .records li").find((li) => seen(li) && li.querySelector(".name").innerText === name);
	const found = (name) => text($(".found h2")) === "Search results" && row(name);
	return (%s);
})()`

// script runs a script and returns what it answers.
func (o *outlook) script(js string, into any) {
	o.t.Helper()
	o.run(chromedp.Evaluate(fmt.Sprintf(prelude, js), into))
}

// sees waits until a condition holds.
func (o *outlook) sees(condition string) {
	o.t.Helper()
	var last string
	for end := time.Now().Add(patience); time.Now().Before(end); time.Sleep(15 * time.Millisecond) {
		var held bool
		err := chromedp.Run(o.tab, chromedp.Evaluate(fmt.Sprintf(prelude, "!!("+condition+")"), &held))
		if err == nil && held {
			return
		}
		last = fmt.Sprint(err)
	}
	o.picture(strings.ReplaceAll(o.t.Name(), "/", " ") + " failed")
	o.t.Fatalf("%s does not come true (%s); the pane shows:\n%s", condition, last, o.text("body"))
}

// reads waits until an element contains words.
func (o *outlook) reads(selector, words string) {
	o.t.Helper()
	encoded, _ := json.Marshal(words)
	o.sees(fmt.Sprintf("text($(%q)).includes(%s)", selector, encoded))
}

func (o *outlook) text(selector string) (text string) {
	o.t.Helper()
	o.script(fmt.Sprintf("text($(%q))", selector), &text)
	return text
}

// click waits for an element and presses the mouse on its middle, as many times.
func (o *outlook) click(element string, options ...chromedp.MouseOption) {
	o.t.Helper()
	o.sees("seen(" + element + ")")
	var at, before struct{ X, Y float64 }
	for first := true; first || at != before; first = false { // until it stays where it is
		before = at
		o.script(`(() => {
			const e = `+element+`, frame = document.querySelector("#pane").getBoundingClientRect();
			e.scrollIntoView({block: "center"});
			const box = e.getBoundingClientRect();
			return {X: frame.left + 1 + box.left + box.width / 2, Y: frame.top + 1 + box.top + box.height / 2};
		})()`, &at)
	}
	o.run(chromedp.MouseClickXY(at.X, at.Y, options...))
}

// write types into a field, in the place of what is there.
func (o *outlook) write(selector, words string) {
	o.t.Helper()
	o.click(fmt.Sprintf("$(%q)", selector))
	var done bool
	o.script(fmt.Sprintf("($(%q).select(), true)", selector), &done)
	if words == "" {
		o.run(chromedp.KeyEvent("\b"))
		return
	}
	o.run(input.InsertText(words))
}

func (o *outlook) signIn(user, password string) {
	o.t.Helper()
	o.write("#user", user)
	o.write("#password", password)
	o.click(`$("button[type=submit]")`)
}

// enter signs in and waits for the suggestions.
func (o *outlook) enter(user string) {
	o.t.Helper()
	o.signIn(user, "demo")
	o.sees(`$$("#module option").length > 1`)
	o.loaded()
}

// loaded waits until the suggestions are there.
func (o *outlook) loaded() {
	o.t.Helper()
	o.sees(`!/Loading|Caricamento/.test(text($("main")))`)
}

// mail selects another mail in the list.
func (o *outlook) mail(id string) {
	o.t.Helper()
	o.run(chromedp.Click("#mail-"+id, chromedp.ByQuery))
	o.loaded()
}

// choose picks another client or language in the head of the simulated Outlook, which loads the pane anew.
func (o *outlook) choose(list, value string) {
	o.t.Helper()
	var done bool
	o.script(fmt.Sprintf(`((e) => { pane.body.remove(); e.value = %q; e.dispatchEvent(new Event("change")); return true; })(document.querySelector(%q))`, value, "#"+list), &done)
	o.sees(`seen($("#pane *"))`)
}

func (o *outlook) picture(name string) {
	o.t.Helper()
	o.run(page.BringToFront()) // a tab behind another is not painted
	browsertest.Screenshot(o.t, o.tab, name)
}

// post sends a form to the CRM's own pages, as a user, with a session of its own.
func (s *site) post(t *testing.T, user, path string, form url.Values) {
	t.Helper()
	var cookies []*http.Cookie
	for _, step := range []struct {
		path string
		form url.Values
	}{{"/signin", url.Values{"user": {user}, "password": {"demo"}}}, {path, form}} {
		r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, step.path, strings.NewReader(step.form.Encode()))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		for _, c := range cookies {
			r.AddCookie(c)
		}
		w := httptest.NewRecorder()
		s.app.ServeHTTP(w, r)
		if w.Code != http.StatusSeeOther {
			t.Fatalf("POST %s as %s answers %d", step.path, user, w.Code)
		}
		cookies = w.Result().Cookies()
	}
}

// contact adds a contact of the representative's and waits until it is found.
func (s *site) contact(t *testing.T, name, email string) {
	t.Helper()
	s.post(t, "sales.rep", "/records/Contacts", url.Values{"lastname": {name}, "email": {email}})
	s.find(t, email, "Contacts")
}
