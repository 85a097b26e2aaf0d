package web_test

import (
	"context"
	"html/template"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/gorilla/mux"

	"github.com/mailconnector/mailconnector/demo/crm"
	"github.com/mailconnector/mailconnector/demo/web"
	"github.com/mailconnector/mailconnector/internal/dbtest"
	"github.com/mailconnector/mailconnector/permissions"
	"github.com/mailconnector/mailconnector/permissions/search"
)

// connector stands for the module: it finds the first records of a type that are visible.
type connector struct{ *crm.CRM }

func (c connector) MessagesTab(context.Context, permissions.Subject, permissions.Record, string) (template.HTML, error) {
	return "<p>the tab of the module</p>", nil
}

func (c connector) Search(ctx context.Context, s permissions.Subject, q search.Query) (search.Results, error) {
	cards, err := c.List(ctx, s, q.Text)
	var found search.Results
	for _, card := range cards {
		found.Items = append(found.Items, search.Hit{Card: card})
	}
	return found, err
}

// site is the pages over a sample organisation on SQLite.
type site struct {
	*httptest.Server
	crm   *crm.CRM
	pages *web.Server
}

func newSite(t *testing.T) *site {
	t.Helper()
	t.Parallel()
	c, err := crm.New(crm.Config{DB: dbtest.SQLite(t), Dialect: "sqlite", Storage: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	for _, prepare := range []func(context.Context) error{c.Migrate, c.Seed} {
		if err := prepare(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	pages, err := web.New(web.Config{CRM: c, AdminURL: "/mailconnector/admin/"})
	if err != nil {
		t.Fatal(err)
	}
	router := mux.NewRouter()
	pages.Mount(router, connector{c})
	server := httptest.NewServer(router)
	t.Cleanup(server.Close)
	return &site{Server: server, crm: c, pages: pages}
}

// browser is one person's browser.
type browser struct {
	t    *testing.T
	site *site
	http.Client
}

// browse opens a browser, signed in as a user unless that is empty.
func (s *site) browse(t *testing.T, user string) *browser {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	b := &browser{t: t, site: s, Client: http.Client{Jar: jar}}
	if user != "" {
		if status, _ := b.post("/signin", url.Values{"user": {user}, "password": {crm.Password}}); status != http.StatusOK {
			t.Fatalf("sign in as %s: %d", user, status)
		}
	}
	return b
}

func (b *browser) get(path string) (status int, page string) {
	b.t.Helper()
	return b.send(http.MethodGet, path, nil, nil)
}

func (b *browser) post(path string, form url.Values) (status int, page string) {
	b.t.Helper()
	return b.send(http.MethodPost, path, form, nil)
}

func (b *browser) send(method, path string, form url.Values, header http.Header) (status int, page string) {
	b.t.Helper()
	r, err := http.NewRequestWithContext(b.t.Context(), method, b.site.URL+path, strings.NewReader(form.Encode()))
	if err != nil {
		b.t.Fatal(err)
	}
	if header != nil {
		r.Header = header
	}
	if form != nil {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	answer, err := b.Do(r)
	if err != nil {
		b.t.Fatal(err)
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		b.t.Fatal(err)
	}
	return answer.StatusCode, string(body)
}

// record returns the page of the record of a name.
func (s *site) record(t *testing.T, entityType, label string) string {
	t.Helper()
	cards, err := s.crm.List(t.Context(), permissions.Subject{UserID: "u1"}, entityType)
	if err != nil {
		t.Fatal(err)
	}
	for _, card := range cards {
		if card.Label == label {
			return "/records/" + entityType + "/" + card.Record.ID
		}
	}
	t.Fatalf("there is no %q", label)
	return ""
}
