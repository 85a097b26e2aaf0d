package vtenext_test

import (
	"database/sql"
	"strings"
	"testing"

	"github.com/mailconnector/mailconnector/permissions"
)

func testExplanations(t *testing.T, db *sql.DB) {
	s := newStage(t, db, 2005)
	r := record("Accounts", s.record)
	rule := []string{
		"INSERT INTO vte_datashare_mod_rel (shareid, tabid, relationtype) VALUES (9N, 6, 'ROLE::ROLE')",
		"INSERT INTO vte_datashare_role2role (shareid, share_roleid, to_roleid, permission) VALUES (9N, 'HON', 'HWN', 0)",
	}
	for _, e := range []struct {
		it      string
		changes []string
		user    string
		record  permissions.Record
		action  permissions.Action
		want    []string // parts of the line
	}{
		{"hidden by the default", nil, s.user, r, permissions.View, []string{"denied", "default for Accounts is private", "owner" + s.n}},
		{"opened by a rule", rule, s.user, r, permissions.View, []string{"allowed", "Sharing rule 9" + s.n, "watcher", "owner"}},
		{"not opened for editing", rule, s.user, r, permissions.Edit, []string{"denied", "no rule lets"}},
		{"owned", nil, s.owner, r, permissions.Edit, []string{"allowed", "owns the record"}},
		{"linked", nil, s.owner, r, permissions.Link, []string{"allowed", "profile " + s.n}},
		{"created", nil, s.user, r, permissions.Create, []string{"allowed", "profile " + s.n}},
		{"an administrator", nil, "1", r, permissions.Delete, []string{"allowed", "is an administrator"}},
		{"an unknown user", nil, "999999", r, permissions.View, []string{"denied", "does not know the user"}},
		{"in the bin", []string{"UPDATE vte_crmentity SET deleted = 1 WHERE crmid = 9N0"}, s.owner, r, permissions.View,
			[]string{"missing", "in the bin", "owns the record"}},
		{"inactive", []string{"UPDATE vte_users SET status = 'Inactive' WHERE id = 9N2"}, s.owner, r, permissions.View,
			[]string{"denied", "may not sign in", "owns the record"}},
		{"frozen", []string{"INSERT INTO vte_trigger_queue (id, crmid, freeze) VALUES (9, 9N0, 1)"}, s.owner, r, permissions.Edit,
			[]string{"denied", "frozen"}},
		{"of another type", nil, "1", record("Contacts", r.ID), permissions.View, []string{"missing", "is one of Accounts"}},
		{"that never was", nil, "1", record("Accounts", "999999999"), permissions.View, []string{"missing", "has no record"}},
		{"of no type", nil, "1", record("Nothing", "1"), permissions.View, []string{"missing", "no entity type Nothing"}},
		{"a type", nil, s.user, record("Accounts", ""), permissions.View, []string{"allowed", "profile " + s.n}},
		{"a message of others", nil, s.user, record("Messages", "1619"), permissions.View,
			[]string{"denied", "belongs to somebody else"}},
		{"a public message", nil, s.user, record("Messages", "1621"), permissions.View, []string{"allowed", "visible to everybody"}},
	} {
		t.Run(e.it, func(t *testing.T) {
			keep(t, db, "vte_datashare_mod_rel", "vte_datashare_role2role", "vte_crmentity", "vte_users", "vte_trigger_queue")
			s.run(t, db, e.changes...)
			explanation, err := permissionsOf(t, db).Explain(t.Context(), permissions.Subject{UserID: e.user}, e.record)
			if err != nil {
				t.Fatal(err)
			}
			var line string
			for candidate := range strings.Lines(explanation.String()) {
				if strings.HasPrefix(candidate, string(e.action)) {
					line = candidate
				}
			}
			for _, part := range e.want {
				if !strings.Contains(line, part) {
					t.Errorf("%q does not say %q", line, part)
				}
			}
		})
	}
}
