package messages_test

import (
	"errors"
	"testing"

	"github.com/mailconnector/mailconnector/messages"
)

// partial archives what a phone reads of the usual mail with its attachment.
func (h *harness) partial(t *testing.T) messages.Receipt {
	t.Helper()
	d := draft()
	d.Complete, d.Attachments = false, []messages.DraftAttachment{{ID: "1", Name: "offer.pdf", State: messages.StateUnsupported}}
	receipt, err := h.sendDraft(ann, d, nil, nora, acme)
	if err != nil || receipt.Message.Completeness != messages.Partial {
		t.Fatalf("the phone's copy: %+v, %v", receipt, err)
	}
	return receipt
}

func TestRecordsLinkedEarlierGetTheDocuments(t *testing.T) {
	onBoth(t, func(t *testing.T, h *harness) {
		first := h.partial(t)
		full := h.archive(bob, letter{files: []file{pdf("x")}}, offer)
		if full.Message.ID != first.Message.ID || full.Message.Completeness != messages.Full {
			t.Fatalf("the desktop's copy: %+v, want the phone's message, full", full.Message)
		}
		h.wantCounts(map[string]int{"host_documents": 1, "host_document_links": 3, "mc_link_documents": 3, "mc_links": 3, "mc_refilings": 0})
		h.archive(bob, letter{files: []file{pdf("x")}}, offer)
		h.wantCounts(map[string]int{"host_document_links": 3, "mc_links": 3})
	})
}

func TestNothingIsPutWhereItWasTakenOff(t *testing.T) {
	onBoth(t, func(t *testing.T, h *harness) {
		first := h.partial(t)
		if err := h.Unlink(t.Context(), ann, first.Message.ID, acme); err != nil {
			t.Fatal(err)
		}
		h.crm.hide(ann, nora)
		h.archive(bob, letter{files: []file{pdf("x")}}, offer)
		h.wantCounts(map[string]int{"host_document_links": 1, "mc_links": 2, "mc_refilings": 0})
	})
}

// TestTheSweeperAddsWhatAnUpgradeLeft fails the host for the second plan of the upgrade, the one of the earlier link.
func TestTheSweeperAddsWhatAnUpgradeLeft(t *testing.T) {
	onBoth(t, func(t *testing.T, h *harness) {
		h.partial(t)
		plans := 0
		h.crm.onPrepare = func() error {
			if plans++; plans > 1 {
				return errors.New("the host is busy")
			}
			return nil
		}
		h.archive(bob, letter{files: []file{pdf("x")}}, offer)
		h.wantCounts(map[string]int{"host_document_links": 1, "mc_refilings": 2})
		h.crm.onPrepare = nil
		h.sweep()
		h.wantCounts(map[string]int{"host_document_links": 3, "mc_refilings": 0})
	})
}
