package messages_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/mailconnector/mailconnector/documents"
	"github.com/mailconnector/mailconnector/internal/database"
	"github.com/mailconnector/mailconnector/messages"
	"github.com/mailconnector/mailconnector/messages/mail"
	"github.com/mailconnector/mailconnector/permissions"
)

// newWith is another service on the tables, contents and CRM of a harness.
func newWith(t testing.TB, h *harness, change func(*messages.Config)) *harness {
	t.Helper()
	db, err := database.New(h.db, database.Options{Now: h.clock.Now, Dialect: dialectOf(h.db)})
	if err != nil {
		t.Fatal(err)
	}
	blobs, err := documents.New(documents.Config{DB: db, Store: h.content})
	if err != nil {
		t.Fatal(err)
	}
	config := messages.Config{DB: db, Blobs: blobs, Filing: h.crm, Permissions: h.crm, Labels: h.crm.labels}
	change(&config)
	other := *h
	if other.Service, err = messages.New(config); err != nil {
		t.Fatal(err)
	}
	return &other
}

func newLimited(t testing.TB, h *harness, l mail.Limits) *harness {
	t.Helper()
	return newWith(t, h, func(c *messages.Config) { c.Limits = l })
}

// namingHost notes the names it is given.
type namingHost struct {
	messages.Filing
	names *[]string
}

func (n *namingHost) Prepare(ctx context.Context, m messages.Mail, files messages.FileJournal) (messages.Plan, error) {
	for _, a := range m.Attachments {
		*n.names = append(*n.names, a.Name)
	}
	return n.Filing.Prepare(ctx, m, files)
}

func notFound(err error) bool { return errors.Is(err, permissions.ErrNotFound) }

// sweepFiles condemns and discards every announced file as a sweeper does that comes long after.
func (h *harness) sweepFiles() {
	h.t.Helper()
	if _, err := h.db.ExecContext(h.t.Context(), "UPDATE mc_staged_files SET announced = 0"); err != nil {
		h.t.Fatal(err)
	}
	if err := h.Sweep(h.t.Context()); err != nil {
		h.t.Error(err)
	}
}

func userName(_ context.Context, id string) string { return "User " + id }

func notShared(context.Context) (bool, error) { return false, nil }

// exec changes the host's tables as a person does in the CRM itself.
func (h *harness) exec(query string) {
	h.t.Helper()
	if _, err := h.db.ExecContext(h.t.Context(), query); err != nil {
		h.t.Fatal(err)
	}
}

// pattern is text that no two places of look alike in.
func pattern(n int) []byte {
	var b []byte
	for i := 0; len(b) < n; i++ {
		b = fmt.Appendf(b, "%d,", i)
	}
	return b[:n]
}
