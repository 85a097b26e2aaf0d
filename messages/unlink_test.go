package messages_test

import (
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"

	"github.com/mailconnector/mailconnector/internal/dbtest"
	"github.com/mailconnector/mailconnector/messages"
	"github.com/mailconnector/mailconnector/permissions"
)

func TestUnlink(t *testing.T) {
	onBoth(t, func(t *testing.T, h *harness) {
		receipt := h.archive(ann, letter{files: []file{pdf("x")}}, nora, acme)
		if err := h.Unlink(t.Context(), ann, receipt.Message.ID, nora); err != nil {
			t.Fatal(err)
		}
		on, err := h.crm.on(t.Context(), "host_document_links", "document", receipt.Parts[0].Document)
		if err != nil || !slices.Equal(on, []permissions.Record{acme}) {
			t.Errorf("document is on %v, %v, want %s only", on, err, acme)
		}
		h.wantCounts(map[string]int{"mc_links": 1, "host_links": 1, "mc_link_documents": 1, "mc_messages": 1, "mc_events": 4})
		if err := h.Unlink(t.Context(), ann, receipt.Message.ID, nora); !notFound(err) {
			t.Errorf("unlinked twice = %v, want not found", err)
		}
		again := h.archive(ann, letter{files: []file{pdf("x")}}, nora)
		if !again.Links[0].Created || !again.New {
			t.Errorf("linked again: %+v", again)
		}
	})
}

func TestUnlinkTouchesNoOtherLink(t *testing.T) {
	onBoth(t, func(t *testing.T, h *harness) {
		l := letter{files: []file{pdf("x")}}
		id := h.archive(ann, l, nora).Message.ID
		h.archive(bob, l, nora)
		if err := h.Unlink(t.Context(), ann, id, nora); err != nil {
			t.Fatal(err)
		}
		h.wantCounts(map[string]int{"mc_links": 1, "host_links": 1, "host_document_links": 1})
		if err := h.Unlink(t.Context(), ann, id, nora); !errors.Is(err, permissions.ErrDenied) {
			t.Errorf("unlinking bob's link = %v, want denied", err)
		}
		if err := h.Unlink(t.Context(), bob, id, nora); err != nil {
			t.Fatal(err)
		}
		h.wantCounts(map[string]int{"mc_links": 0, "host_links": 0, "host_document_links": 0})
	})
}

func TestUnlinkKeepsDocumentsThatAnotherMailUses(t *testing.T) {
	onBoth(t, func(t *testing.T, h *harness) {
		first := h.archive(ann, letter{files: []file{pdf("x")}}, nora)
		second := h.archive(ann, letter{id: "<two@x>", files: []file{pdf("x"), pdf("y")}}, nora)
		if err := h.Unlink(t.Context(), ann, first.Message.ID, nora); err != nil {
			t.Fatal(err)
		}
		h.wantCounts(map[string]int{"host_links": 1, "host_document_links": 2})
		if err := h.Unlink(t.Context(), ann, second.Message.ID, nora); err != nil {
			t.Fatal(err)
		}
		h.wantCounts(map[string]int{"host_links": 0, "host_document_links": 0})
	})
}

func TestUnlinkLeavesWhatTheCRMPutThere(t *testing.T) {
	onBoth(t, func(t *testing.T, h *harness) {
		id := h.archive(ann, letter{}, acme).Message.ID
		h.exec("INSERT INTO host_links (message, type, record) SELECT id, 'Contacts', '42' FROM host_messages")
		if err := h.Unlink(t.Context(), ann, id, nora); !errors.Is(err, permissions.ErrDenied) {
			t.Errorf("unlinking the CRM's own relation = %v, want denied", err)
		}
		h.archive(ann, letter{}, nora)
		if err := h.Unlink(t.Context(), ann, id, nora); err != nil {
			t.Fatal(err)
		}
		h.wantCounts(map[string]int{"mc_links": 1, "host_links": 2})
	})
}

func TestUnlinkFollowsTheCRMsRules(t *testing.T) {
	onBoth(t, func(t *testing.T, h *harness) {
		id := h.archive(ann, letter{}, nora).Message.ID
		h.crm.onRemove = func() error { return &permissions.DeniedError{Action: permissions.Link, Record: nora} }
		if err := h.Unlink(t.Context(), ann, id, nora); !errors.Is(err, permissions.ErrDenied) {
			t.Errorf("the host refuses: %v, want denied", err)
		}
		h.wantCounts(map[string]int{"mc_links": 1, "mc_events": 2})
		h.crm.onRemove = nil
		h.crm.deny(ann, permissions.Link)
		if err := h.Unlink(t.Context(), ann, id, nora); !errors.Is(err, permissions.ErrDenied) {
			t.Errorf("without permission to link: %v, want denied", err)
		}
		h.crm.hide(ann, nora)
		if err := h.Unlink(t.Context(), ann, id, nora); !notFound(err) {
			t.Errorf("on a hidden record: %v, want not found", err)
		}
	})
}

func TestTwoWhoUnlinkAtOnceTakeTheMessageOff(t *testing.T) {
	h := newHarness(t, dbtest.MariaDB(t))
	l := letter{files: []file{pdf("x")}}
	users := []permissions.Subject{ann, bob, {UserID: "carol"}, {UserID: "dave"}}
	var id string
	for _, u := range users {
		id = h.archive(u, l, nora, acme).Message.ID
	}
	var wg sync.WaitGroup
	errs := make([]error, len(users))
	for i, u := range users {
		wg.Go(func() { errs[i] = h.Unlink(t.Context(), u, id, nora) })
	}
	wg.Wait()
	if err := errors.Join(errs...); err != nil {
		t.Fatal(err)
	}
	h.wantCounts(map[string]int{"mc_links": 4, "host_links": 1, "host_document_links": 1})
	if _, err := h.Message(t.Context(), ann, id); err != nil {
		t.Errorf("Message = %v, still on %s", err, acme)
	}
}

func TestStatus(t *testing.T) {
	onBoth(t, func(t *testing.T, h *harness) {
		id := h.archive(ann, letter{}, nora, acme).Message.ID
		h.archive(ann, letter{id: "<hidden@x>"}, offer)
		h.crm.hide(bob, acme, offer)
		ask := []string{"one@acme.example", "<unknown@x>", "<hidden@x>", "", "<one@acme.example>"}
		got, err := h.Status(t.Context(), bob, ask)
		if err != nil || len(got) != len(ask) {
			t.Fatal(got, err)
		}
		for i, s := range got {
			if s.MessageID != ask[i] {
				t.Errorf("status %d is of %q, want %q", i, s.MessageID, ask[i])
			}
			linked := i == 0 || i == 4
			if !linked && (s.ID != "" || len(s.Links) > 0) {
				t.Errorf("status of %q = %+v, want no trace", s.MessageID, s)
			}
			if linked && (s.ID != id || len(s.Links) != 1 || s.Links[0].Record != nora || s.Links[0].Mine || s.Links[0].LinkedBy.ID != "ann" || s.Links[0].LinkedAt.IsZero()) {
				t.Errorf("status of %q = %+v", s.MessageID, s)
			}
		}
		h.archive(bob, letter{}, nora)
		if got, err = h.Status(t.Context(), bob, ask[:1]); err != nil || !got[0].Links[0].Mine {
			t.Errorf("after bob linked it: %+v, %v, want his", got, err)
		}
		if _, err := h.Status(t.Context(), bob, make([]string, 101)); !errors.Is(err, messages.ErrInvalid) {
			t.Errorf("101 ids: %v, want ErrInvalid", err)
		}
	})
}

func TestLinkedTo(t *testing.T) {
	onBoth(t, func(t *testing.T, h *harness) {
		h.archive(ann, letter{id: "<root@x>"}, nora)
		h.clock.forward(1e9)
		h.archive(ann, letter{id: "<reply@x>", more: "References: <root@x> <lost@x>\r\nIn-Reply-To: <lost@x>\r\n"}, acme, nora)
		h.clock.forward(1e9)
		h.archive(ann, letter{id: "<stranger@x>", subject: "Re: Our offer"}, offer)
		tests := []struct {
			name string
			ids  []string
			want []permissions.Record
		}{
			{"the mail itself and what answers it", []string{"<root@x>"}, []permissions.Record{acme, nora}},
			{"a mail that nobody archived and one answers", []string{"<lost@x>"}, []permissions.Record{acme, nora}},
			{"never the same subject", []string{"<else@x>"}, nil},
			{"no ids", nil, nil},
		}
		for _, test := range tests {
			got, err := h.LinkedTo(t.Context(), ann, test.ids)
			if err != nil || !slices.Equal(got, test.want) {
				t.Errorf("%s: %v, %v, want %v", test.name, got, err, test.want)
			}
		}
		h.crm.hide(bob, acme)
		if got, err := h.LinkedTo(t.Context(), bob, []string{"<lost@x>"}); err != nil || !slices.Equal(got, []permissions.Record{nora}) {
			t.Errorf("for bob: %v, %v, want %s only", got, err, nora)
		}
	})
}

func TestLastLinks(t *testing.T) {
	onBoth(t, func(t *testing.T, h *harness) {
		h.archive(ann, letter{}, nora)
		h.archive(bob, letter{id: "<2@x>"}, nora)
		h.archive(ann, letter{id: "<3@x>", subject: "Third"}, acme)
		got, err := h.LastLinks(t.Context(), ann, 10)
		if err != nil || len(got) != 2 || got[0].Subject != "Third" || got[0].Link.Record != acme || got[1].Link.Record != nora {
			t.Fatalf("LastLinks = %+v, %v", got, err)
		}
		h.crm.hide(ann, acme)
		if got, err = h.LastLinks(t.Context(), ann, 10); err != nil || len(got) != 1 || got[0].Link.Record != nora {
			t.Errorf("LastLinks = %+v, %v, want only what ann still sees", got, err)
		}
	})
}

// TestALinkOutlivesAnUnlinkAtTheSameTime lets one user take his link back while another makes his.
func TestALinkOutlivesAnUnlinkAtTheSameTime(t *testing.T) {
	h := newHarness(t, dbtest.MariaDB(t))
	for i := range 15 {
		on := permissions.Record{Type: "Contacts", ID: fmt.Sprint(i)}
		l := letter{files: []file{pdf("x")}}
		other := letter{id: "<other@x>", files: l.files} // with the same attachment
		id := h.archive(ann, l, on, acme).Message.ID
		var wg sync.WaitGroup
		var unlinked, linked, filed error
		var receipts [2]messages.Receipt
		wg.Go(func() { unlinked = h.Unlink(t.Context(), ann, id, on) })
		wg.Go(func() { receipts[0], linked = h.tryArchive(bob, l, "", on) })
		wg.Go(func() { receipts[1], filed = h.tryArchive(bob, other, "", on) })
		wg.Wait()
		if err := errors.Join(unlinked, linked, filed); err != nil {
			t.Fatal(err)
		}
		for _, r := range receipts {
			m, err := h.Message(t.Context(), bob, r.Message.ID)
			if err != nil || !slices.ContainsFunc(m.Links, func(l messages.Link) bool { return l.Record == on }) {
				t.Errorf("round %d: bob's message is on %+v, %v, want %s among them", i, m.Links, err, on)
			}
			documents, err := h.crm.on(t.Context(), "host_document_links", "document", r.Parts[0].Document)
			if err != nil || !slices.Contains(documents, on) {
				t.Errorf("round %d: bob's document is on %v, %v, want %s among them", i, documents, err, on)
			}
		}
	}
}
