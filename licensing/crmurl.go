package licensing

import (
	"fmt"
	"net"
	"net/url"
	"strings"
)

// NormalizeURL returns the form in which the addresses of CRMs are compared: scheme and host in lower case, no default
// port, no trailing slash. The path keeps its case. It refuses whatever is not the plain http or https address of a
// CRM: credentials, a query and a fragment are slips of pasting.
func NormalizeURL(raw string) (string, error) {
	u, err := url.Parse(strings.TrimSpace(raw))
	if err != nil {
		return "", fmt.Errorf("CRM URL: %w", err)
	}
	u.Scheme, u.Host = strings.ToLower(u.Scheme), strings.ToLower(u.Host)
	switch {
	case u.Scheme != "http" && u.Scheme != "https":
		return "", fmt.Errorf("CRM URL %q: write it in full, beginning with https://", raw)
	case u.Hostname() == "":
		return "", fmt.Errorf("CRM URL %q: the host is missing", raw)
	case u.User != nil, u.RawQuery != "", u.ForceQuery, u.Fragment != "":
		return "", fmt.Errorf("CRM URL %q: leave out credentials, ? and #", raw)
	}
	return u.Scheme + "://" + hostport(u) + strings.TrimRight(u.EscapedPath(), "/"), nil
}

func hostport(u *url.URL) string {
	host, port := strings.TrimSuffix(u.Hostname(), "."), u.Port()
	if port == "" || port == map[string]string{"http": "80", "https": "443"}[u.Scheme] {
		if strings.Contains(host, ":") {
			return "[" + host + "]"
		}
		return host
	}
	return net.JoinHostPort(host, port)
}

// sameURL reports whether both are the address of one CRM.
func sameURL(a, b string) bool {
	a, errA := NormalizeURL(a)
	b, errB := NormalizeURL(b)
	return errA == nil && errB == nil && a == b
}
