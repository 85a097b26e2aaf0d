package messages_test

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/mailconnector/mailconnector/messages"
	"github.com/mailconnector/mailconnector/permissions"
)

// incompleteCopies archive a copy of the usual mail that lacks something, each in another way.
func incompleteCopies(t *testing.T) map[string]func(h *harness, who permissions.Subject, on permissions.Record) (messages.Receipt, error) {
	t.Helper()
	return map[string]func(*harness, permissions.Subject, permissions.Record) (messages.Receipt, error){
		"fields alone": func(h *harness, who permissions.Subject, on permissions.Record) (messages.Receipt, error) {
			d := draft()
			d.Complete, d.Text = false, ""
			return h.sendDraft(who, d, nil, on)
		},
		"fields and words": func(h *harness, who permissions.Subject, on permissions.Record) (messages.Receipt, error) {
			d := draft()
			d.Attachments = []messages.DraftAttachment{{ID: "1", Name: "offer.pdf", State: messages.StateUnsupported}}
			return h.sendDraft(who, d, nil, on)
		},
		"bytes without their end": func(h *harness, who permissions.Subject, on permissions.Record) (messages.Receipt, error) {
			mail := letter{files: []file{pdf(strings.Repeat("long content ", 50))}}.bytes()
			return h.Archive(t.Context(), who, messages.Request{
				Source: messages.Raw(bytes.NewReader(mail[:len(mail)-400])), Links: []permissions.Record{on},
			})
		},
	}
}

// forged are whole mails that anybody can make who knows the fields of the usual one, as any reply quotes them.
func forged() map[string]letter {
	return map[string]letter{
		"another text":           {text: "Pay here instead"},
		"the same text":          {files: []file{pdf("virus")}},
		"an attachment's begin":  {files: []file{pdf(strings.Repeat("long content ", 50))}},
		"a text without subject": {subject: " ", text: "Pay here instead"},
	}
}

func TestWhoMayNotSeeAnIncompleteMessageDoesNotChangeIt(t *testing.T) {
	for incomplete, archive := range incompleteCopies(t) {
		for arriving, whole := range forged() {
			t.Run(incomplete+", then "+arriving, func(t *testing.T) {
				onBoth(t, func(t *testing.T, h *harness) {
					h.crm.hide(bob, nora)
					h.crm.hide(ann, acme)
					first, err := archive(h, ann, nora)
					if err != nil || first.Message.Completeness != messages.Partial {
						t.Fatalf("ann's copy: %+v, %v", first, err)
					}
					before, err := h.Message(t.Context(), ann, first.Message.ID)
					if err != nil {
						t.Fatal(err)
					}
					second := h.archive(bob, whole, acme)
					h.wantApart(first, second)
					after, err := h.Message(t.Context(), ann, first.Message.ID)
					if diff := cmp.Diff(before, after); diff != "" || err != nil {
						t.Errorf("bob changed what ann sees: %v\n%s", err, diff)
					}
				})
			})
		}
	}
}

func TestAnIncompleteCopyJoinsNothingThatItsSenderMayNotSee(t *testing.T) {
	for incomplete, archive := range incompleteCopies(t) {
		t.Run(incomplete, func(t *testing.T) {
			onBoth(t, func(t *testing.T, h *harness) {
				h.crm.hide(bob, nora)
				h.crm.hide(ann, acme)
				first := h.archive(ann, letter{files: []file{pdf(strings.Repeat("long content ", 50))}}, nora)
				second, err := archive(h, bob, acme)
				if err != nil {
					t.Fatal(err)
				}
				h.wantApart(first, second)
			})
		})
	}
}

// wantApart checks that ann's and bob's messages are two, of which each sees his own and learns nothing of the other.
func (h *harness) wantApart(anns, bobs messages.Receipt) {
	h.t.Helper()
	if anns.Message.ID == bobs.Message.ID {
		h.t.Fatal("bob joined a mail that he may not see")
	}
	if slices.Contains(problemCodes(bobs.Problems), messages.ProblemVariant) {
		h.t.Errorf("bob is told of ann's mail: %v", bobs.Problems)
	}
	for who, message := range map[permissions.Subject]string{ann: bobs.Message.ID, bob: anns.Message.ID} {
		if _, err := h.Message(h.t.Context(), who, message); !notFound(err) {
			h.t.Errorf("%s reads the other's mail: %v", who.UserID, err)
		}
	}
	for who, own := range map[permissions.Subject]string{ann: anns.Message.ID, bob: bobs.Message.ID} {
		found, err := h.Status(h.t.Context(), who, []string{"<one@acme.example>"})
		if err != nil || found[0].ID != own || len(found[0].Links) != 1 {
			h.t.Errorf("%s is told %+v, %v of the mail, want his own", who.UserID, found, err)
		}
	}
}

func TestWhoSeesAnIncompleteMessageCompletesIt(t *testing.T) {
	for incomplete, archive := range incompleteCopies(t) {
		t.Run(incomplete, func(t *testing.T) {
			onBoth(t, func(t *testing.T, h *harness) {
				h.crm.hide(ann, acme)
				first, err := archive(h, ann, nora)
				if err != nil {
					t.Fatal(err)
				}
				second := h.archive(bob, letter{files: []file{pdf(strings.Repeat("long content ", 50))}}, acme)
				if second.Message.ID != first.Message.ID || second.Message.Completeness != messages.Full {
					t.Errorf("bob's whole copy: %+v, want ann's message, full", second.Message)
				}
				m, err := h.Message(t.Context(), ann, first.Message.ID)
				if err != nil || m.Completeness != messages.Full || len(m.Links) != 1 || len(m.Parts) != 2 {
					t.Errorf("ann sees %+v, %v", m, err)
				}
			})
		})
	}
}

// TestOneOfSeveralCopiesThatIsSeenIsJoined lets ann and bob archive a mail apart from each other before both copies are
// whole: each goes on with the message he sees.
func TestOneOfSeveralCopiesThatIsSeenIsJoined(t *testing.T) {
	onBoth(t, func(t *testing.T, h *harness) {
		h.crm.hide(bob, nora)
		h.crm.hide(ann, acme)
		whole := letter{files: []file{pdf("x")}}
		d := draft()
		d.Complete, d.Text = false, ""
		anns, err := h.sendDraft(ann, d, nil, nora)
		if err != nil {
			t.Fatal(err)
		}
		bobs := h.archive(bob, whole, acme)
		if again := h.archive(ann, whole, nora); again.Message.ID != anns.Message.ID || again.Message.Completeness != messages.Full {
			t.Errorf("ann's whole copy: %+v, want her message, full", again.Message)
		}
		if again := h.archive(bob, whole, acme); again.Message.ID != bobs.Message.ID || again.New {
			t.Errorf("bob's copy once more: %+v, want his message", again)
		}
	})
}

func TestAnEmptyFirstCopyHidesNoWords(t *testing.T) {
	onBoth(t, func(t *testing.T, h *harness) {
		h.crm.hide(ann, acme)
		empty, genuine := letter{text: " ", files: []file{pdf("x")}}, letter{files: []file{pdf("x")}}
		forged := h.archive(bob, empty, acme)
		if real := h.archive(ann, genuine, nora); real.Message.ID == forged.Message.ID {
			t.Error("a copy without words swallowed the genuine mail")
		}
		seen := h.archive(bob, letter{id: "<2@x>", text: " "}, nora)
		joined := h.archive(ann, letter{id: "<2@x>"}, nora)
		if joined.Message.ID != seen.Message.ID || !slices.Contains(problemCodes(joined.Problems), messages.ProblemBodyDiffers) {
			t.Errorf("ann's copy: %+v, want bob's message, its text to differ", joined)
		}
		body, err := h.Body(t.Context(), ann, joined.Message.ID, messages.BodyOptions{})
		if err != nil || !strings.Contains(body.HTML, "Please find our offer") {
			t.Errorf("ann sees %q, %v, want her own words", body.HTML, err)
		}
	})
}

func TestWordsCompleteFields(t *testing.T) {
	onBoth(t, func(t *testing.T, h *harness) {
		d := draft()
		d.Complete, d.Text = false, ""
		first, err := h.sendDraft(ann, d, nil, nora)
		if err != nil {
			t.Fatal(err)
		}
		d.Text = "Please find our offer attached."
		if second, err := h.sendDraft(ann, d, nil, nora); err != nil || second.Message.ID != first.Message.ID || !second.New {
			t.Errorf("the words: %+v, %v, want the same message, changed", second, err)
		}
		if body, err := h.Body(t.Context(), ann, first.Message.ID, messages.BodyOptions{}); err != nil || !strings.Contains(body.HTML, "Please find") {
			t.Errorf("the body is %q, %v", body.HTML, err)
		}
	})
}

func TestJoiningTellsNothingThatACopyLacks(t *testing.T) {
	inCloud := func(name, url string) []messages.DraftAttachment {
		return []messages.DraftAttachment{{ID: "1", Name: name, State: messages.StateURL, URL: url}}
	}
	cloud := inCloud("plan.docx", "https://cloud.example/secret")
	send := func(h *harness, who permissions.Subject, list []messages.DraftAttachment, on permissions.Record) messages.Receipt {
		h.t.Helper()
		receipt, err := h.Archive(h.t.Context(), who, messages.Request{Links: []permissions.Record{on}, Source: messages.Structured(
			messages.Draft{Attachments: list}, uploads(upload(messages.EML, string(letter{}.bytes()))))})
		if err != nil {
			h.t.Fatal(err)
		}
		return receipt
	}
	for name, test := range map[string]struct {
		second letter
		list   []messages.DraftAttachment
		same   bool
	}{
		"the mail without the file in the cloud": {letter{}, nil, false},
		"the mail with the file in the cloud":    {letter{}, cloud, true},
		"the mail with another file":             {letter{}, inCloud("other.docx", "https://cloud.example/other"), false},
		"the mail with a file of that name":      {letter{}, inCloud("plan.docx", "https://cloud.example/other"), false},
	} {
		t.Run(name, func(t *testing.T) {
			onBoth(t, func(t *testing.T, h *harness) {
				h.crm.hide(bob, nora)
				first, second := send(h, ann, cloud, nora), send(h, bob, test.list, acme)
				if same := first.Message.ID == second.Message.ID; same != test.same {
					t.Errorf("one message = %t, want %t", same, test.same)
				}
			})
		})
	}
}
