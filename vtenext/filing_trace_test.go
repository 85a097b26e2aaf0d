package vtenext_test

import (
	"database/sql"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/mailconnector/mailconnector/messages"
	"github.com/mailconnector/mailconnector/permissions"
)

// traceOf returns the statements that the real CRM executed, by what it was asked to do.
func traceOf(t *testing.T) map[string][]string {
	t.Helper()
	content, err := os.ReadFile(sharedPath("vtenext", "dml-trace.txt"))
	if os.IsNotExist(err) {
		t.Skipf("the reference data is not here: %v", err)
	}
	if err != nil {
		t.Fatal(err)
	}
	trace, section := make(map[string][]string), ""
	for line := range strings.Lines(string(content)) {
		line = strings.TrimSpace(line)
		if name, found := strings.CutPrefix(line, "######## "); found {
			section = name
		} else if line != "" {
			trace[section] = append(trace[section], line)
		}
	}
	return trace
}

// cutInsert is an INSERT whose end the trace does not show.
var cutInsert = regexp.MustCompile(`^insert into (\w+)\(([^)]*)\) values\((.*)$`)

// whole completes a statement that was cut with the last of the values in rest.
func whole(statement string, rest []string) string {
	m := cutInsert.FindStringSubmatch(statement)
	if m == nil || strings.HasSuffix(statement, ")") {
		return statement
	}
	missing := strings.Count(m[2], ",") + 1
	values := splitValues(m[3])
	missing -= len(values)
	return "INSERT INTO " + m[1] + "(" + m[2] + ") VALUES (" + strings.Join(append(values, rest[len(rest)-missing:]...), ",") + ")"
}

// splitValues returns the whole values at the beginning of a list.
func splitValues(list string) []string {
	var values []string
	quoted, start := false, 0
	for i := range len(list) {
		switch c := list[i]; {
		case c == '\'':
			quoted = !quoted
		case c == ',' && !quoted:
			values, start = append(values, list[start:i]), i+1
		}
	}
	return values
}

// lastOfMessage returns the values at the end of the statement that creates a message: what the facts say of a stored
// copy.
func lastOfMessage() []string {
	return strings.Split(`'','','','','','','','Link','','<prev@acme.example>','',0,'',0,'',1,0,0,0,0,'','','',1,`+
		`'2026-11-21 17:14:19','2026-11-21 17:14:19'`, ",")
}

// play executes what the real CRM did.
func play(t *testing.T, tx *sql.Tx, trace map[string][]string, sections ...string) {
	t.Helper()
	for _, section := range sections {
		for _, statement := range trace[section] {
			switch {
			case strings.Contains(statement, "vte_changelog_seq values"), // makes the table the first time
				strings.Contains(statement, "vte_portalinfo"),                   // of another part of the CRM
				strings.HasPrefix(statement, "insert into vte_contactdetails("): // even its columns are cut
				continue
			}
			if _, err := tx.ExecContext(t.Context(), whole(statement, lastOfMessage())); err != nil {
				t.Fatalf("%s: %v", statement, err)
			}
		}
	}
}

// filedTables are those that filing a mail could touch.
func filedTables() []string {
	return []string{
		"vte_messages", "vte_messages_attach", "vte_messages_mref", "vte_messagesrel", "vte_messages_recipients", "vte_messages_ntel",
		"vte_entity_displayname", "vte_crmentity", "vte_crmentity_seq", "vte_notes", "vte_notescf", "vte_attachments",
		"vte_seattachmentsrel", "vte_senotesrel", "vte_modentity_num", "vte_changelog", "vte_changelog_seq",
		"vte_contactdetails", "vte_account", "vte_email_directory",
	}
}

// comparable returns the rows of the tables without what must differ.
func comparable(t *testing.T, q querier) map[string][]string {
	t.Helper()
	same := strings.NewReplacer(
		"&lt;world&gt;", "<world>", // ours is made harmless
		`xmailer="Outlook"`, `xmailer=""`, // no mail client of the CRM sent it
	)
	request := regexp.MustCompile(`request_id="[^"]*"`)
	tables := make(map[string][]string)
	for _, table := range filedTables() {
		for _, line := range dumpTable(t, q, table) {
			tables[table] = append(tables[table], request.ReplaceAllString(same.Replace(line), "request_id"))
		}
	}
	return tables
}

// TestFilingWritesWhatTheCRMWrites lets the statements of the real CRM work, takes them back, files the same mail, and
// compares every table.
func TestFilingWritesWhatTheCRMWrites(t *testing.T) {
	trace := traceOf(t)
	a := newArchive(t, "seed", nil)
	exec(t, a.db, "CREATE TABLE vte_changelog_seq (id INT NOT NULL)")
	exec(t, a.db, "INSERT INTO vte_changelog_seq VALUES (0)")
	inTx(t, a.db, func(tx *sql.Tx) bool {
		play(t, tx, trace, "save account", "save contact")
		return true
	})
	exec(t, a.db, "UPDATE vte_changelog_seq SET id = 2") // the trace counts the attempt before the table was there
	var want map[string][]string
	inTx(t, a.db, func(tx *sql.Tx) bool {
		play(t, tx, trace, "saveCacheLink", "link", "saveDocument")
		want = comparable(t, tx)
		return false
	})

	contact, account := permissions.Record{Type: "Contacts", ID: "20"}, permissions.Record{Type: "Accounts", ID: "19"}
	m := letter("1", contact)
	m.Attachments = []messages.Attachment{attached(2, "Offer è 1.pdf", "application/pdf", "hello world")}
	m.HostID = a.file(t, m).HostID
	m.Targets, m.Attachments = []permissions.Record{account}, nil
	a.file(t, m)

	if diff := cmp.Diff(want, comparable(t, a.db)); diff != "" {
		t.Errorf("rows (-theirs +ours):\n%s", diff)
	}
	if content := a.listFiles(t)["storage/2026/November/week3/22_Offer_è_1.pdf"]; content != "hello world" {
		t.Errorf("files %v", a.listFiles(t))
	}
}

// inTx runs fn in a transaction, which counts if fn says so.
func inTx(t *testing.T, db *sql.DB, fn func(*sql.Tx) bool) {
	t.Helper()
	tx, err := db.BeginTx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = tx.Rollback() }()
	if fn(tx) {
		if err := tx.Commit(); err != nil {
			t.Fatal(err)
		}
	}
}
