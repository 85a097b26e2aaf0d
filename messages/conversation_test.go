package messages_test

import (
	"encoding/base64"
	"fmt"
	"mime/quotedprintable"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/mailconnector/mailconnector/internal/dbtest"
	"github.com/mailconnector/mailconnector/messages"
	"github.com/mailconnector/mailconnector/permissions"
)

// threadIndex is a Thread-Index of a conversation after a number of replies.
func threadIndex(conversation byte, replies int) string {
	index := append([]byte{1, 2, 3, 4, 5, 6}, slices.Repeat([]byte{conversation}, 16)...)
	return base64.StdEncoding.EncodeToString(append(index, make([]byte, 5*replies)...))
}

func TestThreadReference(t *testing.T) {
	root := messages.ThreadReference(threadIndex(7, 0))
	for name, test := range map[string]struct {
		index string
		same  bool
	}{
		"a reply":                  {threadIndex(7, 1), true},
		"a late reply":             {threadIndex(7, 40), true},
		"a folded header":          {threadIndex(7, 3)[:20] + "\r\n\t" + threadIndex(7, 3)[20:], true},
		"one without its padding":  {strings.TrimRight(threadIndex(7, 0), "="), true},
		"another conversation":     {threadIndex(8, 0), false},
		"one too short for a root": {"AQID", false},
		"nothing":                  {"", false},
		"what is no base64":        {"!" + threadIndex(7, 0), false},
		"padding alone":            {strings.Repeat("=", 40), false},
	} {
		if got := messages.ThreadReference(test.index); (got == root) != test.same {
			t.Errorf("%s: %q, same as the root: %v, want %v", name, got, got == root, test.same)
		}
	}
}

func TestConversations(t *testing.T) {
	onBoth(t, func(t *testing.T, h *harness) {
		h.archive(ann, letter{id: "<first@x>", more: "Thread-Index: " + threadIndex(7, 0) + "\r\n"}, nora)
		for name, test := range map[string]struct {
			ids  []string
			want []permissions.Record
		}{
			"a reply without References":            {[]string{"<second@x>", messages.ThreadReference(threadIndex(7, 2))}, []permissions.Record{nora}},
			"another conversation":                  {[]string{messages.ThreadReference(threadIndex(8, 0))}, nil},
			"another mail of the same subject line": {[]string{"<other@x>"}, nil},
		} {
			got, err := h.LinkedTo(t.Context(), ann, test.ids)
			if err != nil || !slices.Equal(got, test.want) {
				t.Errorf("%s is linked to %v, %v, want %v", name, got, err, test.want)
			}
		}
	})
}

// nested is a mail with a mail attached, which has a mail attached, and so on, each in a transfer encoding.
func nested(encoding string, ids ...string) string {
	mail := ""
	for i := len(ids) - 1; i >= 0; i-- {
		head := "From: From " + ids[i] + "\r\nTo: to" + strings.Trim(ids[i], "<>") + "\r\nBcc: hidden@x\r\nSubject: s" + ids[i] +
			"\r\nDate: Fri, 20 Nov 2026 10:00:00 +0100\r\nMessage-ID: " + ids[i] + "\r\nMIME-Version: 1.0\r\n"
		if mail == "" {
			mail = head + "Content-Type: text/plain\r\n\r\nHello\r\n"
			continue
		}
		boundary := fmt.Sprintf("b%d", i)
		mail = head + "Content-Type: multipart/mixed; boundary=" + boundary + "\r\n\r\n--" + boundary +
			"\r\nContent-Type: text/plain\r\n\r\nSee the mail.\r\n--" + boundary +
			"\r\nContent-Type: message/rfc822\r\nContent-Transfer-Encoding: " + encoding + "\r\n\r\n" +
			encode(encoding, mail) + "\r\n--" + boundary + "--\r\n"
	}
	return mail
}

func encode(encoding, text string) string {
	var b strings.Builder
	switch encoding {
	case "base64":
		for line := range slices.Chunk([]byte(text), 57) {
			b.WriteString(base64.StdEncoding.EncodeToString(line) + "\r\n")
		}
	case "quoted-printable":
		w := quotedprintable.NewWriter(&b)
		_, _ = w.Write([]byte(text))
		_ = w.Close()
	default:
		return text
	}
	return b.String()
}

func TestAttachedMailsBelongToTheConversation(t *testing.T) {
	for _, encoding := range []string{"7bit", "base64", "quoted-printable"} {
		t.Run(encoding, func(t *testing.T) {
			onBoth(t, func(t *testing.T, h *harness) {
				receipt, err := h.Archive(t.Context(), ann, messages.Request{
					Source: messages.Raw(strings.NewReader(nested(encoding, "<0@x>", "<1@x>", "<2@x>", "<3@x>", "<4@x>"))), Links: []permissions.Record{nora},
				})
				if err != nil {
					t.Fatal(err)
				}
				for depth, found := range []bool{true, true, true, true, false} {
					got, err := h.LinkedTo(t.Context(), ann, []string{fmt.Sprintf("<%d@x>", depth)})
					if err != nil || (len(got) == 1) != found {
						t.Errorf("a mail at depth %d is linked to %v, %v, want it found: %v", depth, got, err, found)
					}
				}
				m, err := h.Message(t.Context(), ann, receipt.Message.ID)
				if err != nil {
					t.Fatal(err)
				}
				var want []messages.AttachedMail
				for depth := 1; depth <= 3; depth++ {
					want = append(want, messages.AttachedMail{
						Part: 2, Depth: depth, MessageID: fmt.Sprintf("<%d@x>", depth), Subject: fmt.Sprintf("s<%d@x>", depth),
						Date: time.Date(2026, 11, 20, 9, 0, 0, 0, time.UTC),
						From: []messages.Participant{{Name: "From", Address: fmt.Sprintf("%d@x", depth)}},
						To:   []messages.Participant{{Address: fmt.Sprintf("to%d@x", depth)}},
					})
				}
				if diff := cmp.Diff(want, m.Attached); diff != "" {
					t.Errorf("attached mails (-want +got):\n%s", diff)
				}
			})
		})
	}
}

// TestMailsWithinManyMailsAreBounded attaches more mails than are looked at, and one that says nothing.
func TestMailsWithinManyMailsAreBounded(t *testing.T) {
	h := newHarness(t, dbtest.SQLite(t))
	files := []file{{name: "empty.eml", contentType: "message/rfc822", content: "\x00"}}
	for n := range 40 {
		files = append(files, attached("Fwd", "x", fmt.Sprintf("<%d@x>", n))...)
	}
	receipt := h.archive(ann, letter{files: files}, nora)
	m, err := h.Message(t.Context(), ann, receipt.Message.ID)
	if err != nil || len(m.Attached) != 19 || len(receipt.Parts) != 41 {
		t.Errorf("%d mails of %d parts are indexed, %v", len(m.Attached), len(receipt.Parts), err)
	}
}

// TestForgedReferencesCrowdNobodyOut lets bob archive more mails that refer to a conversation than are looked at, after carol
// and ann linked mails of it, and wants no more statements for it.
func TestForgedReferencesCrowdNobodyOut(t *testing.T) {
	for name, forged := range map[string]letter{
		"mails that refer to the conversation": {id: "<forged@x>", more: "References: <root@x> <reply@x>\r\n"},
		"mails that bear its Message-ID":       {id: "<root@x>", files: []file{pdf("forged")}},
	} {
		t.Run(name, func(t *testing.T) {
			onFaulty(t, func(t *testing.T, h *harness, f *faults) {
				ids, carol := []string{"<reply@x>", "<root@x>"}, permissions.Subject{UserID: "carol"}
				h.archive(ann, letter{id: "<root@x>"}, nora)
				h.archive(carol, letter{id: "<reply@x>", more: "References: <root@x>\r\n"}, offer)
				h.archive(bob, forged, acme)
				ask := func() { _, _ = h.LinkedTo(t.Context(), ann, ids) }
				before, _ := f.reads.of("mc_", ask)
				h.repeat(t, 250)
				if after, _ := f.reads.of("mc_", ask); after != before || before == 0 {
					t.Errorf("%d statements with forged mails, %d without", after, before)
				}
				for who, want := range map[permissions.Subject][]permissions.Record{
					ann: {nora, acme, offer}, carol: {offer, acme, nora}, {UserID: "dan"}: {acme, offer, nora},
				} {
					if got, err := h.LinkedTo(t.Context(), who, ids); err != nil || !slices.Equal(got, want) {
						t.Errorf("for %s it is linked to %v, %v, want %v", who.UserID, got, err, want)
					}
				}
			})
		})
	}
}

// repeat archives bob's last mail as often as asked, each time as a newer mail.
func (h *harness) repeat(t *testing.T, times int) {
	t.Helper()
	var last string
	if err := h.db.QueryRowContext(t.Context(), "SELECT MAX(id) FROM mc_messages").Scan(&last); err != nil {
		t.Fatal(err)
	}
	tx, err := h.db.BeginTx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	for n := range times {
		id := fmt.Sprintf("zzzzzzzzzzzzzzzz%010d", n)
		for _, copied := range []string{
			"mc_messages (id, identity, variant, fingerprint, message_id, own_message_id, threading, subject, date, direction, from_name, " +
				"from_address, attachments, snippet, rendition, completeness, problems, created) SELECT ?, identity, 1000 + " + fmt.Sprint(n) +
				", fingerprint, message_id, own_message_id, threading, subject, date, direction, from_name, from_address, attachments, snippet, " +
				"rendition, completeness, problems, created FROM mc_messages WHERE id = ?",
			"mc_references SELECT ?, refers_to FROM mc_references WHERE message_id = ?",
			"mc_host_messages SELECT ?, owner, host_id, version FROM mc_host_messages WHERE message_id = ?",
			"mc_links SELECT ?, '" + id + "', record_type, record_id, linked_by, linked_at, host_id, wrote, origin, direction, mailbox, " +
				"item_id, platform, addin_version FROM mc_links WHERE message_id = ?",
		} {
			if _, err := tx.ExecContext(t.Context(), "INSERT INTO "+copied, id, last); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := tx.Commit(); err != nil {
		t.Fatal(err)
	}
}
