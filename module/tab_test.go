package module_test

import (
	"errors"
	"fmt"
	"html"
	"io"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/mailconnector/mailconnector/licensing"
	"github.com/mailconnector/mailconnector/messages"
	"github.com/mailconnector/mailconnector/module"
	"github.com/mailconnector/mailconnector/permissions"
)

// letter has an HTML body with a remote image and two attachments.
var letter = []string{
	"Message-ID: <offer@acme.example>", "Date: Sun, 01 Mar 2026 09:30:00 +0200", "From: Nora Berg <nora@acme.example>",
	"To: rolf@crm.example", "Subject: The offer", "MIME-Version: 1.0", "Content-Type: multipart/mixed; boundary=x", "",
	"--x", "Content-Type: text/html; charset=utf-8", "", `<p>Good morning.</p><img src="https://tracker.example/1.gif">`,
	"--x", "Content-Type: application/pdf", "Content-Disposition: attachment; filename=offer.pdf", "", "%PDF-1.4 " + strings.Repeat("x", 2000),
	"--x", "Content-Type: text/plain", "Content-Disposition: attachment; filename=notes.txt", "", "Notes.", "--x--",
}

func tab(t *testing.T, ext *module.Extension, s permissions.Subject, r permissions.Record, lang string) string {
	t.Helper()
	page, err := ext.MessagesTab(t.Context(), s, r, lang)
	if err != nil {
		t.Fatalf("MessagesTab = %v", err)
	}
	return string(page)
}

// hrefs are the addresses in a page that begin with something.
func hrefs(page, beginning string) (list []string) {
	for _, m := range regexp.MustCompile(`(?:href|src)="([^"]*)"`).FindAllStringSubmatch(page, -1) {
		if address := html.UnescapeString(m[1]); strings.HasPrefix(address, beginning) {
			list = append(list, address)
		}
	}
	return list
}

func TestTabShowsAMessageWithItsBodyAndAttachments(t *testing.T) {
	ext, _ := mount(t)
	link(t, ext, raw(letter...))
	page := tab(t, ext, rep, nora, "en-GB")
	for _, want := range []string{
		"The offer", "Nora Berg &lt;nora@acme.example&gt;", `datetime="2026-03-01T07:30:00Z"`, "2026-03-01 07:30 UTC",
		"linked by Rolf Rep", "Good morning.", "offer.pdf", "2 kB", "notes.txt", "6 B", "Show the message",
		`sandbox="allow-popups allow-popups-to-escape-sandbox"`,
	} {
		if !strings.Contains(page, want) {
			t.Errorf("the tab lacks %q:\n%s", want, page)
		}
	}
	signed := hrefs(page, "/mailconnector/api/v1/content/")
	if len(signed) != 4 {
		t.Fatalf("the tab has the signed addresses %q, want those of two files and of the body with and without images", signed)
	}
	for i, want := range []string{"%PDF-1.4", "Notes.", "Good morning.", "https://tracker.example/1.gif"} {
		status, header, body := get(t, ext, signed[i])
		if status != http.StatusOK || !strings.Contains(body, want) || header.Get("X-Content-Type-Options") != "nosniff" {
			t.Errorf("signed address %d answers %d %v %q, want %q in it", i, status, header, body, want)
		}
	}
	if _, header, body := get(t, ext, signed[2]); strings.Contains(body, "tracker") || !strings.Contains(header.Get("Content-Security-Policy"), "sandbox") {
		t.Errorf("the body without images is %q under %q", body, header.Get("Content-Security-Policy"))
	}
	if status, _, css := get(t, ext, hrefs(page, "/mailconnector/tab.css")[0]); status != http.StatusOK || !strings.Contains(css, ".mc-message") {
		t.Errorf("the style sheet answers %d", status)
	}
}

// TestTabShowsHostileWordsAsWords puts markup into every field that a sender or a colleague chooses.
func TestTabShowsHostileWordsAsWords(t *testing.T) {
	const attack = `"><script>alert(1)</script><img src=x onerror=alert(1)>`
	ext, _ := mount(t)
	link(t, ext, messages.Structured(messages.Draft{
		Subject: "subject" + attack, Date: time.Now(), Text: "snippet" + attack, HTML: "<p>Hello</p>",
		From: messages.Participant{Name: "name" + attack, Address: `"address` + attack + `"@evil.example`},
		Attachments: []messages.DraftAttachment{
			{ID: "a1", Name: "file" + attack, State: messages.StateOK},
			{ID: "a2", Name: "cloud" + attack, State: messages.StateURL, URL: "javascript:alert(1)"},
			{ID: "a3", Name: "missing" + attack, State: messages.StateUnsupported},
		},
	}, uploads("a1", "bytes")))
	page := tab(t, ext, rep, nora, "en")
	for _, tag := range []string{"<script", "<img", "onerror=alert(1)>\"", `href="javascript:`} {
		if strings.Contains(page, tag) {
			t.Errorf("the tab has %s in it:\n%s", tag, page)
		}
	}
	for _, word := range []string{"subject", "name", "snippet", "file", "cloud", "missing"} {
		if !strings.Contains(page, word+`&#34;&gt;&lt;script&gt;`) {
			t.Errorf("the tab does not show the %s as it is:\n%s", word, page)
		}
	}
}

// uploads hands out one attachment.
func uploads(id, content string) messages.Uploads {
	given := false
	return func() (messages.Upload, error) {
		if given {
			return messages.Upload{}, io.EOF
		}
		given = true
		return messages.Upload{ID: id, Body: strings.NewReader(content)}, nil
	}
}

func TestTabTellsWhereAnAttachmentIs(t *testing.T) {
	ext, _ := mount(t)
	link(t, ext, messages.Structured(messages.Draft{
		Subject: "Three kinds", Text: "Hello.",
		Attachments: []messages.DraftAttachment{
			{ID: "a1", Name: "here.txt", State: messages.StateOK},
			{ID: "a2", Name: "cloud.docx", State: messages.StateURL, URL: "https://files.example/cloud.docx"},
			{ID: "a3", Name: "withheld.exe", State: messages.StateBlocked},
		},
	}, uploads("a1", "bytes")))
	page := tab(t, ext, rep, nora, "en")
	for name, want := range map[string]string{
		"a file that is here":       `<li><a href="/mailconnector/api/v1/content/[\w-]+">here\.txt</a> <span class="mc-quiet">5 B</span></li>`,
		"a file in the cloud":       `<li><a href="https://files\.example/cloud\.docx" target="_blank" rel="noopener noreferrer">cloud\.docx</a></li>`,
		"a file nobody handed out":  `<li>withheld\.exe</li>`,
		"a sender who is not known": `<span class="mc-from"></span>`,
		"a mail without a date":     `<p><span class="mc-from"></span>\s+<span class="mc-quiet">linked by`,
	} {
		if !regexp.MustCompile(want).MatchString(page) {
			t.Errorf("%s is not shown as %s:\n%s", name, want, page)
		}
	}
}

func TestTabSpeaksTheUsersLanguage(t *testing.T) {
	ext, _ := mount(t)
	for lang, want := range map[string]string{
		"en": "No message is linked", "it": "Nessun messaggio", "it-IT": "Nessun messaggio", "IT": "Nessun messaggio",
		"de-AT": "No message is linked", "": "No message is linked", "ith": "No message is linked",
	} {
		if page := tab(t, ext, rep, nora, lang); !strings.Contains(page, want) {
			t.Errorf("in %q the empty tab says %s", lang, page)
		}
	}
	link(t, ext, raw(letter...))
	page := tab(t, ext, rep, nora, "it")
	for _, want := range []string{"collegato da Rolf Rep", "Mostra il messaggio", "Con immagini remote", `aria-label="Allegati"`} {
		if !strings.Contains(page, want) {
			t.Errorf("the Italian tab lacks %q:\n%s", want, page)
		}
	}
}

func TestTabShowsMessagesOfTheCRMItself(t *testing.T) {
	ext, h := mount(t)
	_, err := h.Receive(t.Context(), messages.Mail{
		MessageID: "<crm@crm.example>", Subject: "Sent from the CRM", Text: "Dear customer", Date: time.Now(), Shared: true,
		From: []messages.Participant{{Name: "Mira", Address: "mira@crm.example"}}, Targets: []permissions.Record{nora},
	})
	if err != nil {
		t.Fatal(err)
	}
	page := tab(t, ext, rep, nora, "en")
	for _, want := range []string{"Sent from the CRM", "from the CRM", "Dear customer"} {
		if !strings.Contains(page, want) {
			t.Errorf("the tab lacks %q:\n%s", want, page)
		}
	}
	if strings.Contains(page, "iframe") {
		t.Errorf("the tab promises a body it does not have:\n%s", page)
	}
}

func TestTabEndsWithALimit(t *testing.T) {
	ext, h := mount(t)
	receive := func(n int) {
		t.Helper()
		_, err := h.Receive(t.Context(), messages.Mail{
			MessageID: fmt.Sprintf("<%d@crm.example>", n), Subject: fmt.Sprintf("Number %d.", n), Shared: true,
			Date: time.Unix(int64(n)*1000, 0), Targets: []permissions.Record{nora},
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	for n := range 50 {
		receive(n)
	}
	if page := tab(t, ext, rep, nora, "en"); strings.Contains(page, "Only the latest") || !strings.Contains(page, "Number 0.") {
		t.Errorf("fifty messages are not all there is:\n%s", page)
	}
	receive(50)
	if page := tab(t, ext, rep, nora, "en"); !strings.Contains(page, "Only the latest") || strings.Contains(page, "Number 0.") {
		t.Error("the tab does not say that there are more than fifty messages")
	}
}

func TestTabOfARecordThatIsNotToBeSeen(t *testing.T) {
	ext, h := mount(t)
	link(t, ext, raw(letter...))
	if _, err := ext.MessagesTab(t.Context(), agent, nora, "en"); !errors.Is(err, permissions.ErrNotFound) {
		t.Errorf("MessagesTab of a hidden record = %v, want ErrNotFound", err)
	}
	missing := permissions.Record{Type: "Contacts", ID: "no such"}
	if _, err := ext.MessagesTab(t.Context(), rep, missing, "en"); !errors.Is(err, permissions.ErrNotFound) {
		t.Errorf("MessagesTab of no record = %v, want ErrNotFound", err)
	}
	signed := hrefs(tab(t, ext, rep, nora, "en"), "/mailconnector/api/v1/content/")
	if len(signed) == 0 {
		t.Fatal("the tab has no signed address")
	}
	h.Delete(nora)
	if _, err := ext.MessagesTab(t.Context(), rep, nora, "en"); !errors.Is(err, permissions.ErrNotFound) {
		t.Errorf("MessagesTab of a deleted record = %v, want ErrNotFound", err)
	}
	for _, address := range signed {
		if status, _, _ := get(t, ext, address); status != http.StatusNotFound {
			t.Errorf("a signed address answers %d after the record was deleted", status)
		}
	}
}

func TestReadingNeedsNoLicense(t *testing.T) {
	ext, _ := mount(t)
	receipt := link(t, ext, raw(letter...))
	if err := ext.Licensing().Deactivate(t.Context(), "admin"); err != nil {
		t.Fatal(err)
	}
	signed := hrefs(tab(t, ext, rep, nora, "en"), "/mailconnector/api/v1/content/")
	if len(signed) == 0 {
		t.Fatal("the tab has no signed address")
	}
	for _, address := range signed {
		if status, _, _ := get(t, ext, address); status != http.StatusOK {
			t.Errorf("without a license a signed address answers %d", status)
		}
	}
	if _, err := ext.Message(t.Context(), rep, receipt.Message.ID); err != nil {
		t.Errorf("Message without a license = %v", err)
	}
	_, err := ext.LinkMail(t.Context(), rep, messages.Request{Source: raw("Subject: New"), Links: []permissions.Record{nora}})
	if !errors.Is(err, licensing.ErrRequired) {
		t.Errorf("LinkMail without a license = %v, want ErrRequired", err)
	}
	if list, _, err := ext.RecordMessages(t.Context(), rep, nora, messages.Page{Limit: 10}); err != nil || len(list) != 1 {
		t.Errorf("RecordMessages = %d messages, %v, want the one linked before", len(list), err)
	}
}
