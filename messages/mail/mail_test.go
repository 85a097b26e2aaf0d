package mail_test

import (
	"bytes"
	"crypto/sha256"
	"io"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/mailconnector/mailconnector/messages/mail"
)

func parse(t testing.TB, raw string) *mail.Message {
	t.Helper()
	m, err := mail.Parse(strings.NewReader(raw), mail.Limits{})
	if err != nil {
		t.Fatalf("Parse: %v", err)
	}
	return m
}

func hasProblem(m *mail.Message, code string) bool {
	return slices.ContainsFunc(m.Problems, func(p mail.Problem) bool { return p.Code == code })
}

// checkInvariants checks what holds for every mail whatever is in it.
func checkInvariants(t testing.TB, raw []byte, m *mail.Message, l mail.Limits) {
	t.Helper()
	if m.Size != int64(len(raw)) || m.SHA256 != sha256.Sum256(raw) {
		t.Errorf("size %d or hash of the mail is wrong; it has %d bytes", m.Size, len(raw))
	}
	if len(m.Parts) == 0 {
		t.Error("a mail has at least one part")
	}
	if limit := orDefault(l.Parts, 5000); len(m.Parts) > limit+1 {
		t.Errorf("%d parts, want at most %d and the rest", len(m.Parts), limit)
	}
	if limit := orDefault(int(l.Text), 8<<20); len(m.Text) > limit || len(m.HTML) > limit {
		t.Errorf("text of %d, HTML of %d bytes, want at most %d", len(m.Text), len(m.HTML), limit)
	}
	if len(m.Problems) > 100 || len(m.References) > 100 {
		t.Errorf("%d problems, %d references, want at most 100", len(m.Problems), len(m.References))
	}
	checkParts(t, raw, m.Parts)
	checkStrings(t, m)
}

func orDefault(n, otherwise int) int {
	if n <= 0 {
		return otherwise
	}
	return n
}

// checkParts checks that parts lie in order within the mail, and that what they say of their bytes is what Decode gives.
func checkParts(t testing.TB, raw []byte, parts []mail.Part) {
	t.Helper()
	end := int64(0)
	for i, p := range parts {
		if p.Number != i+1 || p.Path == "" || p.Role == "" {
			t.Fatalf("part %d has number %d, path %q, role %q", i+1, p.Number, p.Path, p.Role)
		}
		if p.Offset < end || p.Length < 0 || p.Offset+p.Length > int64(len(raw)) {
			t.Fatalf("part %d is at %d, %d bytes long; the one before ends at %d, the mail has %d", p.Number, p.Offset, p.Length, end, len(raw))
		}
		end = p.Offset + p.Length
		plain := decoded(t, raw, p)
		if int64(len(plain)) != p.Size || sha256.Sum256(plain) != p.SHA256 {
			t.Fatalf("part %d (%s) decodes to %d other bytes than the %d hashed", p.Number, p.Encoding, len(plain), p.Size)
		}
	}
}

// decoded reads a part as it would be served: from its place in the raw mail.
func decoded(t testing.TB, raw []byte, p mail.Part) []byte {
	t.Helper()
	section := io.NewSectionReader(bytes.NewReader(raw), p.Offset, p.Length)
	plain, err := io.ReadAll(mail.Decode(p.Encoding, section))
	if err != nil {
		t.Fatalf("decode part %d: %v", p.Number, err)
	}
	return plain
}

// checkStrings checks that every string of a message fits into any database.
func checkStrings(t testing.TB, m *mail.Message) {
	t.Helper()
	all := []string{m.MessageID, m.ThreadIndex, m.Subject, m.RawDate, m.Text, m.HTML}
	all = append(append(all, m.InReplyTo...), m.References...)
	for _, list := range [][]mail.Address{m.From, m.Sender, m.ReplyTo, m.To, m.Cc, m.Bcc} {
		for _, a := range list {
			all = append(all, a.Name, a.Address, a.Raw)
		}
	}
	for _, p := range m.Parts {
		all = append(all, p.ContentType, p.Charset, p.Disposition, p.ContentID, p.Name, p.Encoding)
	}
	for _, p := range m.Problems {
		all = append(all, p.Code, p.Detail)
	}
	for _, s := range all {
		if !utf8.ValidString(s) || strings.Contains(s, "\x00") {
			t.Fatalf("%.100q is not valid UTF-8 without NUL", s)
		}
	}
}

// checkCuts checks that it does not matter in which pieces the reader hands over the mail.
func checkCuts(t testing.TB, raw []byte, l mail.Limits, want *mail.Message) {
	t.Helper()
	for name, r := range map[string]io.Reader{
		"half":      iotest.HalfReader(bytes.NewReader(raw)),
		"with data": iotest.DataErrReader(bytes.NewReader(raw)),
		"bytewise":  iotest.OneByteReader(bytes.NewReader(raw)),
	} {
		if name == "bytewise" && len(raw) > 1<<16 {
			continue
		}
		got, err := mail.Parse(r, l)
		if err != nil {
			t.Fatalf("read by %s: %v", name, err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatalf("read by %s the mail differs (-whole +cut):\n%s", name, diff)
		}
	}
}
