package messages_test

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/mailconnector/mailconnector/messages"
	"github.com/mailconnector/mailconnector/permissions"
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

// TestALinkMadeWhileTheMailIsCompletedGetsTheDocuments completes a mail between what a link of it plans and what it writes.
func TestALinkMadeWhileTheMailIsCompletedGetsTheDocuments(t *testing.T) {
	onBoth(t, func(t *testing.T, h *harness) {
		first := h.partial(t)
		h.crm.onPrepared = func() error {
			h.crm.onPrepared = nil
			h.archive(bob, letter{files: []file{pdf("x")}}, nora)
			return nil
		}
		receipt, err := h.Link(t.Context(), ann, first.Message.ID, messages.LinkRequest{Links: []permissions.Record{offer}})
		if err != nil || receipt.Message.Completeness != messages.Full || len(receipt.Parts) != 1 || receipt.Parts[0].Document == "" {
			t.Errorf("the link: %+v, %v, want the whole mail", receipt, err)
		}
		h.wantCounts(map[string]int{"mc_links": 4, "host_document_links": 3, "mc_link_documents": 4, "mc_refilings": 0})
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

// refuse lets the host refuse every plan for a record, and count them.
func (c *crm) refuse(r permissions.Record) *int {
	plans := new(int)
	c.onTargets = func(targets []permissions.Record) error {
		if !slices.Contains(targets, r) {
			return nil
		}
		*plans++
		return errors.New("the host refuses")
	}
	return plans
}

func TestALinkThatTheHostKeepsRefusingIsGivenUpAndBlocksNoOther(t *testing.T) {
	onBoth(t, func(t *testing.T, h *harness) {
		first := h.partial(t)
		plans := h.crm.refuse(nora)
		h.archive(bob, letter{files: []file{pdf("x")}}, offer)
		h.wantCounts(map[string]int{"host_document_links": 2, "mc_refilings": 1})
		for range 30 {
			h.clock.forward(2 * time.Hour)
			if before := *plans; (h.Sweep(t.Context()) != nil) != (*plans > before) {
				t.Errorf("the sweeper does not tell of attempt %d", *plans)
			}
		}
		if *plans != 10 {
			t.Errorf("%d attempts", *plans)
		}
		totals, err := h.Storage(t.Context())
		if err != nil || totals.Waiting != 1 || totals.GivenUp != 1 {
			t.Errorf("totals = %+v, %v, want one link given up", totals, err)
		}
		h.crm.onTargets = nil
		if _, err := h.Link(t.Context(), ann, first.Message.ID, messages.LinkRequest{Links: []permissions.Record{nora}}); err != nil {
			t.Fatal(err)
		}
		h.wantCounts(map[string]int{"host_document_links": 3, "mc_refilings": 0})
	})
}

func TestALinkThatWasTakenBackWaitsForNothing(t *testing.T) {
	onBoth(t, func(t *testing.T, h *harness) {
		first := h.partial(t)
		h.crm.refuse(nora)
		h.archive(bob, letter{files: []file{pdf("x")}}, offer)
		h.wantCounts(map[string]int{"mc_refilings": 1})
		if err := h.Unlink(t.Context(), ann, first.Message.ID, nora); err != nil {
			t.Fatal(err)
		}
		h.wantCounts(map[string]int{"mc_refilings": 0})
	})
}

// TestManyRefusedLinksLeaveRoomForOthers has more links refused than the sweeper looks at together.
func TestManyRefusedLinksLeaveRoomForOthers(t *testing.T) {
	onBoth(t, func(t *testing.T, h *harness) {
		h.partial(t)
		h.crm.refuse(nora)
		for n := range 250 {
			h.exec(fmt.Sprintf("INSERT INTO mc_links SELECT '%026d', message_id, record_type, record_id, 'u%d', linked_at, host_id, 0, origin, "+
				"direction, mailbox, item_id, platform, addin_version FROM mc_links WHERE record_id = '42' AND linked_by = 'ann'", n, n))
		}
		h.archive(bob, letter{files: []file{pdf("x")}}, offer)
		h.clock.forward(2 * time.Hour)
		if err := h.Sweep(t.Context()); err == nil {
			t.Error("the sweeper does not tell that the host refuses")
		}
		h.wantCounts(map[string]int{"host_document_links": 2, "mc_refilings": 251})
	})
}
