package mail_test

import (
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"
	"testing/iotest"

	"github.com/mailconnector/mailconnector/messages/mail"
)

// FuzzParse parses any bytes: nothing is refused, what is said of the parts is true of their bytes, limits hold, and the way the
// reader cuts the mail does not matter.
func FuzzParse(f *testing.F) {
	files, err := filepath.Glob(filepath.Join("testdata", "*.eml"))
	if err != nil || len(files) == 0 {
		f.Fatalf("no seeds: %v", err)
	}
	for _, file := range files {
		raw, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(raw, false)
		f.Add(raw, true)
	}
	f.Fuzz(func(t *testing.T, raw []byte, tight bool) {
		limits := mail.Limits{}
		if tight {
			limits = mail.Limits{Size: int64(len(raw)), Header: 100, Depth: 2, Parts: 3, Text: 10}
		}
		m, err := mail.Parse(bytes.NewReader(raw), limits)
		if err != nil {
			t.Fatalf("Parse: %v", err)
		}
		checkInvariants(t, raw, m, limits)
		checkCuts(t, raw, limits, m)
		if len(raw) > 0 {
			var tooLarge *mail.TooLargeError
			if _, err := mail.Parse(bytes.NewReader(raw), mail.Limits{Size: int64(len(raw)) - 1}); len(raw) > 1 && !errors.As(err, &tooLarge) {
				t.Fatalf("one byte over the limit: %v, want a TooLargeError", err)
			}
		}
	})
}

// FuzzDecode decodes any bytes: nothing is refused, nothing grows, and the way the reader cuts the body does not matter.
func FuzzDecode(f *testing.F) {
	for _, encoding := range []string{"base64", "quoted-printable", "uuencode", "8bit", "x-unknown"} {
		f.Add(encoding, []byte("SGVsbG8=\r\nV29ybGQ=\r\n--\r\nList footer\r\n"))
		f.Add(encoding, []byte("begin 644 a\n#0V%T\r\n$0V%T<P\n`\nend\n"))
		f.Add(encoding, []byte("caf=C3=A9 =\r\n=3D=3d =Z =\t\n \t\r\n="))
	}
	f.Fuzz(func(t *testing.T, encoding string, body []byte) {
		whole, err := io.ReadAll(mail.Decode(encoding, bytes.NewReader(body)))
		if err != nil {
			t.Fatalf("Decode: %v", err)
		}
		if len(whole) > len(body) {
			t.Fatalf("%d bytes decode to %d", len(body), len(whole))
		}
		bytewise, err := io.ReadAll(mail.Decode(encoding, iotest.OneByteReader(bytes.NewReader(body))))
		if err != nil || !bytes.Equal(whole, bytewise) {
			t.Fatalf("whole %q, byte by byte %q, %v", whole, bytewise, err)
		}
	})
}
