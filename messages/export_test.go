package messages_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/mailconnector/mailconnector/messages"
)

// exported maps the file names of a record's mails to their content.
func (h *harness) exported() (map[string]string, error) {
	files := make(map[string]string)
	n, err := h.Export(h.t.Context(), nora, func(m messages.ExportedMail, r io.Reader) error {
		content, err := io.ReadAll(r)
		if int64(len(content)) != m.Size {
			h.t.Errorf("%s has %d bytes, said %d", m.FileName(), len(content), m.Size)
		}
		files[m.FileName()] = string(content)
		return err
	})
	if err == nil && n != len(files) {
		h.t.Errorf("%d mails in %d files", n, len(files))
	}
	return files, err
}

func TestExport(t *testing.T) {
	onBoth(t, func(t *testing.T, h *harness) {
		one, two := letter{bcc: "secret@acme.example"}, letter{id: "<two@x>", date: "Sat, 21 Nov 2026 10:00:00 +0100", files: []file{pdf("2")}}
		first, second := h.archive(ann, one, nora), h.archive(bob, two, nora, acme)
		elsewhere, gone := h.archive(ann, letter{id: "<three@x>"}, acme), h.archive(ann, letter{id: "<four@x>"}, nora)
		if err := h.Unlink(t.Context(), ann, gone.Message.ID, nora); err != nil {
			t.Fatal(err)
		}
		files, err := h.exported()
		want := map[string]string{
			"20261120-090000-" + first.Message.ID + ".eml":  string(one.bytes()),
			"20261121-090000-" + second.Message.ID + ".eml": string(two.bytes()),
		}
		if diff := cmp.Diff(want, files); err != nil || diff != "" {
			t.Errorf("Export: %v (-want +got):\n%s", err, diff)
		}
		if elsewhere.Message.ID == "" {
			t.Error("the mail of another record was not archived")
		}
	})
}

func TestExportOfAMailWithoutBytes(t *testing.T) {
	onBoth(t, func(t *testing.T, h *harness) {
		if _, err := h.sendDraft(ann, draft(), nil, nora); err != nil {
			t.Fatal(err)
		}
		files, err := h.exported()
		for name, content := range files {
			if !strings.HasSuffix(name, ".json") || !strings.Contains(content, "Our offer") {
				t.Errorf("%s: %s", name, content)
			}
		}
		if err != nil || len(files) != 1 {
			t.Errorf("Export = %d files, %v", len(files), err)
		}
		h.archive(ann, letter{}, nora) // now there are bytes
		if files, err = h.exported(); err != nil || len(files) != 1 {
			t.Fatalf("Export = %d files, %v", len(files), err)
		}
		for name := range files {
			if !strings.HasSuffix(name, ".eml") {
				t.Errorf("with exact bytes the file is %s", name)
			}
		}
	})
}

func TestVerify(t *testing.T) {
	onBoth(t, func(t *testing.T, h *harness) {
		receipt := h.archive(ann, letter{files: []file{pdf("x")}}, nora)
		r, err := h.Verify(t.Context())
		if err != nil || !r.Holds() || r.Copies != 1 || r.Parts != 2 || r.Bytes == 0 {
			t.Fatalf("an untouched archive: %+v, %v", r, err)
		}
		for key, content := range h.content.content {
			h.content.content[key] = bytes.Replace(content, []byte("Please"), []byte("Pleaze"), 1)
		}
		r, err = h.Verify(t.Context())
		if err != nil || r.Holds() || r.Failed != 2 || r.Faults[0].Message != receipt.Message.ID || r.Faults[1].Part != 1 {
			t.Errorf("an altered mail: %+v, %v, want the mail and its text named", r, err)
		}
		if _, err := h.exported(); !errors.Is(err, messages.ErrCorrupt) {
			t.Errorf("Export of an altered mail = %v", err)
		}
		clear(h.content.content)
		if r, err = h.Verify(t.Context()); err != nil || r.Failed != 3 {
			t.Errorf("a lost mail: %+v, %v, want the mail and two parts named", r, err)
		}
		if _, err := h.db.ExecContext(t.Context(), "DELETE FROM mc_renditions"); err != nil {
			t.Fatal(err)
		}
		if r, err = h.Verify(t.Context()); err != nil || r.Failed != 1 || !strings.Contains(r.Faults[0].Detail, "event") {
			t.Errorf("a copy that was taken out: %+v, %v", r, err)
		}
	})
}

func TestACopyThatNoEventRecords(t *testing.T) {
	onBoth(t, func(t *testing.T, h *harness) {
		h.archive(ann, letter{}, nora)
		if _, err := h.db.ExecContext(t.Context(), "DELETE FROM mc_events"); err != nil {
			t.Fatal(err)
		}
		if r, err := h.Verify(t.Context()); err != nil || r.Holds() || !strings.Contains(r.Faults[0].Detail, "no event") {
			t.Errorf("Verify = %+v, %v", r, err)
		}
	})
}

func TestWriteMbox(t *testing.T) {
	date := time.Date(2026, 11, 5, 9, 0, 0, 0, time.UTC)
	for name, test := range map[string]struct{ from, mail, want string }{
		"a mail":                      {"a@x", "S: x\r\n\r\nHi\r\n", "From a@x Thu Nov  5 09:00:00 2026\nS: x\r\n\r\nHi\r\n\n"},
		"lines that look like it":     {"a@x", "From me\n>From you\n>>From all\nFrom\nfrom x\n", "From a@x Thu Nov  5 09:00:00 2026\n>From me\n>>From you\n>>>From all\nFrom\nfrom x\n\n"},
		"no sender, and no line end":  {"", "x", "From MAILER-DAEMON Thu Nov  5 09:00:00 2026\nx\n\n"},
		"a sender of two lines":       {"a\r\nFrom b@x", "x\n", "From aFromb@x Thu Nov  5 09:00:00 2026\nx\n\n"},
		"the words in a line's midst": {"a@x", strings.Repeat("y", 4096) + "From me\n", "From a@x Thu Nov  5 09:00:00 2026\n" + strings.Repeat("y", 4096) + "From me\n\n"},
	} {
		var b strings.Builder
		if err := messages.WriteMbox(&b, test.from, date, strings.NewReader(test.mail)); err != nil || b.String() != test.want {
			t.Errorf("%s: %q, %v", name, b.String(), err)
		}
	}
}

func ExampleWriteMbox() {
	mail := "Subject: Hello\n\nFrom here on it is quoted.\n"
	if err := messages.WriteMbox(os.Stdout, "nora@acme.example", time.Date(2026, 11, 20, 9, 0, 0, 0, time.UTC), strings.NewReader(mail)); err != nil {
		fmt.Println(err)
	}
	// Output:
	// From nora@acme.example Fri Nov 20 09:00:00 2026
	// Subject: Hello
	//
	// >From here on it is quoted.
}
