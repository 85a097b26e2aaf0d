package vtenext_test

import (
	"database/sql"
	"slices"
	"testing"

	"github.com/mailconnector/mailconnector/permissions"
	"github.com/mailconnector/mailconnector/vtenext"
)

func testScopeHoldsEveryOwnerOfAVisibleRecord(t *testing.T, db *sql.DB) {
	p := permissionsOf(t, db)
	within := 0 // records seen that a scope names the owner of
	for _, user := range []string{"1", "5", "9", "22", "24"} {
		for _, entityType := range []string{"Accounts", "Contacts", "Leads", "Potentials", "HelpDesk"} {
			scope, err := p.Scope(t.Context(), permissions.Subject{UserID: user}, entityType)
			if err != nil {
				t.Fatal(err)
			}
			for _, owner := range visibleOwners(t, p, db, user, entityType) {
				switch {
				case scope.All || scope.More:
				case slices.Contains(scope.Owners, owner):
					within++
				default:
					t.Errorf("user %s sees %s of %s, which is out of the scope", user, entityType, owner)
				}
			}
		}
	}
	if within == 0 {
		t.Error("no scope is limited, or nobody sees a record in one")
	}
}

// visibleOwners returns the owners of the records a user may view.
func visibleOwners(t *testing.T, p *vtenext.Permissions, db *sql.DB, user, entityType string) []string {
	t.Helper()
	rows, err := db.QueryContext(t.Context(), "SELECT crmid, smownerid FROM vte_crmentity WHERE setype = ?", entityType)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = rows.Close() }()
	var records []permissions.Record
	var owners []string
	for rows.Next() {
		var id, owner string
		if err := rows.Scan(&id, &owner); err != nil {
			t.Fatal(err)
		}
		records, owners = append(records, record(entityType, id)), append(owners, owner)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	decisions, err := p.Check(t.Context(), permissions.Subject{UserID: user}, permissions.View, records)
	if err != nil {
		t.Fatal(err)
	}
	var visible []string
	for i, d := range decisions {
		if d.Allows() {
			visible = append(visible, owners[i])
		}
	}
	return visible
}

func testScopeOfWhatIsNotVisibleIsEmpty(t *testing.T, db *sql.DB) {
	keep(t, db, "vte_profile2tab", "vte_profile2globalperm")
	exec(t, db, "UPDATE vte_profile2tab SET permissions = 1 WHERE tabid = 6")
	p := permissionsOf(t, db)
	for _, entityType := range []string{"Accounts", "Nothing"} {
		scope, err := p.Scope(t.Context(), permissions.Subject{UserID: limitedUser(t, db)}, entityType)
		if err != nil || scope.All || scope.More || len(scope.Owners) > 0 {
			t.Errorf("scope of %s: %+v, %v", entityType, scope, err)
		}
	}
}

// limitedUser takes from every profile that it opens all records to view, and returns an active user who is no administrator.
func limitedUser(t testing.TB, db *sql.DB) string {
	t.Helper()
	exec(t, db, "UPDATE vte_profile2globalperm SET globalactionpermission = 1")
	return text(t, db, "SELECT MIN(id) FROM vte_users WHERE status = 'Active' AND is_admin <> 'on'")
}
