package vtenext_test

import (
	"bytes"
	"context"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/mailconnector/mailconnector/messages"
	"github.com/mailconnector/mailconnector/vtenext"
)

func namesOfFiles(t *testing.T, a *archive) {
	for name, want := range map[string]string{
		"report 1.pdf": "report_1.pdf", "a:b.txt": "ab.txt", "page.HTML": "page.HTML.txt", "run.sh": "run.sh.txt", "x.php.jpg": "x.php.jpg.txt",
		"no extension": "no_extension", strings.Repeat("x", 251) + ".pdf": strings.Repeat("x", 236) + ".pdf", "😀.pdf": "_.pdf",
	} {
		m := letter("7", a.record(t, "Contacts", 0))
		m.MessageID, m.Attachments = "<"+name+"@x>", []messages.Attachment{attached(2, name, "text/plain", "x")}
		filed := a.file(t, m)
		if got := text(t, a.db, "SELECT filename FROM vte_notes WHERE notesid = ?", filed.Documents[0].Document); got != want {
			t.Errorf("%q is filed as %q, want %q", name, got, want)
		}
	}
}

func discards(t *testing.T, a *archive) {
	m := letter("7", a.record(t, "Contacts", 0))
	m.Attachments = []messages.Attachment{attached(2, "gone.pdf", "application/pdf", "gone")}
	plan := a.prepare(t, m)
	if len(plan.Files) != 1 || a.listFiles(t)[plan.Files[0]] != "gone" {
		t.Fatalf("files %v", plan.Files)
	}
	for range 2 {
		if err := a.Discard(t.Context(), plan.Files[0]); err != nil {
			t.Error(err)
		}
	}
	if _, there := a.listFiles(t)[plan.Files[0]]; there {
		t.Error("the file is still there")
	}
	for _, path := range []string{
		"", "storage", "storage/2026/November/week3/index.html", "storage/2026/November/week3/../../../1_x", "/etc/passwd",
		"storage/../config.inc.php", "storage/2026/November/week3/22_a/b", `storage/2026/November/week3/x`,
	} {
		if err := a.Discard(t.Context(), path); err == nil {
			t.Errorf("%q is discarded", path)
		}
	}
}

func noStorage(t *testing.T, a *archive) {
	bare := archiveOn(t, a.db, vtenext.Config{})
	if err := os.RemoveAll(filepath.Join(bare.files, "storage")); err != nil {
		t.Fatal(err)
	}
	m := letter("7", a.record(t, "Contacts", 0))
	m.MessageID = "<bare@acme.example>"
	bare.file(t, m) // without attachments there is nothing to store
	m.Attachments = []messages.Attachment{attached(2, "a.pdf", "application/pdf", "a")}
	if _, err := bare.Prepare(t.Context(), m, &announced{archive: bare}); err == nil {
		t.Error("an attachment is filed without a storage")
	}
}

func differingBytes(t *testing.T, a *archive) {
	m := letter("7", a.record(t, "Contacts", 0))
	m.Attachments = []messages.Attachment{attached(2, "a.pdf", "application/pdf", "announced")}
	m.Attachments[0].Open = func(context.Context) (io.ReadCloser, error) {
		return io.NopCloser(bytes.NewReader([]byte("Announced"))), nil
	}
	if _, err := a.Prepare(t.Context(), m, &announced{archive: a}); err == nil {
		t.Error("other bytes are filed")
	}
}
