package mail_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/mailconnector/mailconnector/messages/mail"
)

func TestFileNames(t *testing.T) {
	tests := []struct{ name, header, want string }{
		{"the disposition names it", `Content-Disposition: attachment; filename="a.pdf"`, "a.pdf"},
		{"the type names it", `Content-Type: application/pdf; name="a.pdf"`, "a.pdf"},
		{"the disposition goes before the type", "Content-Type: application/pdf; name=b.pdf\r\nContent-Disposition: inline; filename=a.pdf", "a.pdf"},
		{"RFC 2231 in Latin-1", "Content-Disposition: attachment; filename*=iso-8859-1'de'%FCber.pdf", "über.pdf"},
		{"RFC 2231 in KOI8-R", "Content-Disposition: attachment; filename*=koi8-r''%F0%D2%C9.pdf", "При.pdf"},
		{"RFC 2231 without charset", "Content-Disposition: attachment; filename*=''%C3%BC.pdf", "ü.pdf"},
		{"RFC 2231 without apostrophes", "Content-Disposition: attachment; filename*=%C3%BC.pdf", "ü.pdf"},
		{"RFC 2231 goes before the plain form", "Content-Disposition: attachment; filename=u.pdf; filename*=utf-8''%C3%BC.pdf", "ü.pdf"},
		{"segments out of order", `Content-Disposition: attachment; filename*1="b.pdf"; filename*0="a"`, "ab.pdf"},
		{"a character cut by segments", "Content-Disposition: attachment; filename*0*=utf-8''%C3; filename*1*=%BC.pdf", "ü.pdf"},
		{"encoded words in segments", `Content-Disposition: attachment; filename*0="=?utf-8?q?=C3="; filename*1="BC=2Epdf?="`, "ü.pdf"},
		{"percent signs that encode nothing", "Content-Disposition: attachment; filename*=utf-8''100%.pdf", "100%.pdf"},
		{"an encoded word", `Content-Type: application/pdf; name="=?iso-8859-1?q?=FC.pdf?="`, "ü.pdf"},
		{"an encoded word without quotes", "Content-Type: application/pdf; name==?utf-8?B?w7wucGRm?=", "ü.pdf"},
		{"raw UTF-8", "Content-Type: application/pdf; name=\"ü.pdf\"", "ü.pdf"},
		{"raw Latin-1", "Content-Type: application/pdf; name=\"\xfc.pdf\"", "ü.pdf"},
		{"blanks without quotes", "Content-Type: application/pdf; name=a b.pdf; x=y", "a b.pdf"},
		{"quotes inside quotes", `Content-Type: application/pdf; name="a "b" c.pdf"; x=y`, `a "b" c.pdf`},
		{"escaped quotes", `Content-Type: application/pdf; name="a \"b\" \\ c.pdf"`, `a "b" \ c.pdf`},
		{"semicolons inside quotes", `Content-Type: application/pdf; name="a; b.pdf"`, "a; b.pdf"},
		{"an unclosed quote", `Content-Type: application/pdf; name="a.pdf`, "a.pdf"},
		{"a Windows path", `Content-Type: application/pdf; name="C:\new\a.pdf"`, `C:\new\a.pdf`},
		{"a share on Windows", `Content-Type: application/pdf; name="\\server\a.pdf"`, `\server\a.pdf`},
		{"escapes that nothing needs", `Content-Type: application/pdf; name="a\ \(1\)\.pdf"`, "a (1).pdf"},
		{"a path that leads elsewhere is kept as sent", `Content-Type: application/pdf; name="../../a.pdf"`, "../../a.pdf"},
		{"a line end smuggled in by an encoded word", `Content-Type: application/pdf; name="=?utf-8?q?a=0D=0A=00b.pdf?="`, "a b.pdf"},
		{"two names: the first counts", "Content-Type: application/pdf; name=a.pdf; name=b.pdf", "a.pdf"},
		{"a missing semicolon", "Content-Type: application/pdf name=a.pdf", "a.pdf"},
		{"empty parameters", "Content-Type: application/pdf;; ; =x; name=a.pdf;", "a.pdf"},
		{"capitals", `CONTENT-TYPE: APPLICATION/PDF; NAME="A.pdf"`, "A.pdf"},
		{"a parameter without a type", "Content-Type: name=a.pdf", "a.pdf"},
		{"no name", "Content-Type: application/pdf", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			p := parse(t, tt.header+"\r\n\r\nbody").Parts[0]
			if p.Name != tt.want || p.Role != mail.RoleAttachment {
				t.Errorf("%s %q, want attachment %q", p.Role, p.Name, tt.want)
			}
		})
	}
}

func TestAttachedMailIsNamedAfterItsSubject(t *testing.T) {
	tests := []struct{ name, attached, want string }{
		{"plain", "From: a@example.com\r\nSubject: Offer\r\n\r\nbody", "Offer.eml"},
		{"encoded", "Subject: =?utf-8?q?Gr=C3=BC=C3=9Fe?=\r\n\r\nbody", "Grüße.eml"},
		{"folded", "Subject: An\r\n offer\r\n\r\nbody", "An offer.eml"},
		{"bare line feeds", "From: a@example.com\nSubject: Offer\n\nSubject: not this", "Offer.eml"},
		{"without a subject", "From: a@example.com\r\n\r\nSubject: not this", "message.eml"},
		{"with a very long one", "Subject: " + strings.Repeat("ä", 300) + "\r\n\r\n", strings.Repeat("ä", 100) + ".eml"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			m := parse(t, "Content-Type: message/rfc822\r\n\r\n"+tt.attached)
			if len(m.Parts) != 1 || m.Parts[0].Name != tt.want {
				t.Errorf("%d parts, name %q, want %q", len(m.Parts), m.Parts[0].Name, tt.want)
			}
		})
	}
}

func TestSubjects(t *testing.T) {
	tests := []struct{ name, field, want string }{
		{"plain", "Offer", "Offer"},
		{"encoded", "=?utf-8?q?Gr=C3=BC=C3=9Fe_an_Bob?=", "Grüße an Bob"},
		{"encoded with a language", "=?utf-8*de?q?Gr=C3=BC=C3=9Fe?=", "Grüße"},
		{"the blank between two words is not text", "=?utf-8?q?a?= =?utf-8?q?b?=", "ab"},
		{"the blank beside plain text is", "=?utf-8?q?a?= b =?utf-8?q?c?=", "a b c"},
		{"words in two charsets", "=?utf-8?q?=C3=BC?= =?iso-8859-1?q?=FC?=", "üü"},
		{"a character cut by two words", "=?utf-8?B?w7w=?= =?utf-8?B?wrw=?= =?utf-8?q?=C3?= =?utf-8?q?=A4?=", "ü¼ä"},
		{"Japanese", "=?iso-2022-jp?B?GyRCJCIbKEI=?=", "あ"},
		{"Chinese as Outlook labels it", "=?gb2312?B?1tDOxA==?=", "中文"},
		{"Japanese as Windows has it", "=?cp932?B?k/qWe4dA?=", "日本①"},
		{"Japanese with more characters", "=?iso-2022-jp-2?B?GyRCJCIbKEI=?=", "あ"},
		{"Korean as Windows has it", "=?cp949?B?x9Gx2w==?=", "한글"},
		{"UTF-16 with its byte order mark", "=?utf-16?B?/v8A/ABh?= =?utf-16le?B?/ABhAA==?= =?utf-16be?B?APwAYQ==?=", "üaüaüa"},
		{"UTF-32", "=?utf-32?B?AAD+/wAAAPw=?=", "ü"},
		{"UTF-7", "=?utf-7?q?Gr+APwA3w-e_1_+-_1?=", "Grüße 1 + 1"},
		{"an unknown charset that is UTF-8", "=?x-none?q?=C3=BC?=", "ü"},
		{"an unknown charset that is not", "=?x-none?q?=FC?=", "ü"},
		{"a word that never ends", "=?utf-8?q?abc", "=?utf-8?q?abc"},
		{"an encoding that is none", "=?utf-8?x?abc?=", "=?utf-8?x?abc?="},
		{"raw Latin-1", "Gr\xfc\xdfe", "Grüße"},
		{"damaged UTF-8 stays UTF-8", "Grüße \xff", "Grüße \uFFFD"},
		{"controls", "a\x00b\x1bc\td", "abc d"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if m := parse(t, "Subject: "+tt.field+"\r\n\r\nbody"); m.Subject != tt.want {
				t.Errorf("%q, want %q", m.Subject, tt.want)
			}
		})
	}
}

func TestThreading(t *testing.T) {
	var many strings.Builder
	for range 150 {
		many.WriteString("<x@example.com> ")
	}
	m := parse(t, "Message-ID: no brackets\r\nIn-Reply-To: Your mail of today <a@example.com>\r\nReferences: <root@example.com> "+
		many.String()+"<last@example.com>\r\nThread-Index: AQHZ\r\n abc=\r\n\r\nbody")
	if encoded := parse(t, "Message-ID: =?utf-8?q?=3C1=40example.com=3E?=\r\n\r\nbody"); encoded.MessageID != "<1@example.com>" {
		t.Errorf("message id %q, sent as an encoded word", encoded.MessageID)
	}
	if m.MessageID != "no brackets" || m.ThreadIndex != "AQHZabc=" {
		t.Errorf("message id %q, thread index %q", m.MessageID, m.ThreadIndex)
	}
	if diff := cmp.Diff([]string{"<a@example.com>"}, m.InReplyTo); diff != "" {
		t.Errorf("in reply to (-want +got):\n%s", diff)
	}
	if n := len(m.References); n != 100 || m.References[0] != "<root@example.com>" || m.References[n-1] != "<last@example.com>" {
		t.Errorf("%d references from %q to %q, want 100 with the first and the last", n, m.References[0], m.References[n-1])
	}
}
