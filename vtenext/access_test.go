package vtenext_test

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"database/sql"
	"io"
	"log/slog"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/mailconnector/mailconnector/vtenext"
)

const (
	organisationA = "organisation-a"
	organisationB = "organisation-b"
)

// permissionsOf returns the checker of a CRM in a database.
func permissionsOf(t testing.TB, db *sql.DB, change ...func(*vtenext.Config)) *vtenext.Permissions {
	t.Helper()
	c := vtenext.Config{DB: db, Logger: slog.New(slog.NewTextHandler(t.Output(), nil))}
	for _, f := range change {
		f(&c)
	}
	crm, err := vtenext.New(c)
	if err != nil {
		t.Fatal(err)
	}
	return vtenext.NewPermissions(crm)
}

// truth returns the lines of a file of what the real CRM answered.
func truth(t testing.TB, parts ...string) []string {
	t.Helper()
	name := sharedPath(append([]string{"vtenext"}, parts...)...)
	f, err := os.Open(name)
	if os.IsNotExist(err) {
		t.Skipf("the reference data is not here: %v", err)
	}
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	var r io.Reader = f
	if strings.HasSuffix(name, ".gz") {
		if r, err = gzip.NewReader(f); err != nil {
			t.Fatal(err)
		}
	}
	return lines(t, r)
}

func lines(t testing.TB, r io.Reader) []string {
	t.Helper()
	var list []string
	scanner := bufio.NewScanner(r)
	for scanner.Scan() {
		list = append(list, scanner.Text())
	}
	if err := scanner.Err(); err != nil {
		t.Fatal(err)
	}
	return list
}

// compare reports the first lines that differ, and counts all.
func compare(t *testing.T, got, want []string) {
	t.Helper()
	differ := max(len(got), len(want)) - min(len(got), len(want))
	for i := range min(len(got), len(want)) {
		if got[i] == want[i] {
			continue
		}
		if differ++; differ <= 20 {
			t.Errorf("line %d:\n got %s\nwant %s", i+1, got[i], want[i])
		}
	}
	t.Logf("%d lines compared, %d differ", len(want), differ)
	if len(want) == 0 || differ > 0 {
		t.Errorf("got %d lines, want %d; %d differ", len(got), len(want), differ)
	}
}

// written returns the lines that a function writes.
func written(t testing.TB, write func(io.Writer) error) []string {
	t.Helper()
	var out bytes.Buffer
	if err := write(&out); err != nil {
		t.Fatal(err)
	}
	return lines(t, &out)
}

func TestDecisionsAreThoseOfTheRealCRM(t *testing.T) {
	p := permissionsOf(t, organisation(t, organisationA))
	t.Run("about every record", func(t *testing.T) {
		begun := time.Now()
		got := written(t, func(w io.Writer) error { return p.WriteAccess(t.Context(), w, vtenext.AccessOptions{}) })
		t.Logf("written in %v", time.Since(begun))
		compare(t, got, truth(t, "truth-a", "permitted.tsv.gz"))
	})
	t.Run("about every entity type", func(t *testing.T) {
		got := written(t, func(w io.Writer) error { return p.WriteTypes(t.Context(), w, vtenext.AccessOptions{}) })
		compare(t, got, truth(t, "truth-a", "modules.tsv"))
	})
	t.Run("about every field", func(t *testing.T) {
		got := written(t, func(w io.Writer) error { return p.WriteFields(t.Context(), w, vtenext.AccessOptions{}) })
		compare(t, got, truth(t, "truth-a", "fields.tsv.gz"))
	})
}

// messageDefaults are the settings of Messages that were asked about.
var messageDefaults = []string{"3", "8", "0"}

func shareMessages(t *testing.T, db *sql.DB, setting string) {
	t.Helper()
	exec(t, db, `UPDATE vte_def_org_share SET permission = ? WHERE tabid = (SELECT tabid FROM vte_tab WHERE name = 'Messages')`,
		setting)
}

func TestDecisionsAboutMessagesAreThoseOfTheRealCRM(t *testing.T) {
	db := organisation(t, "organisation-a-messages")
	for _, setting := range messageDefaults {
		t.Run("default "+setting, func(t *testing.T) {
			shareMessages(t, db, setting)
			p := permissionsOf(t, db)
			want := ofSetting(truth(t, "truth-a-messages", "msg_permitted.tsv.gz"), setting)
			got := written(t, func(w io.Writer) error {
				return p.WriteMessages(t.Context(), w, vtenext.AccessOptions{Users: usersIn(want)})
			})
			slices.Sort(got)
			slices.Sort(want)
			compare(t, got, want)
		})
	}
	t.Run("tabs", func(t *testing.T) { testTabs(t, db) })
}

// ofSetting returns the lines of one setting without it.
func ofSetting(lines []string, setting string) []string {
	var list []string
	for _, line := range lines {
		if rest, ok := strings.CutPrefix(line, setting+"\t"); ok {
			list = append(list, rest)
		}
	}
	return list
}

// usersIn returns the users of the first column, each once.
func usersIn(lines []string) []string {
	var users []string
	for _, line := range lines {
		user, _, _ := strings.Cut(line, "\t")
		if !slices.Contains(users, user) {
			users = append(users, user)
		}
	}
	return users
}

// testTabs compares the Messages tabs of records.
func testTabs(t *testing.T, db *sql.DB) {
	for _, setting := range messageDefaults {
		t.Run("default "+setting, func(t *testing.T) {
			shareMessages(t, db, setting)
			p := permissionsOf(t, db)
			var got []string
			want := ofSetting(truth(t, "truth-a-messages", "msg_relatedtab.tsv.gz"), setting)
			for _, line := range want {
				f := strings.Split(line, "\t")
				ids, err := p.Tab(t.Context(), f[0], f[2])
				if err != nil {
					t.Fatal(err)
				}
				slices.Sort(ids)
				f[4] = strings.Join(ids, ",")
				got = append(got, strings.Join(f, "\t"))
			}
			compare(t, got, want)
		})
	}
}
