package messages_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/mailconnector/mailconnector/internal/dbtest"
	"github.com/mailconnector/mailconnector/messages"
	"github.com/mailconnector/mailconnector/messages/mail"
	"github.com/mailconnector/mailconnector/permissions"
)

func TestMessage(t *testing.T) {
	onBoth(t, func(t *testing.T, h *harness) {
		h = newWith(t, h, func(c *messages.Config) { c.UserName = userName })
		l := letter{html: "<p>Hi</p>", more: "Cc: Carol <carol@acme.example>\r\nReply-To: sales@acme.example\r\n", files: []file{pdf("x")}}
		receipt := h.archive(ann, l, nora, acme)
		got, err := h.Message(t.Context(), bob, receipt.Message.ID)
		if err != nil {
			t.Fatal(err)
		}
		want := messages.Message{
			ID: receipt.Message.ID, MessageID: "<one@acme.example>", Subject: "Our offer", Date: time.Date(2026, 11, 20, 9, 0, 0, 0, time.UTC),
			Completeness: messages.Full, Size: int64(len(l.bytes())),
			From:    []messages.Participant{{Name: "Nora Berg", Address: "nora@acme.example"}},
			To:      []messages.Participant{{Name: "Ann", Address: "ann@crm.example"}},
			Cc:      []messages.Participant{{Name: "Carol", Address: "carol@acme.example"}},
			ReplyTo: []messages.Participant{{Address: "sales@acme.example"}},
			Links: []messages.Link{
				{Record: acme, Label: "Record 10", LinkedBy: messages.User{ID: "ann", Name: "User ann"}},
				{Record: nora, Label: "Record 42", LinkedBy: messages.User{ID: "ann", Name: "User ann"}},
			},
			Parts: []messages.Part{
				{Number: 1, Role: mail.RoleHTML, ContentType: "text/html", Size: 9},
				{Number: 2, Role: mail.RoleAttachment, Name: "offer.pdf", ContentType: "application/pdf", Sniffed: "application/pdf", Size: 10,
					Document: receipt.Parts[0].Document},
			},
			HasHTML: true,
		}
		ignore := []cmp.Option{cmpopts.IgnoreFields(messages.Link{}, "LinkedAt"), cmpopts.IgnoreFields(messages.Part{}, "SHA256"), cmpopts.EquateEmpty()}
		if diff := cmp.Diff(want, got, ignore...); diff != "" {
			t.Errorf("message (-want +got):\n%s", diff)
		}
	})
}

func TestWhoMayReadAMessage(t *testing.T) {
	tests := []struct {
		name    string
		change  func(*harness, messages.Receipt)
		visible bool
	}{
		{"who sees all records it is on", func(*harness, messages.Receipt) {}, true},
		{"who sees one record it is on", func(h *harness, _ messages.Receipt) { h.crm.hide(bob, nora) }, true},
		{"not who sees none", func(h *harness, _ messages.Receipt) { h.crm.hide(bob, nora, acme) }, false},
		{"not once the records are deleted", func(h *harness, _ messages.Receipt) { h.crm.remove(nora); h.crm.remove(acme) }, false},
		{"not once the CRM took it off the record he sees", func(h *harness, _ messages.Receipt) {
			h.crm.hide(bob, nora)
			h.exec("DELETE FROM host_links WHERE record = '10'")
		}, false},
		{"who sees a record that the CRM put it on", func(h *harness, r messages.Receipt) {
			h.crm.hide(bob, nora, acme)
			h.exec("INSERT INTO host_links (message, type, record) SELECT id, 'Potentials', '77' FROM host_messages")
		}, true},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			onBoth(t, func(t *testing.T, h *harness) {
				receipt := h.archive(ann, letter{files: []file{pdf("x")}}, nora, acme)
				h.archive(bob, letter{id: "<other@x>"}, offer)
				h.exec("DELETE FROM host_links WHERE record = '77'")
				test.change(h, receipt)
				id := receipt.Message.ID
				_, messageErr := h.Message(t.Context(), bob, id)
				_, bodyErr := h.Body(t.Context(), bob, id, messages.BodyOptions{})
				_, _, partErr := h.Part(t.Context(), bob, id, 2)
				_, linkErr := h.Link(t.Context(), bob, id, messages.LinkRequest{Links: []permissions.Record{offer}})
				for call, err := range map[string]error{"Message": messageErr, "Body": bodyErr, "Part": partErr, "Link": linkErr} {
					if (err == nil) != test.visible || (err != nil && !notFound(err)) {
						t.Errorf("%s = %v, want visible %t", call, err, test.visible)
					}
				}
			})
		})
	}
}

func TestUnknownMessagesAreNotFound(t *testing.T) {
	onBoth(t, func(t *testing.T, h *harness) {
		known := h.archive(ann, letter{}, nora).Message.ID
		for _, id := range []string{"", "x", "00000000000000000000000000", "' OR 1=1 --", known + " ", known[:25]} {
			if _, err := h.Message(t.Context(), ann, id); !notFound(err) {
				t.Errorf("Message(%q) = %v, want not found", id, err)
			}
			if err := h.Unlink(t.Context(), ann, id, nora); !notFound(err) {
				t.Errorf("Unlink(%q) = %v, want not found", id, err)
			}
		}
		for _, n := range []int{0, -1, 2, 99} {
			if _, _, err := h.Part(t.Context(), ann, known, n); !notFound(err) {
				t.Errorf("Part(%d) = %v, want not found", n, err)
			}
		}
	})
}

func TestForRecord(t *testing.T) {
	onBoth(t, func(t *testing.T, h *harness) {
		h.archive(ann, letter{subject: "Older", files: []file{pdf("x")}}, nora)
		h.archive(bob, letter{id: "<2@x>", subject: "Newer", date: "Sat, 21 Nov 2026 08:00:00 +0000"}, nora, acme)
		h.exec("INSERT INTO host_messages (id, message_id, subject, owner, html, sent) VALUES ('native', '<n@x>', 'From the CRM', 'eve', '', 1)")
		h.exec("INSERT INTO host_links (message, type, record) VALUES ('native', 'Contacts', '42')")
		list, next, err := h.ForRecord(t.Context(), ann, nora, messages.Page{Limit: 10})
		if err != nil || next != "" {
			t.Fatal(next, err)
		}
		type line struct {
			Subject, By, Snippet string
			Native               bool
			Attachments          int
		}
		var got []line
		for _, s := range list {
			got = append(got, line{s.Subject, s.LinkedBy.ID, s.Snippet, s.ID == "", s.Attachments})
		}
		text := "Please find our offer attached."
		want := []line{{"Newer", "bob", text, false, 0}, {"Older", "ann", text, false, 1}, {"From the CRM", "", "as the CRM has it", true, 0}}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("messages (-want +got):\n%s", diff)
		}
		h.exec("DELETE FROM host_links WHERE record = '42' AND message <> 'native'")
		if list, _, err = h.ForRecord(t.Context(), ann, nora, messages.Page{}); err != nil || len(list) != 1 || list[0].HostID != "native" {
			t.Errorf("after the CRM took ours off: %v, %v", list, err)
		}
		h.crm.hide(ann, acme)
		for _, r := range []permissions.Record{acme, {}, {Type: "Contacts"}} {
			if _, _, err := h.ForRecord(t.Context(), ann, r, messages.Page{}); !notFound(err) {
				t.Errorf("ForRecord(%v) = %v, want not found", r, err)
			}
		}
	})
}

func TestLinkPutsAnArchivedMessageOnMoreRecords(t *testing.T) {
	onBoth(t, func(t *testing.T, h *harness) {
		first := h.archive(ann, letter{files: []file{pdf("x")}}, nora)
		receipt, err := h.Link(t.Context(), bob, first.Message.ID, messages.LinkRequest{Links: []permissions.Record{acme, nora}})
		if err != nil {
			t.Fatal(err)
		}
		links := []messages.LinkOutcome{{Record: acme, Label: "Record 10", Created: true}, {Record: nora, Label: "Record 42"}}
		if diff := cmp.Diff(links, receipt.Links); diff != "" {
			t.Errorf("links (-want +got):\n%s", diff)
		}
		document := first.Parts[0].Document
		if got := receipt.Parts[0]; got.Document != document || got.Status != messages.Stored {
			t.Errorf("part = %+v, want document %s on one more record", got, document)
		}
		on, err := h.crm.on(t.Context(), "host_document_links", "document", document)
		if err != nil || !slices.Equal(on, []permissions.Record{acme, nora}) {
			t.Errorf("document is on %v, %v", on, err)
		}
		h.crm.hide(bob, offer)
		if _, err := h.Link(t.Context(), bob, first.Message.ID, messages.LinkRequest{Links: []permissions.Record{acme, offer}}); !notFound(err) {
			t.Errorf("Link to a hidden record = %v, want not found", err)
		}
	})
}

func TestAUserIsAskedForOnce(t *testing.T) {
	asked := 0
	h := newHarness(t, dbtest.SQLite(t), func(c *messages.Config) {
		c.UserName = func(ctx context.Context, id string) string { asked++; return userName(ctx, id) }
	})
	var ids []string
	for i := range 5 {
		ids = append(ids, h.archive(ann, letter{id: fmt.Sprintf("<%d@x>", i)}, nora, acme).Message.MessageID)
	}
	status, err := h.Status(t.Context(), bob, ids)
	if err != nil || status[4].Links[1].LinkedBy.Name != "User ann" || asked != 1 {
		t.Errorf("status = %+v, %v, asked %d times for one user", status, err, asked)
	}
	list, _, err := h.ForRecord(t.Context(), bob, nora, messages.Page{Limit: 10})
	if err != nil || len(list) != 5 || list[4].LinkedBy.Name != "User ann" || asked != 2 {
		t.Errorf("list = %+v, %v, asked %d times for one user", list, err, asked-1)
	}
}

func TestCursorsOfTheCRMAreItsOwn(t *testing.T) {
	h := newHarness(t, dbtest.SQLite(t))
	for i := range 5 {
		h.archive(ann, letter{id: fmt.Sprintf("<%d@x>", i)}, nora, acme)
	}
	seen := 0
	var first string
	for cursor := ""; ; {
		list, next, err := h.ForRecord(t.Context(), ann, nora, messages.Page{Limit: 2, After: cursor})
		if err != nil {
			t.Fatal(err)
		}
		seen += len(list)
		if first == "" {
			first = next
		}
		if cursor = next; cursor == "" {
			break
		}
	}
	if seen != 5 {
		t.Errorf("%d messages on all pages, want 5", seen)
	}
	for name, ask := range map[string]struct {
		who    permissions.Subject
		record permissions.Record
		cursor string
	}{
		"one of the CRM, bare": {ann, nora, "m2"}, "one made up": {ann, nora, "x"}, "one with more at its end": {ann, nora, first + "AA"},
		"another user's": {bob, nora, first}, "another record's": {ann, acme, first},
	} {
		_, _, err := h.ForRecord(t.Context(), ask.who, ask.record, messages.Page{Limit: 2, After: ask.cursor})
		var invalid *messages.InvalidError
		if !errors.As(err, &invalid) || invalid.Pointer != "/cursor" {
			t.Errorf("%s: %v, want an invalid cursor", name, err)
		}
	}
}

func TestAMessageThatTheCRMDeletedIsFiledAnew(t *testing.T) {
	onBoth(t, func(t *testing.T, h *harness) {
		first := h.archive(ann, letter{files: []file{pdf("x")}}, nora)
		h.exec("DELETE FROM host_links")
		h.exec("DELETE FROM host_messages")
		second := h.archive(ann, letter{files: []file{pdf("x")}}, nora)
		if second.Message.ID != first.Message.ID || !second.New || !second.Links[0].Created {
			t.Errorf("second receipt = %+v, want the same message on the record again", second)
		}
		if _, err := h.Message(t.Context(), bob, first.Message.ID); err != nil {
			t.Errorf("Message = %v", err)
		}
		h.wantCounts(map[string]int{"mc_messages": 1, "mc_host_messages": 1, "mc_links": 1, "host_messages": 1, "host_links": 1})
	})
}

func TestWithoutSharingEachUserHasACopyInTheCRM(t *testing.T) {
	onBoth(t, func(t *testing.T, h *harness) {
		h = newWith(t, h, func(c *messages.Config) { c.Shared = notShared })
		first, second := h.archive(ann, letter{}, nora), h.archive(bob, letter{}, nora)
		if first.Message.ID != second.Message.ID || !second.Links[0].Created {
			t.Errorf("second receipt = %+v, want a relation of bob's own copy", second)
		}
		h.wantCounts(map[string]int{"mc_messages": 1, "mc_host_messages": 2, "host_messages": 2, "host_links": 2, "mc_links": 2})
		list, _, err := h.ForRecord(t.Context(), ann, nora, messages.Page{Limit: 10})
		if err != nil || len(list) != 1 || list[0].LinkedBy.ID != "ann" {
			t.Errorf("list = %+v, %v, want one line", list, err)
		}
		if err := h.Unlink(t.Context(), ann, first.Message.ID, nora); err != nil {
			t.Fatal(err)
		}
		for who, want := range map[permissions.Subject]int{ann: 0, bob: 1} {
			if list, _, err = h.ForRecord(t.Context(), who, nora, messages.Page{Limit: 10}); err != nil || len(list) != want {
				t.Errorf("after ann's unlink %s sees %+v, %v, want %d lines", who.UserID, list, err, want)
			}
		}
	})
}

// TestAPrivateCopyIsItsOwnersAlone asks for a copy that the host's own list hides in every other way there is.
func TestAPrivateCopyIsItsOwnersAlone(t *testing.T) {
	onBoth(t, func(t *testing.T, h *harness) {
		h = newWith(t, h, func(c *messages.Config) { c.Shared = notShared })
		id := h.archive(ann, letter{files: []file{pdf("secret")}}, nora).Message.ID
		read := map[string]func() error{
			"Message": func() error { _, err := h.Message(t.Context(), bob, id); return err },
			"Body":    func() error { _, err := h.Body(t.Context(), bob, id, messages.BodyOptions{}); return err },
			"Part":    func() error { _, _, err := h.Part(t.Context(), bob, id, 2); return err },
			"Link": func() error {
				_, err := h.Link(t.Context(), bob, id, messages.LinkRequest{Links: []permissions.Record{acme}})
				return err
			},
		}
		for use, try := range read {
			if err := try(); !errors.Is(err, permissions.ErrNotFound) {
				t.Errorf("%s of ann's private copy, asked by bob: %v", use, err)
			}
		}
		status, err := h.Status(t.Context(), bob, []string{"<one@acme.example>"})
		if err != nil || status[0].ID != "" || len(status[0].Links) != 0 {
			t.Errorf("bob is told %+v, %v", status, err)
		}
		if on, err := h.LinkedTo(t.Context(), bob, []string{"<one@acme.example>"}); err != nil || len(on) != 0 {
			t.Errorf("the conversation leads bob to %v, %v", on, err)
		}
		if _, err := h.Message(t.Context(), ann, id); err != nil {
			t.Errorf("ann's own copy: %v", err)
		}
	})
}
