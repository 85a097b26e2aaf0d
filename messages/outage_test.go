package messages_test

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/mailconnector/mailconnector/internal/database"
	"github.com/mailconnector/mailconnector/internal/dbtest"
	"github.com/mailconnector/mailconnector/messages"
	"github.com/mailconnector/mailconnector/permissions"
)

func TestADatabaseThatIsGoneComesBack(t *testing.T) {
	server := dbtest.StartServer(t)
	h := newHarness(t, server.Open(t))
	first := h.archive(ann, letter{}, nora)

	server.Kill(t)
	_, archiveErr := h.tryArchive(ann, letter{id: "<2@x>"}, "key", nora)
	_, readErr := h.Message(t.Context(), ann, first.Message.ID)
	for call, err := range map[string]error{"Archive": archiveErr, "Message": readErr} {
		if !database.IsUnavailable(err) {
			t.Errorf("%s without a database = %v, want one that IsUnavailable", call, err)
		}
	}

	server.Start(t)
	if _, err := h.Message(t.Context(), ann, first.Message.ID); err != nil {
		t.Errorf("Message = %v", err)
	}
	if _, err := h.tryArchive(ann, letter{id: "<2@x>"}, "key", nora); err != nil {
		t.Errorf("Archive = %v", err)
	}
	h.wantCounts(map[string]int{"mc_messages": 2, "mc_links": 2, "mc_receipts": 2})
}

// failing is a CRM of which one call fails.
type failing struct {
	*crm
	call string
	err  error
}

func (f failing) fail(call string) error {
	if f.call == call {
		return f.err
	}
	return nil
}

func (f failing) Check(ctx context.Context, s permissions.Subject, a permissions.Action, r []permissions.Record) ([]permissions.Decision, error) {
	if err := f.fail("Check " + string(a)); err != nil {
		return nil, err
	}
	return f.crm.Check(ctx, s, a, r)
}

func (f failing) Linked(ctx context.Context, s permissions.Subject, r permissions.Record, p messages.Page) ([]messages.Native, string, error) {
	if err := f.fail("Linked"); err != nil {
		return nil, "", err
	}
	return f.crm.Linked(ctx, s, r, p)
}

func (f failing) Readable(ctx context.Context, s permissions.Subject, ids []string) ([]bool, error) {
	if err := f.fail("Readable"); err != nil {
		return nil, err
	}
	return f.crm.Readable(ctx, s, ids)
}

func (f failing) Records(ctx context.Context, ids []string) ([][]permissions.Record, error) {
	if err := f.fail("Records"); err != nil {
		return nil, err
	}
	return f.crm.Records(ctx, ids)
}

func (f failing) labels(ctx context.Context, s permissions.Subject, r []permissions.Record) (map[permissions.Record]string, error) {
	if err := f.fail("Labels"); err != nil {
		return nil, err
	}
	return f.crm.labels(ctx, s, r)
}

func (f failing) shared(context.Context) (bool, error) { return true, f.fail("Shared") }

// TestAHostThatFailsIsNeverTakenForANo lets one call of the host fail: the error comes through, and is not one of those
// that say that something is not there or not allowed.
func TestAHostThatFailsIsNeverTakenForANo(t *testing.T) {
	broken := errors.New("host is broken")
	uses := map[string]func(context.Context, *harness, string) error{
		"Archive": func(ctx context.Context, h *harness, _ string) error {
			_, err := h.Archive(ctx, ann, messages.Request{
				Source: messages.Raw(bytes.NewReader(letter{id: "<new@x>", files: []file{pdf("x")}}.bytes())), Links: []permissions.Record{nora},
			})
			return err
		},
		"Message": func(ctx context.Context, h *harness, id string) error { _, err := h.Message(ctx, ann, id); return err },
		"Body": func(ctx context.Context, h *harness, id string) error {
			_, err := h.Body(ctx, ann, id, messages.BodyOptions{})
			return err
		},
		"Part": func(ctx context.Context, h *harness, id string) error {
			_, _, err := h.Part(ctx, ann, id, 2)
			return err
		},
		"Source": func(ctx context.Context, h *harness, id string) error {
			_, _, err := h.Source(ctx, ann, id)
			return err
		},
		"ForRecord": func(ctx context.Context, h *harness, _ string) error {
			_, _, err := h.ForRecord(ctx, ann, nora, messages.Page{})
			return err
		},
		"Status": func(ctx context.Context, h *harness, _ string) error {
			_, err := h.Status(ctx, ann, []string{"<one@acme.example>"})
			return err
		},
		"LinkedTo": func(ctx context.Context, h *harness, _ string) error {
			_, err := h.LinkedTo(ctx, ann, []string{"<one@acme.example>"})
			return err
		},
		"LastLinks": func(ctx context.Context, h *harness, _ string) error { _, err := h.LastLinks(ctx, ann, 9); return err },
		"Unlink":    func(ctx context.Context, h *harness, id string) error { return h.Unlink(ctx, ann, id, nora) },
	}
	fails := map[string]string{ // the calls of the host that each use needs
		"Archive": "Check link, Check create, Labels, Shared", "Message": "Readable, Records, Check view, Labels", "Body": "Readable, Records, Check view",
		"Part": "Readable, Records, Check view", "Source": "Readable, Records, Check view", "ForRecord": "Linked, Check view",
		"Status": "Readable, Records, Check view, Labels", "LinkedTo": "Readable, Records, Check view", "LastLinks": "Readable, Records, Check view, Labels",
		"Unlink": "Readable, Records, Check view, Check link",
	}
	h := newHarness(t, dbtest.SQLite(t))
	id := h.archive(ann, letter{files: []file{pdf("x")}}, nora).Message.ID
	for use, try := range uses {
		for call := range strings.SplitSeq(fails[use], ", ") {
			host := failing{crm: h.crm, call: call, err: broken}
			other := newWith(t, h, func(c *messages.Config) {
				c.Filing, c.Permissions, c.Labels, c.Shared = host, host, host.labels, host.shared
			})
			err := try(t.Context(), other, id)
			if !errors.Is(err, broken) || notFound(err) || errors.Is(err, permissions.ErrDenied) {
				t.Errorf("%s while %s fails = %v, want the host's error", use, call, err)
			}
		}
	}
}
