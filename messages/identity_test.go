package messages_test

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"github.com/mailconnector/mailconnector/internal/dbtest"
	"github.com/mailconnector/mailconnector/messages"
	"github.com/mailconnector/mailconnector/messages/mail"
	"github.com/mailconnector/mailconnector/permissions"
)

func TestIdentity(t *testing.T) {
	base := letter{subject: "Our offer", to: "Ann <ann@crm.example>, bob@crm.example", files: []file{pdf("one")}}
	with := func(change func(*letter)) letter {
		l := base
		change(&l)
		return l
	}
	tests := []struct {
		name          string
		first, second letter
		same          bool
	}{
		{"the same bytes are one mail", base, base, true},
		{"a copy with other headers is the same mail", base, with(func(l *letter) { l.more = "X-Mailer: other\r\nReceived: here\r\n" }), true},
		{"the sender's copy with its Bcc is the same mail", base, with(func(l *letter) { l.bcc = "boss@acme.example" }), true},
		{"a copy whose clock is a second off is the same mail", base, with(func(l *letter) { l.date = "Fri, 20 Nov 2026 10:00:01 +0100" }), true},
		{"a copy in another time zone is the same mail", base, with(func(l *letter) { l.date = "Fri, 20 Nov 2026 09:00:00 +0000" }), true},
		{"a copy with its subject folded is the same mail", base, with(func(l *letter) { l.subject = "Our\r\n offer" }), true},
		{"a copy with addresses in other case is the same mail", base, with(func(l *letter) { l.from = "NORA@acme.example" }), true},
		{"a copy without a date is the same mail", base, with(func(l *letter) { l.date = "soon" }), true},
		{"a copy with its Message-ID in blanks is the same mail", base, with(func(l *letter) { l.id = "  <one@acme.example> " }), true},
		{"another Message-ID is another mail", base, with(func(l *letter) { l.id = "<two@acme.example>" }), false},
		{"a Message-ID in other case is another mail", base, with(func(l *letter) { l.id = "<ONE@acme.example>" }), false},
		{"another subject is another mail", base, with(func(l *letter) { l.subject = "Our order" }), false},
		{"another sender is another mail", base, with(func(l *letter) { l.from = "mallory@evil.example" }), false},
		{"other recipients are another mail", base, with(func(l *letter) { l.to = "carol@crm.example" }), false},
		{"another day is another mail", base, with(func(l *letter) { l.date = "Sat, 21 Nov 2026 10:00:00 +0100" }), false},
		{"another attachment is another mail", base, with(func(l *letter) { l.files = []file{pdf("two")} }), false},
		{"one attachment more is another mail", base, with(func(l *letter) { l.files = []file{pdf("one"), pdf("two")} }), false},
		{"an attached mail that a server rendered anew is the same mail", with(func(l *letter) { l.files = attached("Fwd", "one") }),
			with(func(l *letter) { l.files = attached("Fwd", "two") }), true},
		{"one attached mail more is another mail", with(func(l *letter) { l.files = nil }), with(func(l *letter) { l.files = attached("Fwd", "one") }), false},
		{"two cut copies with other attachments are two mails", with(func(l *letter) { l.cut, l.files = true, []file{pdf("one")} }),
			with(func(l *letter) {
				l.cut, l.files = true, []file{{name: "virus.exe", contentType: "application/pdf", content: "MZ"}}
			}), false},
		{"a cut copy whose attachment is longer is another mail", base, with(func(l *letter) { l.cut, l.files = true, []file{pdf("one and more")} }), false},
		{"a cut copy whose attachment is shorter is the same mail", base, with(func(l *letter) { l.cut, l.files = true, []file{pdf("o")} }), true},
		{"without Message-ID the fields tell", with(func(l *letter) { l.id = "none" }),
			with(func(l *letter) { l.id, l.more = "none", "X-Other: yes\r\n" }), true},
		{"without Message-ID another subject is another mail", with(func(l *letter) { l.id = "none" }),
			with(func(l *letter) { l.id, l.subject = "none", "Else" }), false},
		{"without Message-ID a copy that a server rendered anew is the same mail", with(func(l *letter) { l.id, l.html = "none", "<p>Dear Ann,<br>\r\nyour offer</p>" }),
			with(func(l *letter) {
				l.id, l.html = "none", "<html><body><div>Dear&nbsp;Ann,</div> <div>your <b>off</b>er</div></body></html>"
			}), true},
		{"without Message-ID a copy as HTML of a plain text is the same mail", with(func(l *letter) { l.id, l.text = "none", "Dear Ann,\r\nyour   offer" }),
			with(func(l *letter) { l.id, l.html = "none", "<p>Dear Ann,<br>your offer</p>" }), true},
		{"two reports of one second are two mails", bounce("none", "first@acme.example does not exist"), bounce("none", "second@acme.example does not exist"), false},
		{"two reports of one second about different attached mails are two mails",
			with(func(l *letter) { l.id, l.files = "none", attached("Fwd", "one", "<1@x>") }),
			with(func(l *letter) { l.id, l.files = "none", attached("Fwd", "one", "<2@x>") }), false},
		{"without Message-ID an attached mail that a server rendered anew is the same mail",
			with(func(l *letter) { l.id, l.files = "none", attached("Fwd", "one", "<1@x>") }),
			with(func(l *letter) { l.id, l.files = "none", attached("Fwd", "two", "<1@x>") }), true},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			h := newHarness(t, dbtest.SQLite(t)) // no statement differs between the rows
			first := h.archive(ann, test.first, nora)
			second := h.archive(ann, test.second, acme)
			if same := first.Message.ID == second.Message.ID; same != test.same {
				t.Errorf("one message = %t, want %t", same, test.same)
			}
		})
	}
}

func TestTwoMailsWithOneMessageIDAreTwo(t *testing.T) {
	onBoth(t, func(t *testing.T, h *harness) {
		forged := h.archive(ann, letter{from: "mallory@evil.example", text: "Pay here"}, nora)
		genuine := h.archive(ann, letter{}, acme)
		if forged.Message.ID == genuine.Message.ID {
			t.Error("a forged mail swallowed the genuine one")
		}
		if !slices.Contains(problemCodes(genuine.Problems), messages.ProblemVariant) {
			t.Errorf("problems = %v, want %s", genuine.Problems, messages.ProblemVariant)
		}
		again := h.archive(ann, letter{}, offer)
		if again.Message.ID != genuine.Message.ID {
			t.Error("a second copy of the genuine mail became a third message")
		}
	})
}

func TestAVariantOfAnInvisibleMailLeavesNoTrace(t *testing.T) {
	onBoth(t, func(t *testing.T, h *harness) {
		h.archive(ann, letter{from: "mallory@evil.example"}, nora)
		h.crm.hide(bob, nora)
		receipt := h.archive(bob, letter{}, acme)
		if len(receipt.Problems) > 0 {
			t.Errorf("problems = %v, want none: bob must not know of ann's mail", receipt.Problems)
		}
	})
}

func TestKnowingAMessageIDOpensNothing(t *testing.T) {
	full := letter{files: []file{pdf("secret")}}
	copies := map[string]letter{
		"without the attachment": {more: ""},
		"with another text":      {text: "I know nothing of it", files: full.files},
	}
	for name, l := range copies {
		t.Run("a copy "+name, func(t *testing.T) {
			onBoth(t, func(t *testing.T, h *harness) {
				real := h.archive(ann, full, nora)
				h.crm.hide(bob, nora)
				receipt := h.archive(bob, l, acme)
				if receipt.Message.ID == real.Message.ID {
					t.Error("bob joined a mail that he does not have")
				}
				if _, err := h.Message(t.Context(), bob, real.Message.ID); err == nil {
					t.Error("bob reads ann's mail")
				}
			})
		})
	}
	t.Run("a draft that only names the mail", func(t *testing.T) {
		onBoth(t, func(t *testing.T, h *harness) {
			real := h.archive(ann, full, nora)
			h.crm.hide(bob, nora)
			receipt, err := h.Archive(t.Context(), bob, messages.Request{
				Source: messages.Structured(messages.Draft{}, nil), MessageID: "<one@acme.example>", Links: []permissions.Record{acme},
			})
			if err != nil {
				t.Fatal(err)
			}
			if receipt.Message.ID == real.Message.ID {
				t.Error("bob joined a mail that he does not have")
			}
		})
	})
	t.Run("a mail of images and links alone", func(t *testing.T) {
		onBoth(t, func(t *testing.T, h *harness) {
			wordless := letter{html: `<a href="https://acme.example/?for=ann"><img src="https://acme.example/1.png"></a>`}
			real := h.archive(ann, wordless, nora)
			h.crm.hide(bob, nora)
			for name, empty := range map[string]letter{"no words": {text: " "}, "no words in HTML": {html: "<p></p>"}} {
				if receipt := h.archive(bob, empty, acme); receipt.Message.ID == real.Message.ID {
					t.Errorf("with %s bob joined a mail that he does not have", name)
				}
			}
			carol := permissions.Subject{UserID: "carol"}
			h.crm.hide(carol, nora, acme)
			if receipt := h.archive(carol, wordless, offer); receipt.Message.ID != real.Message.ID {
				t.Error("carol, who has the mail, does not join it")
			}
		})
	})
	t.Run("who holds the whole mail joins it", func(t *testing.T) {
		onBoth(t, func(t *testing.T, h *harness) {
			real := h.archive(ann, full, nora)
			h.crm.hide(bob, nora)
			if receipt := h.archive(bob, full, acme); receipt.Message.ID != real.Message.ID {
				t.Error("the same bytes became two messages")
			}
		})
	})
}

func TestTheClientsMessageIDComesFirst(t *testing.T) {
	onBoth(t, func(t *testing.T, h *harness) {
		send := func(own string, on permissions.Record) messages.Receipt {
			t.Helper()
			receipt, err := h.Archive(t.Context(), ann, messages.Request{
				Source:    messages.Raw(bytes.NewReader(letter{id: own, more: "X-Id: " + own + "\r\n"}.bytes())),
				MessageID: "<real@acme.example>", Links: []permissions.Record{on},
			})
			if err != nil {
				t.Fatal(err)
			}
			return receipt
		}
		first, second := send("<made-up-1@client>", nora), send("<made-up-2@client>", acme)
		if first.Message.ID != second.Message.ID || first.Message.MessageID != "<real@acme.example>" {
			t.Errorf("messages %+v and %+v, want one by the client's id", first.Message, second.Message)
		}
		if !slices.Contains(problemCodes(first.Problems), messages.ProblemMessageIDDiffers) {
			t.Errorf("problems = %v", first.Problems)
		}
	})
}

func TestABodyThatDiffersIsAProblem(t *testing.T) {
	onBoth(t, func(t *testing.T, h *harness) {
		first := h.archive(ann, letter{html: "<p>One text</p>"}, nora)
		second := h.archive(bob, letter{html: "<p>CAUTION: external mail.</p><p>One text</p>"}, nora)
		if first.Message.ID != second.Message.ID || !slices.Contains(problemCodes(second.Problems), messages.ProblemBodyDiffers) {
			t.Errorf("second copy: %+v", second)
		}
		for who, want := range map[permissions.Subject]string{ann: "One text", bob: "CAUTION"} {
			body, err := h.Body(t.Context(), who, first.Message.ID, messages.BodyOptions{})
			if err != nil || !strings.Contains(body.HTML, want) || (who == ann && strings.Contains(body.HTML, "CAUTION")) {
				t.Errorf("%s sees %q, %v, want his own copy's text", who.UserID, body.HTML, err)
			}
		}
		m, err := h.Message(t.Context(), ann, first.Message.ID)
		if err != nil || !slices.Contains(problemCodes(m.Problems), messages.ProblemBodyDiffers) {
			t.Errorf("message problems = %v, %v", m.Problems, err)
		}
		third := h.archive(ann, letter{html: "<div>One  <b>t</b>ext</div>", more: "X-A: b\r\n"}, acme)
		if got := h.count("mc_messages"); got != 1 || third.Message.ID != first.Message.ID {
			t.Errorf("%d messages", got)
		}
	})
}

func TestMoreCompleteBytesUpgradeAPartialCopy(t *testing.T) {
	onBoth(t, func(t *testing.T, h *harness) {
		cut := letter{files: []file{pdf(strings.Repeat("long content ", 50))}}
		bytesOf := cut.bytes()
		first, err := h.Archive(t.Context(), ann, messages.Request{
			Source: messages.Raw(bytes.NewReader(bytesOf[:len(bytesOf)-400])), Links: []permissions.Record{nora},
		})
		if err != nil || first.Message.Completeness != messages.Partial || !slices.Contains(problemCodes(first.Problems), mail.ProblemUnclosed) {
			t.Fatalf("cut copy: %+v, %v, want a partial message", first, err)
		}
		second := h.archive(bob, cut, nora)
		if second.Message.ID != first.Message.ID || second.Message.Completeness != messages.Full || !second.New {
			t.Errorf("whole copy: %+v, want the same message, full", second.Message)
		}
		content, info, err := h.Part(t.Context(), ann, first.Message.ID, 2)
		if err != nil {
			t.Fatal(err)
		}
		if got := read(t, content); got != cut.files[0].content || info.Size != int64(len(got)) {
			t.Errorf("part has %d bytes, want the whole", len(got))
		}
		third, err := h.Archive(t.Context(), ann, messages.Request{
			Source: messages.Raw(bytes.NewReader(bytesOf[:len(bytesOf)-500])), Links: []permissions.Record{nora},
		})
		if err != nil || third.Message.ID != first.Message.ID || third.Message.Completeness != messages.Full {
			t.Errorf("a cut copy after the whole one: %+v, %v", third.Message, err)
		}
	})
}

func TestBccNeverReachesAnotherReader(t *testing.T) {
	onBoth(t, func(t *testing.T, h *harness) {
		receipt := h.archive(ann, letter{bcc: "secret-boss@acme.example"}, nora)
		h.archive(bob, letter{}, nora)
		m, err := h.Message(t.Context(), bob, receipt.Message.ID)
		if err != nil {
			t.Fatal(err)
		}
		for _, list := range [][]messages.Participant{m.From, m.To, m.Cc, m.ReplyTo} {
			for _, p := range list {
				if strings.Contains(p.Address, "secret") {
					t.Errorf("bob is shown %v", p)
				}
			}
		}
		source, _, err := h.Source(t.Context(), bob, receipt.Message.ID)
		if err != nil {
			t.Fatal(err)
		}
		if got := read(t, source); got != string(letter{}.bytes()) {
			t.Errorf("bob's source is not the copy he uploaded: %q", got)
		}
		source, _, err = h.Source(t.Context(), ann, receipt.Message.ID)
		if err != nil {
			t.Fatal(err)
		}
		if got := read(t, source); !strings.Contains(got, "secret-boss@acme.example") {
			t.Error("ann's own copy lost its Bcc")
		}
		rows, err := h.db.QueryContext(t.Context(), "SELECT name, address FROM mc_participants")
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = rows.Close() }()
		read := 0
		for ; rows.Next(); read++ {
			var name, address string
			if err := rows.Scan(&name, &address); err != nil || strings.Contains(address, "secret") {
				t.Errorf("participant %s %s, %v", name, address, err)
			}
		}
		if err := rows.Err(); err != nil || read == 0 {
			t.Fatalf("%d participants, %v", read, err)
		}
	})
}

func TestOnlyTheUploaderGetsTheSource(t *testing.T) {
	onBoth(t, func(t *testing.T, h *harness) {
		receipt := h.archive(ann, letter{}, nora)
		if _, _, err := h.Source(t.Context(), bob, receipt.Message.ID); !notFound(err) {
			t.Errorf("Source for bob = %v, want not found", err)
		}
		m, err := h.Message(t.Context(), bob, receipt.Message.ID)
		if err != nil || m.HasSource {
			t.Errorf("message for bob: HasSource = %t, %v", m.HasSource, err)
		}
		if m, err = h.Message(t.Context(), ann, receipt.Message.ID); err != nil || !m.HasSource {
			t.Errorf("message for ann: HasSource = %t, %v", m.HasSource, err)
		}
	})
}

// attached is an attached mail.
func attached(name, content string, id ...string) []file {
	head := "Subject: " + name + "\r\n"
	for _, id := range id {
		head += "Message-ID: " + id + "\r\n"
	}
	return []file{{name: name + ".eml", contentType: "message/rfc822", content: head + "\r\n" + content}}
}

// bounce is what a mail server reports.
func bounce(id, text string) letter {
	return letter{id: id, from: "MAILER-DAEMON@acme.example", to: "ann@crm.example", subject: "Undelivered Mail Returned to Sender", text: text}
}
