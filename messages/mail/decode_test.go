package mail_test

import (
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/mailconnector/mailconnector/messages/mail"
)

func TestDecode(t *testing.T) {
	tests := []struct{ name, encoding, body, want string }{
		{"base64 in lines", "base64", "SGVs\r\nbG8g\r\nV29y\r\nbGQ=\r\n", "Hello World"},
		{"base64 in one line", "BASE64", "SGVsbG8gV29ybGQ=", "Hello World"},
		{"base64 with its quotes and a comment", `"base64" (really)`, "SGk=", "Hi"},
		{"base64 without padding", "base64", "SGVsbG8", "Hello"},
		{"base64 cut after one character of a group", "base64", "SGVsb", "Hel"},
		{"base64 with foreign bytes", "base64", "S!G\xffV*s\x00b\nG 8=", "Hello"},
		{"base64 with a lone character before padding", "base64", "SGVsb===", "Hel"},
		{"base64 joined after padding", "base64", "SGVsbG8=\nIFdv\ncmxk", "Hello World"},
		{"base64 joined on one line", "base64", "SGVsbG8=IFdvcmxk", "Hello World"},
		{"base64 with a footer after padding", "base64", "SGVsbG8=\n-- \nSent by a list, with Love\n", "Hello"},
		{"base64 with a long line after padding", "base64", "SGk=\n" + strings.Repeat("AAAA", 251), "Hi"},
		{"quoted-printable", "quoted-printable", "a=3Db =C3=A9=c3=a9", "a=b éé"},
		{"quoted-printable with soft line ends", "quoted-printable", "one=\r\n two=\n three= \t\r\n four=", "one two three four"},
		{"quoted-printable with white space at line ends", "quoted-printable", "one \t\r\ntwo\t\nthree ", "one\r\ntwo\nthree"},
		{"quoted-printable with invalid escapes", "quoted-printable", "=XY =4 =\rx ==41 100%=", "=XY =4 =\rx =A 100%"},
		{"quoted-printable with an escape cut in two", "quoted-printable", "a=4", "a=4"},
		{"uuencode", "x-uuencode", "begin 644 cat.txt\r\n$0V%T<P``\r\n`\r\nend\r\n", "Cats"},
		{"uuencode with text around it", "uuencode", "Cats:\nbegin 644 a\n#0V%T\nend\nM is a letter\n", "Cat"},
		{"uuencode without its end", "x-uue", "begin 644 a\n#0V%T\n#0V%T", "CatCat"},
		{"uuencode with the blanks at line ends cut", "uue", "begin 644 a\n#0V$\n$0V%T\nend\n", "CaCat"},
		{"uuencode without its beginning", "uuencode", "#0V%T\nend\n", ""},
		{"8bit", "8bit", "=41 \xff\r\n", "=41 \xff\r\n"},
		{"no encoding", "", "SGk=", "SGk="},
		{"an encoding we do not know", "x-gzip64", "begin 644 a\n", "begin 644 a\n"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			for _, body := range []io.Reader{strings.NewReader(tt.body), iotest.OneByteReader(strings.NewReader(tt.body))} {
				if got, err := io.ReadAll(mail.Decode(tt.encoding, body)); err != nil || string(got) != tt.want {
					t.Errorf("%q, %v, want %q", got, err, tt.want)
				}
			}
		})
	}
}
