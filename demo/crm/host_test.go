package crm_test

import (
	"context"
	"database/sql"
	"os"
	"path/filepath"
	"testing"

	"github.com/mailconnector/mailconnector/demo/crm"
	"github.com/mailconnector/mailconnector/internal/dbtest"
	"github.com/mailconnector/mailconnector/module"
	"github.com/mailconnector/mailconnector/module/moduletest"
	"github.com/mailconnector/mailconnector/permissions"
)

// The CRM keeps what every port of the module promises.
func TestHost(t *testing.T) {
	for name, open := range map[string]func(testing.TB) *sql.DB{"SQLite": dbtest.SQLite, "MariaDB": dbtest.MariaDB} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			moduletest.RunHostTests(t, func(t *testing.T) moduletest.HostUnderTest {
				s := newSample(t, open(t))
				s.shrink(t)
				return s.underTest(t)
			})
		})
	}
}

// shrink leaves seven companies and what belongs to them, so that the module has little to index.
func (s *sample) shrink(t *testing.T) {
	t.Helper()
	_, err := s.db.ExecContext(t.Context(), "DELETE FROM crm_records WHERE account_id > 7 OR entity_type = 'Accounts' AND id > 7")
	if err != nil {
		t.Fatal(err)
	}
}

// underTest describes the sample organisation to the suite.
func (s *sample) underTest(t *testing.T) moduletest.HostUnderTest {
	all, read, seen := moduletest.Access{View: true, Edit: true, Link: true}, moduletest.Access{View: true}, moduletest.Access{View: true, Link: true}
	known := func(entityType, nameOrNumber string, access map[string]moduletest.Access) moduletest.KnownRecord {
		card := s.card(t, entityType, nameOrNumber)
		return moduletest.KnownRecord{Record: card.Record, Label: card.Label, Access: access}
	}
	brewer := s.find(t, "Contacts", "Jürgen Müller")
	gone := s.find(t, "Contacts", "Maria Sonnhof")
	if err := s.Delete(t.Context(), admin, gone); err != nil {
		t.Fatal(err)
	}
	h := moduletest.HostUnderTest{
		Host:    module.Host{Accounts: s, Permissions: s, Records: s, Filing: s},
		DB:      s.db,
		Dialect: s.dialect,
		Records: []moduletest.KnownRecord{
			known("Contacts", "Jürgen Müller", map[string]moduletest.Access{
				"admin": all, "sales.manager": all, "sales.rep": all, "support.agent": seen}),
			known("Accounts", "Brauhaus Müller", map[string]moduletest.Access{
				"admin": all, "sales.manager": all, "sales.rep": all, "support.agent": read}),
			known("Accounts", "Fromagerie Lefèvre", map[string]moduletest.Access{
				"admin": all, "sales.manager": all, "support.agent": read}),
			known("Leads", "Ottavia Bressan", map[string]moduletest.Access{"admin": all}),
			known("Potentials", "OPP1001", map[string]moduletest.Access{"admin": all, "sales.manager": all, "sales.rep": all}),
			known("HelpDesk", "TT1001", map[string]moduletest.Access{
				"admin": all, "sales.manager": seen, "sales.rep": seen, "support.agent": all}),
			known("Machines", "MA1001", map[string]moduletest.Access{
				"admin": all, "sales.manager": read, "sales.rep": read, "support.agent": all}),
			{Record: gone, Label: "Maria Sonnhof", Deleted: true},
		},
		Hidden: moduletest.HiddenField{
			Record: brewer, Field: "mobile", Value: "+49 171 1234567", OnEveryCard: true,
			SeenBy: []string{"admin", "sales.manager", "sales.rep"}, HiddenFrom: []string{"support.agent"},
		},
		Sharing:   s.sharing(t),
		Delete:    func(ctx context.Context, r permissions.Record) error { return s.Delete(ctx, admin, r) },
		Unlink:    s.unlink,
		Documents: s.documents,
		HasFile: func(path string) bool {
			_, err := os.Stat(filepath.Join(s.storage, path))
			return err == nil
		},
	}
	h.Create = func(ctx context.Context, owner moduletest.Login) (permissions.Record, error) {
		return s.Create(ctx, permissions.Subject{UserID: owner.UserID}, "Contacts", map[string]string{"lastname": "Newly Made"})
	}
	for i, login := range crm.Logins() {
		h.Users = append(h.Users, moduletest.Login{
			UserID: []string{"u1", "u2", "u3", "u4"}[i], UserName: login.UserName, Password: crm.Password,
		})
	}
	return h
}

// sharing shows leads to the service by the organisation's default, and hides them again.
func (s *sample) sharing(t *testing.T) moduletest.Sharing {
	set := func(access string) func(context.Context) error {
		return func(ctx context.Context) error {
			return s.ChangePolicy(ctx, func(tx *sql.Tx) error {
				_, err := tx.ExecContext(ctx, "UPDATE crm_defaults SET access = ? WHERE entity_type = 'Accounts'", access)
				return err
			})
		}
	}
	return moduletest.Sharing{
		UserName: "sales.rep", Record: s.find(t, "Accounts", "Acetaia Bellandi"), Grant: set("read"), Revoke: set("private"),
	}
}

// unlink takes a message off a record as a page of the CRM would.
func (s *sample) unlink(ctx context.Context, hostID string, r permissions.Record) error {
	_, err := s.db.ExecContext(ctx, "DELETE FROM crm_message_links WHERE message_id = ? AND record_id = ?", hostID, r.ID)
	return err
}

// documents reads what is on a record, past all permissions.
func (s *sample) documents(ctx context.Context, r permissions.Record) ([]moduletest.Document, error) {
	rows, err := s.db.QueryContext(ctx, `SELECT d.id, d.title, d.path FROM crm_documents d
		JOIN crm_document_links l ON l.document_id = d.id WHERE l.record_id = ? ORDER BY d.id`, r.ID)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var all []moduletest.Document
	for rows.Next() {
		var d moduletest.Document
		var path string
		if err := rows.Scan(&d.ID, &d.Name, &path); err != nil {
			return nil, err
		}
		if d.Content, err = os.ReadFile(filepath.Join(s.storage, path)); err != nil {
			return nil, err
		}
		all = append(all, d)
	}
	return all, rows.Err()
}
