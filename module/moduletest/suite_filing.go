package moduletest

import (
	"bytes"
	"context"
	"crypto/sha256"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/mailconnector/mailconnector/internal/database"
	"github.com/mailconnector/mailconnector/messages"
	"github.com/mailconnector/mailconnector/permissions"
)

func filingTests() []hostTest {
	return []hostTest{
		{"a mail is filed on every target, with its attachments", filesMail},
		{"what is not committed is not there", filesInTransaction},
		{"Apply runs again after a rollback", appliesAgain},
		{"a target deleted meanwhile stops everything", targetGone},
		{"an abandoned plan leaves no file", abandonsPlan},
		{"a message is put on one more record", filesAgain},
		{"a message whose copy is gone gets another", renewsMessage},
		{"documents are records to the checker", checksDocuments},
		{"a document that is there is related, not copied", reusesDocument},
		{"a link taken off in the CRM is gone", unlinkedNatively},
		{"a message is taken off one record with its documents", removes},
		{"linked messages come newest first, in pages", pagesLinked},
		{"unknown messages are on no record", unknownMessages},
		{"who may read a message is who is shown it", sameReaders},
		{"hostile texts come back as they were", hostileTexts},
		{"many at once", filesConcurrently},
	}
}

// filer files mails on a host as the module does.
type filer struct {
	HostUnderTest
	t    *testing.T
	db   *database.DB
	user Login
	on   []permissions.Record // where the user may link to
}

func newFiler(t *testing.T, h HostUnderTest) *filer {
	t.Helper()
	db, err := database.New(h.DB, database.Options{Dialect: database.Dialect(h.Dialect)})
	if err != nil {
		t.Fatal(err)
	}
	f := &filer{HostUnderTest: h, t: t, db: db}
	f.user, f.on = h.linkable()
	return f
}

// mail returns a mail to be filed on targets, with attachments of the given contents: an ordinary one each.
func (f *filer) mail(subject string, targets []permissions.Record, contents ...string) messages.Mail {
	m := messages.Mail{
		MessageID: fmt.Sprintf("<%s@mail.example>", newID()),
		Subject:   subject,
		Date:      time.Date(2026, 3, 1, 9, 30, 0, 0, time.UTC),
		From:      []messages.Participant{{Name: "Nora Berg", Address: "nora@acme.example"}},
		To:        []messages.Participant{{Name: "Rolf Rep", Address: "rolf@crm.example"}},
		HTML:      "<p>Good morning.</p>", Text: "Good morning.",
		Direction: messages.Inbound, Actor: f.user.subject(), Targets: targets, Shared: true,
	}
	for i, content := range contents {
		m.Attachments = append(m.Attachments, attachment(i+2, fmt.Sprintf("file %d.txt", i+2), content))
	}
	return m
}

func attachment(part int, name, content string) messages.Attachment {
	return messages.Attachment{
		Part: part, Name: name, ContentType: "text/plain", Size: int64(len(content)), SHA256: sha256.Sum256([]byte(content)),
		Open: func(context.Context) (io.ReadCloser, error) { return io.NopCloser(strings.NewReader(content)), nil },
	}
}

// journal remembers what was announced, and that nothing was written before.
type journal struct {
	filer *filer
	mu    sync.Mutex
	paths []string
}

func (j *journal) Announce(_ context.Context, path string) error {
	if path == "" || j.filer.hasFile(path) {
		j.filer.t.Errorf("file %q was written before it was announced", path)
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	j.paths = append(j.paths, path)
	return nil
}

func (f *filer) hasFile(path string) bool { return f.HasFile != nil && f.HasFile(path) }

func (f *filer) prepare(m messages.Mail) messages.Plan {
	f.t.Helper()
	j := &journal{filer: f}
	plan, err := f.Host.Filing.Prepare(f.t.Context(), m, j)
	if err != nil {
		f.t.Fatalf("Prepare = %v", err)
	}
	if plan.HostID == "" || len(plan.HostID) > maxID {
		f.t.Errorf("Prepare reserved the host id %q, want 1 to %d bytes", plan.HostID, maxID)
	}
	if diff := cmp.Diff(j.paths, plan.Files, cmpopts.EquateEmpty(), cmpopts.SortSlices(strings.Compare)); diff != "" {
		f.t.Errorf("the plan's files are not those announced (-announced +plan):\n%s", diff)
	}
	return plan
}

func (f *filer) apply(plan messages.Plan) (filed messages.Filed, err error) {
	err = f.db.Tx(f.t.Context(), func(ctx context.Context, tx *database.Tx) (err error) {
		filed, err = f.Host.Filing.Apply(ctx, tx.SQL(), plan)
		return err
	})
	return filed, err
}

func (f *filer) file(m messages.Mail) messages.Filed {
	f.t.Helper()
	filed, err := f.apply(f.prepare(m))
	if err != nil {
		f.t.Fatalf("Apply = %v", err)
	}
	if filed.HostID == "" {
		f.t.Error("Apply returned no host id")
	}
	return filed
}

// wantOn checks on which records the host says a message is.
func (f *filer) wantOn(hostID string, want ...permissions.Record) {
	f.t.Helper()
	got, err := f.Host.Filing.Records(f.t.Context(), []string{hostID})
	if err != nil || len(got) != 1 {
		f.t.Fatalf("Records = %v, %v, want one list", got, err)
	}
	if diff := cmp.Diff(want, got[0], anyOrder()...); diff != "" {
		f.t.Errorf("records of message %s (-want +got):\n%s", hostID, diff)
	}
}

func anyOrder() []cmp.Option {
	return []cmp.Option{cmpopts.EquateEmpty(), cmpopts.SortSlices(func(a, b permissions.Record) bool { return a.String() < b.String() })}
}

// listed returns the host ids on a record, in the host's order.
func (f *filer) listed(r permissions.Record) []string {
	f.t.Helper()
	list, _, err := f.Host.Filing.Linked(f.t.Context(), f.user.subject(), r, messages.Page{Limit: 100})
	if err != nil {
		f.t.Fatalf("Linked(%s) = %v", r, err)
	}
	ids := make([]string, len(list))
	for i, n := range list {
		ids[i] = n.HostID
	}
	return ids
}

// wantDocuments checks that documents with these contents are on a record, each once.
func (f *filer) wantDocuments(r permissions.Record, contents ...string) {
	f.t.Helper()
	list, err := f.Documents(f.t.Context(), r)
	if err != nil {
		f.t.Fatalf("Documents(%s) = %v", r, err)
	}
	for _, want := range contents {
		n := 0
		for _, d := range list {
			if bytes.Equal(d.Content, []byte(want)) {
				n++
			}
		}
		if n != 1 {
			f.t.Errorf("%d documents on %s hold %.20q, want 1", n, r, want)
		}
	}
}

// wantNoDocuments checks that no document on a record has one of these contents.
func (f *filer) wantNoDocuments(r permissions.Record, contents ...string) {
	f.t.Helper()
	list, err := f.Documents(f.t.Context(), r)
	if err != nil {
		f.t.Fatalf("Documents(%s) = %v", r, err)
	}
	for _, d := range list {
		if slices.Contains(contents, string(d.Content)) {
			f.t.Errorf("document %s (%s) is on %s", d.ID, d.Name, r)
		}
	}
}

// inTx runs fn in a plain transaction and rolls it back.
func (f *filer) inTx(fn func(ctx context.Context, tx *sql.Tx) error) error {
	f.t.Helper()
	back := errors.New("rolled back")
	err := f.db.Tx(f.t.Context(), func(ctx context.Context, tx *database.Tx) error {
		if err := fn(ctx, tx.SQL()); err != nil {
			return err
		}
		return back
	})
	if errors.Is(err, back) {
		return nil
	}
	return err
}
