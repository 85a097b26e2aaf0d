package vtenext_test

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/mailconnector/mailconnector/permissions"
	"github.com/mailconnector/mailconnector/permissions/search"
	"github.com/mailconnector/mailconnector/vtenext"
)

// library is a CRM whose records are looked for.
type library struct {
	db  *sql.DB
	now time.Time
	*vtenext.Records
}

func newLibrary(t *testing.T) *library {
	t.Helper()
	l := &library{db: organisation(t, organisationA), now: time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC)}
	crm, err := vtenext.New(vtenext.Config{DB: l.db, TimeZone: rome(t), Now: func() time.Time { return l.now }})
	if err != nil {
		t.Fatal(err)
	}
	l.Records = vtenext.NewRecords(crm, vtenext.NewPermissions(crm), "https://crm.example.com/")
	return l
}

func rome(t testing.TB) *time.Location {
	t.Helper()
	zone, err := time.LoadLocation("Europe/Rome")
	if err != nil {
		t.Fatal(err)
	}
	return zone
}

// TestRecords shares a CRM, because loading one takes longer than all these tests.
func TestRecords(t *testing.T) {
	l := newLibrary(t)
	for _, tt := range []struct {
		name string
		run  func(*testing.T, *library)
	}{
		{"every record is told once, whatever the step", tellsEveryRecord},
		{"a record is told with all it is found by", tellsEntries},
		{"fields of custom modules and tables count too", customFields},
		{"converted leads point to what they became", convertedLeads},
		{"closed deals and tickets are not open", closedDeals},
		{"digests agree with what owners have", digestsAgree},
		{"a change of owner shows in the digest alone", ownerChanges},
		{"cards show what the subject may see", cardsShow},
		{"cards leave hidden fields out", cardsHide},
		{"cards name only what may be seen", cardsName},
		{"cards name no company by a field that is hidden", cardsNameByVisibleFields},
		{"changes around the end of daylight saving time are told", daylightSaving},
		{"records without a time are told first", withoutTime},
		{"deleted records are told as such", deletedRecords},
		{"addresses and numbers are found in the tables as they are now", exactLooksLive},
		{"of a field without an index the latest records are known", exactKnowsTheLatest},
	} {
		t.Run(tt.name, func(t *testing.T) { l.now = l.now.Add(time.Hour); tt.run(t, l) })
	}
}

// changes reads on from a position until there is no more.
func (l *library) changes(t *testing.T, after string, limit int) ([]search.Doc, string) {
	t.Helper()
	var all []search.Doc
	for {
		docs, next, err := l.Changes(t.Context(), after, limit)
		if err != nil {
			t.Fatal(err)
		}
		all, after = append(all, docs...), next
		if len(docs) < limit {
			return all, after
		}
	}
}

func (l *library) doc(t *testing.T, id int) search.Doc {
	t.Helper()
	docs, _ := l.changes(t, "", 5000)
	for _, d := range docs {
		if d.Record.ID == fmt.Sprint(id) {
			return d
		}
	}
	t.Fatalf("record %d is not told", id)
	return search.Doc{}
}

// id returns the id of a record by a condition on its module's table.
func (l *library) id(t *testing.T, query string) int {
	t.Helper()
	var id int
	if err := l.db.QueryRowContext(t.Context(), query).Scan(&id); err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	return id
}

func tellsEveryRecord(t *testing.T, l *library) {
	inCRM := text(t, l.db, `SELECT COUNT(*) FROM vte_crmentity WHERE setype IN (SELECT name FROM vte_tab WHERE isentitytype = 1)
		AND setype NOT IN ('Charts')`)
	whole, end := l.changes(t, "", 5000)
	if fmt.Sprint(len(whole)) != inCRM {
		t.Errorf("%d records are told, the CRM has %s", len(whole), inCRM)
	}
	for _, limit := range []int{1, 7, 500} {
		steps, _ := l.changes(t, "", limit)
		if diff := gocmp.Diff(whole, steps); diff != "" {
			t.Errorf("in steps of %d something else is told:\n%.500s", limit, diff)
		}
	}
	if docs, again := l.changes(t, end, 10); len(docs) != 0 || again != end {
		t.Errorf("without a change %d records are told, and %q becomes %q", len(docs), end, again)
	}
	for _, position := range []string{"x", "2026-11-21 17:00:00", "2026-11-21/5", "/-1", "' OR 1=1/1"} {
		if _, _, err := l.Changes(t.Context(), position, 10); err == nil {
			t.Errorf("the position %q is taken", position)
		}
	}
}

func tellsEntries(t *testing.T, l *library) {
	id := l.id(t, `SELECT contactid FROM vte_contactdetails JOIN vte_crmentity ON crmid = contactid
		WHERE deleted = 0 AND accountid > 0 AND accountid IN (SELECT crmid FROM vte_crmentity WHERE deleted = 0) LIMIT 1`)
	exec(t, l.db, `UPDATE vte_contactdetails SET lastname = 'Berg', firstname = ' Nora', email = 'nora@acme.example', yahooid = 'hidden@acme.example',
		phone = '+39 02 1234', mobile = '', title = 'CEO', contact_no = 'CON777' WHERE contactid = ?`, id)
	exec(t, l.db, "UPDATE vte_contactsubdetails SET homephone = '555-1' WHERE contactsubscriptionid = ?", id)
	exec(t, l.db, "UPDATE vte_crmentity SET smownerid = 7, modifiedtime = '2026-07-01 12:00:00' WHERE crmid = ?", id)
	got := l.doc(t, id)
	slices.SortFunc(got.Entries, func(a, b search.Entry) int { return cmp.Compare(a.Field, b.Field) })
	account := text(t, l.db, "SELECT accountid FROM vte_contactdetails WHERE contactid = ?", id)
	want := search.Doc{
		Record: permissions.Record{Type: "Contacts", ID: fmt.Sprint(id)}, Owner: "7", Label: "Berg Nora",
		Modified: time.Date(2026, 7, 1, 10, 0, 0, 0, time.UTC),
		Parents:  []permissions.Record{{Type: "Accounts", ID: account}},
		Entries: []search.Entry{
			{Field: "contact_no", Kind: permissions.KindNumber, Value: "CON777"},
			{Field: "email", Kind: permissions.KindEmail, Value: "nora@acme.example"},
			{Field: "firstname", Kind: permissions.KindName, Value: "Nora"},
			{Field: "homephone", Kind: permissions.KindPhone, Value: "555-1"},
			{Field: "lastname", Kind: permissions.KindName, Value: "Berg"},
			{Field: "phone", Kind: permissions.KindPhone, Value: "+39 02 1234"},
		},
	}
	if diff := gocmp.Diff(want, got); diff != "" {
		t.Errorf("contact (-want +got):\n%s", diff)
	}
}

func customFields(t *testing.T, l *library) {
	exec(t, l.db, "ALTER TABLE vte_jobordercf ADD cf_joborder_1 VARCHAR(100)")
	exec(t, l.db, `INSERT INTO vte_field (tabid, fieldid, columnname, tablename, generatedtype, uitype, fieldname, fieldlabel, readonly,
		presence, selected, sequence, block, displaytype, typeofdata) SELECT tabid, 90001, 'cf_joborder_1', 'vte_jobordercf', 2, 13, 'cf_1',
		'Site mail', 1, 2, 0, 1, (SELECT block FROM vte_field WHERE fieldname = 'joborder_no'), 1, 'E~O' FROM vte_tab WHERE name = 'JobOrder'`)
	id := l.id(t, "SELECT MIN(crmid) FROM vte_crmentity WHERE setype = 'JobOrder' AND deleted = 0")
	exec(t, l.db, "INSERT INTO vte_jobordercf (joborderid, cf_joborder_1) VALUES (?, 'site@job.example') "+
		"ON DUPLICATE KEY UPDATE cf_joborder_1 = VALUES(cf_joborder_1)", id)
	l.now = l.now.Add(time.Minute)
	want := search.Entry{Field: "cf_1", Kind: permissions.KindEmail, Value: "site@job.example"}
	if d := l.doc(t, id); !slices.Contains(d.Entries, want) {
		t.Errorf("the job order is told with %v, without %v", d.Entries, want)
	}
	exec(t, l.db, "ALTER TABLE vte_jobordercf DROP cf_joborder_1")
	l.now = l.now.Add(time.Hour)
	if d := l.doc(t, id); len(d.Entries) == 0 {
		t.Error("a field whose column is gone hides the record")
	}
}

func convertedLeads(t *testing.T, l *library) {
	id := l.id(t, "SELECT MIN(crmid) FROM vte_crmentity WHERE setype = 'Leads' AND deleted = 0")
	contact := l.id(t, "SELECT MIN(crmid) FROM vte_crmentity WHERE setype = 'Contacts' AND deleted = 0")
	exec(t, l.db, "INSERT INTO vte_leadconvrel (leadid, contactid, accountid, potentialid) VALUES (?, ?, 0, 0)", id, contact)
	if d := l.doc(t, id); d.Successor != nil {
		t.Errorf("a lead that is not converted has the successor %v", d.Successor)
	}
	exec(t, l.db, "UPDATE vte_leaddetails SET converted = 1 WHERE leadid = ?", id)
	if d := l.doc(t, id); d.Successor == nil || *d.Successor != (permissions.Record{Type: "Contacts", ID: fmt.Sprint(contact)}) {
		t.Errorf("the converted lead has the successor %v, want contact %d", d.Successor, contact)
	}
	card := l.card(t, 1, permissions.Record{Type: "Leads", ID: fmt.Sprint(id)})
	if card.Successor == nil || card.Successor.ID != fmt.Sprint(contact) {
		t.Errorf("its card has the successor %v", card.Successor)
	}
}

func closedDeals(t *testing.T, l *library) {
	deal := l.id(t, "SELECT MIN(crmid) FROM vte_crmentity WHERE setype = 'Potentials' AND deleted = 0")
	ticket := l.id(t, "SELECT MIN(crmid) FROM vte_crmentity WHERE setype = 'HelpDesk' AND deleted = 0")
	for stage, open := range map[string]bool{"Prospecting": true, "Closed Won": false, "Closed Lost": false, "": true} {
		exec(t, l.db, "UPDATE vte_potential SET sales_stage = ? WHERE potentialid = ?", stage, deal)
		if d := l.doc(t, deal); d.Open != open {
			t.Errorf("a deal at %q is open: %t", stage, d.Open)
		}
	}
	for status, open := range map[string]bool{"Wait For Response": true, "Closed": false} {
		exec(t, l.db, "UPDATE vte_troubletickets SET status = ? WHERE ticketid = ?", status, ticket)
		if d := l.doc(t, ticket); d.Open != open {
			t.Errorf("a ticket that is %q is open: %t", status, d.Open)
		}
	}
}

func (l *library) owned(t *testing.T, entityType string) map[string]search.OwnerDigest {
	t.Helper()
	list, err := l.Digest(t.Context(), entityType)
	if err != nil {
		t.Fatal(err)
	}
	digests := make(map[string]search.OwnerDigest)
	for _, d := range list {
		digests[d.Owner] = d
	}
	return digests
}

func digestsAgree(t *testing.T, l *library) {
	for _, entityType := range []string{"Contacts", "Accounts", "HelpDesk", "JobOrder", "NoSuchType"} {
		digests := l.owned(t, entityType)
		if known := entityType != "NoSuchType"; known != (len(digests) > 0) {
			t.Errorf("%d users own records of %s", len(digests), entityType)
		}
		for owner, want := range digests {
			got := search.OwnerDigest{Owner: owner}
			for d, err := range l.Owned(t.Context(), entityType, owner) {
				if err != nil {
					t.Fatal(err)
				}
				if d.Owner != owner || d.Deleted || d.Record.Type != entityType || len(d.Entries) == 0 {
					t.Errorf("owner %s has %+v", owner, d)
				}
				got.Count, got.Sum = got.Count+1, got.Sum+search.Checksum(d.Record.ID)
			}
			if got != want {
				t.Errorf("%s: the digest says %+v, the records add up to %+v", entityType, want, got)
			}
		}
	}
	for range l.Owned(t.Context(), "Contacts", "7") {
		break // whoever stops early is not called again
	}
}

func ownerChanges(t *testing.T, l *library) {
	_, end := l.changes(t, "", 5000)
	before := l.owned(t, "Vendors")
	id := l.id(t, "SELECT MIN(crmid) FROM vte_crmentity WHERE setype = 'Vendors' AND deleted = 0 AND smownerid <> 9")
	exec(t, l.db, "UPDATE vte_crmentity SET smownerid = 9 WHERE crmid = ?", id)
	if docs, _ := l.changes(t, end, 10); len(docs) != 0 {
		t.Errorf("a change of owner that leaves the time alone is told as a change: %v", docs)
	}
	after := l.owned(t, "Vendors")
	if after["9"].Count != before["9"].Count+1 || after["9"].Sum != before["9"].Sum+search.Checksum(fmt.Sprint(id)) {
		t.Errorf("the digest of owner 9 was %+v, is %+v", before["9"], after["9"])
	}
}

func daylightSaving(t *testing.T, l *library) {
	var told []string
	position := ""
	_, position = l.changes(t, position, 5000)
	id := l.id(t, "SELECT MAX(crmid) FROM vte_crmentity WHERE setype = 'Accounts' AND deleted = 0")
	start := time.Date(2027, 10, 30, 23, 58, 0, 0, time.UTC) // two hours before clocks are set back
	for at := start; at.Before(start.Add(4 * time.Hour)); at = at.Add(97 * time.Second) {
		exec(t, l.db, "UPDATE vte_crmentity SET modifiedtime = ? WHERE crmid = ?", at.In(rome(t)).Format(time.DateTime), id)
		exec(t, l.db, "UPDATE vte_account SET accountname = ? WHERE accountid = ?", at.Format(time.RFC3339), id)
		l.now = at.Add(3 * time.Second)
		var docs []search.Doc
		docs, position = l.changes(t, position, 5000)
		for _, d := range docs {
			if d.Record.ID == fmt.Sprint(id) {
				told = append(told, d.Label)
			}
		}
		if len(told) == 0 || told[len(told)-1] != at.Format(time.RFC3339) {
			t.Fatalf("the change of %s is not told; told last: %s", at, told[max(0, len(told)-1):])
		}
	}
}

func withoutTime(t *testing.T, l *library) {
	first := l.id(t, "SELECT MAX(crmid) FROM vte_crmentity WHERE setype = 'Leads' AND deleted = 0")
	second := l.id(t, "SELECT MAX(crmid) FROM vte_crmentity WHERE setype = 'Vendors' AND deleted = 0")
	exec(t, l.db, "UPDATE vte_crmentity SET modifiedtime = NULL WHERE crmid = ?", first)
	exec(t, l.db, "UPDATE vte_crmentity SET modifiedtime = '0000-00-00 00:00:00' WHERE crmid = ?", second)
	docs, _ := l.changes(t, "", 1)
	got := []string{docs[0].Record.ID, docs[1].Record.ID}
	slices.Sort(got)
	want := []string{fmt.Sprint(first), fmt.Sprint(second)}
	if slices.Sort(want); !slices.Equal(got, want) {
		t.Errorf("told first: %v, want %v", got, want)
	}
	if !docs[0].Modified.IsZero() || docs[2].Modified.IsZero() {
		t.Errorf("modified %v and %v", docs[0].Modified, docs[2].Modified)
	}
}

func deletedRecords(t *testing.T, l *library) {
	id := l.id(t, "SELECT MIN(crmid) FROM vte_crmentity WHERE setype = 'Accounts' AND deleted = 0")
	_, position := l.changes(t, "", 5000)
	exec(t, l.db, "UPDATE vte_crmentity SET deleted = 1, modifiedtime = ? WHERE crmid = ?",
		l.now.In(rome(t)).Format(time.DateTime), id)
	docs, _ := l.changes(t, position, 50)
	if !slices.ContainsFunc(docs, func(d search.Doc) bool { return d.Record.ID == fmt.Sprint(id) && d.Deleted }) {
		t.Errorf("the deletion of %d is not told: %v", id, docs)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	var told error
	for _, told = range l.Owned(ctx, "Accounts", "7") {
		if told == nil {
			t.Error("a cancelled reader goes on")
		}
	}
	if !errors.Is(told, context.Canceled) {
		t.Errorf("a cancelled reader ends with %v", told)
	}
}
