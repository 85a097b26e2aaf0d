package demo_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/mailconnector/mailconnector/api/problem"
	"github.com/mailconnector/mailconnector/demo"
	"github.com/mailconnector/mailconnector/internal/dbtest"
	"github.com/mailconnector/mailconnector/module/moduletest"
)

const address = "http://127.0.0.1:8080"

// open starts a demo, closed when the test ends.
func open(t *testing.T, c demo.Config) *demo.App {
	t.Helper()
	app, err := demo.Open(t.Context(), c, address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = app.Close(context.Background()) })
	return app
}

// onBoth runs a test on SQLite and on MariaDB.
func onBoth(t *testing.T, test func(t *testing.T, c demo.Config)) {
	t.Parallel()
	t.Run("SQLite", func(t *testing.T) {
		test(t, demo.Config{DataDir: t.TempDir(), Activated: true})
	})
	t.Run("MariaDB", func(t *testing.T) {
		test(t, demo.Config{DataDir: t.TempDir(), DSN: dbtest.MariaDBDSN(t), Activated: true})
	})
}

// addin returns the task pane's view of a demo, as a user.
func addin(t *testing.T, app http.Handler, user string) *moduletest.Client {
	t.Helper()
	c := moduletest.NewClient(app, "/mailconnector")
	if _, err := c.SignIn(t.Context(), user, "demo"); err != nil {
		t.Fatalf("sign in as %s: %v", user, err)
	}
	return c
}

// pages returns a reader of the CRM's pages, as a user.
func pages(t *testing.T, app http.Handler, user string) func(path string) (status int, page string) {
	t.Helper()
	server := httptest.NewServer(app)
	t.Cleanup(server.Close)
	return browse(t, server.URL, user)
}

// browse returns a reader of the pages of a CRM that runs somewhere, as a user, for any goroutine.
func browse(t *testing.T, address, user string) func(path string) (status int, page string) {
	t.Helper()
	browser := browser(t, address, user)
	return func(path string) (int, string) {
		answer, err := browser.Get(address + path)
		if err != nil {
			t.Error(err)
			return 0, ""
		}
		defer answer.Body.Close()
		page, err := io.ReadAll(answer.Body)
		if err != nil {
			t.Error(err)
		}
		return answer.StatusCode, string(page)
	}
}

// browser returns a browser in which a user is signed in to a CRM.
func browser(t *testing.T, address, user string) *http.Client {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	browser := &http.Client{Jar: jar}
	answer, err := browser.PostForm(address+"/signin", url.Values{"user": {user}, "password": {"demo"}})
	if err != nil {
		t.Fatal(err)
	}
	_ = answer.Body.Close()
	return browser
}

// find searches until the index is built, for it is built while the demo runs already.
func find(t *testing.T, c *moduletest.Client, text, entityType string) moduletest.Card {
	t.Helper()
	for range 2400 { // a minute: a loaded machine that looks for races takes long
		found, err := c.Search(t.Context(), moduletest.Query{Text: text, Module: entityType})
		if err != nil {
			t.Fatal(err)
		}
		if len(found.Items) > 0 {
			return found.Items[0]
		}
		time.Sleep(25 * time.Millisecond)
	}
	t.Fatalf("%q is not found", text)
	return moduletest.Card{}
}

func sample(t *testing.T, name string) []byte {
	t.Helper()
	raw, err := os.ReadFile("outlook/mails/" + name + ".eml")
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

func TestALinkedMailIsInTheCRMByteForByte(t *testing.T) {
	onBoth(t, func(t *testing.T, c demo.Config) {
		app := open(t, c)
		rep := addin(t, app, "sales.rep")
		brewer := find(t, rep, "jürgen mül", "Contacts")
		receipt, err := rep.Link(t.Context(), bytes.NewReader(sample(t, "1-offer")), moduletest.LinkOptions{IdempotencyKey: "once"}, brewer.Target)
		if err != nil {
			t.Fatal(err)
		}
		crm := pages(t, app, "sales.rep")
		record := "/records/Contacts/" + brewer.Record
		if _, page := crm(record + "/messages"); !strings.Contains(page, "Angebot Abfüllanlage B8") {
			t.Error("the Messages tab lacks the mail")
		}
		_, page := crm(record + "/documents")
		for _, want := range receipt.Parts {
			if want.Status != "stored" {
				continue
			}
			link := regexp.MustCompile(`href="(/documents/` + want.Document + `)" download`).FindStringSubmatch(page)
			if link == nil {
				t.Errorf("the Documents tab lacks %s", want.Name)
				continue
			}
			_, content := crm(link[1])
			if sum := sha256.Sum256([]byte(content)); hex.EncodeToString(sum[:]) != want.SHA256 || int64(len(content)) != want.Size {
				t.Errorf("%s was altered", want.Name)
			}
		}
		if n := strings.Count(page, " download>"); n != 2 {
			t.Errorf("%d documents, want 2", n)
		}
	})
}

func TestSuggestionsForTheSampleMails(t *testing.T) {
	onBoth(t, func(t *testing.T, c demo.Config) {
		app := open(t, c)
		rep := addin(t, app, "sales.rep")
		brewer := find(t, rep, "jürgen mül", "Contacts")
		if _, err := rep.Link(t.Context(), bytes.NewReader(sample(t, "1-offer")), moduletest.LinkOptions{}, brewer.Target); err != nil {
			t.Fatal(err)
		}
		for _, row := range []struct {
			name, from, subject string
			references          []string
			kind                string
			labels              []string
		}{
			{"a known address", "niccolo.rava@pastificio-rava.example", "Nuovo formato", nil, "address", []string{"Niccolò Ravà"}},
			{"an address that two share", "office@kellerei-sonnhof.example", "Termin", nil, "address", []string{"Hans Sonnhof", "Maria Sonnhof"}},
			{"a conversation that is linked already", "sabine.osswald@brauhaus-mueller.example", "AW: Angebot",
				[]string{"<b8-4711@brauhaus-mueller.example>"}, "conversation", []string{"Jürgen Müller"}},
			{"a ticket in the subject", "zoe.lefevre@fromagerie-lefevre.example", "Re: [TT1003] Label shifts", nil, "number",
				[]string{"Label shifts after format change"}},
			{"a stranger of a known company", "anton.krause@nordlicht-kosmetik.example", "Füller", nil, "domain", []string{"Nordlicht Kosmetik"}},
		} {
			groups, err := rep.Suggest(t.Context(), moduletest.OpenMail{
				MessageID: "<new@example.com>", Subject: row.subject, References: row.references,
				Participants: []moduletest.Participant{{Role: "from", Address: row.from}, {Role: "to", Address: "giulia.moretti@alpina.example"}},
			})
			if err != nil {
				t.Fatal(err)
			}
			got := labels(groups, row.kind)
			slices.Sort(got) // a tie has no order
			if diff := cmp.Diff(row.labels, got); diff != "" {
				t.Errorf("%s: suggested by %s (-want +got):\n%s", row.name, row.kind, diff)
			}
		}
	})
}

// labels returns what a group of suggestions names.
func labels(groups []moduletest.Group, kind string) []string {
	var all []string
	for _, g := range groups {
		if g.Kind != kind {
			continue
		}
		for _, card := range g.Items {
			all = append(all, card.Label)
		}
	}
	return all
}

func TestWhatWasLinkedSurvivesARestart(t *testing.T) {
	onBoth(t, func(t *testing.T, c demo.Config) {
		app := open(t, c)
		rep := addin(t, app, "sales.rep")
		brewer := find(t, rep, "jürgen mül", "Contacts")
		if _, err := rep.Link(t.Context(), bytes.NewReader(sample(t, "1-offer")), moduletest.LinkOptions{}, brewer.Target); err != nil {
			t.Fatal(err)
		}
		if err := app.Close(t.Context()); err != nil {
			t.Fatal(err)
		}
		crm := pages(t, open(t, c), "sales.rep")
		if _, page := crm("/records/Contacts/" + brewer.Record + "/messages"); !strings.Contains(page, "Angebot Abfüllanlage B8") {
			t.Error("the mail is gone")
		}
	})
}

func TestWithoutALicenseTheAddinIsNotOperational(t *testing.T) {
	t.Parallel()
	c := demo.Config{DataDir: t.TempDir(), Activated: true}
	if err := open(t, c).Close(t.Context()); err != nil { // an earlier start had a license
		t.Fatal(err)
	}
	c.Activated = false
	app := open(t, c)
	_, err := moduletest.NewClient(app, "/mailconnector").SignIn(t.Context(), "sales.rep", "demo")
	if got := moduletest.ProblemType(err); got != problem.LicenseRequired {
		t.Errorf("sign in: %v", err)
	}
	if status, _ := pages(t, app, "sales.rep")("/records/Accounts"); status != http.StatusOK {
		t.Errorf("the CRM itself: %d", status)
	}
}

func TestViewAsComparesSearches(t *testing.T) {
	t.Parallel()
	app := open(t, demo.Config{DataDir: t.TempDir(), Activated: true})
	find(t, addin(t, app, "admin"), "fromagerie", "Accounts")
	as := pages(t, app, "admin")
	for query, want := range map[string]string{
		"fromagerie": "no rule lets user Giulia Moretti",                  // what is hidden
		"müller":     "Sharing rule companies-to-service opens",           // what a rule shows
		"1711234567": "Matches by a field hidden from this user. Sharing", // what is visible, but not by its mobile number
	} {
		if _, page := as("/view-as?a=u3&b=u4&q=" + url.QueryEscape(query)); !strings.Contains(page, want) {
			t.Errorf("search for %q: the page lacks %q", query, want)
		}
	}
}

func TestRun(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	out, said := io.Pipe()
	ended := make(chan error, 1)
	go func() {
		ended <- demo.Run(ctx, demo.Config{Addr: "127.0.0.1:0", DataDir: t.TempDir(), Out: said})
		_ = said.Close()
	}()
	greeting := make([]byte, 4096)
	n, err := io.ReadAtLeast(out, greeting, 100)
	if err != nil {
		t.Fatal(err)
	}
	go func() { _, _ = io.Copy(io.Discard, out) }()
	found := regexp.MustCompile(`http://127\.0\.0\.1:\d+`).Find(greeting[:n])
	answer, err := http.Get(string(found) + "/signin")
	if err != nil {
		t.Fatalf("%v, greeted by %s", err, greeting[:n])
	}
	_ = answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		t.Errorf("the page answers %d", answer.StatusCode)
	}
	http.DefaultClient.CloseIdleConnections()
	cancel()
	if err := <-ended; err != nil && !errors.Is(err, context.Canceled) {
		t.Errorf("Run ended with %v", err)
	}
}

func TestRunRefusesWhatItCannotUse(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]demo.Config{
		"an address of nobody":       {Addr: "256.0.0.1:1", DataDir: t.TempDir()},
		"a DSN that is none":         {Addr: "127.0.0.1:0", DataDir: t.TempDir(), DSN: "nonsense"},
		"a database that is not up":  {Addr: "127.0.0.1:0", DataDir: t.TempDir(), DSN: "nobody@tcp(127.0.0.1:1)/none"},
		"a data folder that is none": {Addr: "127.0.0.1:0", DataDir: "demo_test.go"},
	} {
		if err := demo.Run(t.Context(), c); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

// BenchmarkStart measures from nothing to the first page.
func BenchmarkStart(b *testing.B) {
	for b.Loop() {
		app, err := demo.Open(b.Context(), demo.Config{DataDir: b.TempDir(), Activated: true}, address)
		if err != nil {
			b.Fatal(err)
		}
		answer := httptest.NewRecorder()
		app.ServeHTTP(answer, httptest.NewRequest(http.MethodGet, "/signin", nil))
		if answer.Code != http.StatusOK {
			b.Fatal(answer.Code)
		}
		if err := app.Close(b.Context()); err != nil {
			b.Fatal(err)
		}
	}
}
