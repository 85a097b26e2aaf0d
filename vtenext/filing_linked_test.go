package vtenext_test

import (
	"fmt"
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

// setDefault changes the organisation's default for Messages, and waits until it counts.
func (a *archive) setDefault(t *testing.T, permission string) {
	t.Helper()
	exec(t, a.db, "UPDATE vte_def_org_share SET permission = ? WHERE tabid = (SELECT tabid FROM vte_tab WHERE name = 'Messages')", permission)
	a.now = a.now.Add(time.Minute)
}

func whoReads(t *testing.T, a *archive) {
	for i, tt := range []struct {
		name       string
		permission string
		shared     bool
		want       string
	}{
		{"public, shared: the CRM shows it with the record", "0", true, ""},
		{"private, shared: made visible", "3", true, "Public"},
		{"assigned, shared: made visible", "8", true, "Public"},
		{"assigned, not shared", "8", false, ""},
		{"private, not shared", "3", false, ""},
	} {
		a.setDefault(t, tt.permission)
		m := letter("7", a.record(t, "Contacts", 0))
		m.MessageID, m.Shared = fmt.Sprintf("<reads%d@x>", i), tt.shared
		filed := a.file(t, m)
		if got := a.message(t, filed, "mvisibility"); got != tt.want {
			t.Errorf("%s: visibility %q, want %q", tt.name, got, tt.want)
		}
		if tt.shared {
			continue
		}
		m.Shared, m.HostID = true, filed.HostID
		a.file(t, m)
		if got := a.message(t, filed, "mvisibility"); got != "Public" {
			t.Errorf("%s, but shared later: visibility %q", tt.name, got)
		}
	}
}

func (a *archive) listed(t *testing.T, user string, r permissions.Record) []messages.Native {
	t.Helper()
	list, _, err := a.Linked(t.Context(), permissions.Subject{UserID: user}, r, messages.Page{Limit: 100})
	if err != nil {
		t.Fatal(err)
	}
	return list
}

// countsAtOnce changes messages as the CRM's own pages do, under a default by which only owners read them.
func countsAtOnce(t *testing.T, a *archive) {
	a.setDefault(t, "8")
	on := a.record(t, "Accounts", 100)
	m := letter("7", on)
	m.MessageID = "<at-once@x>"
	filed := a.file(t, m)
	if list := a.listed(t, "7", on); len(list) != 1 || list[0].HostID != filed.HostID || list[0].Owner != "7" || list[0].Text != "Body & text è" {
		t.Fatalf("listed %+v", list)
	}
	if list := a.listed(t, "8", on); len(list) != 0 {
		t.Errorf("somebody else reads %+v", list)
	}
	hash := a.message(t, filed, "messagehash")
	exec(t, a.db, `INSERT INTO vte_messages (messagesid, subject, messageid, mfrom, mfrom_n, mdate, messagehash, mtype, folder, smownerid, deleted, draft,
		createdtime, modifiedtime) VALUES (700001, 'Copy &amp; co', '<at-once@x>', 'User7@corp.example', 'Seven', '2026-11-20 12:00:00', ?,
		'Webmail', 'INBOX', 8, 0, 0, NOW(), NOW())`, hash)
	exec(t, a.db, "UPDATE vte_users SET email1 = 'user7@corp.example' WHERE id = 8")
	list := a.listed(t, "8", on)
	if len(list) != 1 || list[0].HostID != "700001" || list[0].Subject != "Copy & co" || list[0].Direction != messages.Outbound {
		t.Errorf("the mailbox's own copy is listed as %+v", list)
	}
	exec(t, a.db, "DELETE FROM vte_messagesrel WHERE messagehash = ?", hash)
	if list := a.listed(t, "7", on); len(list) != 0 {
		t.Errorf("taken off in the CRM, and listed: %+v", list)
	}
	if records, err := a.Records(t.Context(), []string{filed.HostID}); err != nil || len(records[0]) != 0 {
		t.Errorf("taken off in the CRM, and on %v, %v", records, err)
	}
	exec(t, a.db, "UPDATE vte_messages SET deleted = 1 WHERE messagesid = ?", filed.HostID)
	m.HostID = filed.HostID
	if again := a.file(t, m); again.HostID == filed.HostID || len(again.Created) != 1 {
		t.Errorf("a message that was deleted in the CRM is filed again as %+v", again)
	}
}

func listsInPages(t *testing.T, a *archive) {
	a.setDefault(t, "0")
	on := a.record(t, "Vendors", 0)
	var want []string
	for i := range 7 {
		m := letter("7", on)
		m.MessageID = fmt.Sprintf("<page%d@x>", i)
		m.Date = m.Date.Add(time.Duration(i/2) * time.Hour)
		want = append(want, a.file(t, m).HostID)
	}
	exec(t, a.db, "UPDATE vte_messages SET mdate = '0000-00-00 00:00:00' WHERE messagesid = ?", want[0])
	slices.Reverse(want)
	var got []string
	for after, pages := "", 0; pages < 9; pages++ {
		list, next, err := a.Linked(t.Context(), permissions.Subject{UserID: "7"}, on, messages.Page{After: after, Limit: 3})
		if err != nil {
			t.Fatal(err)
		}
		for _, n := range list {
			got = append(got, n.HostID)
		}
		if after = next; after == "" {
			break
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("pages (-want +got):\n%s", diff)
	}
	for _, cursor := range []string{"x", "x/y", "/", "2026-11-20 10:00:00/' OR 1=1"} {
		_, _, err := a.Linked(t.Context(), permissions.Subject{UserID: "7"}, on, messages.Page{After: cursor, Limit: 3})
		if err == nil {
			t.Errorf("the cursor %q is taken", cursor)
		}
	}
}

// fileHostile files a mail with what tables of another character set cannot hold, and reads it back.
func (a *archive) fileHostile(t *testing.T, prefix, subject string) {
	t.Helper()
	m := letter("7", permissions.Record{Type: "Contacts", ID: text(t, a.db,
		"SELECT MIN(crmid) FROM "+prefix+"crmentity WHERE setype = 'Contacts' AND deleted = 0")})
	m.Subject, m.MessageID = "<b> 😀", strings.Repeat("<long@x>", 99)
	m.Attachments = []messages.Attachment{attached(2, "😀.pdf", "application/pdf", "a")}
	filed := a.file(t, m)
	if got := text(t, a.db, "SELECT subject FROM "+prefix+"messages WHERE messagesid = ?", filed.HostID); got != subject {
		t.Errorf("filed as %q, want %q", got, subject)
	}
	list := a.listed(t, "7", m.Targets[0])
	at := slices.IndexFunc(list, func(n messages.Native) bool { return n.HostID == filed.HostID })
	if at < 0 || list[at].Subject != m.Subject || !list[at].Date.Equal(m.Date) || list[at].Attachments != 1 {
		t.Errorf("listed %+v", list)
	}
}

func strictServer(t *testing.T, a *archive) {
	strict := archiveOn(t, reopen(t, a.db, map[string]string{
		"sql_mode": "'STRICT_ALL_TABLES,NO_ZERO_DATE,NO_ZERO_IN_DATE,ONLY_FULL_GROUP_BY'",
	}), vtenext.Config{})
	strict.fileHostile(t, "vte_", "&lt;b&gt; &#128512;")
}

func TestInstallationsWithAnotherPrefixAndCharacterSet(t *testing.T) {
	charset := strings.NewReplacer("CHARSET=utf8mb3", "CHARSET=utf8mb4", "utf8mb3_general_ci", "utf8mb4_general_ci")
	prefixed := regexp.MustCompile("`vte_(check_pwd|hide_tab|userauthtoken)?")
	db := load(t, organisationA, func(statement string) string {
		return prefixed.ReplaceAllStringFunc(charset.Replace(statement), func(name string) string {
			if name == "`vte_" {
				return "`crm2_"
			}
			return name
		})
	})
	a := archiveOn(t, db, vtenext.Config{TablePrefix: "crm2"})
	a.fileHostile(t, "crm2_", "&lt;b&gt; 😀")
}
