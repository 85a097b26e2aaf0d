package vtenext_test

import (
	"crypto/rand"
	"database/sql"
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/go-sql-driver/mysql"

	"github.com/mailconnector/mailconnector/api/sessions"
	"github.com/mailconnector/mailconnector/internal/dbtest"
	"github.com/mailconnector/mailconnector/messages"
	"github.com/mailconnector/mailconnector/permissions"
	"github.com/mailconnector/mailconnector/permissions/search"
	"github.com/mailconnector/mailconnector/vtenext"
)

// restricted opens the database as a user who has rights on the columns that are declared for a part, and on the tables
// that the CRM itself names as those of its fields. Whatever a statement names beside these the server refuses.
func restricted(t *testing.T, db *sql.DB, part vtenext.Part) *sql.DB {
	t.Helper()
	crm, err := vtenext.New(vtenext.Config{DB: db})
	if err != nil {
		t.Fatal(err)
	}
	schema, user := text(t, db, "SELECT DATABASE()"), strings.ToLower(rand.Text())
	exec(t, db, "CREATE USER '"+user+"'@'%' IDENTIFIED BY 'least'")
	t.Cleanup(func() { exec(t, db, "DROP USER '"+user+"'@'%'") })
	grant := func(rights, table string) {
		exec(t, db, "GRANT "+rights+" ON `"+schema+"`.`"+table+"` TO '"+user+"'@'%'")
	}
	declared := crm.Declared(part)
	for _, table := range tablesThere(t, db) {
		switch names := "(`" + strings.Join(declared[table], "`, `") + "`)"; {
		case declared[table] != nil:
			grant("SELECT "+names+", INSERT "+names+", UPDATE "+names, table)
			grant("DELETE", table)
		case text(t, db, "SELECT COUNT(*) FROM vte_field WHERE tablename = ?", table) != "0":
			grant("SELECT", table)
		case strings.HasSuffix(table, "_seq"):
			grant("SELECT, INSERT, UPDATE", table)
		}
	}
	cfg, err := mysql.ParseDSN(dbtest.MariaDBDSN(t))
	if err != nil {
		t.Fatal(err)
	}
	cfg.User, cfg.Passwd, cfg.DBName = user, "least", schema
	return open(t, cfg.FormatDSN(), map[string]string{"sql_mode": "''"})
}

func tablesThere(t *testing.T, db *sql.DB) []string {
	t.Helper()
	rows, err := db.QueryContext(t.Context(), "SELECT table_name FROM information_schema.tables WHERE table_schema = DATABASE()")
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	var tables []string
	for rows.Next() {
		var table string
		if err := rows.Scan(&table); err != nil {
			t.Fatal(err)
		}
		tables = append(tables, table)
	}
	return tables
}

// TestEveryColumnInUseIsLookedForAtTheStart has everything that a part does with a CRM done by a user who has no rights
// but those on what the schema check looks for.
func TestEveryColumnInUseIsLookedForAtTheStart(t *testing.T) {
	db := organisation(t, "organisation-a-messages")
	exec(t, db, "UPDATE vte_def_org_share SET permission = 0 WHERE tabid = (SELECT tabid FROM vte_tab WHERE name = 'Messages')")
	exec(t, db, "INSERT INTO vte_modcomments_msgrel (userid, messagesid) SELECT 11, MIN(messagesid) FROM vte_messages")
	exec(t, db, "CREATE TABLE IF NOT EXISTS vte_check_logins_seq (id int NOT NULL)")
	exec(t, db, "INSERT INTO vte_check_logins_seq SELECT 1")
	oneOfEach := ids(t, db, `SELECT CONCAT(setype, ':', MAX(crmid)) FROM vte_crmentity GROUP BY setype
		UNION SELECT CONCAT('Messages:', MAX(messagesid)) FROM vte_messages UNION SELECT 'Users:6' UNION SELECT 'Calendar:1'`)
	users := ids(t, db, "SELECT CONCAT('Users:', id) FROM vte_users")
	for _, part := range []struct {
		part  vtenext.Part
		works func(*testing.T, *sql.DB)
	}{
		{vtenext.PartSignIn, signsIn},
		{vtenext.PartPermissions, func(t *testing.T, db *sql.DB) { asksPermissions(t, db, users, oneOfEach) }},
		{vtenext.PartRecords, func(t *testing.T, db *sql.DB) { tellsRecords(t, db, oneOfEach) }},
		{vtenext.PartFiling, files},
	} {
		t.Run(string(part.part), func(t *testing.T) { part.works(t, restricted(t, db, part.part)) })
	}
}

// ids reads records, each as its type and id.
func ids(t *testing.T, db *sql.DB, query string) (records []permissions.Record) {
	t.Helper()
	for line := range strings.SplitSeq(text(t, db, "WITH r (x) AS ("+query+") SELECT GROUP_CONCAT(x) FROM r"), ",") {
		kind, id, _ := strings.Cut(line, ":")
		records = append(records, record(kind, id))
	}
	return records
}

// works fails the test where the server refused a statement.
func works(t *testing.T, what string, err error) {
	t.Helper()
	var refused *mysql.MySQLError
	if errors.As(err, &refused) {
		t.Errorf("%s: %v", what, err)
	}
}

func signsIn(t *testing.T, db *sql.DB) {
	host := newHost(t, db, time.Now)
	for _, pass := range []string{"wrong", "wrong", password(2)} {
		_, err := host.Accounts.Verify(t.Context(), sessions.Credentials{UserName: "user2", Password: pass, ClientIP: "192.0.2.1"})
		works(t, "Verify", err)
	}
	_, err := host.Accounts.Account(t.Context(), "6")
	if works(t, "Account", err); err != nil {
		t.Error(err)
	}
}

func asksPermissions(t *testing.T, db *sql.DB, users, records []permissions.Record) {
	p := permissionsOf(t, db)
	for _, user := range users {
		s := permissions.Subject{UserID: user.ID}
		for _, action := range []permissions.Action{permissions.View, permissions.Edit, permissions.Delete, permissions.Create, permissions.Link} {
			_, err := p.Check(t.Context(), s, action, records)
			works(t, "Check", err)
		}
		_, err := p.Scope(t.Context(), s, "Accounts")
		works(t, "Scope", err)
		_, err = p.Explain(t.Context(), s, records[0])
		works(t, "Explain", err)
	}
	works(t, "WriteTypes", p.WriteTypes(t.Context(), io.Discard, vtenext.AccessOptions{}))
	works(t, "WriteFields", p.WriteFields(t.Context(), io.Discard, vtenext.AccessOptions{}))
}

func tellsRecords(t *testing.T, db *sql.DB, records []permissions.Record) {
	host, admin := newHost(t, db, time.Now), permissions.Subject{UserID: "11"}
	_, err := host.Permissions.Types(t.Context(), admin, "it")
	works(t, "Types", err)
	cards, err := host.Records.Cards(t.Context(), admin, records)
	works(t, "Cards", err)
	_, err = host.Records.(search.Exact).Exact(t.Context(), admin, []string{"info@example.com", "ACC1", "TT12"}, 100)
	works(t, "Exact", err)
	docs, _, err := host.Records.Changes(t.Context(), "", 5000)
	works(t, "Changes", err)
	_, err = host.Records.Digest(t.Context(), "Accounts")
	works(t, "Digest", err)
	for _, err := range host.Records.Owned(t.Context(), "Leads", "6") {
		works(t, "Owned", err)
	}
	if len(cards) < 5 || len(docs) < 1000 {
		t.Errorf("only %d cards and %d records are told", len(cards), len(docs))
	}
}

func files(t *testing.T, db *sql.DB) {
	a := archiveOn(t, db, vtenext.Config{})
	m := letter("11", a.record(t, "Contacts", 0))
	m.Attachments, m.Shared = []messages.Attachment{attached(2, "a.pdf", "application/pdf", "a"), attached(3, "b.txt", "text/plain", "b")}, true
	filed := a.file(t, m)
	m.HostID, m.Attachments = filed.HostID, append(m.Attachments, attached(4, "c.txt", "text/plain", "c"))
	a.file(t, m)
	for _, user := range []string{"6", "11"} {
		a.listed(t, user, m.Targets[0])
		_, err := a.Readable(t.Context(), permissions.Subject{UserID: user}, []string{filed.HostID})
		works(t, "Readable", err)
	}
	_, err := a.Records(t.Context(), []string{filed.HostID})
	works(t, "Records", err)
	tx, err := db.BeginTx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	works(t, "Remove", a.Remove(t.Context(), tx, messages.Removal{
		Actor: m.Actor, HostID: filed.HostID, Record: m.Targets[0], Documents: []string{filed.Documents[0].Document},
	}))
	if err := tx.Commit(); err != nil {
		t.Fatal(err)
	}
}
