package module_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"

	"github.com/mailconnector/mailconnector/internal/browsertest"
	"github.com/mailconnector/mailconnector/module"
)

// answer is what a script of a page learns of one call.
type answer struct {
	Status     int
	Type       string // of the problem, its last segment
	RequestID  string
	RetryAfter string
	Body       json.RawMessage
	Failed     string // what fetch threw: the page may not read the answer, or there was none
}

// caller is a script that calls the API and reads whatever it may read of the answer. %s is the API's address.
const caller = `globalThis.call = async (method, path, headers = {}, body = undefined) => {
	try {
		const r = await fetch(%q + path, {method, headers, body, credentials: "omit"});
		const text = await r.text();
		const Body = text.startsWith("{") ? JSON.parse(text) : text;
		return {Status: r.status, Type: (Body.type || "").split("/").pop(), RequestID: r.headers.get("X-Request-Id") || "",
			RetryAfter: r.headers.get("Retry-After") || "", Body};
	} catch (e) { return {Failed: String(e)}; }
}; undefined`

// TestAPageOfAnotherOriginCallsTheAPI lets a real browser judge CORS: the page is at localhost, the API at 127.0.0.1,
// which are two sites to it.
func TestAPageOfAnotherOriginCallsTheAPI(t *testing.T) {
	page, stranger := pageServer(t), pageServer(t)
	ext, h := mount(t, func(c *module.Config) { c.AllowedOrigins = []string{page} })
	log := &requestLog{next: ext}
	server := httptest.NewServer(log)
	t.Cleanup(server.Close)
	tab := browsertest.Open(t)
	open := func(origin string) {
		t.Helper()
		script := fmt.Sprintf(caller, server.URL+"/mailconnector/api/v1")
		browsertest.Run(t, tab, chromedp.Navigate(origin), chromedp.Evaluate(script, nil))
	}
	open(page)

	grant := fetch(t, tab, `call("POST", "/sessions", {"Content-Type": "application/json"},
		'{"username": "sales.rep", "password": "demo", "client": {"name": "page", "version": "1.0.0", "platform": "test"}}')`)
	var session struct {
		Token string `json:"access_token"`
	}
	if err := json.Unmarshal(grant.Body, &session); err != nil || session.Token == "" {
		t.Fatalf("sign in = %+v, %v", grant, err)
	}
	fetch(t, tab, fmt.Sprintf(`globalThis.auth = {Authorization: "Bearer %s"}; ({Status: 0})`, session.Token))

	for _, tt := range []struct {
		name, script string
		status       int
		problem      string
	}{
		{"anybody asks", `call("GET", "/compatibility")`, 200, ""},
		{"a header needs a preflight", `call("GET", "/session", auth)`, 200, ""},
		{"a record is read", `call("GET", "/records/Contacts/12", auth)`, 200, ""},
		{"a record is read again", `call("GET", "/records/Contacts/12", auth)`, 200, ""},
		{"bytes of a mail are sent", `call("POST", "/messages?link=Contacts:12", {...auth, "Content-Type": "message/rfc822",
			"Idempotency-Key": "k1", "X-Internet-Message-Id": "<1@mail.example>"}, "Subject: Hello\r\n\r\nHello.\r\n")`, 201, ""},
		{"nobody is signed in", `call("GET", "/modules")`, 401, "unauthenticated"},
		{"the token is wrong", `call("GET", "/modules", {Authorization: "Bearer x"})`, 401, "unauthenticated"},
		{"the link is refused", `call("POST", "/messages?link=Contacts:14", {...auth, "Content-Type": "message/rfc822"}, "Subject: x\r\n\r\n")`, 404, "not-found"},
		{"the path is unknown", `call("GET", "/nothing", auth)`, 404, "not-found"},
		{"the method is unknown", `call("PUT", "/modules", auth)`, 405, "method-not-allowed"},
		{"the JSON is too large", `call("POST", "/suggestions", {...auth, "Content-Type": "application/json"}, " ".repeat(3 << 20))`, 413, "content-too-large"},
		{"the mail is too large", `call("POST", "/messages?link=Contacts:12", {...auth, "Content-Type": "message/rfc822"},
			new Blob([new Uint8Array(160 << 20)]))`, 413, "content-too-large"},
		{"the type is wrong", `call("POST", "/suggestions", {...auth, "Content-Type": "text/plain"}, "x")`, 415, "unsupported-media-type"},
		{"the session ends", `call("DELETE", "/session", auth)`, 204, ""},
		{"the session is over", `call("GET", "/modules", auth)`, 401, "session-revoked"},
	} {
		got := fetch(t, tab, tt.script)
		if got.Status != tt.status || got.Type != tt.problem || got.RequestID == "" {
			t.Errorf("%s: the page reads %+v, want %d %s", tt.name, got, tt.status, tt.problem)
		}
	}
	if n := log.count("OPTIONS /mailconnector/api/v1/records/Contacts/12"); n != 1 {
		t.Errorf("the browser asked %d times whether it may read a record, want once", n)
	}
	wantRetryAfter(t, tab)

	before := log.count("POST /mailconnector/api/v1/messages")
	open(stranger)
	for _, script := range []string{
		`call("GET", "/compatibility")`,
		`call("POST", "/messages?link=Contacts:12", {"Content-Type": "message/rfc822", Authorization: "Bearer x"}, "Subject: x\r\n\r\n")`,
	} {
		if got := fetch(t, tab, script); got.Failed == "" {
			t.Errorf("a page of an origin that is not allowed reads %+v", got)
		}
	}
	if after := log.count("POST /mailconnector/api/v1/messages"); after != before {
		t.Error("a page of an origin that is not allowed sent a mail past its preflight")
	}
	if documents, err := h.Documents(t.Context(), nora); err != nil || len(documents) != 0 {
		t.Errorf("documents of the record are %v, %v", documents, err)
	}
}

// wantRetryAfter guesses passwords until the API asks to wait, and wants the page to read how long.
func wantRetryAfter(t *testing.T, tab context.Context) {
	t.Helper()
	for range 20 {
		got := fetch(t, tab, `call("POST", "/sessions", {"Content-Type": "application/json"},
			'{"username": "nobody", "password": "guess", "client": {"name": "page", "version": "1.0.0", "platform": "test"}}')`)
		if got.Status == http.StatusTooManyRequests {
			if got.RetryAfter == "" || got.Type != "rate-limited" {
				t.Errorf("the page reads %+v, want when to try again", got)
			}
			return
		}
	}
	t.Error("guessing passwords is not slowed down")
}

// pageServer serves an empty page at an origin of its own.
func pageServer(t *testing.T) (origin string) {
	t.Helper()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		_, _ = w.Write([]byte("<!doctype html><title>Page</title>"))
	}))
	t.Cleanup(s.Close)
	return strings.Replace(s.URL, "127.0.0.1", "localhost", 1)
}

// fetch runs a script in the page and waits for what it answers.
func fetch(t *testing.T, tab context.Context, script string) (a answer) {
	t.Helper()
	browsertest.Run(t, tab, chromedp.Evaluate(script, &a, func(p *runtime.EvaluateParams) *runtime.EvaluateParams {
		return p.WithAwaitPromise(true)
	}))
	return a
}

// requestLog counts requests by method and path.
type requestLog struct {
	next http.Handler
	mu   sync.Mutex
	seen map[string]int
}

func (l *requestLog) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	l.mu.Lock()
	if l.seen == nil {
		l.seen = map[string]int{}
	}
	l.seen[r.Method+" "+r.URL.Path]++
	l.mu.Unlock()
	l.next.ServeHTTP(w, r)
}

func (l *requestLog) count(request string) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.seen[request]
}
