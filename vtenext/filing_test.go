package vtenext_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/mailconnector/mailconnector/internal/database"
	"github.com/mailconnector/mailconnector/messages"
	"github.com/mailconnector/mailconnector/permissions"
	"github.com/mailconnector/mailconnector/vtenext"
)

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
		{"the CRM takes numbers while a mail is being filed", numbersMeanwhile},
		{"an installation that lacks something files nothing", lackingColumn},
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

// numbersMeanwhile locks the numbers as the CRM does while a transaction of ours is open.
func numbersMeanwhile(t *testing.T, a *archive) {
	m := letter("7", a.record(t, "Contacts", 0))
	m.Attachments = []messages.Attachment{attached(2, "a.pdf", "application/pdf", "a")}
	plan := a.prepare(t, m)
	err := a.tx.Tx(t.Context(), func(ctx context.Context, tx *database.Tx) error {
		if _, err := a.Apply(ctx, tx.SQL(), plan); err != nil {
			return err
		}
		conn, err := a.db.Conn(ctx)
		if err != nil {
			return err
		}
		defer func() { _ = conn.Close() }()
		for _, statement := range []string{
			"SET SESSION lock_wait_timeout = 1, SESSION innodb_lock_wait_timeout = 1",
			"LOCK TABLES vte_modentity_num WRITE",
			"UPDATE vte_modentity_num SET cur_id = cur_id + 1 WHERE semodule = 'Documents'",
			"UNLOCK TABLES",
			"UPDATE vte_crmentity_seq SET id = LAST_INSERT_ID(id + 1)",
			"UPDATE vte_changelog_seq SET id = LAST_INSERT_ID(id + 1)",
		} {
			if _, err := conn.ExecContext(ctx, statement); err != nil {
				return fmt.Errorf("%s: %w", statement, err)
			}
		}
		return nil
	})
	if err != nil {
		t.Errorf("the CRM waits: %v", err)
	}
}

func lackingColumn(t *testing.T, a *archive) {
	exec(t, a.db, "ALTER TABLE vte_notes CHANGE note_no another VARCHAR(100)")
	a.now = a.now.Add(time.Hour)
	var lacking *vtenext.LackingError
	_, err := a.Prepare(t.Context(), letter("7", a.record(t, "Contacts", 0)), &announced{archive: a})
	if !errors.As(err, &lacking) || lacking.Table != "vte_notes" || !errors.Is(err, permissions.ErrUnavailable) {
		t.Errorf("Prepare = %v", err)
	}
	exec(t, a.db, "ALTER TABLE vte_notes CHANGE another note_no VARCHAR(100)")
}
