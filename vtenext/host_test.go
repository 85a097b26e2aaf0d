package vtenext_test

import (
	"context"
	"database/sql"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/mailconnector/mailconnector/module"
	"github.com/mailconnector/mailconnector/module/moduletest"
	"github.com/mailconnector/mailconnector/permissions"
	"github.com/mailconnector/mailconnector/vtenext"
)

// vtenext keeps what every port of the module promises.
func TestHost(t *testing.T) {
	db := organisation(t, organisationA)
	exec(t, db, "DELETE FROM vte_crmentity WHERE setype NOT IN ('Accounts', 'Potentials')") // there is less to index
	for _, table := range changedTables() {
		exec(t, db, "CREATE TABLE kept_"+table+" AS SELECT * FROM "+table)
	}
	moduletest.RunHostTests(t, func(t *testing.T) moduletest.HostUnderTest {
		h := host{files: t.TempDir(), db: db, zone: rome(t)}
		h.restore(t)
		return h.underTest(t)
	})
}

// changedTables are those that the suite, or the module, changes. Putting them back takes a moment, loading a CRM seconds.
func changedTables() []string {
	return []string{
		"vte_crmentity", "vte_account", "vte_accountbillads", "vte_messages", "vte_messagesrel", "vte_messages_attach", "vte_messages_mref",
		"vte_entity_displayname", "vte_notes", "vte_notescf", "vte_attachments", "vte_seattachmentsrel", "vte_senotesrel",
		"vte_changelog", "vte_check_logins",
	}
}

// host is organisation A as the module sees it.
type host struct {
	db    *sql.DB
	files string
	zone  *time.Location
}

// now is the time as the CRM stores it.
func (h *host) now() string { return time.Now().In(h.zone).Format(time.DateTime) }

// restore puts the tables back, and removes the module's own.
func (h *host) restore(t *testing.T) {
	t.Helper()
	for _, table := range changedTables() {
		exec(t, h.db, "DELETE FROM "+table)
		exec(t, h.db, "INSERT INTO "+table+" SELECT * FROM kept_"+table)
	}
	for {
		own := text(t, h.db, `SELECT COALESCE(MAX(table_name), '') FROM information_schema.tables
			WHERE table_schema = DATABASE() AND table_name LIKE 'mc!_%' ESCAPE '!'`)
		if own == "" {
			return
		}
		exec(t, h.db, "DROP TABLE "+own)
	}
}

// people are four of organisation A: an administrator, one who sees many records, one who may edit fewer of them, and
// one who may edit none and lacks some fields.
func people() []moduletest.Login {
	return []moduletest.Login{
		{UserID: "11", UserName: "user7", Password: password(7)}, {UserID: "6", UserName: "user2", Password: password(2)},
		{UserID: "10", UserName: "user6", Password: password(6)}, {UserID: "22", UserName: "user18", Password: password(18)},
	}
}

func (h *host) underTest(t *testing.T) moduletest.HostUnderTest {
	t.Helper()
	if err := os.Mkdir(filepath.Join(h.files, "storage"), 0o700); err != nil {
		t.Fatal(err)
	}
	records := h.known(t)
	crm, err := vtenext.New(vtenext.Config{DB: h.db, TimeZone: h.zone, Storage: h.files, Version: "20.04.3"})
	if err != nil {
		t.Fatal(err)
	}
	host, err := vtenext.NewHost(vtenext.HostConfig{
		CRM: crm, Permissions: vtenext.NewPermissions(crm), SiteURL: "https://crm.example.com",
	})
	if err != nil {
		t.Fatal(err)
	}
	return moduletest.HostUnderTest{
		Host: module.Host{Accounts: host.Accounts, Permissions: host.Permissions, Records: host.Records, Filing: host.Filing},
		DB:   h.db, Dialect: "mysql", Users: people(), Records: records, Hidden: h.hidden(t, records), Sharing: h.sharing(records),
		Create: h.create, Delete: h.delete, Unlink: h.unlink, Documents: h.documents,
		HasFile: func(path string) bool {
			_, err := os.Stat(filepath.Join(h.files, path))
			return err == nil
		},
	}
}

// known picks accounts and deals of every kind, with what the real CRM lets the four do with them.
func (h *host) known(t *testing.T) []moduletest.KnownRecord {
	t.Helper()
	edits := make(map[[2]string]bool) // by user and type: the type may be edited, so its records may be linked to
	for _, line := range truth(t, "truth-a", "modules.tsv") {
		cells := strings.Split(line, "\t")
		edits[[2]string{cells[0], cells[1]}] = cells[6] == "1"
	}
	users, byID, order := people(), make(map[string]*moduletest.KnownRecord), []string(nil)
	for _, line := range truth(t, "truth-a", "permitted.tsv.gz") {
		cells := strings.Split(line, "\t")
		at := slices.IndexFunc(users, func(u moduletest.Login) bool { return u.UserID == cells[0] })
		if at < 0 || cells[1] != "Accounts" && cells[1] != "Potentials" {
			continue
		}
		r := byID[cells[2]]
		if r == nil {
			r = &moduletest.KnownRecord{
				Record: permissions.Record{Type: cells[1], ID: cells[2]}, Deleted: cells[3] == "1", Access: make(map[string]moduletest.Access),
			}
			byID[cells[2]], order = r, append(order, cells[2])
		}
		view := cells[4] == "1" && !r.Deleted // the CRM's answers leave the bin aside
		r.Access[users[at].UserName] = moduletest.Access{
			View: view, Edit: view && cells[5] == "1", Link: view && edits[[2]string{cells[0], cells[1]}],
		}
	}
	var picked []moduletest.KnownRecord
	kinds := make(map[string]int)
	for _, id := range order {
		r := byID[id]
		kind := r.Record.Type
		if !r.Deleted {
			for _, u := range users {
				a := r.Access[u.UserName]
				kind += map[bool]string{true: "v", false: "-"}[a.View] + map[bool]string{true: "e", false: "-"}[a.Edit]
			}
		}
		if kinds[kind]++; kinds[kind] <= 2 {
			r.Label = text(t, h.db, `SELECT TRIM(accountname) FROM vte_account WHERE accountid = ?
				UNION SELECT TRIM(potentialname) FROM vte_potential WHERE potentialid = ?`, id, id)
			picked = append(picked, *r)
		}
	}
	return picked
}

// hidden is a record number, which the profiles of the last of the four do not show.
func (h *host) hidden(t *testing.T, records []moduletest.KnownRecord) moduletest.HiddenField {
	t.Helper()
	for _, r := range records {
		everybody := !r.Deleted && r.Record.Type == "Accounts"
		for _, u := range people() {
			everybody = everybody && r.Access[u.UserName].View
		}
		if everybody {
			exec(t, h.db, "UPDATE vte_account SET account_no = 'ACC-HIDDEN' WHERE accountid = ?", r.Record.ID)
			return moduletest.HiddenField{
				Record: r.Record, Field: "account_no", Value: "ACC-HIDDEN", OnEveryCard: true,
				SeenBy: []string{"user7", "user2", "user6"}, HiddenFrom: []string{"user18"},
			}
		}
	}
	t.Fatal("no account is visible to all four")
	return moduletest.HiddenField{}
}

// sharing gives a record that a user does not see to that user, and takes it back.
func (h *host) sharing(records []moduletest.KnownRecord) moduletest.Sharing {
	s := moduletest.Sharing{UserName: "user6"}
	for _, r := range records {
		if !r.Deleted && !r.Access[s.UserName].View {
			s.Record = r.Record
		}
	}
	var owner string
	s.Grant = func(ctx context.Context) error {
		err := h.db.QueryRowContext(ctx, "SELECT smownerid FROM vte_crmentity WHERE crmid = ?", s.Record.ID).Scan(&owner)
		if err != nil {
			return err
		}
		return h.own(ctx, s.Record, "10")
	}
	s.Revoke = func(ctx context.Context) error { return h.own(ctx, s.Record, owner) }
	return s
}

func (h *host) own(ctx context.Context, r permissions.Record, owner string) error {
	_, err := h.db.ExecContext(ctx, "UPDATE vte_crmentity SET smownerid = ? WHERE crmid = ?", owner, r.ID)
	return err
}

// create makes an account as the CRM does.
func (h *host) create(ctx context.Context, owner moduletest.Login) (permissions.Record, error) {
	result, err := h.db.ExecContext(ctx, "UPDATE vte_crmentity_seq SET id = LAST_INSERT_ID(id + 1)")
	if err != nil {
		return permissions.Record{}, err
	}
	id, err := result.LastInsertId()
	if err != nil {
		return permissions.Record{}, err
	}
	r, now := permissions.Record{Type: "Accounts", ID: strconv.FormatInt(id, 10)}, h.now()
	for _, statement := range []string{
		`INSERT INTO vte_crmentity (crmid, smcreatorid, smownerid, setype, createdtime, modifiedtime)
			VALUES (?, 1, ` + owner.UserID + `, 'Accounts', '` + now + `', '` + now + `')`,
		"INSERT INTO vte_account (accountid, accountname) VALUES (?, 'Newly Made')",
		"INSERT INTO vte_accountbillads (accountaddressid) VALUES (?)",
	} {
		if _, err := h.db.ExecContext(ctx, statement, id); err != nil {
			return permissions.Record{}, err
		}
	}
	return r, nil
}

// delete moves a record to the CRM's bin.
func (h *host) delete(ctx context.Context, r permissions.Record) error {
	_, err := h.db.ExecContext(ctx,
		"UPDATE vte_crmentity SET deleted = 1, modifiedtime = ? WHERE crmid = ?", h.now(), r.ID)
	return err
}

// unlink takes a message off a record as the CRM's page does.
func (h *host) unlink(ctx context.Context, hostID string, r permissions.Record) error {
	_, err := h.db.ExecContext(ctx, `DELETE FROM vte_messagesrel WHERE crmid = ?
		AND messagehash = (SELECT messagehash FROM vte_messages WHERE messagesid = ?)`, r.ID, hostID)
	return err
}

// documents reads what is on a record as the CRM finds it.
func (h *host) documents(ctx context.Context, r permissions.Record) ([]moduletest.Document, error) {
	rows, err := h.db.QueryContext(ctx, `SELECT n.notesid, n.title, CONCAT(a.path, a.attachmentsid, '_', a.name)
		FROM vte_senotesrel s JOIN vte_notes n ON n.notesid = s.notesid JOIN vte_seattachmentsrel f ON f.crmid = n.notesid
		JOIN vte_attachments a ON a.attachmentsid = f.attachmentsid WHERE s.crmid = ? ORDER BY n.notesid`, r.ID)
	if err != nil {
		return nil, err
	}
	defer func() { _ = rows.Close() }()
	var all []moduletest.Document
	for rows.Next() {
		var d moduletest.Document
		var path string
		if err := rows.Scan(&d.ID, &d.Name, &path); err != nil {
			return nil, err
		}
		if d.Content, err = os.ReadFile(filepath.Join(h.files, path)); err != nil {
			return nil, err
		}
		all = append(all, d)
	}
	return all, rows.Err()
}
