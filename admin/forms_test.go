package admin_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/gorilla/mux"

	"github.com/mailconnector/mailconnector/admin"
)

// changes are all requests that change something.
func changes() []string {
	return []string{
		"/admin/signin", "/admin/signout", "/admin/readers", "/admin/sharing", "/admin/license", "/admin/license/revocations",
		"/admin/license/deactivate", "/admin/seats", "/admin/seats/release", "/admin/sessions/end", "/admin/sessions/end-all",
		"/admin/activity", "/admin/health/domains", "/admin/health/explain",
		"/me/signin", "/me/signout", "/me/end", "/me/end-all",
	}
}

func TestFormsAreTakenFromOurPagesOnly(t *testing.T) {
	w := newWorld(t)
	w.activate(w.license(5))
	b := w.signedIn("admin", "admin")
	token, foreign := b.token(), w.browser().token()
	for _, path := range changes() {
		for name, forge := range map[string]func(http.Header, url.Values){
			"without a token":                  func(_ http.Header, v url.Values) { v.Del("form_token") },
			"with another browser's token":     func(_ http.Header, v url.Values) { v.Set("form_token", foreign) },
			"from another site":                func(h http.Header, _ url.Values) { h.Set("Sec-Fetch-Site", "cross-site") },
			"from another site of the company": func(h http.Header, _ url.Values) { h.Set("Sec-Fetch-Site", "same-site") },
			"from an old browser elsewhere":    func(h http.Header, _ url.Values) { h.Set("Origin", "https://evil.example") },
		} {
			t.Run(path+" "+name, func(t *testing.T) {
				values, header := url.Values{"form_token": {token}}, http.Header{}
				forge(header, values)
				r := must(http.NewRequestWithContext(t.Context(), http.MethodPost, b.base+path, strings.NewReader(values.Encode())))(t)
				r.Header = header
				r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
				b.do(r).want(t, http.StatusForbidden, "Nothing was changed.")
			})
		}
	}
	if status := must(w.config.Licensing.Status(t.Context()))(t); status.License == nil {
		t.Error("a forged form deactivated the license")
	}
}

func TestChangesAreNeverMadeByGet(t *testing.T) {
	w := newWorld(t)
	b := w.signedIn("admin", "admin")
	for _, path := range changes() {
		if got := b.get(path); got.Status == http.StatusOK && strings.Contains(got.Body, `role="status"`) {
			t.Errorf("GET %s says something was done", path)
		}
	}
	b.get("/admin/seats/release").want(t, http.StatusMethodNotAllowed)
	if got := b.get("/admin/seats/release").Header.Get("Allow"); got != "POST" {
		t.Errorf("Allow is %q", got)
	}
}

func TestAFormThatIsTooLargeIsRefused(t *testing.T) {
	b := newWorld(t).signedIn("admin", "admin")
	b.upload("/admin/license", strings.Repeat("x", 3<<20)).want(t, http.StatusRequestEntityTooLarge, "That is too large")
}

func TestEveryAnswerIsGuarded(t *testing.T) {
	w := newWorld(t)
	b := w.signedIn("admin", "admin")
	for _, path := range []string{"/admin/", "/admin/nothing", "/admin/signin", "/admin/seats/release", "/me"} {
		header := b.get(path).Header
		policy := header.Get("Content-Security-Policy")
		for _, directive := range []string{"default-src 'none'", "script-src 'self'", "style-src 'self'", "frame-ancestors 'none'", "base-uri 'none'", "form-action 'self'"} {
			if !strings.Contains(policy, directive) {
				t.Errorf("%s: policy %q lacks %s", path, policy, directive)
			}
		}
		for name, want := range map[string]string{
			"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff", "Referrer-Policy": "same-origin", "X-Frame-Options": "DENY",
		} {
			if got := header.Get(name); got != want {
				t.Errorf("%s: %s is %q, want %q", path, name, got, want)
			}
		}
	}
}

func TestPagesHaveNoInlineScriptOrStyle(t *testing.T) {
	w := newWorld(t)
	w.activate(w.license(5))
	w.addin("sales.rep")
	w.link("3", "Offer 7", nora)
	b := w.signedIn("admin", "admin")
	for _, path := range []string{"/admin/", "/admin/license", "/admin/seats", "/admin/sessions", "/admin/activity", "/admin/health", "/me", "/admin/signin"} {
		body := b.get(path).Body
		for _, forbidden := range []string{" style=", " onclick=", " onload=", "javascript:", "<style", "<script>"} {
			if strings.Contains(body, forbidden) {
				t.Errorf("%s contains %q", path, forbidden)
			}
		}
	}
}

func TestCookies(t *testing.T) {
	for name, row := range map[string]struct {
		crm, prefix, name, path string
		secure                  bool
	}{
		"over https they say so in their name":            {"https://crm.example.com", "/mc", "__Secure-mailconnector-admin", "/mc", true},
		"at the root of a host they are the host's alone": {"https://crm.example.com", "", "__Host-mailconnector-admin", "/", true},
		"over http they cannot be secure":                 {"http://localhost:8080", "/mc", "mailconnector-admin", "/mc", false},
	} {
		t.Run(name, func(t *testing.T) {
			c := newWorld(t).config
			c.CRMURL, c.Prefix = row.crm, row.prefix
			cookie := signInCookie(t, c)
			if cookie.Name != row.name || cookie.Path != row.path || cookie.Secure != row.secure || !cookie.HttpOnly ||
				cookie.SameSite != http.SameSiteStrictMode || cookie.Domain != "" {
				t.Errorf("cookie is %s", cookie)
			}
		})
	}
}

// signInCookie signs in by hand, because no jar keeps a secure cookie that came over http.
func signInCookie(t *testing.T, c admin.Config) *http.Cookie {
	t.Helper()
	router := mux.NewRouter()
	must(admin.New(c))(t).Mount(router)
	form := httptest.NewRecorder()
	router.ServeHTTP(form, httptest.NewRequest(http.MethodGet, c.Prefix+"/admin/signin", nil))
	values := credentials("admin", password)
	values.Set("form_token", tokenPattern.FindStringSubmatch(form.Body.String())[1])
	r := httptest.NewRequest(http.MethodPost, c.Prefix+"/admin/signin", strings.NewReader(values.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	for _, cookie := range form.Result().Cookies() {
		r.AddCookie(cookie)
	}
	answer := httptest.NewRecorder()
	router.ServeHTTP(answer, r)
	for _, cookie := range answer.Result().Cookies() {
		if strings.HasSuffix(cookie.Name, "-admin") {
			return cookie
		}
	}
	t.Fatalf("no cookie: %d %s", answer.Code, answer.Body)
	return nil
}
