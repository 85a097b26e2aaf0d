package vtenext_test

import (
	"context"
	"database/sql"
	"errors"
	"testing"

	"github.com/mailconnector/mailconnector/internal/dbtest"
	"github.com/mailconnector/mailconnector/permissions"
	"github.com/mailconnector/mailconnector/vtenext"
)

var _ permissions.Checker = (*vtenext.Permissions)(nil)

// ask returns what one user may do with one record: the outcome and the code of the reason.
func ask(t testing.TB, p *vtenext.Permissions, user string, a permissions.Action, r permissions.Record) permissions.Decision {
	t.Helper()
	decisions, err := p.Check(t.Context(), permissions.Subject{UserID: user}, a, []permissions.Record{r})
	if err != nil {
		t.Fatal(err)
	}
	return decisions[0]
}

func record(entityType, id string) permissions.Record {
	return permissions.Record{Type: entityType, ID: id}
}

// recordOf returns a record of an entity type and an owner.
func recordOf(t testing.TB, db *sql.DB, entityType, owner string) permissions.Record {
	t.Helper()
	return record(entityType, text(t, db,
		"SELECT MIN(crmid) FROM vte_crmentity WHERE setype = ? AND smownerid = ? AND deleted = 0", entityType, owner))
}

// TestPermissions shares an installation, because loading one takes longer than most of these tests. Each puts back what
// it changes of others.
func TestPermissions(t *testing.T) {
	db := organisation(t, "organisation-a-messages")
	for _, c := range []struct {
		name string
		test func(*testing.T, *sql.DB)
	}{
		{"records that are not there are missing", testRecordsThatAreNotThereAreMissing},
		{"nobody who may not sign in is permitted anything", testNobodyWhoMayNotSignInIsPermittedAnything},
		{"check answers mixed records in the order asked", testCheckAnswersMixedRecordsInTheOrderAsked},
		{"owners are read live", testOwnersAreReadLive},
		{"users see themselves and administrators everybody", testUsersSeeThemselvesAndAdministratorsEverybody},
		{"linking asks for the relation and for editing the entity type", testLinkingAsksForTheRelationAndForEditingTheEntityType},
		{"processes freeze records", testProcessesFreezeRecords},
		{"processes hold records to former versions", testProcessesHoldRecordsToFormerVersions},
		{"scope holds every owner of a visible record", testScopeHoldsEveryOwnerOfAVisibleRecord},
		{"scope of what is not visible is empty", testScopeOfWhatIsNotVisibleIsEmpty},
		{"a default installation has no findings", testNoFindings},
		{"entity types", testEntityTypes},
		{"advanced rules open the records they match", testAdvancedRules},
		{"advanced rules on records that lists leave out", testAdvancedRulesOnRecordsThatListsLeaveOut},
		{"activities", testActivities},
		{"messages", testMessages},
		{"who reads a linked message follows the default", testReaders},
		{"explanations name the rule that decided", testExplanations},
		{"what is missing disables its part", testMissingTables},
		{"extensions are named, and refuse all but administrators", testExtensions},
		{"unknown values are read as the stricter ones", testUnknownValues},
		{"nothing is answered while tables are locked", testLockedTables},
	} {
		t.Run(c.name, func(t *testing.T) { c.test(t, db) })
	}
}

func testRecordsThatAreNotThereAreMissing(t *testing.T, db *sql.DB) {
	p := permissionsOf(t, db)
	deleted := text(t, db, "SELECT MIN(crmid) FROM vte_crmentity WHERE setype = 'Accounts' AND deleted = 1")
	const admin = "1"
	for name, r := range map[string]permissions.Record{
		"never existed":         record("Accounts", "999999"),
		"deleted":               record("Accounts", deleted),
		"of another type":       record("Contacts", "59"),
		"of no type at all":     record("Nothing", "59"),
		"with a leading zero":   record("Accounts", "059"),
		"with a space":          record("Accounts", "59 "),
		"with words behind":     record("Accounts", "59 OR 1=1"),
		"too large for an id":   record("Accounts", "99999999999999999999"),
		"a user that is not":    record("Users", "999999"),
		"a message that is not": record("Messages", "59"),
	} {
		if got := ask(t, p, admin, permissions.View, r); got.Outcome != permissions.Missing {
			t.Errorf("a record %s: %v", name, got)
		}
	}
	if got := ask(t, p, admin, permissions.View, record("Accounts", "59")); !got.Allows() {
		t.Errorf("a record that is there: %v", got)
	}
}

func testNobodyWhoMayNotSignInIsPermittedAnything(t *testing.T, db *sql.DB) {
	keep(t, db, "vte_users")
	inactive := text(t, db, "SELECT MIN(id) FROM vte_users WHERE status = 'Inactive'")
	owned := recordOf(t, db, "Accounts", inactive)
	got := ask(t, permissionsOf(t, db), inactive, permissions.View, owned)
	if got.Allows() || got.Reason.Code != vtenext.CodeInactiveUser {
		t.Errorf("an inactive user on an own record: %v", got)
	}
	exec(t, db, "UPDATE vte_users SET status = 'Active' WHERE id = ?", inactive)
	p := permissionsOf(t, db)
	if got := ask(t, p, inactive, permissions.View, owned); !got.Allows() {
		t.Errorf("the same user, active: %v", got)
	}
	if got := ask(t, p, "999", permissions.View, owned); got.Allows() {
		t.Errorf("a user that does not exist: %v", got)
	}
	exec(t, db, "UPDATE vte_users SET status = 'Suspended' WHERE id = ?", inactive)
	if got := ask(t, permissionsOf(t, db), inactive, permissions.View, owned); got.Allows() {
		t.Errorf("a user with a status that is unknown: %v", got)
	}
}

func testCheckAnswersMixedRecordsInTheOrderAsked(t *testing.T, db *sql.DB) {
	p := permissionsOf(t, db)
	const admin = "1"
	records := []permissions.Record{
		record("Contacts", "359"), record("Accounts", "999999"), record("Messages", "1621"), record("Users", "5"),
		record("Accounts", "59"), record("Accounts", ""), record("Contacts", "359"),
	}
	decisions, err := p.Check(t.Context(), permissions.Subject{UserID: admin}, permissions.View, records)
	if err != nil {
		t.Fatal(err)
	}
	want := []permissions.Outcome{
		permissions.Allowed, permissions.Missing, permissions.Allowed, permissions.Allowed, permissions.Allowed,
		permissions.Allowed, permissions.Allowed,
	}
	if len(decisions) != len(records) {
		t.Fatalf("%d decisions about %d records", len(decisions), len(records))
	}
	for i, d := range decisions {
		if d.Outcome != want[i] {
			t.Errorf("%v: %v, want %v", records[i], d, want[i])
		}
	}
}

func testOwnersAreReadLive(t *testing.T, db *sql.DB) {
	keep(t, db, "vte_crmentity")
	p := permissionsOf(t, db)
	user := ordinaryUser(t, db)
	r := recordOf(t, db, "Accounts", user)
	if got := ask(t, p, user, permissions.View, r); !got.Allows() {
		t.Fatalf("the owner: %v", got)
	}
	exec(t, db, "UPDATE vte_crmentity SET deleted = 1 WHERE crmid = ?", r.ID)
	if got := ask(t, p, user, permissions.View, r); got.Outcome != permissions.Missing {
		t.Errorf("the owner, at once after the record was deleted: %v", got)
	}
}

// ordinaryUser returns an active user who is no administrator, whose profiles ask for owners, and who owns an account
// and has nobody below.
func ordinaryUser(t testing.TB, db *sql.DB) string {
	t.Helper()
	return text(t, db, `SELECT MIN(u.id) FROM vte_users u JOIN vte_user2role r ON r.userid = u.id
		WHERE u.status = 'Active' AND u.is_admin <> 'on' AND EXISTS (
			SELECT 1 FROM vte_crmentity e WHERE e.setype = 'Accounts' AND e.smownerid = u.id AND e.deleted = 0)
		AND EXISTS (SELECT 1 FROM vte_role2profile p WHERE p.roleid = r.roleid AND p.mobile = 0)
		AND NOT EXISTS (
			SELECT 1 FROM vte_role2profile p JOIN vte_profile2globalperm g ON g.profileid = p.profileid
			WHERE p.roleid = r.roleid AND p.mobile = 0 AND g.globalactionpermission = 0)
		AND NOT EXISTS (
			SELECT 1 FROM vte_role2profile p JOIN vte_profile2tab x ON x.profileid = p.profileid
			WHERE p.roleid = r.roleid AND x.tabid = 6 AND x.permissions <> 0)
		AND NOT EXISTS (
			SELECT 1 FROM vte_role2profile p JOIN vte_profile2standardperm x ON x.profileid = p.profileid
			WHERE p.roleid = r.roleid AND x.tabid = 6 AND x.permissions <> 0)`)
}

func testUsersSeeThemselvesAndAdministratorsEverybody(t *testing.T, db *sql.DB) {
	p := permissionsOf(t, db)
	user := ordinaryUser(t, db)
	for _, c := range []struct {
		name, user, of string
		action         permissions.Action
		want           permissions.Outcome
	}{
		{"oneself", user, user, permissions.View, permissions.Allowed},
		{"deleting oneself", user, user, permissions.Delete, permissions.Denied},
		{"somebody else", user, "1", permissions.View, permissions.Denied},
		{"an administrator", "1", user, permissions.Edit, permissions.Allowed},
	} {
		if got := ask(t, p, c.user, c.action, record("Users", c.of)); got.Outcome != c.want {
			t.Errorf("%s: %v, want %v", c.name, got, c.want)
		}
	}
}

func testLinkingAsksForTheRelationAndForEditingTheEntityType(t *testing.T, db *sql.DB) {
	keep(t, db, "vte_profile2standardperm", "vte_relatedlists")
	user := ordinaryUser(t, db)
	account := recordOf(t, db, "Accounts", user)
	p := permissionsOf(t, db)
	if got := ask(t, p, user, permissions.Link, account); !got.Allows() {
		t.Fatalf("an own account: %v", got)
	}
	document := record("Documents", text(t, db, "SELECT MIN(crmid) FROM vte_crmentity WHERE setype = 'Documents' AND deleted = 0"))
	if got := ask(t, p, "1", permissions.Link, document); got.Reason.Code != vtenext.CodeNoRelation {
		t.Errorf("a document: %v", got)
	}
	exec(t, db, `UPDATE vte_profile2standardperm SET permissions = 1 WHERE tabid = 6 AND operation = 1`)
	p = permissionsOf(t, db)
	if got := ask(t, p, user, permissions.View, account); !got.Allows() {
		t.Errorf("viewing without the permission to edit: %v", got)
	}
	if got := ask(t, p, user, permissions.Link, account); got.Allows() {
		t.Errorf("linking without the permission to edit: %v", got)
	}
	exec(t, db, `DELETE FROM vte_relatedlists
		WHERE tabid = 6 AND related_tabid = (SELECT tabid FROM vte_tab WHERE name = 'Messages')`)
	if got := ask(t, permissionsOf(t, db), "1", permissions.Link, account); got.Reason.Code != vtenext.CodeNoRelation {
		t.Errorf("linking without the relation: %v", got)
	}
}

func testProcessesFreezeRecords(t *testing.T, db *sql.DB) {
	keep(t, db, "vte_trigger_queue", "vte_processmaker_rec")
	p := permissionsOf(t, db)
	frozen, brother, free := record("Accounts", "59"), record("Accounts", "60"), record("Accounts", "61")
	exec(t, db, "INSERT INTO vte_trigger_queue (id, crmid, freeze) VALUES (1, 59, 1), (2, 61, 0)")
	exec(t, db, "INSERT INTO vte_processmaker_rec (crmid, id, running_process) VALUES (59, 1, 7), (60, 1, 7), (61, 1, 8)")
	for name, c := range map[string]struct {
		record permissions.Record
		action permissions.Action
		want   permissions.Outcome
	}{
		"viewing a frozen record":             {frozen, permissions.View, permissions.Allowed},
		"editing a frozen record":             {frozen, permissions.Edit, permissions.Denied},
		"deleting a frozen record":            {frozen, permissions.Delete, permissions.Denied},
		"linking to a frozen record":          {frozen, permissions.Link, permissions.Allowed},
		"editing a record of the process":     {brother, permissions.Edit, permissions.Denied},
		"editing a record that only waits":    {free, permissions.Edit, permissions.Allowed},
		"deleting a record of no such threat": {record("Accounts", "62"), permissions.Delete, permissions.Allowed},
	} {
		if got := ask(t, p, "1", c.action, c.record); got.Outcome != c.want {
			t.Errorf("%s: %v, want %v", name, got, c.want)
		}
	}
}

func testProcessesHoldRecordsToFormerVersions(t *testing.T, db *sql.DB) {
	keep(t, db, "vte_processmaker_rec", "vte_running_processes")
	user := ordinaryUser(t, db)
	r := recordOf(t, db, "Accounts", user)
	exec(t, db, "INSERT INTO vte_processmaker_rec (crmid, id, running_process) VALUES (?, 1, 7)", r.ID)
	exec(t, db, "INSERT INTO vte_running_processes (id, processmakerid, xml_version) VALUES (7, 3, 2)")
	if got := ask(t, permissionsOf(t, db), user, permissions.View, r); !got.Allows() {
		t.Errorf("without versions of profiles: %v", got)
	}
	exec(t, db, "CREATE TABLE vte_processmaker_versions (processmakerid int, xml_version int, system_versions text)")
	t.Cleanup(func() { exec(t, db, "DROP TABLE vte_processmaker_versions") })
	exec(t, db, `INSERT INTO vte_processmaker_versions VALUES (3, 2, '{"profiles":1}')`)
	p := permissionsOf(t, db)
	if got := ask(t, p, user, permissions.View, r); got.Reason.Code != vtenext.CodeFormerVersion {
		t.Errorf("with versions of profiles: %v", got)
	}
	if got := ask(t, p, "1", permissions.View, r); !got.Allows() {
		t.Errorf("an administrator: %v", got)
	}
}

func TestNothingIsAnsweredWithoutTheDatabase(t *testing.T) {
	db := dbtest.MariaDB(t)
	p := permissionsOf(t, db)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := p.Check(ctx, permissions.Subject{UserID: "1"}, permissions.View, []permissions.Record{record("Accounts", "59")})
	if !errors.Is(err, vtenext.ErrUnavailable) {
		t.Errorf("with an ended context: %v", err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	_, err = p.Scope(t.Context(), permissions.Subject{UserID: "1"}, "Accounts")
	if !errors.Is(err, vtenext.ErrUnavailable) {
		t.Errorf("with a closed database: %v", err)
	}
}
