package module_test

import (
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"

	"github.com/gorilla/mux"

	"github.com/mailconnector/mailconnector/module"
	"github.com/mailconnector/mailconnector/module/moduletest"
)

func TestEveryKindOfPageWorksUnderAnyPrefix(t *testing.T) {
	ext, _ := mount(t, prefix("/a/b"))
	for path, want := range map[string]struct {
		status int
		answer string // media type, or where to
	}{
		"/a/b/":                         {http.StatusSeeOther, "/a/b/me"},
		"/a/b/api/v1/compatibility":     {http.StatusOK, "application/json"},
		"/a/b/api/v1/health/live":       {http.StatusOK, "application/json"},
		"/a/b/api/v1/health/ready":      {http.StatusOK, "application/json"},
		"/a/b/api/v1/openapi.yaml":      {http.StatusOK, "application/yaml"},
		"/a/b/api/v1/session":           {http.StatusUnauthorized, "application/problem+json"},
		"/a/b/api/v1/content/forged":    {http.StatusNotFound, "application/problem+json"},
		"/a/b/api/v1/nothing":           {http.StatusNotFound, "application/problem+json"},
		"/a/b/api/v1/":                  {http.StatusNotFound, "application/problem+json"},
		"/a/b/api/v1/sessions":          {http.StatusMethodNotAllowed, "application/problem+json"},
		"/a/b/api/v1//compatibility":    {http.StatusNotFound, "application/problem+json"},
		"/a/b/addin/taskpane.html":      {http.StatusOK, "text/html"},
		"/a/b/addin/taskpane.css":       {http.StatusOK, "text/css"},
		"/a/b/addin/taskpane.js":        {http.StatusOK, "text/javascript"},
		"/a/b/addin/src/main.ts":        {http.StatusNotFound, "text/plain"},
		"/a/b/tab.css":                  {http.StatusOK, "text/css"},
		"/a/b/tab.html":                 {http.StatusNotFound, "text/plain"},
		"/a/b/admin":                    {http.StatusPermanentRedirect, "/a/b/admin/"},
		"/a/b/admin/":                   {http.StatusSeeOther, "/a/b/admin/signin"},
		"/a/b/admin/signin":             {http.StatusOK, "text/html"},
		"/a/b/admin/nothing":            {http.StatusNotFound, "text/html"},
		"/a/b/me":                       {http.StatusSeeOther, "/a/b/me/signin"},
		"/a/b/me/signin":                {http.StatusOK, "text/html"},
		"/api/v1/compatibility":         {http.StatusNotFound, "text/plain"},
		"/a/api/v1/compatibility":       {http.StatusNotFound, "text/plain"},
		"/a/bb/api/v1/compatibility":    {http.StatusNotFound, "text/plain"},
		"/a/b/a/b/api/v1/compatibility": {http.StatusNotFound, "text/plain"},
		"/mailconnector/admin/signin":   {http.StatusNotFound, "text/plain"},
	} {
		status, header, _ := get(t, ext, path)
		answer := header.Get("Content-Type")
		if status >= 300 && status < 400 {
			answer, _, _ = strings.Cut(header.Get("Location"), "?")
		}
		if status != want.status || !strings.HasPrefix(answer, want.answer) {
			t.Errorf("GET %s: %d %s, want %d %s", path, status, answer, want.status, want.answer)
		}
	}
}

// TestPagesReferToNothingOutsideThePrefix follows every address in the pages that need no session.
func TestPagesReferToNothingOutsideThePrefix(t *testing.T) {
	ext, _ := mount(t, prefix("/a/b"))
	for _, path := range []string{"/a/b/admin/signin", "/a/b/me/signin", "/a/b/admin/nothing"} {
		_, _, page := get(t, ext, path)
		addresses := regexp.MustCompile(`(?:href|src|action)="([^"]*)"`).FindAllStringSubmatch(page, -1)
		if len(addresses) == 0 {
			t.Errorf("%s has no address in it:\n%s", path, page)
		}
		for _, a := range addresses {
			if strings.HasPrefix(a[1], "#") {
				continue
			}
			if !strings.HasPrefix(a[1], "/a/b/") {
				t.Errorf("%s refers to %s", path, a[1])
				continue
			}
			if status, _, _ := get(t, ext, a[1]); status >= http.StatusBadRequest {
				t.Errorf("%s refers to %s, which answers %d", path, a[1], status)
			}
		}
	}
}

func TestMountsOnAnyRouter(t *testing.T) {
	ext, _ := mount(t, prefix("/a/b"))
	plain := http.NewServeMux()
	plain.Handle(ext.Pattern(), ext)
	gorilla := mux.NewRouter()
	gorilla.PathPrefix(ext.Pattern()).Handler(ext)
	for name, router := range map[string]http.Handler{"http.ServeMux": plain, "gorilla/mux": gorilla} {
		c := moduletest.NewClient(router, "/a/b")
		if _, err := c.SignIn(t.Context(), "sales.rep", moduletest.Password); err != nil {
			t.Errorf("%s: sign in: %v", name, err)
		}
		if card, err := c.Record(t.Context(), moduletest.TargetOf(nora)); err != nil || card.Label != "Nora Berg" {
			t.Errorf("%s: record = %+v, %v", name, card, err)
		}
		if status, _, _ := get(t, router, "/a/bc/admin/signin"); status != http.StatusNotFound {
			t.Errorf("%s: a neighbour's path answers %d", name, status)
		}
	}
}

// TestClientIPIsTheHostsToTell counts failed sign-ins for the address that the host names, here the proxy's header.
func TestClientIPIsTheHostsToTell(t *testing.T) {
	asked := 0
	ext, _ := mount(t, func(c *module.Config) {
		c.ClientIP = func(r *http.Request) string { asked++; return r.Header.Get("X-Real-Ip") }
	})
	r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/mailconnector/api/v1/sessions",
		strings.NewReader(`{"username":"sales.rep","password":"wrong","client":{"name":"test","version":"1","platform":"test"}}`))
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("X-Real-Ip", "198.51.100.7")
	w := httptest.NewRecorder()
	ext.ServeHTTP(w, r)
	if w.Code != http.StatusUnauthorized || asked == 0 {
		t.Errorf("sign in: %d, ClientIP asked %d times", w.Code, asked)
	}
}
