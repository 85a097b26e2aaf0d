package messages_test

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"testing"

	"github.com/mailconnector/mailconnector/internal/dbtest"
	"github.com/mailconnector/mailconnector/messages"
	"github.com/mailconnector/mailconnector/messages/mail"
	"github.com/mailconnector/mailconnector/permissions"
)

// TestCorpus archives real mails and reads them back: every byte of the mail, every byte of every part by its hash, and
// a body that is harmless. One in twenty is taken, and all with MAILCONNECTOR_CORPUS_STEP=1.
func TestCorpus(t *testing.T) {
	step, err := strconv.Atoi(cmp.Or(os.Getenv("MAILCONNECTOR_CORPUS_STEP"), "20"))
	if err != nil || step < 1 {
		t.Fatal("MAILCONNECTOR_CORPUS_STEP is no number from 1 on")
	}
	files := filepath.Join(cmp.Or(os.Getenv("MAILCONNECTOR_SHARED"), filepath.Join("..", "..", "shared")), "mail-corpus", "files")
	if _, err := os.Stat(files); err != nil {
		t.Skip("no mail corpus here; MAILCONNECTOR_SHARED names the folder that has it")
	}
	h := newHarness(t, dbtest.SQLite(t))
	seen := 0
	err = filepath.WalkDir(files, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		if seen++; seen%step == 0 {
			content, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			h.roundTrip(path, content)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%d files, %d archived, %d messages", seen, seen/step, h.count("mc_messages"))
}

func (h *harness) roundTrip(path string, content []byte) {
	h.t.Helper()
	receipt, err := h.Archive(h.t.Context(), ann, messages.Request{
		Source: messages.Raw(bytes.NewReader(content)), Links: []permissions.Record{nora},
	})
	if err != nil {
		h.t.Errorf("%s: Archive = %v", path, err)
		return
	}
	source, _, err := h.Source(h.t.Context(), ann, receipt.Message.ID)
	if err != nil {
		h.t.Errorf("%s: Source = %v", path, err)
		return
	}
	if read(h.t, source) != string(content) {
		h.t.Errorf("%s: the source is not what was archived", path)
	}
	h.checkParts(path, content, receipt)
	body, err := h.Body(h.t.Context(), bob, receipt.Message.ID, messages.BodyOptions{})
	if err != nil {
		h.t.Errorf("%s: Body = %v", path, err)
		return
	}
	_, inner, _ := bytes.Cut([]byte(body.HTML), []byte("<body>"))
	inner, _ = bytes.CutSuffix(inner, []byte("</body></html>"))
	if bad := dangers(string(inner)); len(bad) > 0 {
		h.t.Errorf("%s: shows %.300q", path, bad)
	}
}

// checkParts also wants every attachment that was sent among the parts of the message, another copy of it included.
func (h *harness) checkParts(path string, content []byte, receipt messages.Receipt) {
	h.t.Helper()
	m, err := h.Message(h.t.Context(), ann, receipt.Message.ID)
	if err != nil {
		h.t.Errorf("%s: Message = %v", path, err)
		return
	}
	have := make(map[[32]byte]bool)
	for _, p := range m.Parts {
		part, info, err := h.Part(h.t.Context(), ann, m.ID, p.Number)
		if err != nil {
			h.t.Errorf("%s: part %d = %v", path, p.Number, err)
			continue
		}
		have[p.SHA256] = true
		got := read(h.t, part)
		if sha256.Sum256([]byte(got)) != p.SHA256 || int64(len(got)) != p.Size || info.Size != p.Size {
			h.t.Errorf("%s: part %d has %d bytes that are not those announced", path, p.Number, len(got))
		}
	}
	sent, err := mail.Parse(bytes.NewReader(content), mail.Limits{})
	if err != nil || m.Completeness == messages.Partial || slices.ContainsFunc(sent.Problems, func(p mail.Problem) bool {
		return p.Code == mail.ProblemEncodingCut || p.Code == mail.ProblemUnclosed
	}) {
		return // where something is cut off, the whole of it shows
	}
	for _, p := range sent.Parts {
		if p.Role == mail.RoleAttachment && p.ContentType != "message/rfc822" && !have[p.SHA256] {
			h.t.Errorf("%s: attachment %q is not among the parts of message %s", path, p.Name, m.ID)
		}
	}
}
