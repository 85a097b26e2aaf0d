package api_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/mailconnector/mailconnector/api"
)

func TestContentIsServedAsADownload(t *testing.T) {
	for path, want := range map[string]struct{ media, name string }{
		"/messages/m1/source":  {"message/rfc822", "attachment; filename=m1.eml"},
		"/messages/m1/parts/3": {"application/pdf", "attachment; filename*=utf-8''%C3%84ngebot.pdf"},
		"/content/tok-part-7":  {"application/pdf", "attachment; filename*=utf-8''%C3%84ngebot.pdf"},
	} {
		t.Run(path, func(t *testing.T) {
			s := newServer(t)
			a := s.do(call{method: get, path: path, public: strings.HasPrefix(path, "/content/")})
			for header, value := range map[string]string{
				"Content-Type": want.media, "Content-Disposition": want.name, "Content-Length": "10", "Accept-Ranges": "bytes",
				"X-Content-Type-Options": "nosniff", "Content-Security-Policy": "sandbox; default-src 'none'", "Cache-Control": "private, no-cache",
				"Last-Modified": "Sun, 01 Mar 2026 12:00:00 GMT",
			} {
				if got := a.Header.Get(header); got != value {
					t.Errorf("%s: %q, want %q", header, got, value)
				}
			}
			if a.StatusCode != http.StatusOK || a.text != "0123456789" || !s.messages.content.closed {
				t.Errorf("%d %q, closed: %v", a.StatusCode, a.text, s.messages.content.closed)
			}
		})
	}
}

func TestRanges(t *testing.T) {
	ask := func(headers ...string) call { return call{get, "/messages/m1/parts/3", headers, "", false} }
	etag := newServer(t).do(ask()).Header.Get("ETag")
	for name, row := range map[string]struct {
		call   call
		status int
		text   string
		header string // Content-Range
	}{
		"the beginning":           {ask("Range: bytes=0-3"), 206, "0123", "bytes 0-3/10"},
		"the middle":              {ask("Range: bytes=4-5"), 206, "45", "bytes 4-5/10"},
		"the end":                 {ask("Range: bytes=-2"), 206, "89", "bytes 8-9/10"},
		"several at once":         {ask("Range: bytes=8-9,4-5"), 200, "0123456789", ""},
		"what is not there":       {ask("Range: bytes=10-"), 416, "", "bytes */10"},
		"what cannot be read":     {ask("Range: bytes=x"), 416, "", "bytes */10"},
		"the rest of the same":    {ask("Range: bytes=8-", "If-Range: "+etag), 206, "89", "bytes 8-9/10"},
		"the rest of another":     {ask("Range: bytes=8-", `If-Range: "other"`), 200, "0123456789", ""},
		"what the client has yet": {ask("If-None-Match: " + etag), 304, "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			s := newServer(t)
			r, rec := row.call.request(), httptest.NewRecorder()
			s.ServeHTTP(rec, r)
			a := answer{rec.Result(), rec.Body.String()}
			if a.StatusCode != row.status || a.Header.Get("Content-Range") != row.header {
				t.Errorf("%d, Content-Range %q", a.StatusCode, a.Header.Get("Content-Range"))
			}
			if row.status == 416 {
				if a.slug() != "range-not-satisfiable" || a.Header.Get("Content-Disposition") != "" {
					t.Errorf("%v %s", a.Header, a.text)
				}
			} else if a.text != row.text {
				t.Errorf("text %q, want %q", a.text, row.text)
			}
			if row.status != 304 {
				holdAgainstContract(t, r, a)
			}
		})
	}
}

func TestHeadOfContentReadsNothing(t *testing.T) {
	s := newServer(t)
	s.messages.content.err = errors.New("the storage was read")
	a := s.do(call{method: http.MethodHead, path: "/messages/m1/source"})
	if a.StatusCode != http.StatusOK || a.Header.Get("Content-Length") != "10" {
		t.Errorf("%d %v", a.StatusCode, a.Header)
	}
}

func TestContentThatCannotBeReadIsCutOffAndLogged(t *testing.T) {
	s := newServer(t)
	s.messages.content.err = errors.New("disk on fire")
	live := httptest.NewServer(s)
	t.Cleanup(live.Close)
	r, err := http.NewRequestWithContext(t.Context(), get, live.URL+base+"/messages/m1/source", nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+goodToken)
	res, err := http.DefaultClient.Do(r)
	if err == nil {
		_, err = io.ReadAll(res.Body)
		_ = res.Body.Close()
	}
	if err == nil {
		t.Error("the client took the answer for whole")
	}
	live.Close()
	if !strings.Contains(s.log.String(), "disk on fire") {
		t.Errorf("log: %s", s.log)
	}
}

func TestContentThatIsNotThere(t *testing.T) {
	run(t, []scenario{
		{"a message of somebody else", nil, call{method: get, path: "/messages/m2/source"}, 404, "not-found", nil},
		{"a part that is not there", nil, call{method: get, path: "/messages/m1/parts/9"}, 404, "not-found", nil},
		{"a part that is no number", nil, call{method: get, path: "/messages/m1/parts/first"}, 404, "not-found", nil},
		{"part zero", nil, call{method: get, path: "/messages/m1/parts/0"}, 404, "not-found", nil},
		{"the body of somebody else's", nil, call{method: get, path: "/messages/m2/body"}, 404, "not-found", nil},
		{"a forged address", nil, call{get, "/content/forged", nil, "", true}, 404, "not-found", []string{"expired", "!forged"}},
		{"an address that is too long", nil, call{get, "/content/" + strings.Repeat("x", 3000), nil, "", true}, 404, "not-found", nil},
		{"images in between", nil, call{method: get, path: "/messages/m1/body?images=some"}, 400, "malformed-request", []string{"images"}},
	})
}

func TestABodyComesWithItsPolicy(t *testing.T) {
	for path, images := range map[string]bool{
		"/messages/m1/body": false, "/messages/m1/body?images=blocked": false, "/messages/m1/body?images=allowed": true,
		"/content/tok-body-7": true,
	} {
		s := newServer(t)
		a := s.do(call{method: get, path: path})
		if a.text != `<img src="/crm/api/v1/content/tok-part-7">` || s.messages.images != images {
			t.Errorf("%s answers %s, images: %v", path, a.text, s.messages.images)
		}
		if a.Header.Get("Content-Security-Policy") != "sandbox" || a.Header.Get("Content-Type") != "text/html; charset=utf-8" {
			t.Errorf("%s: %v", path, a.Header)
		}
	}
}

func TestHealth(t *testing.T) {
	s := newServer(t, func(c *api.Config) {
		c.Ready = func(context.Context) error { return errors.New("sql: no index yet") }
	})
	s.want(call{get, "/health/live", nil, "", true}, 200, "", `{"status":"ok"}`)
	a := s.want(call{get, "/health/ready", nil, "", true}, 503, "unavailable", "!no index")
	if a.Header.Get("Retry-After") != "5" {
		t.Errorf("Retry-After: %q", a.Header.Get("Retry-After"))
	}
	newServer(t).want(call{get, "/health/ready", nil, "", true}, 200, "", `{"status":"ok"}`)
}

func TestTheContractIsServed(t *testing.T) {
	a := newServer(t).do(call{get, "/openapi.yaml", nil, "", true})
	if a.text != string(api.Contract()) || a.Header.Get("Content-Type") != "application/yaml" {
		t.Errorf("%d %v", a.StatusCode, a.Header)
	}
}
