package messages_test

import (
	"errors"
	"io"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/mailconnector/mailconnector/internal/dbtest"
	"github.com/mailconnector/mailconnector/messages"
	"github.com/mailconnector/mailconnector/messages/mail"
	"github.com/mailconnector/mailconnector/permissions"
)

// uploads yields bodies by their ids, in order.
func uploads(list ...messages.Upload) messages.Uploads {
	return func() (messages.Upload, error) {
		if len(list) == 0 {
			return messages.Upload{}, io.EOF
		}
		next := list[0]
		list = list[1:]
		return next, nil
	}
}

func upload(id, content string) messages.Upload {
	return messages.Upload{ID: id, Body: strings.NewReader(content)}
}

// draft is what a client without access to the bytes reads of the usual mail.
func draft() messages.Draft {
	return messages.Draft{
		Subject: "Our offer", Date: time.Date(2026, 11, 20, 9, 0, 4, 0, time.UTC),
		From: messages.Participant{Name: "Nora Berg", Address: "nora@acme.example"},
		To:   []messages.Participant{{Name: "Ann", Address: "ann@crm.example"}},
		Bcc:  []messages.Participant{{Address: "secret@acme.example"}},
		Text: "Please find our offer attached.", Complete: true,
	}
}

func (h *harness) sendDraft(who permissions.Subject, d messages.Draft, u messages.Uploads, on ...permissions.Record) (messages.Receipt, error) {
	return h.Archive(h.t.Context(), who, messages.Request{
		Source: messages.Structured(d, u), MessageID: "<one@acme.example>", Links: on,
	})
}

func TestDraft(t *testing.T) {
	onBoth(t, func(t *testing.T, h *harness) {
		d := draft()
		d.HTML = `<p>Look: <img src="cid:logo@1"> <img src="cid:chart.png@2"></p>`
		d.Attachments = []messages.DraftAttachment{
			{ID: "a1", Name: "offer.pdf", State: messages.StateOK, Size: 10},
			{ID: "a2", Name: "logo.png", ContentID: "logo@1", Inline: true, State: messages.StateOK},
			{ID: "a3", Name: "chart.png", Inline: true, State: messages.StateOK},
			{ID: "a4", Name: "unused.png", ContentID: "unused@1", Inline: true, State: messages.StateOK, Size: 99},
			{ID: "a5", Name: "big.zip", State: messages.StateURL, URL: "https://cloud.example/big.zip", Size: 5_000_000},
			{ID: "a6", Name: "card.vcf", State: messages.StateUnsupported},
			{ID: "a7", Name: "slow.doc", State: messages.StateFailed, Detail: "timed out"},
			{ID: "a8", Name: "lost.doc", State: messages.StateOK},
			{ID: "a9", Name: "virus.exe", State: messages.StateBlocked},
		}
		receipt, err := h.sendDraft(ann, d, uploads(upload("a2", "\x89PNG\r\n\x1a\nlogo"), upload("a1", "%PDF-1.4 x"),
			upload("a3", "chart"), upload("a4", "unused")), nora)
		if err != nil {
			t.Fatal(err)
		}
		want := []messages.PartOutcome{
			{Part: 1, Name: "offer.pdf", Size: 10, Status: messages.Stored},
			{Part: 2, Name: "logo.png", Size: 12, Status: messages.Inline},
			{Part: 3, Name: "chart.png", Size: 5, Status: messages.Inline},
			{Part: 4, Name: "unused.png", Size: 6, Status: messages.Stored},
			{Part: 5, Name: "big.zip", Size: 5_000_000, Status: messages.Skipped, Detail: "url"},
			{Part: 6, Name: "card.vcf", Status: messages.Skipped, Detail: "unsupported"},
			{Part: 7, Name: "slow.doc", Status: messages.Failed, Detail: "timed out"},
			{Part: 8, Name: "lost.doc", Status: messages.Failed, Detail: messages.DetailNoBytes},
			{Part: 9, Name: "virus.exe", Status: messages.Skipped, Detail: "blocked"},
		}
		if diff := cmp.Diff(want, receipt.Parts, cmpopts.IgnoreFields(messages.PartOutcome{}, "SHA256", "Document")); diff != "" {
			t.Errorf("parts (-want +got):\n%s", diff)
		}
		if receipt.Message.Completeness != messages.Partial {
			t.Errorf("completeness = %s, want partial", receipt.Message.Completeness)
		}
		for _, code := range []string{messages.ProblemAttachmentMissing, messages.ProblemSizeDiffers} {
			if !slices.Contains(problemCodes(receipt.Problems), code) {
				t.Errorf("problems = %v, want %s", receipt.Problems, code)
			}
		}
		m, err := h.Message(t.Context(), bob, receipt.Message.ID)
		if err != nil || m.HasSource || m.Parts[4].URL != "https://cloud.example/big.zip" || len(m.To) != 1 {
			t.Errorf("message = %+v, %v", m, err)
		}
		content, _, err := h.Part(t.Context(), bob, receipt.Message.ID, 1)
		if err != nil || read(t, content) != "%PDF-1.4 x" {
			t.Errorf("part 1: %v", err)
		}
		if _, _, err := h.Part(t.Context(), bob, receipt.Message.ID, 5); !notFound(err) {
			t.Errorf("part without bytes: %v, want not found", err)
		}
	})
}

func TestACompleteDraftIsFull(t *testing.T) {
	onBoth(t, func(t *testing.T, h *harness) {
		receipt, err := h.sendDraft(ann, draft(), nil, nora)
		if err != nil || receipt.Message.Completeness != messages.Full || len(receipt.Problems) > 0 {
			t.Errorf("receipt = %+v, %v", receipt, err)
		}
		if got := h.archive(ann, letter{}, nora); got.Message.ID != receipt.Message.ID {
			t.Error("the bytes of the same mail became another message")
		}
	})
}

func TestDraftsOfOneMail(t *testing.T) {
	onBoth(t, func(t *testing.T, h *harness) {
		metadata := messages.Draft{Subject: "Our of", Attachments: []messages.DraftAttachment{{ID: "1", Name: "offer.pdf", State: messages.StateUnsupported}}}
		first, err := h.sendDraft(ann, metadata, nil, nora)
		if err != nil || first.Message.Completeness != messages.Partial || !slices.Contains(problemCodes(first.Problems), messages.ProblemIncomplete) {
			t.Fatalf("a phone's copy: %+v, %v, want partial", first, err)
		}
		full := h.archive(bob, letter{files: []file{pdf("x")}}, nora)
		if full.Message.ID != first.Message.ID || full.Message.Completeness != messages.Full || full.Message.Subject != "Our offer" {
			t.Errorf("the desktop's copy: %+v, want the same message, full now", full.Message)
		}
		m, err := h.Message(t.Context(), ann, first.Message.ID)
		if err != nil || len(m.Parts) != 2 || m.Parts[1].Document == "" || len(m.Problems) > 0 {
			t.Errorf("message = %+v, %v", m, err)
		}
	})
}

func TestHeadersFillADraft(t *testing.T) {
	onBoth(t, func(t *testing.T, h *harness) {
		h.archive(ann, letter{id: "<root@x>"}, acme)
		d := messages.Draft{
			Headers: "From: Nora Berg <nora@acme.example>\r\nTo: ann@crm.example\r\nSubject: Our offer\r\n" +
				"Date: Fri, 20 Nov 2026 10:00:00 +0100\r\nMessage-ID: <made-up@client>\r\nReferences: <root@x>\r\n",
			Text: "Hello", Complete: true,
		}
		receipt, err := h.sendDraft(ann, d, nil, nora)
		if err != nil || receipt.Message.Subject != "Our offer" || receipt.Message.MessageID != "<one@acme.example>" {
			t.Fatalf("receipt = %+v, %v", receipt, err)
		}
		if !slices.Contains(problemCodes(receipt.Problems), messages.ProblemMessageIDDiffers) {
			t.Errorf("problems = %v", receipt.Problems)
		}
		m, err := h.Message(t.Context(), ann, receipt.Message.ID)
		if err != nil || len(m.From) != 1 || m.From[0].Name != "Nora Berg" || m.Date.Hour() != 9 {
			t.Errorf("message = %+v, %v", m, err)
		}
		on, err := h.LinkedTo(t.Context(), ann, []string{"<root@x>"})
		if err != nil || !slices.Equal(on, []permissions.Record{nora, acme}) {
			t.Errorf("conversation is on %v, %v", on, err)
		}
	})
}

func TestADraftWithTheWholeMail(t *testing.T) {
	onBoth(t, func(t *testing.T, h *harness) {
		d := draft()
		d.Attachments = []messages.DraftAttachment{
			{ID: "1", Name: "offer.pdf", State: messages.StateFailed},
			{ID: "2", Name: "cloud.zip", State: messages.StateURL, URL: "javascript:alert(1)"},
			{ID: "3", Name: "also.txt", State: messages.StateOK},
		}
		l := letter{files: []file{pdf("x")}}
		receipt, err := h.sendDraft(ann, d, uploads(upload(messages.EML, string(l.bytes())), upload("3", "text")), nora)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, p := range receipt.Parts {
			got = append(got, p.Name+" "+string(p.Status))
		}
		if diff := cmp.Diff([]string{"offer.pdf stored", "cloud.zip skipped", "also.txt stored"}, got); diff != "" {
			t.Errorf("parts (-want +got):\n%s", diff)
		}
		m, err := h.Message(t.Context(), ann, receipt.Message.ID)
		if err != nil || m.Completeness != messages.Full || !m.HasSource || m.Parts[2].URL != "" {
			t.Errorf("message = %+v, %v", m, err)
		}
	})
}

func TestDraftRefuses(t *testing.T) {
	one := []messages.DraftAttachment{{ID: "a", Name: "a", State: messages.StateOK}}
	send := func(list ...string) func() messages.Uploads {
		return func() messages.Uploads {
			var bodies []messages.Upload
			for _, id := range list {
				bodies = append(bodies, upload(id, "x"))
			}
			return uploads(bodies...)
		}
	}
	none := send()
	tests := []struct {
		name        string
		attachments []messages.DraftAttachment
		uploads     func() messages.Uploads
		want        error
	}{
		{"an upload that the draft does not name", one, send("b"), messages.ErrInvalid},
		{"an upload that comes twice", one, send("a", "a"), messages.ErrInvalid},
		{"an upload that is cut off", one, func() messages.Uploads {
			return uploads(messages.Upload{ID: "a", Body: iotest.ErrReader(io.ErrUnexpectedEOF)})
		}, messages.ErrTruncated},
		{"a request that is cut off between uploads", one, func() messages.Uploads {
			return func() (messages.Upload, error) { return messages.Upload{}, io.ErrUnexpectedEOF }
		}, messages.ErrTruncated},
		{"an empty mail", one, func() messages.Uploads { return uploads(upload(messages.EML, "")) }, messages.ErrEmpty},
		{"two attachments of one id", append(one, one...), none, messages.ErrInvalid},
		{"an attachment without an id", []messages.DraftAttachment{{State: messages.StateOK}}, none, messages.ErrInvalid},
		{"an attachment named as the mail", []messages.DraftAttachment{{ID: messages.EML, State: messages.StateOK}}, none, messages.ErrInvalid},
		{"an attachment in no known state", []messages.DraftAttachment{{ID: "a", State: "lost"}}, none, messages.ErrInvalid},
		{"too many attachments", make([]messages.DraftAttachment, 501), none, messages.ErrInvalid},
	}
	onBoth(t, func(t *testing.T, h *harness) {
		for _, test := range tests {
			t.Run(test.name, func(t *testing.T) {
				h.t = t
				d := draft()
				d.Attachments = test.attachments
				if _, err := h.sendDraft(ann, d, test.uploads(), nora); !errors.Is(err, test.want) {
					t.Errorf("Archive = %v, want %v", err, test.want)
				}
				h.wantNothing()
			})
		}
	})
}

func TestUploadsTogetherAreAsLargeAsAMail(t *testing.T) {
	onBoth(t, func(t *testing.T, h *harness) {
		h = newLimited(t, h, mail.Limits{Size: 1000})
		d := draft()
		d.Attachments = []messages.DraftAttachment{{ID: "a", Name: "a", State: messages.StateOK}, {ID: "b", Name: "b", State: messages.StateOK}}
		half := strings.Repeat("x", 600)
		_, err := h.sendDraft(ann, d, uploads(upload("a", half), upload("b", half)), nora)
		var tooLarge *mail.TooLargeError
		if !errors.As(err, &tooLarge) {
			t.Errorf("Archive = %v, want a TooLargeError", err)
		}
		h.wantNothing()
	})
}

// TestManyInlineAttachments wants the HTML to be searched once, and not for each attachment.
func TestManyInlineAttachments(t *testing.T) {
	d := draft()
	d.HTML = strings.Repeat(`<img src="cid:499.png@1">`, 20_000)
	for i := range 500 {
		id := strconv.Itoa(i)
		d.Attachments = append(d.Attachments, messages.DraftAttachment{ID: id, Name: id + ".png", Inline: true, State: messages.StateBlocked})
	}
	one := d
	one.Attachments = d.Attachments[499:]
	var bytes []uint64
	for _, d := range []messages.Draft{one, d} {
		h := newHarness(t, dbtest.SQLite(t))
		var receipt messages.Receipt
		var err error
		bytes = append(bytes, allocated(func() { receipt, err = h.sendDraft(ann, d, nil, nora) }))
		if err != nil {
			t.Fatal(err)
		}
		m, err := h.Message(t.Context(), ann, receipt.Message.ID)
		if err != nil || len(m.Parts) != len(d.Attachments) || m.Parts[len(m.Parts)-1].Role != mail.RoleInline {
			t.Fatalf("parts = %+v, %v, want the last one inline", m.Parts, err)
		}
		if len(m.Parts) > 1 && m.Parts[0].Role != mail.RoleAttachment {
			t.Errorf("the first part is %+v, which the HTML does not show", m.Parts[0])
		}
	}
	if bytes[1] > 2*bytes[0] {
		t.Errorf("a draft with one image takes %d bytes, and with 500 of them %d", bytes[0], bytes[1])
	}
}
