package main

import (
	"context"
	"crypto/pbkdf2"
	"crypto/rand"
	"crypto/sha256"
	"database/sql"
	"path/filepath"
	"sync"
	"testing"

	"github.com/mailconnector/mailconnector/module/moduletest"
	"github.com/mailconnector/mailconnector/permissions"
	"github.com/mailconnector/mailconnector/permissions/search"
)

func TestHost(t *testing.T) {
	moduletest.RunHostTests(t, underTest)
}

// demo is the hash of every user's password, which takes a while to compute.
var demo = sync.OnceValue(func() []byte { return must(pbkdf2.Key(sha256.New, "demo", []byte("salt"), 100_000, 32)) })

// underTest is a CRM with four users and a few contacts. What is said of them here is what the tests hold the host to.
func underTest(t *testing.T) moduletest.HostUnderTest {
	t.Helper()
	c, err := open(t.Context(), filepath.Join(t.TempDir(), "crm.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.db.Close() })
	exec := func(ctx context.Context, text string, args ...any) error {
		_, err := c.db.ExecContext(ctx, text, args...)
		return err
	}
	for _, name := range []string{"admin", "sales.manager", "sales.rep", "support.agent"} {
		must(0, exec(t.Context(), "INSERT INTO users VALUES (?, ?, 'salt', ?, ?, ?, ?, 1)",
			name, name, demo(), name, name+"@crm.example", name == "admin"))
	}
	add := func(ctx context.Context, id, owner, name, email, phone string) error {
		return exec(ctx, "INSERT INTO contacts (id, owner, name, email, phone, checksum) VALUES (?, ?, ?, ?, ?, ?)",
			id, owner, name, email, phone, search.Checksum(id))
	}
	must(0, add(t.Context(), "1", "sales.rep", "Nora Berg", "nora@acme.example", "+47 22 12 34 56"))
	must(0, add(t.Context(), "2", "sales.manager", "Brian Kay", "brian@kay.example", "+44 20 7946 0018"))
	must(0, add(t.Context(), "3", "admin", "Carla Reyes", "carla@reyes.example", ""))
	must(0, add(t.Context(), "4", "sales.rep", "Dora Gone", "dora@gone.example", ""))
	must(0, exec(t.Context(), "UPDATE contacts SET deleted = 1 WHERE id = '4'"))
	must(0, exec(t.Context(), `INSERT INTO shares VALUES
		('1', 'sales.manager', 1), ('2', 'sales.rep', 0), ('2', 'support.agent', 1)`))

	contact := func(id string) permissions.Record { return permissions.Record{Type: "Contacts", ID: id} }
	login := func(name string) moduletest.Login {
		return moduletest.Login{UserID: name, UserName: name, Password: "demo"}
	}
	all, read := moduletest.Access{View: true, Edit: true, Link: true}, moduletest.Access{View: true}
	return moduletest.HostUnderTest{
		Host: c.host(), DB: c.db,
		Users: []moduletest.Login{login("admin"), login("sales.manager"), login("sales.rep"), login("support.agent")},
		Records: []moduletest.KnownRecord{
			{Record: contact("1"), Label: "Nora Berg", Access: map[string]moduletest.Access{
				"admin": all, "sales.manager": all, "sales.rep": all}},
			{Record: contact("2"), Label: "Brian Kay", Access: map[string]moduletest.Access{
				"admin": all, "sales.manager": all, "sales.rep": read, "support.agent": all}},
			{Record: contact("3"), Label: "Carla Reyes", Access: map[string]moduletest.Access{"admin": all}},
			{Record: contact("4"), Label: "Dora Gone", Deleted: true},
		},
		Hidden: moduletest.HiddenField{
			Record: contact("2"), Field: "phone", Value: "+44 20 7946 0018", OnEveryCard: true,
			SeenBy: []string{"admin"}, HiddenFrom: []string{"sales.manager", "sales.rep", "support.agent"},
		},
		Sharing: moduletest.Sharing{
			UserName: "support.agent", Record: contact("1"),
			Grant: func(ctx context.Context) error {
				return exec(ctx, "INSERT INTO shares VALUES ('1', 'support.agent', 1)")
			},
			Revoke: func(ctx context.Context) error {
				return exec(ctx, "DELETE FROM shares WHERE contact = '1' AND user = 'support.agent'")
			},
		},
		Create: func(ctx context.Context, owner moduletest.Login) (permissions.Record, error) {
			r := contact(rand.Text())
			return r, add(ctx, r.ID, owner.UserID, "Newly Made", "", "")
		},
		Delete: func(ctx context.Context, r permissions.Record) error {
			return exec(ctx, "UPDATE contacts SET deleted = 1 WHERE id = ?", r.ID)
		},
		Unlink: func(ctx context.Context, hostID string, r permissions.Record) error {
			return exec(ctx, "DELETE FROM links WHERE item = ? AND contact = ?", hostID, r.ID)
		},
		Documents: c.documents,
	}
}

func (c *crm) documents(ctx context.Context, r permissions.Record) ([]moduletest.Document, error) {
	return query(ctx, c.db, func(rows *sql.Rows, d *moduletest.Document) error { return rows.Scan(&d.ID, &d.Name, &d.Content) },
		"SELECT d.id, name, content FROM documents d JOIN links ON item = d.id WHERE contact = ?", r.ID)
}
