package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func exportsMails(t *testing.T, b *beside) {
	mail, err := os.ReadFile(b.offer(t))
	if err != nil {
		t.Fatal(err)
	}
	record := []string{"--module", b.linked.Module, "--record", b.linked.Record}
	must(t, "", b.args("export", append(record, "--out", "mails")...)...)
	files, err := filepath.Glob("mails/*.eml")
	if err != nil || len(files) != 1 {
		t.Fatalf("exported %v, %v, want one mail", files, err)
	}
	if exported, err := os.ReadFile(files[0]); err != nil || !bytes.Equal(exported, mail) {
		t.Errorf("the exported mail has %d bytes of %d, %v", len(exported), len(mail), err)
	}
	if box := must(t, "", b.args("export", append(record, "--mbox", "-")...)...); !strings.HasPrefix(box, "From juergen.mueller@") {
		t.Errorf("the mailbox begins with %.60q", box)
	}
	wantLines(t, must(t, "", b.args("export", "--verify")...), `^1 copies of mails, \d+ parts, `)
	blobs, err := filepath.Glob("content/*/*")
	if err != nil || len(blobs) == 0 {
		t.Fatalf("kept %v, %v, want the bytes of the mail", blobs, err)
	}
	for _, blob := range blobs {
		if err := os.WriteFile(blob, []byte("not what it was"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	wantFailure(t, "not as it was", b.args("export", "--verify")...)
}
