package vtenext_test

import (
	"database/sql"
	"fmt"
	"slices"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/mailconnector/mailconnector/permissions"
	"github.com/mailconnector/mailconnector/permissions/search"
	"github.com/mailconnector/mailconnector/vtenext"
)

// TestExactEqualsReadingEverything asks for addresses and numbers as several users, and compares with all records that
// each of them may see, field by field.
func TestExactEqualsReadingEverything(t *testing.T) {
	l := newLibrary(t)
	everything, _ := l.changes(t, "", 5000)
	values := someValues(t, everything)
	compared := 0
	for _, user := range []string{"1", "7", "8", "9", "12", "23", "30"} {
		s := permissions.Subject{UserID: user}
		want := l.read(t, s, everything, values)
		got, err := l.Exact(t.Context(), s, values, 1000)
		if err != nil {
			t.Fatal(err)
		}
		sortMatches(got)
		if diff := gocmp.Diff(want, got); diff != "" {
			t.Errorf("user %s (-want +got):\n%.2000s", user, diff)
		}
		compared += len(got)
	}
	if compared == 0 {
		t.Error("nobody found anything")
	}
	t.Logf("%d values, %d matches agree", len(values), compared)
}

// someValues draws addresses and numbers, some of them in another case, and what nobody has.
func someValues(t *testing.T, docs []search.Doc) []string {
	t.Helper()
	values := []string{"nobody@nowhere.example", "NOSUCH99", "", "no digits", "100%", "a' OR '1'='1@x", "😀@x.example", strings.Repeat("x", 300) + "@x"}
	kinds := map[permissions.FieldKind]int{}
	for i, d := range docs {
		for _, e := range d.Entries {
			if e.Kind != permissions.KindEmail && e.Kind != permissions.KindNumber || kinds[e.Kind] > i/4 {
				continue
			}
			kinds[e.Kind]++
			value := e.Value
			if i%3 == 0 {
				value = strings.ToUpper(value)
			}
			values = append(values, value)
		}
	}
	if kinds[permissions.KindEmail] < 20 || kinds[permissions.KindNumber] < 20 {
		t.Fatalf("too few values: %v", kinds)
	}
	return unlike(values)
}

// unlike leaves out values that differ from an earlier one by their case only.
func unlike(values []string) (list []string) {
	for _, v := range values {
		if !slices.ContainsFunc(list, func(other string) bool { return strings.EqualFold(v, other) }) {
			list = append(list, v)
		}
	}
	return list
}

// read finds what Exact is to find by reading everything.
func (l *library) read(t *testing.T, s permissions.Subject, docs []search.Doc, values []string) (matches []search.ExactMatch) {
	t.Helper()
	crm, err := vtenext.New(vtenext.Config{DB: l.db, TimeZone: rome(t)})
	if err != nil {
		t.Fatal(err)
	}
	p := vtenext.NewPermissions(crm)
	types, err := p.Types(t.Context(), s, "")
	if err != nil {
		t.Fatal(err)
	}
	shown := make(map[string]bool)
	for _, entityType := range types {
		for _, f := range entityType.Fields {
			shown[entityType.Name+"."+f.Name] = true
		}
	}
	records := make([]permissions.Record, len(docs))
	for i, d := range docs {
		records[i] = d.Record
	}
	decisions, err := p.Check(t.Context(), s, permissions.View, records)
	if err != nil {
		t.Fatal(err)
	}
	for i, d := range docs {
		if !decisions[i].Allows() {
			continue
		}
		for _, e := range d.Entries {
			at := slices.IndexFunc(values, func(v string) bool { return strings.EqualFold(v, e.Value) })
			exact := e.Kind == permissions.KindEmail || e.Kind == permissions.KindNumber
			if exact && at >= 0 && shown[d.Record.Type+"."+e.Field] {
				matches = append(matches, search.ExactMatch{Record: d.Record, Value: values[at]})
			}
		}
	}
	sortMatches(matches)
	return slices.Compact(matches)
}

func sortMatches(list []search.ExactMatch) {
	slices.SortFunc(list, func(a, b search.ExactMatch) int {
		return strings.Compare(a.Record.String()+" "+a.Value, b.Record.String()+" "+b.Value)
	})
}

func exactLooksLive(t *testing.T, l *library) {
	id := l.id(t, "SELECT MIN(crmid) FROM vte_crmentity WHERE setype = 'Contacts' AND deleted = 0")
	exec(t, l.db, "UPDATE vte_contactdetails SET email = 'shared@exact.example', contact_no = 'CON-É1' WHERE contactid = ?", id)
	exec(t, l.db, "UPDATE vte_contactdetails SET yahooid = 'shared@exact.example' WHERE contactid = ?", id)
	company := l.id(t, "SELECT MAX(crmid) FROM vte_crmentity WHERE setype = 'Accounts' AND deleted = 0")
	exec(t, l.db, "UPDATE vte_account SET email2 = 'Shared@exact.example' WHERE accountid = ?", company)
	admin := permissions.Subject{UserID: "1"}
	find := func(limit int, values ...string) []string {
		found, err := l.Exact(t.Context(), admin, values, limit)
		if err != nil {
			t.Fatal(err)
		}
		var list []string
		for _, m := range found {
			list = append(list, m.Record.String()+" "+m.Value)
		}
		slices.Sort(list)
		return list
	}
	both := []string{fmt.Sprintf("Accounts:%d SHARED@exact.example", company), fmt.Sprintf("Contacts:%d SHARED@exact.example", id)}
	if diff := gocmp.Diff(both, find(10, "SHARED@exact.example")); diff != "" {
		t.Errorf("the address of both (-want +got):\n%s", diff)
	}
	if got := find(1, "shared@exact.example"); len(got) != 1 {
		t.Errorf("with a limit of one: %v", got)
	}
	if got := find(10, "CON-E1"); len(got) != 0 {
		t.Errorf("a number without its accent finds %v", got)
	}
	if got := find(10, "con-é1", "nobody@exact.example"); len(got) != 1 {
		t.Errorf("a number in lower case finds %v", got)
	}
	exec(t, l.db, "UPDATE vte_crmentity SET deleted = 1 WHERE crmid = ?", id)
	if diff := gocmp.Diff(both[:1], find(10, "SHARED@exact.example")); diff != "" {
		t.Errorf("after one is in the bin (-want +got):\n%s", diff)
	}
	if got, err := l.Exact(t.Context(), permissions.Subject{UserID: "nobody"}, []string{"shared@exact.example"}, 10); err != nil || len(got) != 0 {
		t.Errorf("a user who is not there finds %v, %v", got, err)
	}
}

// exactKnowsTheLatest looks for companies by an address, on which the CRM has no index, among more than are looked at. What
// it reads more than before they were there is the latest: once to find the first of them, and once for each of the two
// addresses of a company.
func exactKnowsTheLatest(t *testing.T, l *library) {
	const looked, more, fields = 20_000, 10, 2
	values := []string{"n1@many.example", fmt.Sprintf("n%d@many.example", more), fmt.Sprintf("n%d@many.example", more+1), fmt.Sprintf("n%d@many.example", looked+more)}
	find := func(user string) (found []search.ExactMatch, read int) {
		read = rowsRead(t, l.db, func() (err error) {
			found, err = l.Exact(t.Context(), permissions.Subject{UserID: user}, values, 10)
			return err
		})
		return found, read
	}
	find("1") // the policy is read too, once
	users, before := []string{"1", "7"}, make(map[string]int)
	for _, user := range users {
		_, before[user] = find(user)
	}
	exec(t, l.db, fmt.Sprintf(`INSERT INTO vte_crmentity (crmid, smownerid, setype, modifiedtime)
		SELECT 1000000 + seq, 7, 'Accounts', '2026-11-20 10:00:00' FROM seq_1_to_%d`, looked+more))
	exec(t, l.db, fmt.Sprintf(`INSERT INTO vte_account (accountid, accountname, email1)
		SELECT 1000000 + seq, 'One of many', CONCAT('n', seq, '@many.example') FROM seq_1_to_%d`, looked+more))
	want := []search.ExactMatch{
		{Record: permissions.Record{Type: "Accounts", ID: fmt.Sprint(1000000 + looked + more)}, Value: values[3]},
		{Record: permissions.Record{Type: "Accounts", ID: fmt.Sprint(1000000 + more + 1)}, Value: values[2]},
	}
	for _, user := range users {
		found, read := find(user)
		if diff := gocmp.Diff(want, found); diff != "" {
			t.Errorf("user %s (-want +got):\n%s", user, diff)
		}
		if read > before[user]+(1+fields)*looked {
			t.Errorf("user %s: the database read %d rows, and %d before: more than each of the latest %d times", user, read, before[user], 1+fields)
		}
	}
}

// rowsRead counts the rows that the database reads.
func rowsRead(t *testing.T, db *sql.DB, fn func() error) int {
	t.Helper()
	db.SetMaxOpenConns(1) // a session counts its own
	defer db.SetMaxOpenConns(0)
	const count = "SELECT SUM(variable_value) FROM information_schema.session_status WHERE variable_name LIKE 'Handler_read%'"
	before := text(t, db, count)
	if err := fn(); err != nil {
		t.Fatal(err)
	}
	var n int
	if err := db.QueryRowContext(t.Context(), "SELECT CAST(("+count+") - ? AS SIGNED)", before).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}
