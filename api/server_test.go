package api_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/mailconnector/mailconnector/api"
	"github.com/mailconnector/mailconnector/api/problem"
)

const (
	base   = "/crm/api/v1"
	origin = "https://addin.example.com"
)

// server is an API with fakes behind it. Every answer it gives is held against the contract.
type server struct {
	http.Handler
	t         testing.TB
	sessions  *fakeSessions
	licensing *fakeLicensing
	crm       *fakeCRM
	search    *fakeSearch
	messages  *fakeMessages
	log       *bytes.Buffer
}

func newServer(t testing.TB, adjust ...func(*api.Config)) *server {
	t.Helper()
	s := &server{
		t: t, sessions: &fakeSessions{}, licensing: &fakeLicensing{state: "active"}, crm: &fakeCRM{}, search: &fakeSearch{},
		messages: &fakeMessages{content: newContent()}, log: &bytes.Buffer{},
	}
	config := s.config()
	for _, f := range adjust {
		f(&config)
	}
	h, err := api.New(config)
	if err != nil {
		t.Fatal(err)
	}
	s.Handler = h
	return s
}

func (s *server) config() api.Config {
	return api.Config{
		Prefix: "/crm", AllowedOrigins: []string{origin},
		Sessions: s.sessions, Licensing: s.licensing, Permissions: s.crm, Search: s.search, Messages: s.messages,
		Compatibility: compatible,
		Logger:        slog.New(slog.NewTextHandler(s.log, nil)),
	}
}

func compatible(context.Context) (api.Compatibility, error) {
	return api.Compatibility{
		Module: "1.0.0", CRM: api.CRM{Name: "vtenext", Version: "24.08.2", Minimum: "24.08.02"},
		AddinMinimum: "1.0", AddinMaximum: "1", LoginMethods: []string{"password"}, Languages: []string{"en", "it"},
	}, nil
}

// call is one request as its client makes it. Headers are "Name: value"; one without a value is left out.
type call struct {
	method  string
	path    string // after /api/v1
	headers []string
	body    string
	public  bool // without a token
}

func (c call) request() *http.Request {
	var body io.Reader
	if c.body != "" {
		body = strings.NewReader(c.body)
	}
	r := httptest.NewRequest(c.method, base+c.path, body)
	if !c.public {
		r.Header.Set("Authorization", "Bearer "+goodToken)
	}
	if c.body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	for _, header := range c.headers {
		name, value, _ := strings.Cut(header, ": ")
		r.Header.Set(name, value)
		if value == "" {
			r.Header.Del(name)
		}
	}
	return r
}

// answer is a response with its body read.
type answer struct {
	*http.Response
	text string
}

// do makes a call and holds the answer against the contract.
func (s *server) do(c call) answer {
	s.t.Helper()
	r, rec := c.request(), httptest.NewRecorder()
	s.ServeHTTP(rec, r)
	a := answer{rec.Result(), rec.Body.String()}
	holdAgainstContract(s.t, r, a)
	return a
}

func (a answer) slug() string {
	var doc struct{ Type string }
	if a.Header.Get("Content-Type") != "application/problem+json" || json.Unmarshal([]byte(a.text), &doc) != nil {
		return ""
	}
	return strings.TrimPrefix(doc.Type, problem.BaseURI)
}

func (s *server) want(c call, status int, slug string, texts ...string) answer {
	s.t.Helper()
	a := s.do(c)
	if a.StatusCode != status || a.slug() != slug {
		s.t.Errorf("%s %s answers %d %q, want %d %q: %s", c.method, c.path, a.StatusCode, a.slug(), status, slug, a.text)
	}
	for _, text := range texts {
		unwanted, not := strings.CutPrefix(text, "!")
		if strings.Contains(a.text, unwanted) == not {
			s.t.Errorf("%s %s: %q expected: %v, in %s", c.method, c.path, unwanted, !not, a.text)
		}
	}
	return a
}
