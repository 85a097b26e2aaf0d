package vtenext_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/mailconnector/mailconnector/messages"
)

func keepsSmallImages(t *testing.T, a *archive) {
	small, large := attached(2, "small.png", "image/png", "PNG"), attached(3, "la<rge.png", "image/png", strings.Repeat("x", 65<<10))
	script := attached(4, "x.svg", "image/svg+xml", "<svg/>")
	small.Inline, small.ContentID, large.Inline, large.ContentID = true, "a@b", true, "c@d"
	script.Inline, script.ContentID = true, "e"
	m := letter("7", a.record(t, "Contacts", 0))
	m.MessageID = "<images@acme.example>"
	m.HTML = `<p>1 <img alt="A" src="cid:a%40b"> 2 <img src="CID:c@d"> 3 <img src="cid:gone"> 4 <img src="cid:e"> 5 <img alt="x"></p>`
	m.Attachments = []messages.Attachment{small, large, script}
	filed := a.file(t, m)
	if len(filed.Documents) != 0 {
		t.Errorf("inline images became documents: %v", filed.Documents)
	}
	want := "\n<!-- begin sanitized html -->\n" +
		`<p>1 <img alt="A" src="data:image/png;base64,UE5H"> 2 <span>[la‹rge.png]</span> 3  4 <span>[x.svg]</span> 5 <img alt="x"></p>` +
		"\n<!-- end sanitized html -->\n"
	if got := a.message(t, filed, "cleaned_body"); got != want {
		t.Errorf("the body is %q\nwant %q", got, want)
	}
	got := text(t, a.db, `SELECT GROUP_CONCAT(contentid, content_id, contentdisposition ORDER BY contentid) FROM vte_messages_attach
		WHERE messagesid = ?`, filed.HostID)
	if want := "0a@binline,1c@dinline,2einline"; got != want {
		t.Errorf("parts %q, want %q", got, want)
	}
}

const hostile = `'); DROP TABLE x; -- <script>alert(1)</script> &lt;b&gt; AT&T &copy "😀" 日本語`

func hostileTexts(t *testing.T, a *archive) {
	on := a.record(t, "Contacts", 0)
	m := letter("7", on)
	m.MessageID, m.Subject, m.HTML = "<hostile@acme.example>", hostile, "<p>😀 日本語</p>"
	m.From = []messages.Participant{{Name: `<b>O'Hara</b> 😀`, Address: "MAILER-DAEMON"}}
	m.To = []messages.Participant{{Name: "x\r\nBcc: y", Address: "<img src=x>@x"}}
	m.Attachments = []messages.Attachment{attached(2, `😀 <script> ".php.jpg`, "image/jpeg", "x")}
	filed := a.file(t, m)
	want := `'); DROP TABLE x; -- &lt;script&gt;alert(1)&lt;/script&gt; &amp;lt;b&amp;gt; AT&T &amp;copy "&#128512;" 日本語`
	if got := a.message(t, filed, "subject"); got != want {
		t.Errorf("subject %q, want %q", got, want)
	}
	if got := a.message(t, filed, "CONCAT_WS('|', mfrom, mfrom_n, mfrom_f, mto_n, mto)"); got !=
		"MAILER-DAEMON|‹b›O'Hara‹/b› |‹b›O'Hara‹/b›  <MAILER-DAEMON>|x  Bcc: y|‹img src=x›@x" {
		t.Errorf("people %q", got)
	}
	if got := a.message(t, filed, "cleaned_body"); !strings.Contains(got, "<p>&#128512; 日本語</p>") {
		t.Errorf("body %q", got)
	}
	if got := text(t, a.db, "SELECT title FROM vte_notes WHERE notesid = ?", filed.Documents[0].Document); got != "__script_.php.jpg.txt" {
		t.Errorf("title %q", got)
	}
	list, _, err := a.Linked(t.Context(), m.Actor, on, messages.Page{Limit: 100})
	if err != nil {
		t.Fatal(err)
	}
	at := slices.IndexFunc(list, func(n messages.Native) bool { return n.HostID == filed.HostID })
	if at < 0 || list[at].Subject != hostile || list[at].From.Address != "MAILER-DAEMON" {
		t.Errorf("listed %+v", list)
	}
}

func longTexts(t *testing.T, a *archive) {
	m := letter("7", a.record(t, "Contacts", 0))
	m.MessageID = "<" + strings.Repeat("é", 300) + "@x>"
	m.Subject = strings.Repeat("è", 252) + "<<<"
	m.HTML = strings.Repeat("<p>long 😀</p>", 20000)
	m.References = []string{strings.Repeat("日", 200)}
	m.From = slices.Repeat([]messages.Participant{{Name: "Ünal", Address: "unal@acme.example"}}, 40)
	m.Attachments = []messages.Attachment{attached(2, strings.Repeat("日", 80)+".pdf", "application/"+strings.Repeat("é", 300), "x")}
	filed := a.file(t, m)
	for column, want := range map[string]string{
		"subject":   strings.Repeat("è", 252),
		"messageid": "<" + strings.Repeat("é", 254),
		"(SELECT mreference FROM vte_messages_mref r WHERE r.messagesid = vte_messages.messagesid)": strings.Repeat("日", 127),
		"mfrom": strings.TrimSuffix(strings.Repeat("unal@acme.example, ", 13), ", "),
	} {
		if got := a.message(t, filed, column); got != want {
			t.Errorf("%s is %q, want %q", column, got, want)
		}
	}
	const end = "&#128512;</p>\n<!-- end sanitized html -->\n"
	if body := a.message(t, filed, "cleaned_body"); !strings.HasSuffix(body, end) {
		t.Errorf("the body ends with %q", body[len(body)-len(end):])
	}
	if got := text(t, a.db, "SELECT title FROM vte_notes WHERE notesid = ?", filed.Documents[0].Document); got != strings.Repeat("日", 50) {
		t.Errorf("title %q", got)
	}
}

func strangeDates(t *testing.T, a *archive) {
	for date, want := range map[time.Time]string{
		{}: "2026-11-21 17:14:19",
		time.Date(1901, 1, 1, 0, 0, 0, 0, time.UTC):     "1970-01-02 01:00:00",
		time.Date(2099, 1, 1, 0, 0, 0, 0, time.UTC):     "2038-01-18 01:00:00",
		time.Date(2026, 3, 29, 1, 30, 0, 0, time.UTC):   "2026-03-29 03:30:00",
		time.Date(2026, 10, 25, 0, 30, 0, 0, time.UTC):  "2026-10-25 02:30:00",
		time.Date(2026, 7, 1, 12, 0, 0, 999, time.UTC):  "2026-07-01 14:00:00",
		time.Date(2026, 12, 31, 23, 30, 0, 0, time.UTC): "2027-01-01 00:30:00",
	} {
		m := letter("7", a.record(t, "Contacts", 0))
		m.Date, m.MessageID = date, "<"+date.String()+"@x>"
		if got := a.message(t, a.file(t, m), "CAST(mdate AS CHAR)"); got != want {
			t.Errorf("the date %v is kept as %s, want %s", date, got, want)
		}
	}
}

func withoutMessageID(t *testing.T, a *archive) {
	m := letter("7", a.record(t, "Contacts", 0))
	m.MessageID = ""
	if first, second := a.message(t, a.file(t, m), "messagehash"), a.message(t, a.file(t, m), "messagehash"); first == second {
		t.Error("two mails without a Message-ID have one key")
	}
}

func keyOfCopies(t *testing.T, a *archive) {
	m := letter("7", a.record(t, "Contacts", 0))
	if got, want := a.message(t, a.file(t, m), "messagehash"), "7ae013248af9495bb6655bf11b7325b14a3727f5"; got != want {
		t.Errorf("key %s, want %s", got, want)
	}
	m.Subject = "Hello &amp; &lt;world&#62; &egrave;"
	if got, want := a.message(t, a.file(t, m), "messagehash"), "7ae013248af9495bb6655bf11b7325b14a3727f5"; got != want {
		t.Errorf("key of a subject with references %s, want %s", got, want)
	}
	m.Subject = "it&#039;s"
	other := m
	other.Subject = "it's"
	if a.message(t, a.file(t, m), "messagehash") == a.message(t, a.file(t, other), "messagehash") {
		t.Error("PHP leaves apostrophes alone, and so must the key")
	}
}
