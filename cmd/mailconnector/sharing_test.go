package main

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/mailconnector/mailconnector/module"
	"github.com/mailconnector/mailconnector/module/moduletest"
)

// behind is a web server that terminates TLS before the module, and a browser that reaches it there.
func behind(t *testing.T, address string) (*http.Client, string) {
	t.Helper()
	target, err := url.Parse(strings.TrimSuffix(address, module.DefaultPrefix))
	if err != nil {
		t.Fatal(err)
	}
	proxy := httptest.NewTLSServer(&httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) {
		r.SetURL(target)
		r.Out.Host = r.In.Host
	}})
	t.Cleanup(proxy.Close)
	browser := proxy.Client()
	if browser.Jar, err = cookiejar.New(nil); err != nil {
		t.Fatal(err)
	}
	return browser, proxy.URL + module.DefaultPrefix
}

var (
	formToken    = regexp.MustCompile(`name="form_token" value="([0-9a-f]+)"`)
	formSentence = regexp.MustCompile(`name="sentence" value="([0-9a-f]+)"`)
)

// submit sends a form of a page and returns the page that follows.
func submit(t *testing.T, browser *http.Client, address string, form url.Values) string {
	t.Helper()
	before := page(t, func() (*http.Response, error) { return browser.Get(address) })
	found := formToken.FindStringSubmatch(before)
	if found == nil {
		t.Fatalf("%s has no form", address)
	}
	form.Set("form_token", found[1])
	if shown := formSentence.FindStringSubmatch(before); shown != nil {
		form.Set("sentence", shown[1])
	}
	return page(t, func() (*http.Response, error) { return browser.PostForm(address, form) })
}

func page(t *testing.T, ask func() (*http.Response, error)) string {
	t.Helper()
	response, err := ask()
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(body)
}

// sharesWhileServing switches sharing on and off on the admin page, and looks at the rows of the mails linked meanwhile.
func sharesWhileServing(t *testing.T, b *beside) {
	b.exec(t, "UPDATE vte_def_org_share SET permission = 8 WHERE tabid = (SELECT tabid FROM vte_tab WHERE name = 'Messages')")
	address, stop := b.serving(t)
	defer stop()
	browser, outside := behind(t, address)
	submit(t, browser, outside+"/admin/signin", url.Values{"username": {"user7"}, "password": {"Secret#7-pw"}})
	user := moduletest.Dial(address, nil)
	if _, err := user.SignIn(t.Context(), "user3", "Secret#3-pw"); err != nil {
		t.Fatal(err)
	}
	for i, step := range []struct {
		name string
		form url.Values // nil presses nothing
		page string     // says
		want string     // visibility of a mail linked then
	}{
		{"at first", nil, "", ""},
		{"the sentence is not accepted", url.Values{"shared": {"yes"}}, "only once you accept", ""},
		{"it is", url.Values{"shared": {"yes"}, "accepted": {"yes"}}, "Mails linked from now on are shared", "Public"},
		{"it ends", url.Values{"shared": {"no"}}, "follow the CRM’s own rule", ""},
	} {
		if step.form != nil {
			if got := submit(t, browser, outside+"/admin/sharing", step.form); !strings.Contains(got, step.page) {
				t.Errorf("%s: the page does not say %q", step.name, step.page)
			}
		}
		mail := fmt.Sprintf("From: a@example.com\r\nMessage-ID: <shared-%d@example.com>\r\nSubject: Shared?\r\n\r\nHello\r\n", i)
		receipt, err := user.Link(t.Context(), bytes.NewReader([]byte(mail)), moduletest.LinkOptions{}, b.linked)
		if err != nil {
			t.Fatal(err)
		}
		got := text(t, b.db, "SELECT COALESCE(mvisibility, '') FROM vte_messages WHERE messageid = ?", receipt.Message.MessageID)
		if got != step.want {
			t.Errorf("%s: a mail is linked with visibility %q, want %q", step.name, got, step.want)
		}
	}
}
