package mail_test

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/mailconnector/mailconnector/messages/mail"
)

var update = flag.Bool("update", false, "rewrite the golden files in testdata")

// golden is a message as testdata/*.json shows it: hashes in hexadecimal, and the beginning of each part's decoded bytes instead of
// its place, so that a person can tell whether it is right.
type golden struct {
	MessageID  string                    `json:"message_id,omitempty"`
	InReplyTo  []string                  `json:"in_reply_to,omitempty"`
	References []string                  `json:"references,omitempty"`
	Thread     string                    `json:"thread_index,omitempty"`
	Subject    string                    `json:"subject,omitempty"`
	Date       string                    `json:"date,omitempty"`
	RawDate    string                    `json:"raw_date,omitempty"`
	Addresses  map[string][]mail.Address `json:"addresses,omitempty"`
	Text       string                    `json:"text,omitempty"`
	HTML       string                    `json:"html,omitempty"`
	Parts      []goldenPart              `json:"parts"`
	Problems   []mail.Problem            `json:"problems,omitempty"`
}

type goldenPart struct {
	Path        string    `json:"path"`
	Role        mail.Role `json:"role"`
	Type        string    `json:"type"`
	Charset     string    `json:"charset,omitempty"`
	Disposition string    `json:"disposition,omitempty"`
	ContentID   string    `json:"content_id,omitempty"`
	Name        string    `json:"name,omitempty"`
	Encoding    string    `json:"encoding,omitempty"`
	Decoded     string    `json:"decoded"` // bytes that are not UTF-8 as \xNN
	SHA256      string    `json:"sha256"`
}

func goldenOf(t *testing.T, raw []byte, m *mail.Message) golden {
	g := golden{
		MessageID: m.MessageID, InReplyTo: m.InReplyTo, References: m.References, Thread: m.ThreadIndex,
		Subject: m.Subject, RawDate: m.RawDate, Text: m.Text, HTML: m.HTML, Problems: m.Problems,
		Addresses: map[string][]mail.Address{},
	}
	if !m.Date.IsZero() {
		g.Date = m.Date.Format(time.RFC3339)
	}
	for name, list := range map[string][]mail.Address{
		"from": m.From, "sender": m.Sender, "reply-to": m.ReplyTo, "to": m.To, "cc": m.Cc, "bcc": m.Bcc,
	} {
		if len(list) > 0 {
			g.Addresses[name] = list
		}
	}
	for _, p := range m.Parts {
		g.Parts = append(g.Parts, goldenPart{
			Path: p.Path, Role: p.Role, Type: p.ContentType, Charset: p.Charset, Disposition: p.Disposition,
			ContentID: p.ContentID, Name: p.Name, Encoding: p.Encoding,
			Decoded: printable(decoded(t, raw, p)), SHA256: hex.EncodeToString(p.SHA256[:]),
		})
	}
	return g
}

// printable shows the beginning of some bytes so that JSON tells them apart.
func printable(b []byte) string {
	var out strings.Builder
	for b = b[:min(len(b), 60)]; len(b) > 0; {
		r, n := utf8.DecodeRune(b)
		if r == utf8.RuneError && n == 1 {
			fmt.Fprintf(&out, `\x%02x`, b[0])
		} else {
			out.WriteRune(r)
		}
		b = b[n:]
	}
	return out.String()
}

// TestTorture compares each mail of testdata, one defect each, with its golden file.
func TestTorture(t *testing.T) {
	files, err := filepath.Glob(filepath.Join("testdata", "*.eml"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no mails in testdata: %v", err)
	}
	for _, file := range files {
		name := strings.TrimSuffix(filepath.Base(file), ".eml")
		t.Run(name, func(t *testing.T) {
			raw, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			m := parse(t, string(raw))
			checkInvariants(t, raw, m, mail.Limits{})
			checkCuts(t, raw, mail.Limits{}, m)
			compareGolden(t, strings.TrimSuffix(file, ".eml")+".json", goldenOf(t, raw, m))
		})
	}
}

func compareGolden(t *testing.T, file string, got golden) {
	t.Helper()
	var out bytes.Buffer
	enc := json.NewEncoder(&out)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(got); err != nil {
		t.Fatal(err)
	}
	if *update {
		if err := os.WriteFile(file, out.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatalf("%v; run go test -update", err)
	}
	if diff := cmp.Diff(string(want), out.String()); diff != "" {
		t.Errorf("%s (-want +got):\n%s", file, diff)
	}
}
