package messages_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"

	"github.com/mailconnector/mailconnector/documents"
	"github.com/mailconnector/mailconnector/messages"
	"github.com/mailconnector/mailconnector/messages/mail"
	"github.com/mailconnector/mailconnector/permissions"
)

func TestArchive(t *testing.T) {
	onBoth(t, func(t *testing.T, h *harness) {
		l := letter{
			html:  `<p>See <b>our</b> offer</p><img src="cid:logo@acme">`,
			files: []file{pdf("first"), {name: "logo.png", contentType: "image/png", contentID: "logo@acme", content: "\x89PNG\r\n\x1a\n."}},
		}
		receipt := h.archive(ann, l, nora, acme)
		if receipt.ID == "" || receipt.Replayed || !receipt.New {
			t.Errorf("receipt = %+v, want a new one", receipt)
		}
		want := messages.Reference{ID: receipt.Message.ID, MessageID: "<one@acme.example>", Subject: "Our offer", Completeness: messages.Full}
		if diff := cmp.Diff(want, receipt.Message); diff != "" {
			t.Errorf("message (-want +got):\n%s", diff)
		}
		links := []messages.LinkOutcome{{Record: nora, Label: "Record 42", Created: true}, {Record: acme, Label: "Record 10", Created: true}}
		if diff := cmp.Diff(links, receipt.Links); diff != "" {
			t.Errorf("links (-want +got):\n%s", diff)
		}
		parts := []messages.PartOutcome{
			{Part: 2, Name: "offer.pdf", Size: 14, SHA256: sha256.Sum256([]byte("%PDF-1.4 first")), Status: messages.Stored, Document: receipt.Parts[0].Document},
			{Part: 3, Name: "logo.png", Size: 9, SHA256: sha256.Sum256([]byte("\x89PNG\r\n\x1a\n.")), Status: messages.Inline},
		}
		if diff := cmp.Diff(parts, receipt.Parts); diff != "" {
			t.Errorf("parts (-want +got):\n%s", diff)
		}
		if len(receipt.Problems) > 0 {
			t.Errorf("problems = %v, want none", receipt.Problems)
		}
		for _, r := range []permissions.Record{nora, acme} {
			on, err := h.crm.on(t.Context(), "host_document_links", "document", receipt.Parts[0].Document)
			if err != nil || !slices.Contains(on, r) {
				t.Errorf("document is on %v, %v, want also %s", on, err, r)
			}
		}
		h.wantCounts(map[string]int{"mc_messages": 1, "mc_links": 2, "mc_renditions": 1, "mc_parts": 3, "mc_link_documents": 2,
			"mc_staged_files": 0, "mc_receipts": 1, "mc_events": 3, "host_messages": 1, "host_documents": 1, "mc_blobs": 1})
	})
}

func TestArchiveRefuses(t *testing.T) {
	good := letter{}.bytes()
	raw := func(b []byte) messages.Source { return messages.Raw(bytes.NewReader(b)) }
	far := make([]permissions.Record, 51)
	for i := range far {
		far[i] = permissions.Record{Type: "Contacts", ID: fmt.Sprint(i)}
	}
	tests := []struct {
		name   string
		change func(*harness, *messages.Request)
		want   error
		says   string
	}{
		{"an empty upload", func(_ *harness, r *messages.Request) { r.Source = raw(nil) }, messages.ErrEmpty, ""},
		{"an upload that is cut off", func(_ *harness, r *messages.Request) {
			r.Source = messages.Raw(io.MultiReader(bytes.NewReader(good[:100]), iotest.ErrReader(io.ErrUnexpectedEOF)))
		}, messages.ErrTruncated, ""},
		{"an upload that is cut off before its first byte", func(_ *harness, r *messages.Request) {
			r.Source = messages.Raw(iotest.ErrReader(io.ErrUnexpectedEOF))
		}, messages.ErrTruncated, ""},
		{"a client that leaves", func(_ *harness, r *messages.Request) {
			r.Source = messages.Raw(io.MultiReader(bytes.NewReader(good), iotest.ErrReader(io.ErrClosedPipe)))
		}, io.ErrClosedPipe, ""},
		{"a full disk", func(h *harness, _ *messages.Request) { h.content.err = documents.ErrStoreFull }, documents.ErrStoreFull, ""},
		{"no mail", func(_ *harness, r *messages.Request) { r.Source = nil }, messages.ErrInvalid, "no mail"},
		{"no record", func(_ *harness, r *messages.Request) { r.Links = nil }, messages.ErrInvalid, "/links"},
		{"too many records", func(_ *harness, r *messages.Request) { r.Links = far }, messages.ErrInvalid, "/links"},
		{"a record without an id", func(_ *harness, r *messages.Request) { r.Links = []permissions.Record{nora, {Type: "Contacts"}} },
			messages.ErrInvalid, "/links/1"},
		{"a long idempotency key", func(_ *harness, r *messages.Request) { r.IdempotencyKey = strings.Repeat("k", 201) },
			messages.ErrInvalid, "/idempotency_key"},
		{"an unknown origin", func(_ *harness, r *messages.Request) { r.Origin = "robot" }, messages.ErrInvalid, "/origin"},
		{"an unknown direction", func(_ *harness, r *messages.Request) { r.Client.Direction = "sideways" }, messages.ErrInvalid, "/direction"},
		{"a record the user may not see", func(h *harness, _ *messages.Request) { h.crm.hide(ann, acme) }, permissions.ErrNotFound, "Accounts:10"},
		{"a record that is deleted", func(h *harness, _ *messages.Request) { h.crm.remove(acme) }, permissions.ErrNotFound, "Accounts:10"},
		{"a record the user may not link to", func(h *harness, _ *messages.Request) { h.crm.deny(ann, permissions.Link) },
			permissions.ErrDenied, "Contacts:42"},
		{"a record deleted between Prepare and Apply", func(h *harness, _ *messages.Request) {
			h.crm.onPrepared = func() error { h.crm.remove(acme); return nil }
		}, permissions.ErrNotFound, "Accounts:10"},
	}
	onBoth(t, func(t *testing.T, h *harness) {
		for _, test := range tests {
			t.Run(test.name+" stores nothing", func(t *testing.T) {
				h.t, h.content.err = t, nil
				h.crm.forgive()
				r := messages.Request{Source: raw(letter{files: []file{pdf("x")}}.bytes()), Links: []permissions.Record{nora, acme}}
				test.change(h, &r)
				_, err := h.Archive(t.Context(), ann, r)
				if !errors.Is(err, test.want) || !strings.Contains(fmt.Sprint(err), test.says) {
					t.Errorf("Archive = %v, want %v about %q", err, test.want, test.says)
				}
				h.wantNothing()
			})
		}
	})
}

// TestAnUploadIsCutOffAlsoWhereTheContextEndsWithIt does what a server does whose client hangs up.
func TestAnUploadIsCutOffAlsoWhereTheContextEndsWithIt(t *testing.T) {
	onBoth(t, func(t *testing.T, h *harness) {
		for _, arrived := range []string{"", "Message-ID: <1@x>\r\n"} {
			ctx, cancel := context.WithCancel(t.Context())
			upload := io.MultiReader(strings.NewReader(arrived), hangUp(cancel))
			_, err := h.Archive(ctx, ann, messages.Request{Source: messages.Raw(upload), Links: []permissions.Record{nora}})
			if !errors.Is(err, messages.ErrTruncated) {
				t.Errorf("Archive of %q = %v, want ErrTruncated", arrived, err)
			}
			h.wantNothing()
		}
	})
}

// hangUp is the end of a connection, which ends the context too.
type hangUp context.CancelFunc

func (h hangUp) Read([]byte) (int, error) {
	h()
	return 0, io.ErrUnexpectedEOF
}

func TestArchiveNamesTheBadTarget(t *testing.T) {
	onBoth(t, func(t *testing.T, h *harness) {
		h.crm.hide(ann, offer)
		_, err := h.tryArchive(ann, letter{}, "", nora, acme, nora, offer)
		var target *messages.TargetError
		if !errors.As(err, &target) || target.Index != 3 || target.Record != offer {
			t.Errorf("Archive = %v, want a TargetError about the fourth record", err)
		}
		h.wantNothing()
	})
}

func TestArchiveTooLarge(t *testing.T) {
	onBoth(t, func(t *testing.T, h *harness) {
		h = newLimited(t, h, mail.Limits{Size: 1000})
		for _, size := range []int{1001, 5000, 200_000} {
			_, err := h.Archive(t.Context(), ann, messages.Request{
				Source: messages.Raw(strings.NewReader("Subject: big\r\n\r\n" + strings.Repeat("x", size-16))), Links: []permissions.Record{nora},
			})
			var tooLarge *mail.TooLargeError
			if !errors.As(err, &tooLarge) || tooLarge.Limit != 1000 {
				t.Errorf("Archive of %d bytes = %v, want a TooLargeError", size, err)
			}
		}
		h.wantNothing()
	})
}

func TestArchiveKeepsWhatNoParserUnderstands(t *testing.T) {
	onBoth(t, func(t *testing.T, h *harness) {
		for i, content := range []string{"\x00\x01\x02", "no header at all", "\r\n\r\n", "From: <<<>>>\r\nContent-Type: multipart/mixed\r\n\r\n--", "\xff\xfe\xfd"} {
			receipt, err := h.Archive(t.Context(), ann, messages.Request{
				Source: messages.Raw(strings.NewReader(content)), Links: []permissions.Record{nora},
			})
			if err != nil {
				t.Fatalf("Archive of %q = %v", content, err)
			}
			source, info, err := h.Source(t.Context(), ann, receipt.Message.ID)
			if err != nil {
				t.Fatalf("Source = %v", err)
			}
			if got := read(t, source); got != content || info.Size != int64(len(content)) {
				t.Errorf("source of mail %d = %q, want %q", i, got, content)
			}
		}
	})
}

func TestArchiveKeepsAttachmentsOfThoseWhoMayNotCreateDocuments(t *testing.T) {
	onBoth(t, func(t *testing.T, h *harness) {
		h.crm.deny(ann, permissions.Create)
		receipt := h.archive(ann, letter{files: []file{pdf("x")}}, nora)
		want := []messages.PartOutcome{{Part: 2, Name: "offer.pdf", Size: 10, SHA256: sha256.Sum256([]byte("%PDF-1.4 x")),
			Status: messages.Kept, Detail: messages.DetailDocuments}}
		if diff := cmp.Diff(want, receipt.Parts); diff != "" {
			t.Errorf("parts (-want +got):\n%s", diff)
		}
		content, _, err := h.Part(t.Context(), ann, receipt.Message.ID, 2)
		if err != nil {
			t.Fatalf("Part = %v", err)
		}
		if got := read(t, content); got != "%PDF-1.4 x" {
			t.Errorf("part = %q", got)
		}
		h.wantCounts(map[string]int{"host_documents": 0, "mc_link_documents": 0})
	})
}

func TestArchiveNamesFilesSafely(t *testing.T) {
	onBoth(t, func(t *testing.T, h *harness) {
		var names []string
		h.crm.onPrepared = nil
		l := letter{files: []file{
			{name: "../../etc/passwd", contentType: "text/plain", content: "a"},
			{name: "a.txt", contentType: "text/plain", content: "b"},
			{name: "a.txt", contentType: "text/plain", content: "c"},
		}}
		seen := &namingHost{Filing: h.crm, names: &names}
		h = newWith(t, h, func(c *messages.Config) { c.Filing = seen })
		receipt := h.archive(ann, l, nora)
		if diff := cmp.Diff([]string{"passwd", "a.txt", "a (2).txt"}, names); diff != "" {
			t.Errorf("names for the host (-want +got):\n%s", diff)
		}
		if got := receipt.Parts[0].Name; got != "../../etc/passwd" {
			t.Errorf("name in the receipt = %q, want the sender's", got)
		}
	})
}
