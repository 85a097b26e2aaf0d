package addin_test

import (
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/gorilla/mux"

	"github.com/mailconnector/mailconnector/addin"
	"github.com/mailconnector/mailconnector/demo"
	simulated "github.com/mailconnector/mailconnector/demo/outlook"
	"github.com/mailconnector/mailconnector/internal/browsertest"
)

func TestAddressesThatAreNoAPI(t *testing.T) {
	for _, api := range []string{"", "crm.example.com", "/mailconnector/api/v1", "ftp://crm.example.com", "javascript:alert(1)", "https://"} {
		if _, err := addin.Elsewhere(api); err == nil {
			t.Errorf("%q is taken for the address of an API", api)
		}
	}
}

func TestThePaneElsewhereCallsOneServerMore(t *testing.T) {
	pane, err := addin.Elsewhere(`https://crm.example.com/a"b/api/v1/`)
	if err != nil {
		t.Fatal(err)
	}
	w := httptest.NewRecorder()
	pane.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/taskpane.html", nil))
	if !strings.Contains(w.Body.String(), `data-api="https://crm.example.com/a&#34;b/api/v1"`) {
		t.Errorf("the page says\n%s", w.Body)
	}
	if policy := w.Header().Get("Content-Security-Policy"); !strings.Contains(policy, "connect-src 'self' https://crm.example.com;") {
		t.Errorf("the policy is %s", policy)
	}
}

// elsewhere serves the pane in the simulated Outlook from an origin of its own, and returns it with the site of the CRM,
// which allows that origin.
func elsewhere(t *testing.T, allowed bool) (pane, crm *site) {
	t.Helper()
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_, port, _ := net.SplitHostPort(listener.Addr().String())
	pane = &site{url: "http://localhost:" + port, seen: map[string]int{}} // another site than that of the CRM, not another port only
	c := demo.Config{Activated: true}
	if allowed {
		c.Origins = []string{pane.url}
	}
	crm = newSite(t, c)
	served, err := addin.Elsewhere(crm.url + "/mailconnector/api/v1")
	if err != nil {
		t.Fatal(err)
	}
	mailbox, err := simulated.New("/mailconnector")
	if err != nil {
		t.Fatal(err)
	}
	router := mux.NewRouter()
	router.PathPrefix("/mailconnector/addin/").Handler(http.StripPrefix("/mailconnector/addin", withOfficeJS(served)))
	mailbox.Mount(router)
	server := &http.Server{Handler: filed{router, crm}} //nolint:gosec // a test's
	go func() { _ = server.Serve(listener) }()
	t.Cleanup(func() { _ = server.Close() })
	return pane, crm
}

// withOfficeJS replaces the address of Office.js in the page, and nothing in its headers.
func withOfficeJS(served http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		answer := httptest.NewRecorder()
		served.ServeHTTP(answer, r)
		for name, values := range answer.Header() {
			if name != "Content-Length" {
				w.Header()[name] = values
			}
		}
		w.WriteHeader(answer.Code)
		_, _ = w.Write([]byte(strings.Replace(answer.Body.String(), addin.OfficeJS, "/outlook/office.js", 1)))
	})
}

// filed hands out the files that were set for the simulated Outlook of a site.
type filed struct {
	http.Handler
	site *site
}

func (f filed) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if !f.site.serveFile(w, r.URL.Path) {
		f.Handler.ServeHTTP(w, r)
	}
}

// TestPaneElsewhere signs in, takes a suggestion and links, from another origin than the CRM's, with real preflights.
func TestPaneElsewhere(t *testing.T) {
	browser := browsertest.Open(t)
	browsertest.Run(t, browser)
	pane, crm := elsewhere(t, true)
	o := newOutlook(t, browser, pane, "1-offer")
	o.signIn("sales.rep", "wrong")
	o.reads("form .problem", "User name or password is wrong.") // a refusal can be read too
	o.enter("sales.rep")
	o.sees(`row("Jürgen Müller").querySelector(".reason").innerText.includes("Has the address")`)
	o.click(`row("Jürgen Müller").querySelector("button")`)
	o.reads(".receipt .parts", "Halle Grundriss.png")
	o.picture("pane-elsewhere")
	o.click(`button("Undo")`)
	o.reads(".status", "The link was undone.")

	mail := crm.enlarge("2-reply", replyID, 5<<20, 9)
	o.mail("2-reply")
	o.click(`row("Jürgen Müller").querySelector("button")`)
	o.reads(".receipt .parts", "plans.zip")
	crm.wantLinked(t, replyID, mail)
	o.open(pane, "2-reply") // the session is remembered
	o.reads(".linked", "Jürgen Müller\nby Giulia Moretti")
	o.click(`button("Sign out")`)
	o.reads("form", "You are signed out.")
	for _, preflight := range []string{"OPTIONS /mailconnector/api/v1/messages", "OPTIONS " + uploads, "OPTIONS /mailconnector/api/v1/session"} {
		if crm.count(preflight) == 0 {
			t.Errorf("the browser never asked %s", preflight)
		}
	}
}

func TestAPaneOfAnOriginThatIsNotAllowedReadsNothing(t *testing.T) {
	browser := browsertest.Open(t)
	browsertest.Run(t, browser)
	pane, _ := elsewhere(t, false)
	o := newOutlook(t, browser, pane, "1-offer")
	o.reads("#pane .problem", "The CRM cannot be reached.")
	o.sees(`!seen($("form"))`)
}
