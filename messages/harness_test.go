package messages_test

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/mailconnector/mailconnector/documents"
	"github.com/mailconnector/mailconnector/internal/database"
	"github.com/mailconnector/mailconnector/internal/dbtest"
	"github.com/mailconnector/mailconnector/messages"
	"github.com/mailconnector/mailconnector/permissions"
)

// The people and records of the tests.
var (
	ann = permissions.Subject{UserID: "ann"}
	bob = permissions.Subject{UserID: "bob"}

	acme  = permissions.Record{Type: "Accounts", ID: "10"}
	nora  = permissions.Record{Type: "Contacts", ID: "42"}
	offer = permissions.Record{Type: "Potentials", ID: "77"}
)

// harness is a service on a database, a content store and a CRM.
type harness struct {
	*messages.Service
	t       testing.TB
	crm     *crm
	db      *sql.DB
	content *memoryStore
	clock   *clock
}

type clock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(time.Microsecond)
	return c.now
}

func (c *clock) forward(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// onBoth runs a test on every database.
func onBoth(t *testing.T, test func(t *testing.T, h *harness)) {
	t.Helper()
	dbtest.Each(t, func(t *testing.T, db *sql.DB) { test(t, newHarness(t, db)) })
}

func newHarness(t testing.TB, db *sql.DB, change ...func(*messages.Config)) *harness {
	t.Helper()
	clock := &clock{now: time.Date(2026, 11, 21, 9, 0, 0, 0, time.UTC)}
	wrapped, err := database.New(db, database.Options{Now: clock.Now, Dialect: dialectOf(db)})
	if err != nil {
		t.Fatal(err)
	}
	for _, steps := range [][]database.Migration{database.Migrations(), documents.Migrations(), messages.Migrations()} {
		if err := wrapped.Migrate(t.Context(), steps); err != nil {
			t.Fatal(err)
		}
	}
	store := &memoryStore{content: make(map[string][]byte)}
	blobs, err := documents.New(documents.Config{DB: wrapped, Store: store})
	if err != nil {
		t.Fatal(err)
	}
	host, err := newCRM(t.Context(), db)
	if err != nil {
		t.Fatal(err)
	}
	config := messages.Config{DB: wrapped, Blobs: blobs, Filing: host, Permissions: host, Labels: host.labels}
	for _, c := range change {
		c(&config)
	}
	service, err := messages.New(config)
	if err != nil {
		t.Fatal(err)
	}
	return &harness{Service: service, t: t, crm: host, db: db, content: store, clock: clock}
}

// dialectOf is for wrapped drivers, which the database layer does not recognise.
func dialectOf(db *sql.DB) database.Dialect {
	if f, ok := db.Driver().(interface{ dialect() database.Dialect }); ok {
		return f.dialect()
	}
	return ""
}

// memoryStore is a content store that can be full.
type memoryStore struct {
	mu      sync.Mutex
	content map[string][]byte
	err     error
}

func (m *memoryStore) Put(_ context.Context, key string, r io.Reader) error {
	b, err := io.ReadAll(r)
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := errors.Join(err, m.err); err != nil {
		return err
	}
	m.content[key] = b
	return nil
}

func (m *memoryStore) Open(_ context.Context, key string, offset, length int64) (io.ReadCloser, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	b, found := m.content[key]
	if !found {
		return nil, documents.ErrNoContent
	}
	b = b[min(offset, int64(len(b))):]
	if length >= 0 {
		b = b[:min(length, int64(len(b)))]
	}
	return io.NopCloser(bytes.NewReader(b)), nil
}

func (m *memoryStore) Size(_ context.Context, key string) (int64, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return int64(len(m.content[key])), nil
}

func (m *memoryStore) Delete(_ context.Context, key string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.content, key)
	return nil
}

func (m *memoryStore) len() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return len(m.content)
}

// file is an attachment of a test mail.
type file struct{ name, contentType, contentID, content string }

// letter is a test mail; the zero value is a small one from Nora to Ann.
type letter struct {
	id, subject, from, to, date, html, text, bcc, more string
	files                                              []file
	cut                                                bool // its last line is missing
}

// bytes renders the mail.
func (l letter) bytes() []byte {
	or := func(s, otherwise string) string {
		if s == "" {
			return otherwise
		}
		return s
	}
	var b strings.Builder
	fmt.Fprintf(&b, "From: %s\r\nTo: %s\r\nSubject: %s\r\nDate: %s\r\n", or(l.from, "Nora Berg <nora@acme.example>"),
		or(l.to, "Ann <ann@crm.example>"), or(l.subject, "Our offer"), or(l.date, "Fri, 20 Nov 2026 10:00:00 +0100"))
	if id := or(l.id, "<one@acme.example>"); id != "none" {
		fmt.Fprintf(&b, "Message-ID: %s\r\n", id)
	}
	if l.bcc != "" {
		fmt.Fprintf(&b, "Bcc: %s\r\n", l.bcc)
	}
	b.WriteString(l.more + "MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b1\r\n\r\n")
	if l.html != "" {
		b.WriteString("--b1\r\nContent-Type: text/html; charset=utf-8\r\n\r\n" + l.html + "\r\n")
	} else {
		b.WriteString("--b1\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n" + or(l.text, "Please find our offer attached.") + "\r\n")
	}
	for _, f := range l.files {
		fmt.Fprintf(&b, "--b1\r\nContent-Type: %s; name=%q\r\nContent-Transfer-Encoding: base64\r\n", f.contentType, f.name)
		if f.contentID != "" {
			fmt.Fprintf(&b, "Content-ID: <%s>\r\nContent-Disposition: inline\r\n", f.contentID)
		} else {
			fmt.Fprintf(&b, "Content-Disposition: attachment; filename=%q\r\n", f.name)
		}
		encoded := base64.StdEncoding.EncodeToString([]byte(f.content))
		b.WriteString("\r\n")
		for len(encoded) > 0 {
			n := min(76, len(encoded))
			b.WriteString(encoded[:n] + "\r\n")
			encoded = encoded[n:]
		}
	}
	if !l.cut {
		b.WriteString("--b1--\r\n")
	}
	return []byte(b.String())
}

func pdf(content string) file {
	return file{name: "offer.pdf", contentType: "application/pdf", content: "%PDF-1.4 " + content}
}

// archive archives a mail, or fails the test.
func (h *harness) archive(who permissions.Subject, l letter, on ...permissions.Record) messages.Receipt {
	h.t.Helper()
	receipt, err := h.tryArchive(who, l, "", on...)
	if err != nil {
		h.t.Fatalf("Archive = %v", err)
	}
	return receipt
}

func (h *harness) tryArchive(who permissions.Subject, l letter, key string, on ...permissions.Record) (messages.Receipt, error) {
	return h.Archive(h.t.Context(), who, messages.Request{
		Source: messages.Raw(bytes.NewReader(l.bytes())), Links: on, IdempotencyKey: key,
	})
}

// count counts the rows of a table.
func (h *harness) count(table string) (n int) {
	h.t.Helper()
	if err := h.db.QueryRowContext(context.WithoutCancel(h.t.Context()), "SELECT COUNT(*) FROM "+table).Scan(&n); err != nil {
		h.t.Fatal(err)
	}
	return n
}

// wantCounts checks how many rows tables have.
func (h *harness) wantCounts(want map[string]int) {
	h.t.Helper()
	for table, n := range want {
		if got := h.count(table); got != n {
			h.t.Errorf("%s has %d rows, want %d", table, got, n)
		}
	}
}

// nothing is what the tables hold before the first and after a refused request.
func nothing() map[string]int {
	want := make(map[string]int)
	for _, table := range []string{"mc_messages", "mc_participants", "mc_references", "mc_renditions", "mc_parts", "mc_host_messages",
		"mc_links", "mc_link_documents", "mc_receipts", "mc_events", "mc_blob_claims", "host_messages", "host_links",
		"host_documents", "host_document_links"} {
		want[table] = 0
	}
	return want
}

// wantNothing checks that no row and, once the sweeper was there, no byte of a request is left.
func (h *harness) wantNothing() {
	h.t.Helper()
	h.wantCounts(nothing())
	h.sweep()
	h.wantCounts(map[string]int{"mc_blobs": 0, "mc_staged_files": 0})
	if n := h.content.len(); n != 0 {
		h.t.Errorf("%d contents are left in the store", n)
	}
	if names := h.crm.fileNames(); len(names) != 0 {
		h.t.Errorf("files %v are left in the CRM", names)
	}
}

// sweep lets the grace pass and sweeps.
func (h *harness) sweep() {
	h.t.Helper()
	h.clock.forward(2 * time.Hour)
	if err := h.Sweep(context.WithoutCancel(h.t.Context())); err != nil {
		h.t.Errorf("Sweep = %v", err)
	}
}

func problemCodes(problems []messages.Problem) []string {
	var codes []string
	for _, p := range problems {
		codes = append(codes, p.Code)
	}
	return codes
}

func read(t testing.TB, c messages.Content) string {
	t.Helper()
	b, err := io.ReadAll(c)
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
	return string(b)
}
