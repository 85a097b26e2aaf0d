package demo_test

import (
	"cmp"
	"context"
	"database/sql"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/mailconnector/mailconnector/demo"
	"github.com/mailconnector/mailconnector/demo/crm"
	"github.com/mailconnector/mailconnector/internal/database"
	"github.com/mailconnector/mailconnector/internal/dbtest"
	"github.com/mailconnector/mailconnector/module/moduletest"
	"github.com/mailconnector/mailconnector/permissions/search"
)

// index looks at the search index of a demo from outside, while it is built or not.
type index struct {
	db      *sql.DB
	module  *database.DB
	service *search.Service // to ask how far the index has come; it never writes
	records int64           // of the CRM
}

// openIndex fills the CRM of a demo that never ran with the sample organisation and as many contacts as make up a number
// of records.
func openIndex(t *testing.T, c demo.Config, records int) *index {
	t.Helper()
	driver, dialect, dsn := "mysql", "mysql", c.DSN
	if dsn == "" {
		driver, dialect, dsn = "sqlite", "sqlite", dbtest.SQLiteDSN(filepath.Join(c.DataDir, "crm.db"))
	}
	db, err := sql.Open(driver, dsn)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	in := &index{db: db, records: int64(records)}
	if in.module, err = database.New(db, database.Options{}); err != nil {
		t.Fatal(err)
	}
	host, err := crm.New(crm.Config{DB: db, Dialect: dialect, Storage: filepath.Join(c.DataDir, "storage")})
	if err != nil {
		t.Fatal(err)
	}
	if in.service, err = search.New(search.Config{DB: in.module, Source: host, Permissions: host}); err != nil {
		t.Fatal(err)
	}
	if err := host.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := host.Seed(t.Context()); err != nil {
		t.Fatal(err)
	}
	in.fill(t, records)
	return in
}

// fill writes contacts of four owners, all in one company.
func (in *index) fill(t *testing.T, records int) {
	t.Helper()
	var seeded int
	var company, now int64
	in.row(t, "SELECT COUNT(*), MIN(CASE WHEN entity_type = 'Accounts' THEN id END), MAX(modified) FROM crm_records", &seeded, &company, &now)
	first := []string{"Anna", "Björn", "Chiara", "Dmitrij", "Émile", "Friederike", "Giulia"}
	last := []string{"Rossi", "Müller", "Ångström", "De Luca", "Świątek", "O'Neill", "Straßer", "Öztürk", "Novák"}
	numbers := make([]int, records-seeded)
	for i := range numbers {
		numbers[i] = i
	}
	for part := range slices.Chunk(numbers, 500) {
		var args []any
		for _, i := range part {
			number := fmt.Sprintf("CON9%06d", i)
			values, err := json.Marshal(map[string]string{
				"contact_no": number, "firstname": first[i%len(first)], "lastname": fmt.Sprintf("%s N%d", last[i%len(last)], i),
				"email": fmt.Sprintf("person.%d@filled.example", i), "phone": fmt.Sprintf("+49 171 %07d", i*7919), "title": "Buyer",
			})
			if err != nil {
				t.Fatal(err)
			}
			modified := now - int64(i/3)*1_000_000 // three at the same moment
			args = append(args, 1_000_000+i, number, fmt.Sprintf("u%d", 1+i%4), company, string(values), modified)
		}
		in.exec(t, `INSERT INTO crm_records (id, entity_type, number, owner, account_id, field_values, modified, contact_id,
			successor_id, deleted, revision) VALUES `+strings.Repeat("(?, 'Contacts', ?, ?, ?, ?, ?, 0, 0, 0, 1), ", len(part)-1)+
			"(?, 'Contacts', ?, ?, ?, ?, ?, 0, 0, 0, 1)", args...)
	}
}

func (in *index) exec(t *testing.T, query string, args ...any) {
	t.Helper()
	if _, err := in.db.ExecContext(t.Context(), query, args...); err != nil {
		t.Fatal(err)
	}
}

func (in *index) row(t *testing.T, query string, into ...any) {
	t.Helper()
	if err := in.db.QueryRowContext(t.Context(), query).Scan(into...); err != nil {
		t.Fatalf("%s: %v", query, err)
	}
}

// status is what "index status" prints. Before the tables are there, it is that of no index.
func (in *index) status(t *testing.T) search.IndexStatus {
	t.Helper()
	status, err := in.service.Status(t.Context())
	if err != nil && !lacksTable(err) {
		t.Fatal(err)
	}
	return status
}

func lacksTable(err error) bool {
	return strings.Contains(err.Error(), "no such table") || strings.Contains(err.Error(), "doesn't exist")
}

// waitFor waits until something is so.
func waitFor(t *testing.T, what string, so func() bool) {
	t.Helper()
	for end := time.Now().Add(time.Minute); !so(); time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("waited in vain until %s", what)
		}
	}
}

// wait waits until the index has so many records.
func (in *index) wait(t *testing.T, records int64) {
	t.Helper()
	waitFor(t, fmt.Sprintf("the index has %d records", records), func() bool { return in.status(t).Records >= records })
}

// waitBuilt waits until the index is built.
func (in *index) waitBuilt(t *testing.T) {
	t.Helper()
	waitFor(t, "the index is built", func() bool { return in.status(t).Built })
}

// endLease puts the clock forward until the lease of whoever wrote the index last has run out.
func (in *index) endLease(t *testing.T) {
	t.Helper()
	_, err := in.db.ExecContext(t.Context(), "UPDATE mc_leases SET expires = 0 WHERE name = 'search-refresh'")
	if err != nil && !lacksTable(err) {
		t.Fatal(err)
	}
}

// forget makes the index one that was never begun.
func (in *index) forget(t *testing.T) {
	t.Helper()
	for _, table := range []string{"names", "docs", "terms", "parents", "suffixes"} {
		in.exec(t, "DELETE FROM mc_search_"+table)
	}
	in.exec(t, "DELETE FROM mc_settings WHERE name = 'search.index'")
}

// content is all that an index says, with names in the place of the numbers that each build chooses.
type content struct {
	Docs []string // in the order of the index
	Rows []string // of the other tables, sorted
	Keys []dbtest.Table
}

// content reads the index.
func (in *index) content(t *testing.T) content {
	t.Helper()
	names := map[int64]string{}
	in.each(t, "SELECT id, kind, name FROM mc_search_names", func(row []any) {
		names[number(row[0])] = fmt.Sprintf("%s %s", row[1], row[2])
	})
	var c content
	docs := map[int64]string{}
	in.each(t, "SELECT id, type, record, owner, checksum, modified, is_open, label, fingerprint, pairs FROM mc_search_docs ORDER BY id", func(row []any) {
		docs[number(row[0])] = fmt.Sprintf("%s %s", names[number(row[1])], row[2])
		c.Docs = append(c.Docs, fmt.Sprintf("%s of %s: %v %v %v %s %s %v", docs[number(row[0])], names[number(row[3])],
			number(row[4]), number(row[5]), number(row[6]), row[7], hex.EncodeToString(row[8].([]byte)), number(row[9])))
	})
	in.each(t, "SELECT doc, kind, term, field, owner, pairs FROM mc_search_terms", func(row []any) {
		c.Rows = append(c.Rows, fmt.Sprintf("term %d %q in %s of %s of %s, %d", number(row[1]), row[2], names[number(row[3])],
			docs[number(row[0])], names[number(row[4])], number(row[5])))
	})
	in.each(t, "SELECT doc, type, record FROM mc_search_parents", func(row []any) {
		c.Rows = append(c.Rows, fmt.Sprintf("parent %s %s of %s", names[number(row[1])], row[2], docs[number(row[0])]))
	})
	in.each(t, "SELECT suffix, term FROM mc_search_suffixes", func(row []any) {
		c.Rows = append(c.Rows, fmt.Sprintf("ending %q of %q", row[0], row[1]))
	})
	for _, name := range names {
		c.Rows = append(c.Rows, "name "+name)
	}
	slices.Sort(c.Rows)
	c.Keys = dbtest.Catalog(t, in.db, "mc_search_")
	return c
}

// number takes an integer as either driver reads it.
func number(value any) int64 {
	if text, ok := value.([]byte); ok {
		var n int64
		_, _ = fmt.Sscan(string(text), &n)
		return n
	}
	return value.(int64)
}

func (in *index) each(t *testing.T, query string, take func(row []any)) {
	t.Helper()
	rows, err := in.db.QueryContext(t.Context(), query)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = rows.Close() }()
	columns, err := rows.Columns()
	if err != nil {
		t.Fatal(err)
	}
	row, into := make([]any, len(columns)), make([]any, len(columns))
	for i := range row {
		into[i] = &row[i]
	}
	for rows.Next() {
		if err := rows.Scan(into...); err != nil {
			t.Fatal(err)
		}
		take(row)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
}

// diff tells in a few lines how two contents differ.
func (c content) diff(other content) string {
	return cmp.Or(firstDifferences("documents", c.Docs, other.Docs), firstDifferences("rows", c.Rows, other.Rows), gocmp.Diff(c.Keys, other.Keys))
}

// firstDifferences compares long lists.
func firstDifferences(what string, a, b []string) string {
	var text strings.Builder
	for i, shown := 0, 0; i < max(len(a), len(b)) && shown < 5; i++ {
		left, right := append(a, "nothing")[min(i, len(a))], append(b, "nothing")[min(i, len(b))]
		if left != right {
			shown++
			fmt.Fprintf(&text, "%s, %d of %d and %d:\n- %s\n+ %s\n", what, i, len(a), len(b), left, right)
		}
	}
	return text.String()
}

// finds asks a running demo as two users in several ways, and returns the answers.
func finds(t *testing.T, address string) map[string][]string {
	t.Helper()
	found := map[string][]string{}
	for _, user := range []string{"admin", "sales.rep"} {
		c := signIn(t, address, user)
		for _, text := range []string{"rossi", "müll", "gstr", "björn n12", "person.77@filled.example", "@filled.example", "CON9000123", "1717919", "alpina"} {
			results, err := c.Search(t.Context(), moduletest.Query{Text: text})
			if err != nil || len(results.Partial) > 0 {
				t.Fatalf("%s looks for %q: %v %v", user, text, results.Partial, err)
			}
			for _, card := range results.Items {
				found[user+" "+text] = append(found[user+" "+text], card.Label)
			}
		}
	}
	return found
}

// hold opens a transaction that release ends.
func (in *index) hold(t *testing.T, statement string) (release func()) {
	t.Helper()
	tx, err := in.db.BeginTx(context.WithoutCancel(t.Context()), nil)
	if err != nil {
		t.Fatal(err)
	}
	rows, err := tx.QueryContext(t.Context(), statement)
	if err != nil {
		t.Fatal(err)
	}
	_ = rows.Close()
	release = func() { _ = tx.Rollback() }
	t.Cleanup(release)
	return release
}
