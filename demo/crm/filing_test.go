package crm_test

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/mailconnector/mailconnector/messages"
	"github.com/mailconnector/mailconnector/permissions"
)

// journal notes the announced paths.
type journal struct{ paths []string }

func (j *journal) Announce(_ context.Context, path string) error {
	j.paths = append(j.paths, path)
	return nil
}

func attachment(part int, name, content string) messages.Attachment {
	return messages.Attachment{
		Part: part, Name: name, ContentType: "text/plain", Size: int64(len(content)), SHA256: sha256.Sum256([]byte(content)),
		Open: func(context.Context) (io.ReadCloser, error) { return io.NopCloser(strings.NewReader(content)), nil },
	}
}

// offer is a mail for the targets with an attachment, an inline image and a part to keep.
func offer(targets ...permissions.Record) messages.Mail {
	image, kept := attachment(3, "logo.png", "png"), attachment(4, "kept.txt", "kept")
	image.Inline, kept.Keep = true, true
	return messages.Mail{
		MessageID: "<offer@alpina.example>", Subject: "Angebot für die neue Abfüllanlage 🍺", Actor: rep, Targets: targets,
		Date: time.Date(2026, 11, 20, 8, 30, 0, 0, time.UTC), Direction: messages.Inbound, Text: "Guten Tag",
		From:        []messages.Participant{{Name: "Jürgen Müller", Address: "juergen.mueller@brauhaus-mueller.example"}},
		Attachments: []messages.Attachment{attachment(2, "Angebot Ü 4711.txt", "brass tacks"), image, kept},
	}
}

// file prepares and applies a mail.
func (s *sample) file(t *testing.T, m messages.Mail) (messages.Filed, *journal, error) {
	t.Helper()
	var j journal
	plan, err := s.Prepare(t.Context(), m, &j)
	if err != nil {
		t.Fatal(err)
	}
	var filed messages.Filed
	err = s.inTx(t, func(tx *sql.Tx) (err error) {
		filed, err = s.Apply(t.Context(), tx, plan)
		return err
	})
	return filed, &j, err
}

func (s *sample) inTx(t *testing.T, fn func(*sql.Tx) error) error {
	t.Helper()
	tx, err := s.db.BeginTx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := fn(tx); err != nil {
		return errors.Join(err, tx.Rollback())
	}
	return tx.Commit()
}

func TestAttachmentsBecomeDocumentsOfEveryRecord(t *testing.T) {
	onBoth(t, func(t *testing.T, s *sample) {
		company, person := s.find(t, "Accounts", "Brauhaus Müller"), s.find(t, "Contacts", "Jürgen Müller")
		filed, j, err := s.file(t, offer(person, company))
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff([]permissions.Record{person, company}, filed.Created); diff != "" {
			t.Errorf("created (-want +got):\n%s", diff)
		}
		if len(filed.Documents) != 1 || filed.Documents[0].Part != 2 || len(j.paths) != 1 {
			t.Fatalf("documents %v, paths %v", filed.Documents, j.paths)
		}
		if got, err := s.read(t.Context(), rep, filed.Documents[0].Document); string(got) != "brass tacks" {
			t.Errorf("the document holds %q (%v)", got, err)
		}
		for _, record := range filed.Created {
			documents, err := s.DocumentsOf(t.Context(), rep, record)
			if err != nil || len(documents) != 1 || documents[0].Title != "Angebot Ü 4711.txt" || documents[0].Number != "DOC1001" {
				t.Errorf("%s: %+v, %v", record, documents, err)
			}
		}
		records, err := s.Records(t.Context(), []string{"999999", filed.HostID})
		if diff := cmp.Diff([][]permissions.Record{nil, {company, person}}, records); err != nil || diff != "" {
			t.Errorf("records (-want +got):\n%s%v", diff, err)
		}
	})
}

func TestFilingAgainAddsOnlyWhatIsNew(t *testing.T) {
	onBoth(t, func(t *testing.T, s *sample) {
		company, person := s.find(t, "Accounts", "Brauhaus Müller"), s.find(t, "Contacts", "Jürgen Müller")
		first, _, err := s.file(t, offer(person))
		if err != nil {
			t.Fatal(err)
		}
		again := offer(person, company)
		again.HostID = first.HostID
		again.Attachments[0].Document = first.Documents[0].Document
		second, j, err := s.file(t, again)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff([]permissions.Record{company}, second.Created); diff != "" || second.HostID != first.HostID {
			t.Errorf("created (-want +got):\n%s", diff)
		}
		if len(j.paths) != 0 {
			t.Errorf("wrote %v once more", j.paths)
		}
		if diff := cmp.Diff(first.Documents, second.Documents); diff != "" {
			t.Errorf("documents (-first +second):\n%s", diff)
		}
	})
}

func TestADeletedTargetFilesNothing(t *testing.T) {
	onBoth(t, func(t *testing.T, s *sample) {
		company, person := s.find(t, "Accounts", "Brauhaus Müller"), s.find(t, "Contacts", "Jürgen Müller")
		if err := s.Delete(t.Context(), admin, company); err != nil {
			t.Fatal(err)
		}
		_, j, err := s.file(t, offer(person, company))
		if !errors.Is(err, permissions.ErrNotFound) {
			t.Errorf("error %v", err)
		}
		if documents, err := s.DocumentsOf(t.Context(), rep, person); err != nil || len(documents) != 0 {
			t.Errorf("documents %v, %v", documents, err)
		}
		for range 2 { // the second time there is nothing to discard
			if err := s.Discard(t.Context(), j.paths[0]); err != nil {
				t.Error(err)
			}
		}
		if err := s.Discard(t.Context(), "../crm.db"); err == nil {
			t.Error("discarded a file outside of the storage")
		}
	})
}

func TestApplyRunsAgainAfterARollback(t *testing.T) {
	onBoth(t, func(t *testing.T, s *sample) {
		person := s.find(t, "Contacts", "Jürgen Müller")
		plan, err := s.Prepare(t.Context(), offer(person), &journal{})
		if err != nil {
			t.Fatal(err)
		}
		lost := errors.New("connection lost")
		var filed []messages.Filed
		for _, outcome := range []error{lost, nil} {
			err := s.inTx(t, func(tx *sql.Tx) error {
				f, err := s.Apply(t.Context(), tx, plan)
				filed = append(filed, f)
				return errors.Join(err, outcome)
			})
			if !errors.Is(err, outcome) {
				t.Fatal(err)
			}
		}
		if diff := cmp.Diff(filed[0], filed[1]); diff != "" {
			t.Errorf("(-first +second):\n%s", diff)
		}
	})
}

func TestLinkedListsNewestFirst(t *testing.T) {
	onBoth(t, func(t *testing.T, s *sample) {
		person := s.find(t, "Contacts", "Jürgen Müller")
		filed, _, err := s.file(t, offer(person))
		if err != nil {
			t.Fatal(err)
		}
		var all []messages.Native
		for page := (messages.Page{Limit: 1}); ; {
			natives, next, err := s.Linked(t.Context(), rep, person, page)
			if err != nil {
				t.Fatal(err)
			}
			all = append(all, natives...)
			if page.After = next; next == "" {
				break
			}
		}
		if len(all) != 2 { // and the mail the CRM itself sent
			t.Fatalf("%d messages", len(all))
		}
		want := messages.Native{
			HostID: filed.HostID, MessageID: "<offer@alpina.example>", Subject: "Angebot für die neue Abfüllanlage 🍺",
			From: messages.Participant{Name: "Jürgen Müller", Address: "juergen.mueller@brauhaus-mueller.example"},
			Date: time.Date(2026, 11, 20, 8, 30, 0, 0, time.UTC), Direction: messages.Inbound,
			Owner: "u3", OwnerName: "Giulia Moretti", Text: "Guten Tag", Attachments: 3,
		}
		if diff := cmp.Diff(want, all[0]); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	})
}

func TestAMessageIsAsVisibleAsItsRecords(t *testing.T) {
	onBoth(t, func(t *testing.T, s *sample) {
		person := s.find(t, "Contacts", "Jürgen Müller")
		filed, _, err := s.file(t, offer(person))
		if err != nil {
			t.Fatal(err)
		}
		both := []permissions.Record{
			{Type: "Messages", ID: filed.HostID}, {Type: "Documents", ID: filed.Documents[0].Document},
		}
		sees := func(who permissions.Subject) (outcomes []permissions.Outcome) {
			for _, r := range both {
				outcomes = append(outcomes, s.may(t, who, permissions.View, r).Outcome)
			}
			return outcomes
		}
		yes, no := permissions.Allowed, permissions.Denied
		if diff := cmp.Diff([]permissions.Outcome{yes, yes}, sees(agent)); diff != "" {
			t.Errorf("the agent sees (-want +got):\n%s", diff)
		}
		if err := s.SetOwner(t.Context(), admin, person, "u1"); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff([]permissions.Outcome{no, no}, sees(agent)); diff != "" {
			t.Errorf("the agent sees the admin's (-want +got):\n%s", diff)
		}
		remove := messages.Removal{Actor: rep, HostID: filed.HostID, Record: person, Documents: []string{filed.Documents[0].Document}}
		if err := s.inTx(t, func(tx *sql.Tx) error { return s.Remove(t.Context(), tx, remove) }); err != nil {
			t.Fatal(err)
		}
		gone := permissions.Missing
		if diff := cmp.Diff([]permissions.Outcome{gone, gone}, sees(admin)); diff != "" {
			t.Errorf("the admin sees what is on no record (-want +got):\n%s", diff)
		}
	})
}
