package api_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/mailconnector/mailconnector/api"
	"github.com/mailconnector/mailconnector/api/sessions"
)

func TestNewRefusesWhatCannotWork(t *testing.T) {
	s := newServer(t)
	for name, adjust := range map[string]func(*api.Config){
		"no origins":                     func(c *api.Config) { c.AllowedOrigins = nil },
		"any origin":                     func(c *api.Config) { c.AllowedOrigins = []string{"*"} },
		"any host":                       func(c *api.Config) { c.AllowedOrigins = []string{"https://*.example.com"} },
		"an origin with a path":          func(c *api.Config) { c.AllowedOrigins = []string{"https://addin.example.com/pane"} },
		"an origin without a scheme":     func(c *api.Config) { c.AllowedOrigins = []string{"addin.example.com"} },
		"an origin without a host":       func(c *api.Config) { c.AllowedOrigins = []string{"https://"} },
		"the origin of a file":           func(c *api.Config) { c.AllowedOrigins = []string{"null"} },
		"one wrong origin among others":  func(c *api.Config) { c.AllowedOrigins = []string{origin, "*"} },
		"no sessions":                    func(c *api.Config) { c.Sessions = nil },
		"no messages":                    func(c *api.Config) { c.Messages = nil },
		"no compatibility":               func(c *api.Config) { c.Compatibility = nil },
		"a prefix that ends in a slash":  func(c *api.Config) { c.Prefix = "/crm/" },
		"a prefix that begins with none": func(c *api.Config) { c.Prefix = "crm" },
		"a negative size":                func(c *api.Config) { c.MailBytes = -1 },
	} {
		c := s.config()
		adjust(&c)
		if _, err := api.New(c); err == nil || !strings.HasPrefix(err.Error(), "api: ") {
			t.Errorf("%s: New answers %v", name, err)
		}
	}
}

func TestEveryAnswerCarriesCORS(t *testing.T) {
	from := "Origin: " + origin
	run := map[string]struct {
		arrange func(*server)
		call    call
		status  int
	}{
		"a success":               {nil, call{get, "/modules", []string{from}, "", false}, 200},
		"no content":              {nil, call{del, "/session", []string{from}, "", false}, 204},
		"a problem":               {nil, call{get, "/messages/m2", []string{from}, "", false}, 404},
		"not signed in":           {nil, call{get, "/modules", []string{from}, "", true}, 401},
		"no license":              {unlicensed, call{get, "/modules", []string{from}, "", false}, 403},
		"an unknown path":         {nil, call{get, "/nonsense", []string{from}, "", false}, 404},
		"a wrong method":          {nil, call{http.MethodPut, "/modules", []string{from}, "", false}, 405},
		"not acceptable":          {nil, call{get, "/modules", []string{from, "Accept: text/csv"}, "", false}, 406},
		"too large":               {nil, call{post, "/suggestions", []string{from}, strings.Repeat(" ", 2<<20), false}, 413},
		"an unknown content type": {nil, call{post, "/suggestions", []string{from, "Content-Type: text/plain"}, "x", false}, 415},
		"a panic":                 {func(s *server) { s.messages.content = nil }, call{get, "/messages/m1/source", []string{from}, "", false}, 500},
		"a range that cannot be":  {nil, call{get, "/messages/m1/source", []string{from, "Range: bytes=99-"}, "", false}, 416},
		"rate limited": {func(s *server) { s.sessions.signIn = &sessions.ThrottledError{RetryAfter: 1} },
			call{post, "/sessions", []string{from}, loginBody, true}, 429},
		"a slash at the origin's end": {nil, call{get, "/modules", []string{from + "/"}, "", false}, 200},
		"an origin in other letters":  {nil, call{get, "/modules", []string{"Origin: HTTPS://Addin.Example.com:443"}, "", false}, 200},
	}
	for name, row := range run {
		t.Run(name, func(t *testing.T) {
			s := newServer(t)
			if row.arrange != nil {
				row.arrange(s)
			}
			a := s.do(row.call)
			if a.StatusCode != row.status {
				t.Errorf("status %d, want %d: %s", a.StatusCode, row.status, a.text)
			}
			_, sent, _ := strings.Cut(row.call.headers[0], ": ")
			if got := a.Header.Get("Access-Control-Allow-Origin"); got != sent {
				t.Errorf("allowed origin %q, want %q as it was sent", got, sent)
			}
			if exposed := a.Header.Get("Access-Control-Expose-Headers"); !strings.Contains(exposed, "Retry-After") {
				t.Errorf("exposed: %q", exposed)
			}
			if vary := strings.Join(a.Header.Values("Vary"), ","); !strings.Contains(vary, "Origin") {
				t.Errorf("Vary: %q", vary)
			}
		})
	}
}

func TestPreflightNeedsNoToken(t *testing.T) {
	s := newServer(t)
	preflight := func(origin, method, headers string) answer {
		return s.do(call{http.MethodOptions, "/messages", []string{
			"Origin: " + origin, "Access-Control-Request-Method: " + method, "Access-Control-Request-Headers: " + headers,
		}, "", true})
	}
	a := preflight(origin, post, "authorization,content-type,idempotency-key,x-internet-message-id")
	for header, want := range map[string]string{
		"Access-Control-Allow-Origin":      origin,
		"Access-Control-Allow-Methods":     post,
		"Access-Control-Max-Age":           "600",
		"Access-Control-Allow-Credentials": "",
		"Access-Control-Allow-Headers":     "authorization,content-type,idempotency-key,x-internet-message-id",
	} {
		if got := a.Header.Get(header); got != want || a.StatusCode != http.StatusNoContent {
			t.Errorf("%d %s: %q, want %q", a.StatusCode, header, got, want)
		}
	}
	for name, refused := range map[string]answer{
		"a foreign origin": preflight("https://evil.example", post, ""),
		"null":             preflight("null", post, ""),
		"another port":     preflight(origin+":8443", post, ""),
		"without TLS":      preflight("http://addin.example.com", post, ""),
		"an unknown verb":  preflight(origin, "BREW", ""),
		"a foreign header": preflight(origin, post, "x-other"),
	} {
		if got := refused.Header.Get("Access-Control-Allow-Origin"); got != "" {
			t.Errorf("%s is allowed: %q", name, got)
		}
	}
}

func TestAForeignPageIsToldNothingItMayRead(t *testing.T) {
	s := newServer(t)
	a := s.do(call{get, "/compatibility", []string{"Origin: https://evil.example"}, "", true})
	if got := a.Header.Get("Access-Control-Allow-Origin"); got != "" {
		t.Errorf("allowed origin %q", got)
	}
}

func TestRequestIDs(t *testing.T) {
	s := newServer(t)
	for name, row := range map[string]struct {
		sent string
		kept bool
	}{
		"a sane one is kept":            {"a1b2c3d4-request", true},
		"a short one is replaced":       {"short", false},
		"a long one is replaced":        {strings.Repeat("x", 65), false},
		"one with spaces is replaced":   {"level=ERROR msg=forged", false},
		"none is made":                  {"", false},
		"one with controls is replaced": {"abcdefgh\x1b[2J", false},
	} {
		a := s.do(call{method: get, path: "/messages/m2", headers: []string{"X-Request-Id: " + row.sent}})
		got := a.Header.Get("X-Request-Id")
		if (got == row.sent) != row.kept || len(got) < 8 || !strings.Contains(a.text, `"instance":"urn:request:`+got+`"`) {
			t.Errorf("%s: %q became %q in %s", name, row.sent, got, a.text)
		}
	}
}

func TestAnswersAreNotMadeMoreOfThanTheyAre(t *testing.T) {
	s := newServer(t)
	a := s.do(call{method: get, path: "/modules"})
	for header, want := range map[string]string{
		"X-Content-Type-Options":  "nosniff",
		"Referrer-Policy":         "no-referrer",
		"Cache-Control":           "no-store",
		"Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
	} {
		if got := a.Header.Get(header); got != want {
			t.Errorf("%s: %q, want %q", header, got, want)
		}
	}
}
