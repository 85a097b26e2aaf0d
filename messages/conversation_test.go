package messages_test

import (
	"encoding/base64"
	"fmt"
	"slices"
	"strings"
	"testing"

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

// nested is a mail with a mail attached, which has a mail attached, and so on.
func nested(ids ...string) string {
	mail := ""
	for i := len(ids) - 1; i >= 0; i-- {
		head := "From: nora@acme.example\r\nSubject: s\r\nDate: Fri, 20 Nov 2026 10:00:00 +0100\r\nMessage-ID: " + ids[i] + "\r\nMIME-Version: 1.0\r\n"
		if mail == "" {
			mail = head + "Content-Type: text/plain\r\n\r\nHello\r\n"
			continue
		}
		boundary := fmt.Sprintf("b%d", i)
		mail = head + "Content-Type: multipart/mixed; boundary=" + boundary + "\r\n\r\n--" + boundary + "\r\nContent-Type: message/rfc822\r\n\r\n" +
			mail + "\r\n--" + boundary + "--\r\n"
	}
	return mail
}

func TestAttachedMailsBelongToTheConversation(t *testing.T) {
	onBoth(t, func(t *testing.T, h *harness) {
		_, err := h.Archive(t.Context(), ann, messages.Request{
			Source: messages.Raw(strings.NewReader(nested("<0@x>", "<1@x>", "<2@x>", "<3@x>", "<4@x>"))), Links: []permissions.Record{nora},
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
	})
}
