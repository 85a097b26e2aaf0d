package api_test

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"mime/multipart"
	"net/textproto"
	"sync"
	"testing"

	"github.com/mailconnector/mailconnector/api"
	"github.com/mailconnector/mailconnector/documents"
	"github.com/mailconnector/mailconnector/internal/database"
	"github.com/mailconnector/mailconnector/internal/dbtest"
	"github.com/mailconnector/mailconnector/messages"
	"github.com/mailconnector/mailconnector/messages/mail"
	"github.com/mailconnector/mailconnector/permissions"
)

const testMailBytes = 1 << 20

// filing is the message side of a CRM, in memory.
type filing struct {
	mu sync.Mutex
	on map[string][]permissions.Record
}

func (f *filing) Prepare(_ context.Context, m messages.Mail, _ messages.FileJournal) (messages.Plan, error) {
	if m.HostID == "" {
		f.mu.Lock()
		defer f.mu.Unlock()
		m.HostID = fmt.Sprintf("h%d", len(f.on)+1)
		f.on[m.HostID] = nil
	}
	return messages.Plan{HostID: m.HostID, State: m.Targets}, nil
}

func (f *filing) Apply(_ context.Context, _ *sql.Tx, p messages.Plan) (messages.Filed, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	filed := messages.Filed{HostID: p.HostID}
	for _, target := range p.State.([]permissions.Record) {
		if !contains(f.on[p.HostID], target) {
			f.on[p.HostID] = append(f.on[p.HostID], target)
			filed.Created = append(filed.Created, target)
		}
	}
	return filed, nil
}

func (f *filing) Readable(_ context.Context, _ permissions.Subject, hostIDs []string) ([]bool, error) {
	may := make([]bool, len(hostIDs))
	for i := range may {
		may[i] = true
	}
	return may, nil
}

func (f *filing) Records(_ context.Context, ids []string) ([][]permissions.Record, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	list := make([][]permissions.Record, len(ids))
	for i, id := range ids {
		list[i] = f.on[id]
	}
	return list, nil
}

func (f *filing) Remove(context.Context, *sql.Tx, messages.Removal) error { return nil }

func (f *filing) Linked(context.Context, permissions.Subject, permissions.Record, messages.Page) ([]messages.Native, string, error) {
	return nil, "", nil
}

func (f *filing) Discard(context.Context, string) error { return nil }

// newArchive is a server with the real messages service behind it, which takes mails of up to 1 MB.
func newArchive(t testing.TB) *server {
	t.Helper()
	db, err := database.New(dbtest.SQLite(t), database.Options{})
	if err != nil {
		t.Fatal(err)
	}
	for _, steps := range [][]database.Migration{database.Migrations(), documents.Migrations(), messages.Migrations()} {
		if err := db.Migrate(t.Context(), steps); err != nil {
			t.Fatal(err)
		}
	}
	store, err := documents.Files(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = store.Close() })
	blobs, err := documents.New(documents.Config{DB: db, Store: store})
	if err != nil {
		t.Fatal(err)
	}
	service, err := messages.New(messages.Config{
		DB: db, Blobs: blobs, Filing: &filing{on: map[string][]permissions.Record{}}, Permissions: &fakeCRM{}, Labels: labels,
		Limits: mail.Limits{Size: testMailBytes},
	})
	if err != nil {
		t.Fatal(err)
	}
	s := newServer(t, func(c *api.Config) {
		c.MailBytes = testMailBytes
		c.Messages.(*fakeMessages).Messages = service
	})
	return s
}

func labels(_ context.Context, _ permissions.Subject, records []permissions.Record) (map[permissions.Record]string, error) {
	list := map[permissions.Record]string{}
	for _, r := range records {
		list[r] = "Label of " + r.String()
	}
	return list, nil
}

const rawMail = "From: Nora <nora@example.com>\r\nTo: ada@example.com\r\nSubject: Offer\r\nMessage-ID: <1@example.com>\r\n" +
	"Date: Sun, 01 Mar 2026 10:00:00 +0000\r\nContent-Type: text/plain\r\n\r\nHello.\r\n"

// raw is the call that archives a mail by its bytes.
func raw(query, body string, headers ...string) call {
	return call{post, "/messages" + query, append([]string{"Content-Type: message/rfc822"}, headers...), body, false}
}

// part is one part of a form. Without a content type it is application/octet-stream.
type part struct{ name, media, body string }

func message(json string) part { return part{"message", "application/json", json} }

func encodeForm(parts ...part) (body, contentType string) {
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	for _, p := range parts {
		h := textproto.MIMEHeader{"Content-Disposition": {fmt.Sprintf("form-data; name=%q; filename=blob", p.name)}}
		if p.media != "" {
			h.Set("Content-Type", p.media)
		}
		into, _ := w.CreatePart(h) // a buffer takes everything
		_, _ = into.Write([]byte(p.body))
	}
	_ = w.Close()
	return b.String(), w.FormDataContentType()
}

// form is the call that archives a mail by its parts.
func form(parts ...part) call {
	body, media := encodeForm(parts...)
	return call{post, "/messages", []string{"Content-Type: " + media}, body, false}
}

// receipt is an answer read back.
type receipt struct {
	Receipt  string
	Replayed bool
	Message  struct{ ID, Subject, Completeness string }
	Parts    []struct {
		Name, Status, SHA256 string
		Size                 int64
	}
	Problems []struct{ Code string }
}

func (a answer) receipt(t testing.TB) receipt {
	t.Helper()
	var r receipt
	if err := json.Unmarshal([]byte(a.text), &r); err != nil {
		t.Fatalf("%v: %s", err, a.text)
	}
	return r
}
