package api_test

import (
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"testing"

	"github.com/go-sql-driver/mysql"

	"github.com/mailconnector/mailconnector/documents"
	"github.com/mailconnector/mailconnector/permissions"
)

// insides are what no answer may show: code, SQL, tables, files, tokens, what the services said among themselves.
var insides = regexp.MustCompile(`\.go:|sql:|SQL|panic|goroutine|mc_[a-z]|/srv/|/tmp/|runtime|errors\.|0x[0-9a-f]{6}`)

func TestNothingOfTheServerLeaks(t *testing.T) {
	calls := []call{
		{method: get, path: "/records"}, {method: get, path: "/records/Contacts/42"}, {method: post, path: "/suggestions", body: `{}`},
		{method: get, path: "/records/Contacts/42/messages"}, {method: get, path: "/messages/m1"},
		{method: post, path: "/messages/status", body: `{"internet_message_ids":[]}`},
		{method: post, path: "/messages/m1/links", body: `{"links":[{"module":"Contacts","record":"42"}]}`},
		{method: del, path: "/messages/m1/links/Contacts/42"}, {method: get, path: "/messages/m1/source"},
		{method: get, path: "/messages/m1/parts/3"}, {method: get, path: "/messages/m1/body"},
		{method: get, path: "/content/tok-part-7"}, {method: get, path: "/session"}, {method: post, path: "/sessions", body: loginBody},
	}
	for name, row := range map[string]struct {
		err    error
		status int
	}{
		"a failure nobody foresaw":  {everyFailure(), 500},
		"the same behind not found": {fmt.Errorf("%w: %w", everyFailure(), permissions.ErrNotFound), 404},
		"the database is gone":      {fmt.Errorf("%w: %w", everyFailure(), mysql.ErrInvalidConn), 503},
		"the disk is full":          {fmt.Errorf("%w: %w", everyFailure(), documents.ErrStoreFull), 503},
	} {
		t.Run(name, func(t *testing.T) {
			for _, c := range calls {
				s := newServer(t)
				s.messages.err, s.search.err, s.sessions.signIn = row.err, row.err, row.err
				if c.path == "/session" {
					s.sessions.refusal = row.err
				}
				a := s.do(c)
				if a.StatusCode != row.status {
					t.Errorf("%s %s answers %d, want %d: %s", c.method, c.path, a.StatusCode, row.status, a.text)
				}
				if found := insides.FindString(a.text); found != "" {
					t.Errorf("%s %s leaks %q: %s", c.method, c.path, found, a.text)
				}
				if a.StatusCode == http.StatusServiceUnavailable && a.Header.Get("Retry-After") == "" {
					t.Errorf("%s %s does not say when to come back", c.method, c.path)
				}
			}
		})
	}
}

func TestAFailureIsInTheLogWithItsRequest(t *testing.T) {
	s := newServer(t)
	s.messages.err = everyFailure()
	a := s.want(call{method: get, path: "/messages/m1"}, 500, "internal", "!detail")
	for _, text := range []string{a.Header.Get("X-Request-Id"), "/messages/{message}", "mc_sessions", "read message"} {
		if !regexp.MustCompile(regexp.QuoteMeta(text)).Match(s.log.Bytes()) {
			t.Errorf("the log lacks %q: %s", text, s.log)
		}
	}
	if regexp.MustCompile(`mcs_good|messages/m1`).Match(s.log.Bytes()) {
		t.Errorf("the log has a token or an id of a path: %s", s.log)
	}
}

func TestAPanicIsAProblem(t *testing.T) {
	s := newServer(t)
	s.messages.content = nil
	a := s.want(call{method: get, path: "/messages/m1/source"}, 500, "internal")
	if found := insides.FindString(a.text); found != "" {
		t.Errorf("leaks %q: %s", found, a.text)
	}
	if !regexp.MustCompile("nil pointer").Match(s.log.Bytes()) {
		t.Errorf("the log lacks the panic: %s", s.log)
	}
}

func TestWhatClientsDoWrongIsNotLoggedAsAFailure(t *testing.T) {
	s := newServer(t)
	s.search.err = errors.Join(permissions.ErrNotFound)
	s.want(call{method: get, path: "/records"}, 404, "not-found")
	if s.log.Len() != 0 {
		t.Errorf("log: %s", s.log)
	}
}
