package messages_test

import (
	"errors"
	"fmt"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/mailconnector/mailconnector/internal/dbtest"
	"github.com/mailconnector/mailconnector/messages"
	"github.com/mailconnector/mailconnector/permissions"
)

func TestARepeatedRequestGivesTheSameReceipt(t *testing.T) {
	onBoth(t, func(t *testing.T, h *harness) {
		l := letter{files: []file{pdf("x")}}
		first, err := h.tryArchive(ann, l, "key-1", nora, acme)
		if err != nil {
			t.Fatal(err)
		}
		second, err := h.tryArchive(ann, l, "key-1", nora, acme)
		if err != nil {
			t.Fatal(err)
		}
		want := first
		want.Replayed = true
		if diff := cmp.Diff(want, second); diff != "" {
			t.Errorf("replayed receipt (-want +got):\n%s", diff)
		}
		h.wantCounts(map[string]int{"mc_messages": 1, "mc_links": 2, "mc_receipts": 1, "host_messages": 1, "host_documents": 1, "mc_events": 3})
	})
}

func TestAKeyBelongsToOneUserAndOneRequest(t *testing.T) {
	onBoth(t, func(t *testing.T, h *harness) {
		if _, err := h.tryArchive(ann, letter{}, "key", nora); err != nil {
			t.Fatal(err)
		}
		for name, try := range map[string]func() error{
			"another mail":   func() error { _, err := h.tryArchive(ann, letter{id: "<x@y>"}, "key", nora); return err },
			"another record": func() error { _, err := h.tryArchive(ann, letter{}, "key", acme); return err },
			"a link of the archived message": func() error {
				id := h.archive(ann, letter{}, nora).Message.ID
				_, err := h.Link(t.Context(), ann, id, messages.LinkRequest{Links: []permissions.Record{nora}, IdempotencyKey: "key"})
				return err
			},
		} {
			if err := try(); !errors.Is(err, messages.ErrConflict) {
				t.Errorf("the same key for %s = %v, want ErrConflict", name, err)
			}
		}
		receipt, err := h.tryArchive(bob, letter{id: "<x@y>"}, "key", acme)
		if err != nil || receipt.Replayed {
			t.Errorf("the same key of another user = %+v, %v, want a new receipt", receipt, err)
		}
	})
}

func TestAReplayShowsOnlyWhatTheUserMayStillSee(t *testing.T) {
	onBoth(t, func(t *testing.T, h *harness) {
		l := letter{files: []file{pdf("x")}}
		first, err := h.tryArchive(ann, l, "key", nora, acme)
		if err != nil {
			t.Fatal(err)
		}
		h.crm.hide(ann, acme, permissions.Record{Type: messages.DocumentType, ID: first.Parts[0].Document})
		seen, err := h.tryArchive(ann, l, "key", nora, acme)
		if err != nil || !seen.Replayed || len(seen.Links) != 1 || seen.Links[0].Record != nora {
			t.Errorf("replay = %+v, %v, want the link on %s alone", seen, err, nora)
		}
		if got := seen.Parts[0]; got.Document != "" || got.Status != messages.Stored {
			t.Errorf("replayed part = %+v, want no document id", got)
		}
		if _, err := h.tryArchive(ann, l, "another key", nora, acme); !notFound(err) {
			t.Errorf("a new request about a hidden record = %v, want not found", err)
		}
	})
}

func TestAReplayedLinkOfAMessageThatVanishedIsNotFound(t *testing.T) {
	onBoth(t, func(t *testing.T, h *harness) {
		id := h.archive(bob, letter{}, nora).Message.ID
		request := messages.LinkRequest{Links: []permissions.Record{acme}, IdempotencyKey: "key"}
		if _, err := h.Link(t.Context(), ann, id, request); err != nil {
			t.Fatal(err)
		}
		h.crm.hide(ann, nora, acme)
		if _, err := h.Link(t.Context(), ann, id, request); !notFound(err) {
			t.Errorf("replay = %v, want not found: ann never had the mail's bytes", err)
		}
	})
}

func TestLinkingAgainCreatesNothingTwice(t *testing.T) {
	onBoth(t, func(t *testing.T, h *harness) {
		l := letter{files: []file{pdf("x")}}
		first := h.archive(ann, l, nora)
		second := h.archive(ann, l, nora)
		if second.New || second.Links[0].Created || second.Message.ID != first.Message.ID {
			t.Errorf("second receipt = %+v, want nothing new", second)
		}
		if got := second.Parts[0]; got.Status != messages.Existing || got.Document != first.Parts[0].Document {
			t.Errorf("part = %+v, want the existing document %s", got, first.Parts[0].Document)
		}
		third := h.archive(bob, l, nora)
		if third.Parts[0].Status != messages.Existing || third.Links[0].Created || !third.New {
			t.Errorf("bob's receipt = %+v, want a link of his own on what is there", third)
		}
		h.wantCounts(map[string]int{"mc_messages": 1, "mc_links": 2, "host_messages": 1, "host_links": 1, "host_documents": 1, "mc_receipts": 3})
	})
}

func TestADocumentTheUserMayNotSeeIsNotUsed(t *testing.T) {
	onBoth(t, func(t *testing.T, h *harness) {
		l := letter{files: []file{pdf("x")}}
		first := h.archive(ann, l, nora)
		h.crm.hide(bob, permissions.Record{Type: messages.DocumentType, ID: first.Parts[0].Document})
		second := h.archive(bob, l, nora)
		if got := second.Parts[0]; got.Status != messages.Stored || got.Document == first.Parts[0].Document || got.Document == "" {
			t.Errorf("bob's part = %+v, want a document of his own", got)
		}
	})
}

func TestAnotherMailsEqualAttachmentIsTheSameDocument(t *testing.T) {
	onBoth(t, func(t *testing.T, h *harness) {
		first := h.archive(ann, letter{files: []file{pdf("x")}}, nora)
		second := h.archive(ann, letter{id: "<two@acme.example>", files: []file{pdf("x")}}, nora)
		if got := second.Parts[0]; got.Status != messages.Existing || got.Document != first.Parts[0].Document {
			t.Errorf("part = %+v, want existing", got)
		}
		third := h.archive(ann, letter{id: "<three@acme.example>", files: []file{pdf("x")}}, nora, acme)
		if got := third.Parts[0]; got.Status != messages.Stored || got.Document != first.Parts[0].Document {
			t.Errorf("part = %+v, want stored: it was on one of two records", got)
		}
	})
}

// TestRace lets many clients link one mail at once: one message, the right links, a correct receipt for each.
func TestRace(t *testing.T) {
	h := newHarness(t, dbtest.MariaDB(t))
	l := letter{files: []file{pdf("x"), {name: "b.txt", contentType: "text/plain", content: "b"}}}
	const clients = 32
	receipts := make([]messages.Receipt, clients)
	errs := make([]error, clients)
	var wg sync.WaitGroup
	who := func(i int) permissions.Subject { return permissions.Subject{UserID: fmt.Sprint("user", i%8)} }
	on := func(i int) permissions.Record { return permissions.Record{Type: "Contacts", ID: fmt.Sprint(i % 4)} }
	for i := range clients {
		wg.Go(func() { receipts[i], errs[i] = h.tryArchive(who(i), l, fmt.Sprint("key", i), on(i)) })
	}
	wg.Wait()
	ids, created := make(map[string]bool), make(map[permissions.Record]int)
	for i, r := range receipts {
		if errs[i] != nil {
			t.Fatalf("client %d: %v", i, errs[i])
		}
		ids[r.Message.ID] = true
		if len(r.Links) != 1 || r.Links[0].Record != on(i) || r.Links[0].Label == "" || len(r.Parts) != 2 || r.Replayed {
			t.Errorf("receipt %d = %+v", i, r)
		}
		if r.Links[0].Created {
			created[on(i)]++
		}
		for _, p := range r.Parts {
			if p.Document == "" || (p.Status != messages.Stored && p.Status != messages.Existing) {
				t.Errorf("receipt %d: part %+v", i, p)
			}
		}
	}
	if len(ids) != 1 {
		t.Errorf("%d messages in the receipts, want 1", len(ids))
	}
	for r, n := range created {
		if n != 1 {
			t.Errorf("%d receipts created the relation to %s, want 1", n, r)
		}
	}
	h.wantCounts(map[string]int{"mc_messages": 1, "mc_host_messages": 1, "host_messages": 1, "mc_receipts": clients,
		"mc_links": 8, "host_links": 4, "mc_staged_files": 0, "mc_renditions": 8, "mc_blobs": 1})
	h.sweep()
	if got, want := len(h.crm.fileNames()), h.count("host_documents"); got != want {
		t.Errorf("%d files for %d documents", got, want)
	}
}

func TestTheSameRequestManyTimesAtOnceIsDoneOnce(t *testing.T) {
	h := newHarness(t, dbtest.MariaDB(t))
	const times = 12
	var wg sync.WaitGroup
	receipts, errs := make([]messages.Receipt, times), make([]error, times)
	for i := range times {
		wg.Go(func() { receipts[i], errs[i] = h.tryArchive(ann, letter{files: []file{pdf("x")}}, "one key", nora) })
	}
	wg.Wait()
	done := 0
	for i, r := range receipts {
		if errs[i] != nil || r.ID != receipts[0].ID {
			t.Fatalf("request %d = %+v, %v, want the receipt of the first", i, r, errs[i])
		}
		if !r.Replayed {
			done++
		}
	}
	if done != 1 {
		t.Errorf("done %d times, want once", done)
	}
	h.wantCounts(map[string]int{"mc_messages": 1, "mc_links": 1, "mc_receipts": 1, "host_messages": 1, "host_documents": 1})
}

func TestAKeyCoversWhatComesBesideAMail(t *testing.T) {
	send := func(h *harness, d messages.Draft, parts ...messages.Upload) (messages.Receipt, error) {
		parts = append([]messages.Upload{upload(messages.EML, string(letter{}.bytes()))}, parts...)
		return h.Archive(h.t.Context(), ann, messages.Request{
			Source: messages.Structured(d, uploads(parts...)), Links: []permissions.Record{nora}, IdempotencyKey: "key",
		})
	}
	list := func(a messages.DraftAttachment) messages.Draft {
		return messages.Draft{Attachments: []messages.DraftAttachment{a}}
	}
	scan := messages.DraftAttachment{ID: "1", Name: "scan.pdf", State: messages.StateOK}
	onBoth(t, func(t *testing.T, h *harness) {
		first, err := send(h, list(scan), upload("1", "%PDF-1"))
		if err != nil {
			t.Fatal(err)
		}
		again, err := send(h, list(scan), upload("1", "%PDF-1"))
		if err != nil || !again.Replayed || again.ID != first.ID {
			t.Errorf("the same once more = %+v, %v, want the receipt", again, err)
		}
		for name, try := range map[string]func() (messages.Receipt, error){
			"another attachment": func() (messages.Receipt, error) { return send(h, list(scan), upload("1", "%PDF-2")) },
			"no attachment":      func() (messages.Receipt, error) { return send(h, messages.Draft{}) },
			"a file in the cloud instead": func() (messages.Receipt, error) {
				return send(h, list(messages.DraftAttachment{ID: "1", Name: "scan.pdf", State: messages.StateURL, URL: "https://cloud.example/1"}))
			},
			"the mail alone": func() (messages.Receipt, error) { return h.tryArchive(ann, letter{}, "key", nora) },
		} {
			if got, err := try(); !errors.Is(err, messages.ErrConflict) {
				t.Errorf("the same key with %s = %+v, %v, want ErrConflict", name, got, err)
			}
		}
	})
}
