package vtenext_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/mailconnector/mailconnector/internal/database"
	"github.com/mailconnector/mailconnector/messages"
	"github.com/mailconnector/mailconnector/permissions"
	"github.com/mailconnector/mailconnector/vtenext"
)

// archive is a CRM that mails are filed in.
type archive struct {
	*vtenext.Filing
	db    *sql.DB
	tx    *database.DB
	files string // the folder that holds the storage
	now   time.Time
}

// newArchive makes an archive over the tables of a dump, each statement as change leaves it.
func newArchive(t *testing.T, dump string, change func(string) string) *archive {
	t.Helper()
	if change == nil {
		change = func(statement string) string { return statement }
	}
	return archiveOn(t, load(t, dump, change), vtenext.Config{})
}

func archiveOn(t *testing.T, db *sql.DB, c vtenext.Config) *archive {
	t.Helper()
	a := &archive{db: db, files: t.TempDir(), now: time.Date(2026, 11, 21, 16, 14, 19, 0, time.UTC)}
	if err := os.Mkdir(filepath.Join(a.files, "storage"), 0o700); err != nil {
		t.Fatal(err)
	}
	c.DB, c.TimeZone, c.Storage, c.Now = db, rome(t), a.files, func() time.Time { return a.now }
	crm, err := vtenext.New(c)
	if err != nil {
		t.Fatal(err)
	}
	a.Filing, err = vtenext.NewFiling(vtenext.FilingConfig{CRM: crm, Permissions: vtenext.NewPermissions(crm)})
	if err != nil {
		t.Fatal(err)
	}
	a.tx, err = database.New(db, database.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// announced is a journal that checks that files are announced before they are written.
type announced struct {
	archive *archive
	paths   []string
}

func (j *announced) Announce(_ context.Context, path string) error {
	if _, err := os.Stat(filepath.Join(j.archive.files, path)); err == nil {
		return fmt.Errorf("%s was written before it was announced", path)
	}
	j.paths = append(j.paths, path)
	return nil
}

func (a *archive) prepare(t *testing.T, m messages.Mail) messages.Plan {
	t.Helper()
	plan, err := a.Prepare(t.Context(), m, &announced{archive: a})
	if err != nil {
		t.Fatalf("Prepare = %v", err)
	}
	return plan
}

func (a *archive) apply(t *testing.T, plan messages.Plan) (filed messages.Filed, err error) {
	t.Helper()
	err = a.tx.Tx(t.Context(), func(ctx context.Context, tx *database.Tx) (err error) {
		filed, err = a.Apply(ctx, tx.SQL(), plan)
		return err
	})
	return filed, err
}

func (a *archive) file(t *testing.T, m messages.Mail) messages.Filed {
	t.Helper()
	filed, err := a.apply(t, a.prepare(t, m))
	if err != nil {
		t.Fatalf("Apply = %v", err)
	}
	return filed
}

// letter is a mail from John to Admin, linked by a user.
func letter(user string, targets ...permissions.Record) messages.Mail {
	return messages.Mail{
		MessageID: "<abc123@acme.example>", References: []string{"<prev@acme.example>"}, Subject: "Hello & <world> è",
		Date: time.Date(2026, 11, 20, 9, 0, 0, 0, time.UTC),
		From: []messages.Participant{{Name: "John Doe", Address: "john@acme.example"}},
		To:   []messages.Participant{{Name: "Admin", Address: "admin@corp.example"}},
		HTML: "<p>Body & text è</p>", Text: "Body & text è",
		Actor: permissions.Subject{UserID: user}, Targets: targets,
	}
}

func attached(part int, name, contentType, content string) messages.Attachment {
	return messages.Attachment{
		Part: part, Name: name, ContentType: contentType, Size: int64(len(content)), SHA256: sha256.Sum256([]byte(content)),
		Open: func(context.Context) (io.ReadCloser, error) { return io.NopCloser(strings.NewReader(content)), nil },
	}
}

// querier reads: a pool or a transaction.
type querier interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
}

// dumpTable writes the rows of a table as lines, in the order of all columns.
func dumpTable(t *testing.T, q querier, table string) []string {
	t.Helper()
	rows, err := q.QueryContext(t.Context(), "SELECT * FROM "+table)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = rows.Close() }()
	columns, err := rows.Columns()
	if err != nil {
		t.Fatal(err)
	}
	values, into := make([]sql.NullString, len(columns)), make([]any, len(columns))
	for i := range values {
		into[i] = &values[i]
	}
	var lines []string
	for rows.Next() {
		if err := rows.Scan(into...); err != nil {
			t.Fatal(err)
		}
		var line strings.Builder
		for i, v := range values {
			fmt.Fprintf(&line, "%s=%q ", columns[i], cmpValue(v))
		}
		lines = append(lines, line.String())
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	slices.Sort(lines)
	return lines
}

func cmpValue(v sql.NullString) string {
	if !v.Valid {
		return "NULL"
	}
	return v.String
}

// listFiles returns the files below the storage, with their contents.
func (a *archive) listFiles(t *testing.T) map[string]string {
	t.Helper()
	found := make(map[string]string)
	err := fs.WalkDir(os.DirFS(a.files), "storage", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		content, err := os.ReadFile(filepath.Join(a.files, path))
		found[path] = string(content)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// record returns the first record of a type that is not deleted.
func (a *archive) record(t *testing.T, entityType string, after int) permissions.Record {
	t.Helper()
	id := text(t, a.db, "SELECT MIN(crmid) FROM vte_crmentity WHERE setype = ? AND deleted = 0 AND crmid > ?", entityType, after)
	return permissions.Record{Type: entityType, ID: id}
}

func TestFilingNeedsItsParts(t *testing.T) {
	if _, err := vtenext.NewFiling(vtenext.FilingConfig{}); err == nil {
		t.Error("filing without a CRM was accepted")
	}
}

// TestFiling shares a CRM, because loading one takes longer than all these tests.
func TestFiling(t *testing.T) {
	a := newArchive(t, organisationA, nil)
	for _, tt := range []struct {
		name string
		run  func(*testing.T, *archive)
	}{
		{"a mail with two attachments is files and rows", filesTwoAttachments},
		{"a mail with images keeps the small ones", keepsSmallImages},
		{"what is kept makes no document", keptParts},
		{"hostile texts are harmless and whole", hostileTexts},
		{"long texts are cut between characters", longTexts},
		{"dates the CRM cannot keep", strangeDates},
		{"names of files", namesOfFiles},
		{"a part that came later is added to the message", laterPart},
		{"a message without an id has a key of its own", withoutMessageID},
		{"the key is that of the CRM's own copies", keyOfCopies},
		{"a deleted record stops everything", deletedTarget},
		{"unlinking takes the relation off for every copy", unlinks},
		{"files that are discarded", discards},
		{"a full or missing storage", noStorage},
		{"bytes that differ from what was announced", differingBytes},
		{"requests of nobody", requestsOfNobody},
		{"the organisation's default says who reads a mail", whoReads},
		{"a server in strict mode", strictServer},
		{"the CRM's lists count at once", countsAtOnce},
		{"a list in pages", listsInPages},
	} {
		t.Run(tt.name, func(t *testing.T) { tt.run(t, a) })
	}
}

func filesTwoAttachments(t *testing.T, a *archive) {
	contact := a.record(t, "Contacts", 0)
	account := a.record(t, "Accounts", 0)
	m := letter("7", contact, account)
	m.Attachments = []messages.Attachment{
		attached(2, "Offer è 1.pdf", "application/pdf", "first bytes"), attached(3, "notes.txt", "text/plain", "second"),
	}
	filed := a.file(t, m)
	if len(filed.Documents) != 2 || !cmp.Equal(filed.Created, m.Targets) {
		t.Errorf("filed %+v", filed)
	}
	files := a.listFiles(t)
	for i, want := range []string{"Offer_è_1.pdf", "notes.txt"} {
		document := filed.Documents[i].Document
		path := text(t, a.db, `SELECT CONCAT(path, attachmentsid, '_', name) FROM vte_attachments JOIN vte_seattachmentsrel
			USING (attachmentsid) WHERE crmid = ?`, document)
		if content := files[path]; content == "" || !strings.HasSuffix(path, "_"+want) || !strings.HasPrefix(path, "storage/2026/November/week3/") {
			t.Errorf("document %s is %q with %q", document, path, content)
		}
		on := text(t, a.db, "SELECT GROUP_CONCAT(crmid, relmodule ORDER BY crmid) FROM vte_senotesrel WHERE notesid = ?", document)
		if !strings.Contains(on, contact.ID+"Contacts") || !strings.Contains(on, account.ID+"Accounts") {
			t.Errorf("document %s is on %s", document, on)
		}
	}
	for _, folder := range []string{"storage/2026", "storage/2026/November", "storage/2026/November/week3"} {
		if _, there := files[folder+"/index.html"]; !there {
			t.Errorf("%s has no page", folder)
		}
		if info, err := os.Stat(filepath.Join(a.files, folder)); err != nil || info.Mode().Perm() != 0o777 {
			t.Errorf("%s: %v, %v", folder, info.Mode(), err)
		}
	}
	on, err := a.Records(t.Context(), []string{filed.HostID})
	if err != nil || len(on[0]) != 2 {
		t.Errorf("Records = %v, %v", on, err)
	}
}

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

// message reads a column of a filed message.
func (a *archive) message(t *testing.T, filed messages.Filed, column string) string {
	t.Helper()
	return text(t, a.db, "SELECT "+column+" FROM vte_messages WHERE messagesid = ?", filed.HostID)
}

func keptParts(t *testing.T, a *archive) {
	m := letter("7", a.record(t, "Contacts", 0))
	m.MessageID = "<kept@acme.example>"
	m.Attachments = []messages.Attachment{attached(2, "kept.pdf", "application/pdf", "x")}
	m.Attachments[0].Keep = true
	filed := a.file(t, m)
	if len(filed.Documents) != 0 {
		t.Errorf("documents %v", filed.Documents)
	}
	if got := text(t, a.db, "SELECT CONCAT(contentname, COALESCE(document, '-')) FROM vte_messages_attach WHERE messagesid = ?", filed.HostID); got != "kept.pdf-" {
		t.Errorf("part %q", got)
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

func namesOfFiles(t *testing.T, a *archive) {
	for name, want := range map[string]string{
		"report 1.pdf": "report_1.pdf", "a:b.txt": "ab.txt", "page.HTML": "page.HTML.txt", "run.sh": "run.sh.txt", "x.php.jpg": "x.php.jpg.txt",
		"no extension": "no_extension", strings.Repeat("x", 251) + ".pdf": strings.Repeat("x", 236) + ".pdf", "😀.pdf": "_.pdf",
	} {
		m := letter("7", a.record(t, "Contacts", 0))
		m.MessageID, m.Attachments = "<"+name+"@x>", []messages.Attachment{attached(2, name, "text/plain", "x")}
		filed := a.file(t, m)
		if got := text(t, a.db, "SELECT filename FROM vte_notes WHERE notesid = ?", filed.Documents[0].Document); got != want {
			t.Errorf("%q is filed as %q, want %q", name, got, want)
		}
	}
}

func laterPart(t *testing.T, a *archive) {
	m := letter("7", a.record(t, "Contacts", 0))
	m.MessageID = "<later@acme.example>"
	m.Attachments = []messages.Attachment{attached(2, "a.pdf", "application/pdf", "a")}
	m.Attachments[0].Keep = true
	first := a.file(t, m)
	m.HostID, m.Attachments[0].Keep = first.HostID, false
	m.Attachments = append(m.Attachments, attached(3, "b.pdf", "application/pdf", "b"))
	second := a.file(t, m)
	if second.HostID != first.HostID || len(second.Created) != 0 || len(second.Documents) != 2 {
		t.Errorf("filed again: %+v", second)
	}
	got := text(t, a.db, "SELECT GROUP_CONCAT(contentid, contentname, document ORDER BY contentid) FROM vte_messages_attach WHERE messagesid = ?", first.HostID)
	if want := fmt.Sprintf("0a.pdf%s,1b.pdf%s", second.Documents[0].Document, second.Documents[1].Document); got != want {
		t.Errorf("parts %q, want %q", got, want)
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

func deletedTarget(t *testing.T, a *archive) {
	on, doomed := a.record(t, "Contacts", 0), a.record(t, "Leads", 0)
	m := letter("7", on, doomed)
	m.MessageID = "<doomed@acme.example>"
	plan := a.prepare(t, m)
	exec(t, a.db, "UPDATE vte_crmentity SET deleted = 1 WHERE crmid = ?", doomed.ID)
	if _, err := a.apply(t, plan); !errors.Is(err, permissions.ErrNotFound) {
		t.Errorf("Apply = %v", err)
	}
	for _, target := range []permissions.Record{{Type: "Leads", ID: on.ID}, {Type: "Contacts", ID: "x"}, {Type: "Contacts", ID: "999999"}} {
		m.Targets = []permissions.Record{target}
		if _, err := a.apply(t, a.prepare(t, m)); !errors.Is(err, permissions.ErrNotFound) {
			t.Errorf("filing on %s = %v", target, err)
		}
	}
	if n := text(t, a.db, "SELECT COUNT(*) FROM vte_messages WHERE messageid = '<doomed@acme.example>'"); n != "0" {
		t.Errorf("%s messages are there", n)
	}
}

func unlinks(t *testing.T, a *archive) {
	on, other := a.record(t, "Contacts", 0), a.record(t, "Accounts", 0)
	m := letter("7", on, other)
	m.MessageID = "<unlink@acme.example>"
	m.Attachments = []messages.Attachment{attached(2, "a.pdf", "application/pdf", "a")}
	mine := a.file(t, m)
	m.Actor.UserID = "8"
	theirs := a.file(t, m)
	if mine.HostID == theirs.HostID || a.message(t, mine, "messagehash") != a.message(t, theirs, "messagehash") || len(theirs.Created) != 0 {
		t.Fatalf("two users' copies: %+v, %+v", mine, theirs)
	}
	removal := messages.Removal{Actor: m.Actor, HostID: mine.HostID, Record: on, Documents: []string{mine.Documents[0].Document, "x"}}
	for range 2 {
		err := a.tx.Tx(t.Context(), func(ctx context.Context, tx *database.Tx) error { return a.Remove(ctx, tx.SQL(), removal) })
		if err != nil {
			t.Fatal(err)
		}
	}
	records, err := a.Records(t.Context(), []string{mine.HostID, theirs.HostID, "0", "x"})
	want := [][]permissions.Record{{other}, {other}, nil, nil}
	if diff := cmp.Diff(want, records); diff != "" || err != nil {
		t.Errorf("records (-want +got):\n%s%v", diff, err)
	}
	if n := text(t, a.db, "SELECT GROUP_CONCAT(crmid) FROM vte_senotesrel WHERE notesid = ?", mine.Documents[0].Document); n != other.ID {
		t.Errorf("the document is on %s, want %s", n, other.ID)
	}
}

func discards(t *testing.T, a *archive) {
	m := letter("7", a.record(t, "Contacts", 0))
	m.Attachments = []messages.Attachment{attached(2, "gone.pdf", "application/pdf", "gone")}
	plan := a.prepare(t, m)
	if len(plan.Files) != 1 || a.listFiles(t)[plan.Files[0]] != "gone" {
		t.Fatalf("files %v", plan.Files)
	}
	for range 2 {
		if err := a.Discard(t.Context(), plan.Files[0]); err != nil {
			t.Error(err)
		}
	}
	if _, there := a.listFiles(t)[plan.Files[0]]; there {
		t.Error("the file is still there")
	}
	for _, path := range []string{
		"", "storage", "storage/2026/November/week3/index.html", "storage/2026/November/week3/../../../1_x", "/etc/passwd",
		"storage/../config.inc.php", "storage/2026/November/week3/22_a/b", `storage/2026/November/week3/x`,
	} {
		if err := a.Discard(t.Context(), path); err == nil {
			t.Errorf("%q is discarded", path)
		}
	}
}

func noStorage(t *testing.T, a *archive) {
	bare := archiveOn(t, a.db, vtenext.Config{})
	if err := os.RemoveAll(filepath.Join(bare.files, "storage")); err != nil {
		t.Fatal(err)
	}
	m := letter("7", a.record(t, "Contacts", 0))
	m.MessageID = "<bare@acme.example>"
	bare.file(t, m) // without attachments there is nothing to store
	m.Attachments = []messages.Attachment{attached(2, "a.pdf", "application/pdf", "a")}
	if _, err := bare.Prepare(t.Context(), m, &announced{archive: bare}); err == nil {
		t.Error("an attachment is filed without a storage")
	}
}

func differingBytes(t *testing.T, a *archive) {
	m := letter("7", a.record(t, "Contacts", 0))
	m.Attachments = []messages.Attachment{attached(2, "a.pdf", "application/pdf", "announced")}
	m.Attachments[0].Open = func(context.Context) (io.ReadCloser, error) {
		return io.NopCloser(bytes.NewReader([]byte("Announced"))), nil
	}
	if _, err := a.Prepare(t.Context(), m, &announced{archive: a}); err == nil {
		t.Error("other bytes are filed")
	}
}

func requestsOfNobody(t *testing.T, a *archive) {
	for _, user := range []string{"", "x", "99999", "007"} {
		if _, err := a.Prepare(t.Context(), letter(user, a.record(t, "Contacts", 0)), &announced{archive: a}); err == nil {
			t.Errorf("user %q files a mail", user)
		}
	}
	err := a.tx.Tx(t.Context(), func(ctx context.Context, tx *database.Tx) error {
		_, err := a.Apply(ctx, tx.SQL(), messages.Plan{HostID: "1", State: "x"})
		return err
	})
	if err == nil {
		t.Error("somebody else's plan is applied")
	}
}
