package messages_test

import (
	"bytes"
	"io"
	"testing"
	"time"

	"github.com/mailconnector/mailconnector/messages"
	"github.com/mailconnector/mailconnector/permissions"
)

// during runs fn when the reader comes to it.
type during func()

func (fn during) Read([]byte) (int, error) {
	fn()
	return 0, io.EOF
}

func TestPermissionsLostDuringALongUploadCount(t *testing.T) {
	onBoth(t, func(t *testing.T, h *harness) {
		mail := letter{}.bytes()
		_, err := h.Archive(t.Context(), ann, messages.Request{Links: []permissions.Record{nora}, Source: messages.Raw(io.MultiReader(
			bytes.NewReader(mail[:100]), during(func() { h.crm.hide(ann, nora); h.clock.forward(time.Minute) }), bytes.NewReader(mail[100:]),
		))})
		if !notFound(err) {
			t.Errorf("Archive = %v, want not found", err)
		}
		h.wantNothing()
	})
}

func TestOfTwoPartialCopiesTheFullerShows(t *testing.T) {
	onBoth(t, func(t *testing.T, h *harness) {
		d := draft()
		d.Complete = false
		d.Attachments = []messages.DraftAttachment{
			{ID: "1", Name: "offer.pdf", State: messages.StateOK}, {ID: "2", Name: "terms.pdf", State: messages.StateOK},
		}
		poor, err := h.sendDraft(ann, d, uploads(upload("1", "%PDF-1")), nora)
		if err != nil {
			t.Fatal(err)
		}
		rich, err := h.sendDraft(ann, d, uploads(upload("1", "%PDF-1"), upload("2", "%PDF-2")), nora)
		if err != nil || rich.Message.ID != poor.Message.ID || rich.Parts[1].Status != messages.Stored {
			t.Fatalf("the fuller copy: %+v, %v", rich, err)
		}
		again, err := h.sendDraft(ann, d, uploads(upload("2", "%PDF-2")), nora)
		if err != nil || again.Message.ID != poor.Message.ID || again.Parts[0].Status != messages.Existing || again.New {
			t.Errorf("a poorer copy later: %+v, %v, want what is there", again, err)
		}
		if m, err := h.Message(t.Context(), bob, poor.Message.ID); err != nil || m.Parts[0].Document == "" || m.Parts[1].Document == "" {
			t.Errorf("message = %+v, %v", m, err)
		}
	})
}

func TestAnUnlinkWhoseCommitAnswerIsLostCounts(t *testing.T) {
	onFaulty(t, func(t *testing.T, h *harness, f *faults) {
		id := h.archive(ann, letter{}, nora).Message.ID
		f.reset(0, 1)
		if err := h.Unlink(t.Context(), ann, id, nora); err != nil || !f.injected() {
			t.Errorf("Unlink = %v", err)
		}
		h.wantCounts(map[string]int{"mc_links": 0, "host_links": 0, "mc_events": 3})
	})
}

func TestAFailedUnlinkChangesNothing(t *testing.T) {
	onFaulty(t, func(t *testing.T, h *harness, f *faults) {
		id := h.archive(ann, letter{files: []file{pdf("x")}}, nora).Message.ID
		for n := 1; ; n++ {
			f.reset(n, 0)
			if err := h.Unlink(t.Context(), ann, id, nora); err == nil {
				if n < 5 {
					t.Errorf("only %d statements", n-1)
				}
				break
			}
			h.wantCounts(map[string]int{"mc_links": 1, "host_links": 1, "host_document_links": 1, "mc_link_documents": 1, "mc_events": 2})
		}
		h.wantCounts(map[string]int{"mc_links": 0, "host_links": 0, "host_document_links": 0, "mc_link_documents": 0, "mc_events": 3})
	})
}

func TestACopyWithoutAttachmentsCreatesNoForbiddenDocuments(t *testing.T) {
	onBoth(t, func(t *testing.T, h *harness) {
		h.archive(ann, letter{files: []file{pdf("x")}}, nora)
		h.crm.deny(bob, permissions.Create)
		d := draft()
		d.Complete = false
		receipt, err := h.sendDraft(bob, d, nil, acme)
		if err != nil || len(receipt.Parts) != 1 || receipt.Parts[0].Status != messages.Kept || receipt.Parts[0].Detail != messages.DetailDocuments {
			t.Errorf("receipt = %+v, %v, want the attachment kept", receipt, err)
		}
		h.wantCounts(map[string]int{"host_documents": 1, "host_document_links": 1})
	})
}
