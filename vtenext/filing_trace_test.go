package vtenext_test

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/mailconnector/mailconnector/messages"
	"github.com/mailconnector/mailconnector/permissions"
	"github.com/mailconnector/mailconnector/vtenext"
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
var cutInsert = regexp.MustCompile("^insert into (\\w+)\\(([^)]*)\\) values\\((.*)$")

// whole completes a statement that was cut: the columns whose values are not shown get rest, or the default if rest is
// empty.
func whole(statement, rest string) string {
	m := cutInsert.FindStringSubmatch(statement)
	if m == nil || strings.HasSuffix(statement, ")") {
		return statement
	}
	columns, values := strings.Split(m[2], ","), splitValues(m[3])
	if rest == "" {
		return "INSERT INTO " + m[1] + "(" + strings.Join(columns[:len(values)], ",") + ") VALUES (" + strings.Join(values, ",") + ")"
	}
	values = append(values, strings.Split(rest, "|")[len(values)-len(columns)+strings.Count(rest, "|")+1:]...)
	return "INSERT INTO " + m[1] + "(" + m[2] + ") VALUES (" + strings.Join(values, ",") + ")"
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

// lastOfMessage are the values at the end of the statement that creates a message, from mcc_n on: what the facts say of
// the columns of a stored copy.
const lastOfMessage = `''|''|''|''|''|''|''|'Link'|''|'<prev@acme.example>'|''|0|''|0|''|1|0|0|0|0|''|''|''|1|` +
	`'2026-11-21 17:14:19'|'2026-11-21 17:14:19'`

func play(t *testing.T, a *archive, trace map[string][]string, sections ...string) {
	t.Helper()
	for _, section := range sections {
		for _, statement := range trace[section] {
			if strings.Contains(statement, "vte_changelog_seq values") || strings.Contains(statement, "vte_portalinfo") {
				continue // the table is made once, and the other is another's
			}
			rest := ""
			if strings.HasPrefix(statement, "insert into vte_messages(") {
				rest = lastOfMessage
			}
			if strings.HasPrefix(statement, "insert into vte_contactdetails(") {
				continue // even its columns are cut
			}
			exec(t, a.db, whole(statement, rest))
		}
	}
}

// TestFilingWritesWhatTheCRMWrites lets the statements of the real CRM and our own work on two databases, and compares
// every table.
func TestFilingWritesWhatTheCRMWrites(t *testing.T) {
	trace := traceOf(t)
	theirs, ours := newArchive(t, "seed", nil), newArchive(t, "seed", nil)
	for _, a := range []*archive{theirs, ours} {
		exec(t, a.db, "CREATE TABLE IF NOT EXISTS vte_changelog_seq (id INT NOT NULL)")
		exec(t, a.db, "DELETE FROM vte_changelog_seq")
		exec(t, a.db, "INSERT INTO vte_changelog_seq VALUES (0)")
		play(t, a, trace, "save account", "save contact")
		exec(t, a.db, "UPDATE vte_changelog_seq SET id = 2")
	}
	play(t, theirs, trace, "saveCacheLink", "link", "saveDocument")

	contact, account := permissions.Record{Type: "Contacts", ID: "20"}, permissions.Record{Type: "Accounts", ID: "19"}
	m := letter("1", contact)
	m.Attachments = []messages.Attachment{attached(2, "Offer è 1.pdf", "application/pdf", "hello world")}
	m.HostID = ours.file(t, m).HostID
	m.Targets, m.Attachments = []permissions.Record{account}, nil
	ours.file(t, m)

	exec(t, theirs.db, "UPDATE vte_changelog_seq SET id = 3")
	same := strings.NewReplacer(
		"&lt;world&gt;", "<world>", // ours is made harmless
		`xmailer="Outlook"`, `xmailer=""`, // no mail client of the CRM sent it
	)
	request := regexp.MustCompile(`request_id="[^"]*"`)
	for _, table := range []string{
		"vte_messages", "vte_messages_attach", "vte_messages_mref", "vte_messagesrel", "vte_messages_recipients", "vte_messages_ntel",
		"vte_entity_displayname", "vte_crmentity", "vte_crmentity_seq", "vte_notes", "vte_notescf", "vte_attachments",
		"vte_seattachmentsrel", "vte_senotesrel", "vte_modentity_num", "vte_changelog", "vte_changelog_seq",
		"vte_contactdetails", "vte_account", "vte_email_directory",
	} {
		want, got := dumpTable(t, theirs.db, table), dumpTable(t, ours.db, table)
		for _, lines := range [][]string{want, got} {
			for i := range lines {
				lines[i] = request.ReplaceAllString(same.Replace(lines[i]), "request_id")
			}
			slices.Sort(lines)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-theirs +ours):\n%s", table, diff)
		}
	}
	if content := ours.listFiles(t)["storage/2026/November/week3/22_Offer_è_1.pdf"]; content != "hello world" {
		t.Errorf("files %v", ours.listFiles(t))
	}
}

// TestWhoReadsALinkedMail follows the organisation's default for Messages.
func TestWhoReadsALinkedMail(t *testing.T) {
	for _, tt := range []struct {
		name   string
		org    string
		shared bool
		want   string
	}{
		{"public, shared: the CRM shows it with the record", "0", true, ""},
		{"private, shared: made visible", "3", true, "Public"},
		{"assigned, shared: made visible", "8", true, "Public"},
		{"private, not shared", "3", false, ""},
		{"assigned, not shared", "8", false, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			a := newArchive(t, organisationA, nil)
			exec(t, a.db, "UPDATE vte_def_org_share SET permission = ? WHERE tabid = (SELECT tabid FROM vte_tab WHERE name = 'Messages')", tt.org)
			m := letter("7", a.record(t, "Contacts", 0))
			m.Shared = tt.shared
			filed := a.file(t, m)
			if got := a.message(t, filed, "mvisibility"); got != tt.want {
				t.Errorf("visibility %q, want %q", got, tt.want)
			}
			if !tt.shared {
				m.Shared, m.HostID = true, filed.HostID
				a.file(t, m)
				if got := a.message(t, filed, "mvisibility"); got != "Public" {
					t.Errorf("shared later: visibility %q", got)
				}
			}
		})
	}
}

// TestInstallationsDiffer files the same mail on installations set up in other ways.
func TestInstallationsDiffer(t *testing.T) {
	inserted := "2026-11-21 17:14:19"
	for _, tt := range []struct {
		name    string
		change  func(string) string
		prefix  string
		sqlMode string
		subject string
	}{
		{name: "a server in strict mode", sqlMode: "'STRICT_ALL_TABLES,NO_ZERO_DATE,NO_ZERO_IN_DATE,ONLY_FULL_GROUP_BY'",
			subject: "&lt;b&gt; &#128512;"},
		{name: "tables that take every character", subject: "&lt;b&gt; 😀", change: func(s string) string {
			return strings.NewReplacer("CHARSET=utf8mb3", "CHARSET=utf8mb4", "utf8mb3_general_ci", "utf8mb4_general_ci").Replace(s)
		}},
		{name: "another prefix", prefix: "crm2", subject: "&lt;b&gt; &#128512;", change: func(s string) string {
			return regexp.MustCompile("`vte_(check_pwd|hide_tab|userauthtoken)?").ReplaceAllStringFunc(s, func(name string) string {
				if name == "`vte_" {
					return "`crm2_"
				}
				return name
			})
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if tt.change == nil {
				tt.change = func(s string) string { return s }
			}
			db := load(t, organisationA, tt.change)
			if tt.sqlMode != "" {
				db = reopen(t, db, map[string]string{"sql_mode": tt.sqlMode})
			}
			a := archiveOn(t, db, vtenext.Config{TablePrefix: tt.prefix})
			prefix := "vte_"
			if tt.prefix != "" {
				prefix = tt.prefix + "_"
			}
			m := letter("7", permissions.Record{Type: "Contacts", ID: text(t, db, "SELECT MIN(crmid) FROM "+prefix+
				"crmentity WHERE setype = 'Contacts' AND deleted = 0")})
			m.Subject, m.MessageID = "<b> 😀", strings.Repeat("<long@x>", 99)
			m.Attachments = []messages.Attachment{attached(2, "😀.pdf", "application/pdf", "a")}
			filed := a.file(t, m)
			if got := text(t, db, "SELECT CONCAT(subject, modifiedtime) FROM "+prefix+"messages WHERE messagesid = ?", filed.HostID); got != tt.subject+inserted {
				t.Errorf("filed %q, want %q", got, tt.subject+inserted)
			}
			list, _, err := a.Linked(t.Context(), m.Actor, m.Targets[0], messages.Page{Limit: 9})
			if err != nil || len(list) != 1 || list[0].Subject != m.Subject || !list[0].Date.Equal(m.Date.Truncate(time.Second)) || list[0].Attachments != 1 {
				t.Errorf("listed %+v, %v", list, err)
			}
		})
	}
}
