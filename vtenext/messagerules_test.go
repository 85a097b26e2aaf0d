package vtenext_test

import (
	"database/sql"
	"errors"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/mailconnector/mailconnector/messages"
	"github.com/mailconnector/mailconnector/permissions"
	"github.com/mailconnector/mailconnector/permissions/sharing"
	"github.com/mailconnector/mailconnector/vtenext"
)

func testMessages(t *testing.T, db *sql.DB) {
	keep(t, db, "vte_def_org_share")
	shareMessages(t, db, "3")
	s := newStage(t, db, 2004,
		`INSERT INTO vte_messages (messagesid, messagehash, mtype, mvisibility, smownerid, draft)
			VALUES (9N3, 'group N', 'Link', '', 9N2, 0), (9N4, 'group N', 'Webmail', '', 9N2, 0)`,
		"INSERT INTO vte_messagesrel (messagehash, crmid, module) VALUES ('group N', 9N0, 'Accounts')",
	)
	message := record("Messages", s.fill("9N3"))
	const (
		own     = "UPDATE vte_messages SET smownerid = 9N1 WHERE messagesid = 9N3"
		public  = "UPDATE vte_messages SET mvisibility = 'Public' WHERE messagesid = 9N3"
		mailbox = "UPDATE vte_messages SET mtype = 'Webmail' WHERE messagesid = 9N3"
		deleted = "UPDATE vte_messages SET deleted = 1 WHERE messagesid = 9N3"
		talk    = "INSERT INTO vte_modcomments_msgrel (userid, messagesid) VALUES (9N1, 9N3)"
		above   = "UPDATE vte_role SET parentrole = 'H1::HWN::HON' WHERE roleid = 'HON'"
		admin   = "UPDATE vte_users SET is_admin = 'on' WHERE id = 9N1"
		plain   = "UPDATE vte_vteprop SET override_value = NULL WHERE property = 'performance.use_temp_tables'"
		open    = "UPDATE vte_def_org_share SET permission = 0 WHERE tabid = (SELECT tabid FROM vte_tab WHERE name = 'Messages')"
		account = "UPDATE vte_crmentity SET smownerid = 9N1 WHERE crmid = 9N0"
	)
	for _, m := range []struct {
		it         string
		changes    []string
		view, edit string // the codes of the reasons
	}{
		{"of somebody else", nil, vtenext.CodeMessagePrivate, vtenext.CodeMessagePrivate},
		{"of somebody else, for an administrator", []string{admin}, vtenext.CodeMessagePrivate, vtenext.CodeMessagePrivate},
		{"one's own", []string{own}, sharing.CodeOwner, sharing.CodeOwner},
		{"public", []string{public}, vtenext.CodePublicVisible, vtenext.CodePublicVisible},
		{"of somebody below", []string{above}, sharing.CodeSubordinate, vtenext.CodeMessagePrivate},
		{"in the mailbox of somebody below", []string{above, mailbox}, sharing.CodeSubordinate, sharing.CodeSubordinate},
		{"talked about, as the CRM remembers", []string{talk, plain}, vtenext.CodeTalk, vtenext.CodeMessagePrivate},
		{"talked about in a comment that is gone", []string{talk}, vtenext.CodeMessagePrivate, vtenext.CodeMessagePrivate},
		{"on a record one sees", []string{open, account}, vtenext.CodeRelated, vtenext.CodeMessagePrivate},
		{"on a record one does not see", []string{open}, vtenext.CodeMessagePrivate, vtenext.CodeMessagePrivate},
		{"in the bin", []string{own, deleted}, "", ""},
	} {
		t.Run(m.it, func(t *testing.T) {
			keep(t, db, "vte_messages", "vte_modcomments_msgrel", "vte_role", "vte_users", "vte_vteprop", "vte_def_org_share",
				"vte_crmentity")
			s.run(t, db, m.changes...)
			p := permissionsOf(t, db)
			got := ask(t, p, s.user, permissions.View, message)
			if got.Reason.Code != m.view || (m.view == "") != (got.Outcome == permissions.Missing) {
				t.Errorf("viewing: %v, want %q", got, m.view)
			}
			if got = ask(t, p, s.user, permissions.Edit, message); got.Reason.Code != m.edit {
				t.Errorf("editing: %v, want %q", got, m.edit)
			}
			mayDelete := slices.Contains(m.changes, own) && !slices.Contains(m.changes, deleted)
			if got := ask(t, p, s.user, permissions.Delete, message); got.Allows() != mayDelete {
				t.Errorf("deleting: %v, want it allowed: %t", got, mayDelete)
			}
		})
	}
	t.Run("the tab of a record shows the latest copy of each mail", func(t *testing.T) {
		keep(t, db, "vte_messages", "vte_crmentity")
		account := record("Accounts", s.record)
		p := permissionsOf(t, db)
		if _, err := p.MessagesTab(t.Context(), permissions.Subject{UserID: s.user}, account); !errors.Is(err, permissions.ErrNotFound) {
			t.Errorf("of a record the user does not see: %v", err)
		}
		s.run(t, db, "UPDATE vte_crmentity SET smownerid = 9N1 WHERE crmid = 9N0")
		got, err := p.MessagesTab(t.Context(), permissions.Subject{UserID: s.user}, account)
		if err != nil || len(got) > 0 {
			t.Errorf("of messages of others: %v, %v", got, err)
		}
		s.run(t, db, "UPDATE vte_messages SET smownerid = 9N1 WHERE messagesid IN (9N3, 9N4)")
		got, err = p.MessagesTab(t.Context(), permissions.Subject{UserID: s.user}, account)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff([]string{s.fill("9N4")}, got); diff != "" {
			t.Error(diff)
		}
	})
}

func testReaders(t *testing.T, db *sql.DB) {
	keep(t, db, "vte_def_org_share")
	for permission, want := range map[string]messages.Readers{
		"0": messages.ReadersOfRecord, "3": messages.ReadersAbove, "8": messages.ReadersOwner,
	} {
		shareMessages(t, db, permission)
		if got, err := permissionsOf(t, db).Readers(t.Context()); got != want || err != nil {
			t.Errorf("with the default %s: %q, %v, want %q", permission, got, err, want)
		}
	}
}
