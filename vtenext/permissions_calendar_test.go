package vtenext_test

import (
	"database/sql"
	"testing"

	"github.com/mailconnector/mailconnector/permissions"
	"github.com/mailconnector/mailconnector/permissions/sharing"
	"github.com/mailconnector/mailconnector/vtenext"
)

func testActivities(t *testing.T, db *sql.DB) {
	s := newStage(t, db, 2003,
		"UPDATE vte_crmentity SET setype = 'Calendar' WHERE crmid = 9N0",
		`INSERT INTO vte_activity (activityid, subject, activitytype, date_start, visibility)
			VALUES (9N0, 'Meeting', 'Meeting', '2026-01-01', 'Standard')`,
		"INSERT INTO vte_profile2tab (profileid, tabid, permissions) VALUES (9N, 9, 0)",
		"INSERT INTO vte_profile2standardperm VALUES (9N, 9, 1, 0), (9N, 9, 2, 0), (9N, 9, 4, 0)",
		"INSERT INTO vte_groups (groupid, groupname) VALUES (9N9, 'group')",
	)
	const (
		public = "UPDATE vte_activity SET visibility = 'Public' WHERE activityid = 9N0"
		hidden = "UPDATE vte_activity SET visibility = 'Private' WHERE activityid = 9N0"
		own    = "UPDATE vte_crmentity SET smownerid = 9N1 WHERE crmid = 9N0"
		group  = "UPDATE vte_crmentity SET smownerid = 9N9 WHERE crmid = 9N0"
		member = "INSERT INTO vte_users2group (groupid, userid) VALUES (9N9, 9N1)"
		invite = "INSERT INTO vte_invitees (activityid, inviteeid) VALUES (9N0, 9N1)"
		share  = "INSERT INTO vte_sharedcalendar (userid, sharedid, only_occ) VALUES (9N2, 9N1, 0)"
		busy   = "INSERT INTO vte_sharedcalendar (userid, sharedid, only_occ) VALUES (9N2, 9N1, 1)"
		above  = "UPDATE vte_role SET parentrole = 'H1::HWN::HON' WHERE roleid = 'HON'"
		open   = "UPDATE vte_def_org_share SET permission = 2 WHERE tabid = 9"
		admin  = "UPDATE vte_users SET is_admin = 'on' WHERE id = 9N1"
	)
	for _, a := range []struct {
		it         string
		changes    []string
		view, edit string // the codes of the reasons
	}{
		{"of somebody else", nil, sharing.CodeNotShared, sharing.CodeNotShared},
		{"one's own", []string{own}, sharing.CodeOwner, sharing.CodeOwner},
		{"one's own and private", []string{own, hidden}, sharing.CodeOwner, sharing.CodeOwner},
		{"one's own by invitation", []string{own, invite}, sharing.CodeOwner, vtenext.CodeNotOrganizer},
		{"public", []string{public}, vtenext.CodePublicVisible, sharing.CodeNotShared},
		{"with an invitation", []string{invite}, vtenext.CodeInvited, sharing.CodeNotShared},
		{"private with an invitation", []string{invite, hidden}, vtenext.CodeInvited, vtenext.CodePrivateVisible},
		{"of somebody below", []string{above}, sharing.CodeSubordinate, sharing.CodeSubordinate},
		{"private, of somebody below", []string{above, hidden}, vtenext.CodePrivateVisible, vtenext.CodePrivateVisible},
		{"in a shared calendar", []string{share}, vtenext.CodeSharedCalendar, sharing.CodeNotShared},
		{"private, in a shared calendar", []string{share, hidden}, vtenext.CodePrivateVisible, vtenext.CodePrivateVisible},
		{"in a calendar that shows when one is busy", []string{busy}, sharing.CodeNotShared, sharing.CodeNotShared},
		{"of a group", []string{group}, sharing.CodeNotShared, sharing.CodeNotShared},
		{"of a group, though public", []string{group, public}, sharing.CodeNotShared, sharing.CodeNotShared},
		{"of one's own group", []string{group, member}, sharing.CodeGroup, sharing.CodeGroup},
		{"where all are public", []string{open}, sharing.CodeDefaultGrants, sharing.CodeDefaultGrants},
		{"private, where all are public", []string{open, hidden}, vtenext.CodePrivateVisible, vtenext.CodePrivateVisible},
		{"private, for an administrator", []string{admin, hidden}, sharing.CodeAdmin, sharing.CodeAdmin},
	} {
		t.Run(a.it, func(t *testing.T) {
			keep(t, db, "vte_activity", "vte_crmentity", "vte_users2group", "vte_invitees", "vte_sharedcalendar", "vte_role",
				"vte_def_org_share", "vte_users")
			s.run(t, db, a.changes...)
			p, r := permissionsOf(t, db), record("Calendar", s.record)
			if got := ask(t, p, s.user, permissions.View, r); got.Reason.Code != a.view {
				t.Errorf("viewing: %v, want %s", got, a.view)
			}
			if got := ask(t, p, s.user, permissions.Edit, r); got.Reason.Code != a.edit {
				t.Errorf("editing: %v, want %s", got, a.edit)
			}
		})
	}
	t.Run("the scope says that more may be seen", func(t *testing.T) {
		scope, err := permissionsOf(t, db).Scope(t.Context(), permissions.Subject{UserID: s.user}, "Calendar")
		if err != nil || !scope.More || scope.All {
			t.Errorf("%+v, %v", scope, err)
		}
	})
}
