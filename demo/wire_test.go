package demo_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/mailconnector/mailconnector/module/moduletest"
)

// wire is the proxy through which the browser of a test reaches everything. It knows one host, the CRM; whatever else
// the browser asks for is written down and refused.
type wire struct {
	crm  *httputil.ReverseProxy
	user *moduletest.Client // whose bodies are shown

	mu      sync.Mutex
	pages   map[string]http.HandlerFunc // by path
	foreign []string                    // "CONNECT evil.example:443", "GET http://evil.example/"
	own     []string                    // paths of the CRM
}

// chromiums are the hosts that Chromium asks by itself, whatever it shows.
var chromiums = []string{"accounts.google.com", "content-autofill.googleapis.com", "update.googleapis.com"}

// crmHost is the CRM as the browser knows it.
const crmHost = "crm.example"

// startWire starts the proxy to the CRM at an address and returns the proxy's own.
func startWire(t *testing.T, address string, user *moduletest.Client) (*wire, string) {
	t.Helper()
	crm, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	w := &wire{user: user, pages: make(map[string]http.HandlerFunc)}
	w.crm = &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) { r.SetURL(crm) }}
	server := httptest.NewServer(w)
	t.Cleanup(server.Close)
	return w, server.URL
}

func (w *wire) ServeHTTP(res http.ResponseWriter, r *http.Request) {
	if r.Method == http.MethodConnect || r.Host != crmHost {
		if !slices.Contains(chromiums, strings.TrimSuffix(r.Host, ":443")) {
			w.note(&w.foreign, r.Method+" "+r.RequestURI)
		}
		http.Error(res, "no way out", http.StatusForbidden)
		return
	}
	w.note(&w.own, r.URL.Path)
	if page := w.page(r.URL.Path); page != nil {
		page(res, r)
		return
	}
	if strings.HasSuffix(r.URL.Path, "/body") {
		r.Header.Set("Authorization", "Bearer "+w.user.Token())
	}
	w.crm.ServeHTTP(res, r)
}

func (w *wire) note(list *[]string, entry string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	*list = append(*list, entry)
}

func (w *wire) page(path string) http.HandlerFunc {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.pages[path]
}

// setPage makes a page of the CRM, while the browser may be asking for one still.
func (w *wire) setPage(path string, page http.HandlerFunc) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.pages[path] = page
}

// take returns what was asked for since it was called last.
func (w *wire) take() (foreign, own []string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	foreign, own = w.foreign, w.own
	w.foreign, w.own = nil, nil
	return foreign, own
}

// show makes a page of the CRM with a sandboxed frame for each address, as the Messages tab has them.
func (w *wire) show(path string, frames []string) string {
	w.setPage(path, func(res http.ResponseWriter, _ *http.Request) {
		res.Header().Set("Content-Type", "text/html; charset=utf-8")
		_, _ = fmt.Fprint(res, "<!DOCTYPE html><link rel=icon href='data:,'><title>untouched</title>")
		for i, address := range frames {
			_, _ = fmt.Fprintf(res, `<iframe name="%d" src="%s" sandbox="allow-popups allow-popups-to-escape-sandbox" referrerpolicy="no-referrer"></iframe>`,
				i, address)
		}
	})
	return "http://" + crmHost + path
}
