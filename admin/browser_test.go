package admin_test

import (
	"bytes"
	"io"
	"mime/multipart"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"regexp"
	"strings"
	"testing"
)

// browser keeps cookies and sends forms as a browser does. It does not follow redirects unless told to.
type browser struct {
	t      testing.TB
	base   string // with the prefix
	client *http.Client
	lang   string // Accept-Language
	agent  string // User-Agent
}

// answer is what a browser got.
type answer struct {
	Status int
	Header http.Header
	Body   string
}

func (w *world) browser() *browser {
	w.t.Helper()
	client := &http.Client{
		Jar:           must(cookiejar.New(nil))(w.t),
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	return &browser{t: w.t, base: w.server.URL + prefix, client: client}
}

// signedIn is a browser whose user has signed in on an area's form: "admin" or "me".
func (w *world) signedIn(area, user string) *browser {
	w.t.Helper()
	b := w.browser()
	got := b.post("/"+area+"/signin", url.Values{"username": {user}, "password": {password}})
	if got.Status != http.StatusSeeOther {
		w.t.Fatalf("sign in as %s answers %d: %s", user, got.Status, got.text())
	}
	return b
}

func (b *browser) do(r *http.Request) answer {
	b.t.Helper()
	if b.lang != "" {
		r.Header.Set("Accept-Language", b.lang)
	}
	if b.agent != "" {
		r.Header.Set("User-Agent", b.agent)
	}
	response := must(b.client.Do(r))(b.t)
	defer response.Body.Close()
	body := must(io.ReadAll(response.Body))(b.t)
	return answer{Status: response.StatusCode, Header: response.Header, Body: string(body)}
}

func (b *browser) get(path string) answer {
	b.t.Helper()
	return b.do(must(http.NewRequestWithContext(b.t.Context(), http.MethodGet, b.base+path, nil))(b.t))
}

// follow gets what a redirect leads to.
func (b *browser) follow(a answer) answer {
	b.t.Helper()
	path, ok := strings.CutPrefix(a.Header.Get("Location"), prefix)
	if !ok {
		b.t.Fatalf("answer %d leads to %q, not below the prefix", a.Status, a.Header.Get("Location"))
	}
	return b.get(path)
}

var tokenPattern = regexp.MustCompile(`name="form_token" value="([0-9a-f]+)"`)

// token reads the form token of a page that this browser may see.
func (b *browser) token() string {
	b.t.Helper()
	for _, path := range []string{"/admin/license", "/me", "/admin/signin"} {
		if found := tokenPattern.FindStringSubmatch(b.get(path).Body); found != nil {
			return found[1]
		}
	}
	b.t.Fatal("no page has a form token")
	return ""
}

var sentencePattern = regexp.MustCompile(`name="sentence" value="([0-9a-f]+)"`)

// shown is the form that accepts what a page says about who reads linked mails.
func (b *browser) shown(path string) url.Values {
	b.t.Helper()
	found := sentencePattern.FindStringSubmatch(b.get(path).Body)
	if found == nil {
		b.t.Fatalf("%s shows nothing to accept", path)
	}
	return url.Values{"sentence": {found[1]}}
}

// sharing is what that page's form sends with the sentence accepted.
func (b *browser) sharing() url.Values {
	b.t.Helper()
	form := b.shown("/admin/sharing")
	form.Set("shared", "yes")
	form.Set("accepted", "yes")
	return form
}

// post sends a form with the token of this browser.
func (b *browser) post(path string, form url.Values) answer {
	b.t.Helper()
	if form == nil {
		form = url.Values{}
	}
	if !form.Has("form_token") {
		form.Set("form_token", b.token())
	}
	r := must(http.NewRequestWithContext(b.t.Context(), http.MethodPost, b.base+path, strings.NewReader(form.Encode())))(b.t)
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	return b.do(r)
}

// upload sends a form with a file.
func (b *browser) upload(path, content string) answer {
	b.t.Helper()
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	must(0, form.WriteField("form_token", b.token()))(b.t)
	must(must(form.CreateFormFile("file", "license.txt"))(b.t).Write([]byte(content)))(b.t)
	must(0, form.Close())(b.t)
	r := must(http.NewRequestWithContext(b.t.Context(), http.MethodPost, b.base+path, &body))(b.t)
	r.Header.Set("Content-Type", form.FormDataContentType())
	return b.do(r)
}

var tags = regexp.MustCompile(`(?s)<(style|script).*?</(style|script)>|<[^>]*>`)

// text is what a page says, without its markup.
func (a answer) text() string {
	whole := strings.ReplaceAll(a.Body, "<wbr>", "")
	return strings.Join(strings.Fields(tags.ReplaceAllString(whole, " ")), " ")
}

// want fails unless the status is right and the page says every one of the texts.
func (a answer) want(t testing.TB, status int, texts ...string) {
	t.Helper()
	if a.Status != status {
		t.Errorf("status is %d, want %d: %s", a.Status, status, a.text())
	}
	for _, text := range texts {
		if !strings.Contains(a.text(), text) {
			t.Errorf("page does not say %q: %s", text, a.text())
		}
	}
}

// wantNot fails if the page, markup included, has one of the texts.
func (a answer) wantNot(t testing.TB, texts ...string) {
	t.Helper()
	for _, text := range texts {
		if strings.Contains(a.Body, text) {
			t.Errorf("page says %q: %s", text, a.text())
		}
	}
}
