package messages_test

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/mailconnector/mailconnector/messages"
	"github.com/mailconnector/mailconnector/permissions"
)

// alternatives is the usual mail with both kinds of text.
func alternatives(text, html string) string {
	head, _, _ := strings.Cut(string(letter{}.bytes()), "MIME-Version")
	return head + "MIME-Version: 1.0\r\nContent-Type: multipart/alternative; boundary=b1\r\n\r\n--b1\r\nContent-Type: text/plain\r\n\r\n" +
		text + "\r\n--b1\r\nContent-Type: text/html\r\n\r\n" + html + "\r\n--b1--\r\n"
}

// code is a picture of a number.
func code(number int) file {
	return file{name: "code.png", contentType: "image/png", content: fmt.Sprint("\x89PNG\r\n\x1a\n", number)}
}

// guesses is the usual mail with HTML beside its text that shows many pictures.
func guesses() string {
	l := letter{html: "<p>Please find our offer attached.</p>"}
	for n := range 50 {
		f := code(n)
		f.contentID = fmt.Sprintf("guess%d@x", n)
		l.html += `<img src="cid:` + f.contentID + `">`
		l.files = append(l.files, f)
	}
	text, _, _ := strings.Cut(strings.SplitAfterN(string(letter{}.bytes()), "--b1\r\n", 2)[1], "--b1--")
	return strings.Replace(string(l.bytes()), "--b1\r\n", "--b1\r\n"+text+"--b1\r\n", 1)
}

// TestWhatIsGuessedJoinsNothing lets bob bring mails that he can make up of what a reply quotes, beside ann's, which he may not see.
func TestWhatIsGuessedJoinsNothing(t *testing.T) {
	reset := func(token string) string { return `<p>Reset <a href="https://acme.example/` + token + `">here</a></p>` }
	raw := func(mail string) messages.Source { return messages.Raw(strings.NewReader(mail)) }
	of := func(l letter) messages.Source { return messages.Raw(bytes.NewReader(l.bytes())) }
	structured := func(complete bool, change func(*messages.Draft)) messages.Source {
		d := draft()
		d.Complete = complete
		change(&d)
		return messages.Structured(d, nil)
	}
	for name, test := range map[string]struct {
		anns, bobs func() messages.Source
		joins      bool
	}{
		"another link behind the same words": {
			func() messages.Source { return of(letter{html: reset("secret")}) }, func() messages.Source { return of(letter{html: reset("guess")}) }, false},
		"the same words without their link": {
			func() messages.Source { return of(letter{html: reset("secret")}) }, func() messages.Source { return of(letter{text: "Reset here"}) }, false},
		"the same link": {
			func() messages.Source { return of(letter{html: reset("secret")}) },
			func() messages.Source { return of(letter{html: "\r\n" + reset("secret"), more: "X-A: b\r\n"}) }, true},
		"another link in fields instead of bytes": {
			func() messages.Source {
				return structured(true, func(d *messages.Draft) { d.Text, d.HTML = "", reset("secret") })
			},
			func() messages.Source {
				return structured(true, func(d *messages.Draft) { d.Text, d.HTML = "", reset("guess") })
			}, false},
		"nothing in the place of images and links in fields": {
			func() messages.Source {
				return structured(true, func(d *messages.Draft) { d.Text, d.HTML = "", `<a href="https://acme.example/secret"><img></a>` })
			},
			func() messages.Source { return structured(true, func(d *messages.Draft) { d.Text = "" }) }, false},
		"another plain text beside the same HTML": {
			func() messages.Source { return raw(alternatives("The code is 4711", "<p>See the text</p>")) },
			func() messages.Source { return raw(alternatives("The code is 1234", "<p>See the text</p>")) }, false},
		"the HTML without the plain text beside it": {
			func() messages.Source { return raw(alternatives("The code is 4711", "<p>See the text</p>")) },
			func() messages.Source { return of(letter{html: "<p>See the text</p>"}) }, false},
		"both texts": {
			func() messages.Source { return raw(alternatives("The code is 4711", "<p>See the text</p>")) },
			func() messages.Source {
				return raw("X-A: b\r\n" + alternatives("The code is 4711", "<p>See the text</p>"))
			}, true},
		"an attachment among many guesses": {
			func() messages.Source { return of(letter{files: []file{code(47)}}) }, func() messages.Source { return raw(guesses()) }, false},
		"a receiver among many guesses": {
			func() messages.Source { return of(letter{to: "Ann <ann@crm.example>, hidden@acme.example"}) },
			func() messages.Source {
				return structured(false, func(d *messages.Draft) {
					for _, guess := range []string{"one", "two", "hidden", "three"} {
						d.To = append(d.To, messages.Participant{Address: guess + "@acme.example"})
					}
				})
			}, false},
		"no address for answers where there is one": {
			func() messages.Source { return of(letter{more: "Reply-To: hidden@acme.example\r\n"}) },
			func() messages.Source { return of(letter{}) }, false},
	} {
		t.Run(name, func(t *testing.T) {
			onBoth(t, func(t *testing.T, h *harness) {
				h.crm.hide(bob, nora)
				h.crm.hide(ann, acme)
				archive := func(who permissions.Subject, s messages.Source, on permissions.Record) messages.Receipt {
					receipt, err := h.Archive(t.Context(), who, messages.Request{Source: s, MessageID: "<one@acme.example>", Links: []permissions.Record{on}})
					if err != nil {
						t.Fatal(err)
					}
					return receipt
				}
				anns, bobs := archive(ann, test.anns(), nora), archive(bob, test.bobs(), acme)
				if joined := anns.Message.ID == bobs.Message.ID; joined != test.joins {
					t.Fatalf("bob joined ann's message: %t, want %t", joined, test.joins)
				}
				if !test.joins {
					h.wantApart(anns, bobs)
				}
			})
		})
	}
}
