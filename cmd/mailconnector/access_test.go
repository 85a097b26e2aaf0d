package main

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

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
