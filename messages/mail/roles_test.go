package mail_test

import (
	"strings"
	"testing"

	"github.com/mailconnector/mailconnector/messages/mail"
)

func TestRoles(t *testing.T) {
	tests := []struct {
		name, header string
		want         mail.Role
	}{
		{"no type", "X: y", mail.RoleText},
		{"plain text", "Content-Type: text/plain", mail.RoleText},
		{"inline plain text", "Content-Type: text/plain\r\nContent-Disposition: inline", mail.RoleText},
		{"HTML", "Content-Type: text/html", mail.RoleHTML},
		{"a type that is none", "Content-Type: text", mail.RoleText},
		{"text as an attachment", "Content-Type: text/plain\r\nContent-Disposition: attachment", mail.RoleAttachment},
		{"text with a name", "Content-Type: text/html; name=a.html", mail.RoleAttachment},
		{"text of another kind", "Content-Type: text/csv", mail.RoleAttachment},
		{"a calendar", "Content-Type: text/calendar; method=REQUEST", mail.RoleAttachment},
		{"an attached mail", "Content-Type: message/rfc822", mail.RoleAttachment},
		{"a delivery status", "Content-Type: message/delivery-status", mail.RoleAttachment},
		{"a signature", "Content-Type: application/pkcs7-signature; name=smime.p7s", mail.RoleAttachment},
		{"an image the HTML shows", "Content-Type: image/png\r\nContent-ID: <shown@x>", mail.RoleInline},
		{"an image the HTML shows, sent as an attachment", "Content-Type: image/png\r\nContent-ID: <shown@x>\r\nContent-Disposition: attachment", mail.RoleInline},
		{"an image the HTML shows, known by its name only", "Content-Type: application/octet-stream; name=A.PNG\r\nContent-ID: <shown@x>", mail.RoleInline},
		{"an image with a percent-encoded id", "Content-Type: image/png\r\nContent-ID: <a b@x>", mail.RoleInline},
		{"an image with an escaped id", "Content-Type: image/png\r\nContent-ID: <a&b@x>", mail.RoleInline},
		{"an image in a style sheet", "Content-Type: image/png\r\nContent-ID: <style@x>", mail.RoleInline},
		{"an image nothing shows", "Content-Type: image/png\r\nContent-ID: <unused@x>\r\nContent-Disposition: inline", mail.RoleAttachment},
		{"an id that differs in capitals", "Content-Type: image/png\r\nContent-ID: <SHOWN@x>", mail.RoleAttachment},
		{"an image without id", "Content-Type: image/png\r\nContent-Disposition: inline", mail.RoleAttachment},
		{"a document behind a link", "Content-Type: application/pdf\r\nContent-ID: <shown@x>", mail.RoleAttachment},
	}
	const page = `--b` + "\r\nContent-Type: text/html\r\n\r\n" +
		`<img src="cid:shown@x"><img src='CID:a%20b@x'><img src=cid:a&amp;b@x><p style="background:url(cid:style@x)">` + "\r\n"
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			m := parse(t, "Content-Type: multipart/related; boundary=b\r\n\r\n--b\r\n"+tt.header+"\r\n\r\nbody\r\n"+page+"--b--\r\n")
			if len(m.Parts) != 2 || m.Parts[0].Role != tt.want {
				t.Errorf("%d parts, the first %q, want %q", len(m.Parts), m.Parts[0].Role, tt.want)
			}
		})
	}
}

// TestBodies reads texts in the charsets of real mails, and some that lie about theirs.
func TestBodies(t *testing.T) {
	tests := []struct{ name, typ, body, want, problem string }{
		{"UTF-8", "text/plain; charset=utf-8", "Grüße", "Grüße", ""},
		{"UTF-8 with a byte order mark", "text/plain; charset=utf-8", "\xef\xbb\xbfGrüße", "Grüße", ""},
		{"no charset, UTF-8", "text/plain", "Grüße", "Grüße", ""},
		{"no charset, Latin-1", "text/plain", "Gr\xfc\xdfe", "Grüße", ""},
		{"Latin-1", "text/plain; charset=ISO-8859-1", "Gr\xfc\xdfe", "Grüße", ""},
		{"Latin-1 that is Windows-1252", "text/plain; charset=iso-8859-1", "\x8010", "€10", ""},
		{"Latin-9", "text/plain; charset=iso-8859-15", "\xa410", "€10", ""},
		{"KOI8-R", "text/plain; charset=koi8-r", "\xf0\xd2\xc9", "При", ""},
		{"Japanese", "text/plain; charset=iso-2022-jp", "\x1b$B$\"\x1b(B", "あ", ""},
		{"Chinese", "text/plain; charset=gb2312", "\xd6\xd0\xce\xc4", "中文", ""},
		{"Japanese as Windows has it", "text/plain; charset=cp932", "\x93\xfa\x96\x7b\x87\x40", "日本①", ""},
		{"Korean as Windows has it", "text/plain; charset=cp949", "\xc7\xd1\x8c\x63", "한똠", ""},
		{"UTF-16 with its byte order mark", "text/plain; charset=utf-16", "\xfe\xff\x00\xfc\x00a", "üa", ""},
		{"UTF-16 in the usual order", "text/plain; charset=utf-16le", "\xfc\x00a\x00", "üa", ""},
		{"UTF-32", "text/plain; charset=utf-32", "\xff\xfe\x00\x00\xfc\x00\x00\x00", "ü", ""},
		{"UTF-7 as Exchange labels it", "text/plain; charset=unicode-1-1-utf-7", "Gr+APwA3w-e, 1 +- 1 = 2 + 0+AOQ", "Grüße, 1 + 1 = 2 + 0ä", ""},
		{"UTF-7 beyond the basic plane", "text/plain; charset=utf-7", "+2D3eAA-!", "😀!", ""},
		{"UTF-7 that is Latin-1", "text/plain; charset=utf-7", "Gr\xfc\xdfe", "Grüße", mail.ProblemCharsetWrong},
		{"HTML that names its charset", "text/html", `<meta charset=windows-1251>` + "\xcf\xf0\xe8", `<meta charset=windows-1251>При`, ""},
		{"HTML whose header goes first", "text/html; charset=utf-8", `<meta charset=koi8-r>ü`, `<meta charset=koi8-r>ü`, ""},
		{"ASCII that is Latin-1", "text/plain; charset=us-ascii", "Gr\xfc\xdfe", "Grüße", ""},
		{"UTF-8 that is Latin-1", "text/plain; charset=utf-8", "Gr\xfc\xdfe", "Grüße", mail.ProblemCharsetWrong},
		{"UTF-8 with one bad byte", "text/plain; charset=utf-8", "Grüße \xff", "Grüße \uFFFD", mail.ProblemCharsetWrong},
		{"an unknown charset", "text/plain; charset=x-none", "Gr\xfc\xdfe", "Grüße", mail.ProblemCharsetUnknown},
		{"an unknown charset that is ASCII", "text/plain; charset=x-none", "Hello", "Hello", mail.ProblemCharsetUnknown},
		{"a charset named twice over", `text/plain; charset="charset=iso-8859-1"`, "Gr\xfc\xdfe", "Grüße", ""},
		{"NUL", "text/plain; charset=utf-8", "a\x00b", "ab", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			m := parse(t, "Content-Type: "+tt.typ+"\r\n\r\n"+tt.body)
			got := m.Text
			if strings.HasPrefix(tt.typ, "text/html") {
				got = m.HTML
			}
			if got != tt.want {
				t.Errorf("%q, want %q", got, tt.want)
			}
			if tt.problem == "" && len(m.Problems) > 0 || tt.problem != "" && !hasProblem(m, tt.problem) {
				t.Errorf("problems %v, want %q", m.Problems, tt.problem)
			}
		})
	}
}
