package main

import (
	"net/http"
	"testing"
	"time"

	"github.com/mailconnector/mailconnector/module/moduletest"
)

func TestWrongPasswordsAreCountedForTheClientTheWebServerNames(t *testing.T) {
	for name, row := range map[string]struct {
		header, remote string
		given          []string // of X-Real-IP
		want           string
	}{
		"a connection from elsewhere":          {"", "192.0.2.7:4711", nil, "192.0.2.7"},
		"the web server, whose header is none": {"", "127.0.0.1:4711", []string{"192.0.2.7"}, ""},
		"a web server in the other family":     {"", "[::1]:4711", nil, ""},
		"the header":                           {"X-Real-IP", "127.0.0.1:4711", []string{"192.0.2.7"}, "192.0.2.7"},
		"a header of several addresses":        {"X-Real-IP", "127.0.0.1:4711", []string{"198.51.100.1", "198.51.100.2, 2001:db8::7"}, "2001:db8::7"},
		"an IPv4 address in the form of IPv6":  {"X-Real-IP", "127.0.0.1:4711", []string{"::ffff:192.0.2.7"}, "192.0.2.7"},
		"a header that names this machine":     {"X-Real-IP", "127.0.0.1:4711", []string{"127.0.0.1"}, ""},
		"a header without an address":          {"X-Real-IP", "127.0.0.1:4711", []string{"unknown"}, ""},
		"the header is missing":                {"X-Real-IP", "192.0.2.1:4711", nil, "192.0.2.1"},
	} {
		r := &http.Request{RemoteAddr: row.remote, Header: http.Header{"X-Real-Ip": row.given}}
		if got := clientIP(row.header)(r); got != row.want {
			t.Errorf("%s: %q, want %q", name, got, row.want)
		}
	}
}

// named sends every request as if a web server had named its client.
type named string

func (n named) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	r.Header.Set("X-Real-IP", string(n))
	return http.DefaultTransport.RoundTrip(r)
}

// countsByClient looks at whom the CRM takes for the one who gives wrong passwords.
func countsByClient(t *testing.T, b *beside) {
	const noted = "SELECT COALESCE(GROUP_CONCAT(CONCAT(ip, ':', attempts) ORDER BY ip), '') FROM vte_check_logins WHERE type = 'ws'"
	for _, step := range []struct {
		flags []string
		want  string
	}{{nil, ":1"}, {[]string{"--client-ip-header", "X-Real-IP"}, ":1,192.0.2.7:1"}} {
		address, stop := b.serving(t, step.flags...)
		c := moduletest.Dial(address, &http.Client{Transport: named("192.0.2.7"), Timeout: time.Minute})
		if _, err := c.SignIn(t.Context(), "user3", "Secret#4-pw"); err == nil {
			t.Error("user3 signs in with a wrong password")
		}
		stop()
		if got := text(t, b.db, noted); got != step.want {
			t.Errorf("serve %v: wrong passwords are noted as %q, want %q", step.flags, got, step.want)
		}
	}
	b.exec(t, "DELETE FROM vte_check_logins WHERE type = 'ws'")
}
