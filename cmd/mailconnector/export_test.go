package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
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

func exportsDecisions(t *testing.T, b *beside) {
	truth := string(shared(t, "vtenext", "truth-a", "permitted.tsv.gz"))
	got := must(t, "", "access", "export", "--format", "tsv")
	if got != truth {
		t.Errorf("the export of %d bytes differs from the CRM's own answers of %d:\n%s", len(got), len(truth), cmp.Diff(truth, got))
	}
	_, first, _ := strings.Cut(got, "\n")
	user, _, _ := strings.Cut(first, "\t")
	if one := must(t, "", "access", "export", "--users", user, "--modules", "Accounts"); one == "" || len(one) >= len(got) {
		t.Errorf("the export of one user and module has %d bytes of %d", len(one), len(got))
	}
}

func explainsDecision(t *testing.T, b *beside) {
	id := text(t, b.db, "SELECT MIN(crmid) FROM vte_crmentity WHERE setype = 'Accounts' AND deleted = 0")
	wantLines(t, must(t, "", "access", "explain", "--user", "user7", "--module", "Accounts", "--record", id), `^view +allowed `)
	wantFailure(t, "nobody-here", "access", "explain", "--user", "nobody-here", "--module", "Accounts")
}
