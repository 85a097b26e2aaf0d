package messages_test

import (
	"bytes"
	"context"
	"errors"
	"testing"
	"time"

	"github.com/go-sql-driver/mysql"

	"github.com/mailconnector/mailconnector/messages"
	"github.com/mailconnector/mailconnector/permissions"
)

// TestAFailureAtAnyStatementLeavesNothingHalf fails every statement of the transaction in turn.
func TestAFailureAtAnyStatementLeavesNothingHalf(t *testing.T) {
	onFaulty(t, func(t *testing.T, h *harness, f *faults) {
		l := letter{more: "References: <zero@acme.example>\r\n", files: []file{pdf("x"), {name: "a.txt", contentType: "text/plain", content: "a"}}}
		for n := 1; ; n++ {
			f.reset(n, 0)
			_, err := h.tryArchive(ann, l, "key", nora, acme)
			if !f.injected() {
				if err != nil {
					t.Fatalf("without a failure: Archive = %v", err)
				}
				if n < 15 {
					t.Errorf("the transaction has %d statements; the faults are not where they should be", n-1)
				}
				break
			}
			if !errors.Is(err, errFault) {
				t.Fatalf("failure at statement %d: Archive = %v", n, err)
			}
			h.wantNothing()
		}
		f.reset(0, 0)
		receipt, err := h.tryArchive(ann, l, "key", nora, acme)
		if err != nil || !receipt.Replayed {
			t.Errorf("repeated after success: %+v, %v", receipt, err)
		}
		h.wantCounts(map[string]int{"mc_messages": 1, "host_messages": 1, "mc_links": 2, "host_documents": 2})
	})
}

func TestACommitWhoseAnswerIsLostCounts(t *testing.T) {
	onFaulty(t, func(t *testing.T, h *harness, f *faults) {
		f.reset(0, 1)
		receipt, err := h.tryArchive(ann, letter{files: []file{pdf("x")}}, "", nora)
		if err != nil || !f.injected() || receipt.Replayed || len(receipt.Links) != 1 || receipt.Parts[0].Document == "" {
			t.Errorf("receipt = %+v, %v, want that of this very request", receipt, err)
		}
		h.sweep()
		if names := h.crm.fileNames(); len(names) != 1 {
			t.Errorf("files of the document: %v, want one", names)
		}
		h.wantCounts(map[string]int{"mc_messages": 1, "mc_receipts": 1, "host_documents": 1, "mc_staged_files": 0, "mc_blobs": 1})
	})
}

// TestACrashAtAnyStepLeavesNothingHalf ends the request where a process may die, and lets the sweeper find what is left.
func TestACrashAtAnyStepLeavesNothingHalf(t *testing.T) {
	crash := errors.New("crash")
	steps := map[string]func(*harness, func() error){
		"while the bytes are stored":  func(h *harness, _ func() error) { h.content.err = crash },
		"before anything is prepared": func(h *harness, die func() error) { h.crm.onPrepare = die },
		"when the files are written":  func(h *harness, die func() error) { h.crm.onPrepared = die },
		"before the host's rows":      func(h *harness, die func() error) { h.crm.onApply = die },
		"after the host's rows":       func(h *harness, die func() error) { h.crm.onApplied = die },
	}
	for name, arm := range steps {
		for _, how := range []string{"an error", "a client that left"} {
			t.Run(how+" "+name, func(t *testing.T) {
				onBoth(t, func(t *testing.T, h *harness) {
					ctx, cancel := context.WithCancel(t.Context())
					defer cancel()
					arm(h, func() error {
						if how == "a client that left" {
							cancel()
							return ctx.Err()
						}
						return crash
					})
					request := messages.Request{
						Source: messages.Raw(bytes.NewReader(letter{files: []file{pdf("x")}}.bytes())), Links: []permissions.Record{nora},
						IdempotencyKey: "key",
					}
					if _, err := h.Archive(ctx, ann, request); err == nil {
						t.Fatal("Archive succeeded")
					}
					h.wantNothing()

					h.content.err = nil
					h.crm.forgive()
					receipt, err := h.tryArchive(ann, letter{files: []file{pdf("x")}}, "key", nora)
					if err != nil || receipt.Replayed {
						t.Errorf("the repeated request = %+v, %v", receipt, err)
					}
				})
			})
		}
	}
}

// TestARequestThatOthersKeepAheadOfGivesUp lets the host meet a row of another request each time it files the mail.
func TestARequestThatOthersKeepAheadOfGivesUp(t *testing.T) {
	onBoth(t, func(t *testing.T, h *harness) {
		rounds := 0
		h.crm.onApply = func() error {
			rounds++
			h.clock.forward(4 * time.Second)
			return &mysql.MySQLError{Number: 1062, Message: "Duplicate entry"}
		}
		l := letter{files: []file{pdf("x")}}
		if _, err := h.tryArchive(ann, l, "key", nora); !errors.Is(err, messages.ErrBusy) || rounds != 3 {
			t.Errorf("Archive = %v after %d rounds of four seconds, want ErrBusy after ten seconds", err, rounds)
		}
		h.wantNothing()
		h.crm.forgive()
		if receipt, err := h.tryArchive(ann, l, "key", nora); err != nil || receipt.Replayed {
			t.Errorf("the repeated request = %+v, %v", receipt, err)
		}
	})
}

// TestOneLongWaitIsNoReasonToGiveUp lets the host meet a row of another request after a minute, and then no more.
func TestOneLongWaitIsNoReasonToGiveUp(t *testing.T) {
	onBoth(t, func(t *testing.T, h *harness) {
		h.crm.onApply = func() error {
			h.crm.forgive()
			h.clock.forward(time.Minute)
			return &mysql.MySQLError{Number: 1062, Message: "Duplicate entry"}
		}
		if receipt := h.archive(ann, letter{files: []file{pdf("x")}}, nora); len(receipt.Links) != 1 {
			t.Errorf("the receipt is %+v", receipt)
		}
	})
}

func TestTheSweeperTakesNoFileOfAPlanUnderWay(t *testing.T) {
	onBoth(t, func(t *testing.T, h *harness) {
		h.crm.onPrepared = func() error {
			h.crm.onPrepared = nil
			return h.Sweep(t.Context())
		}
		h.archive(ann, letter{files: []file{pdf("x")}}, nora)
		if names := h.crm.fileNames(); len(names) != 1 {
			t.Errorf("files = %v, want the document's", names)
		}
	})
}

func TestAPlanThatWasSweptIsPreparedAnew(t *testing.T) {
	onBoth(t, func(t *testing.T, h *harness) {
		h.crm.onPrepared = func() error {
			h.crm.onPrepared = nil
			h.sweepFiles()
			return nil
		}
		h.archive(ann, letter{files: []file{pdf("x")}}, nora)
		if names := h.crm.fileNames(); len(names) != 1 {
			t.Errorf("files = %v, want the document's", names)
		}
		h.wantCounts(map[string]int{"mc_staged_files": 0, "host_documents": 1})
	})
}

func TestOldReceiptsAreForgotten(t *testing.T) {
	onBoth(t, func(t *testing.T, h *harness) {
		if _, err := h.tryArchive(ann, letter{}, "key", nora); err != nil {
			t.Fatal(err)
		}
		h.sweep()
		h.wantCounts(map[string]int{"mc_receipts": 1})
		h.clock.forward(31 * 24 * 3600e9)
		h.sweep()
		h.wantCounts(map[string]int{"mc_receipts": 0, "mc_messages": 1, "mc_links": 1, "mc_blobs": 1})
		receipt, err := h.tryArchive(ann, letter{}, "key", nora)
		if err != nil || receipt.Replayed || receipt.New {
			t.Errorf("the request again = %+v, %v, want a receipt of nothing new", receipt, err)
		}
	})
}
