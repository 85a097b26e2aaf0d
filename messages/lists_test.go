package messages_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/mailconnector/mailconnector/messages"
	"github.com/mailconnector/mailconnector/messages/mail"
)

func TestListsHoldWhatTheReaderMaySee(t *testing.T) {
	onBoth(t, func(t *testing.T, h *harness) {
		logo := file{name: "logo.png", contentType: "image/png", contentID: "l", content: "\x89PNG"}
		seen := h.archive(ann, letter{subject: "Seen", html: `<img src="cid:l">`, files: []file{pdf("one"), logo, pdf("two")}}, nora).Message.ID
		plain := h.archive(ann, letter{id: "<2@x>", subject: "Plain"}, nora).Message.ID
		hidden := h.archive(ann, letter{id: "<3@x>", subject: "Hidden", files: []file{pdf("three")}}, acme).Message.ID
		h.crm.hide(bob, acme)
		ids := []string{seen, plain, hidden, seen, "no id at all"}
		subjects, err := h.Subjects(t.Context(), bob, ids)
		if diff := cmp.Diff(map[string]string{seen: "Seen", plain: "Plain"}, subjects); diff != "" || err != nil {
			t.Errorf("subjects, %v (-want +got):\n%s", err, diff)
		}
		attachments, err := h.Attachments(t.Context(), bob, ids)
		want := map[string][]messages.Part{seen: {
			{Number: 2, Role: mail.RoleAttachment, Name: "offer.pdf", ContentType: "application/pdf", Sniffed: "application/pdf", Size: 12},
			{Number: 4, Role: mail.RoleAttachment, Name: "offer.pdf", ContentType: "application/pdf", Sniffed: "application/pdf", Size: 12},
		}}
		if diff := cmp.Diff(want, attachments, cmpopts.IgnoreFields(messages.Part{}, "SHA256")); diff != "" || err != nil {
			t.Errorf("attachments, %v (-want +got):\n%s", err, diff)
		}
		if none, err := h.Attachments(t.Context(), bob, nil); err != nil || len(none) > 0 {
			t.Errorf("attachments of nothing = %v, %v", none, err)
		}
	})
}
