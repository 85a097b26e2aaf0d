package vtenext_test

import (
	"bufio"
	"compress/gzip"
	"context"
	"database/sql"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"

	"github.com/go-sql-driver/mysql"

	"github.com/mailconnector/mailconnector/internal/dbtest"
)

// used are the tables of the dumps that tests load: creating all 830 takes longer than the tests.
var used = regexp.MustCompile(`^(vte_(users|user2role|role|role2profile|profile(2\w+)?|groups|users2group|group2\w+|def_org_\w+|` +
	`datashare_\w+|tab|field|fieldmodulerel|blocks|entityname|entity_displayname|relatedlists|language|vteprop|crmentity\w*|` +
	`account\w*|contact\w+|customerdetails|lead\w*|potential\w*|troubletickets|ticketcf|vendor\w*|products|productcf|employees\w*|` +
	`campaign|campaignscf|joborder\w*|project|projectcf|notes\w*|attachments|se\w+rel|messages\w*|modcomments\w*|modentity_num|` +
	`changelog\w*|email_directory\w*|check_\w+|users_seq|profile_versions|role_versions|tmp_users|sharedcalendar|trigger_queue|activity|` +
	`invitees|settings_\w+|processmaker_rec|running_processes|process_adv_permissions)|` +
	`tbl_s_(ldap_config|advanced\w+)|sdk_(adv\w+|class|language|presave))$`)

// organisation returns a database of its own with the tables of a dump, or skips the test where the dumps are not.
func organisation(t testing.TB, name string) *sql.DB {
	t.Helper()
	return load(t, name, func(statement string) string { return statement })
}

// load executes the statements of a dump, each as change leaves it. The dumps hold dates that strict servers refuse.
func load(t testing.TB, name string, change func(string) string) *sql.DB {
	t.Helper()
	statements := dumpStatements(t, name)
	dsn := dbtest.MariaDBDSN(t)
	loader := open(t, dsn, map[string]string{"sql_mode": "''", "foreign_key_checks": "0", "time_zone": "'+00:00'"})
	for _, statement := range statements {
		if _, err := loader.ExecContext(t.Context(), change(statement)); err != nil {
			t.Fatalf("load %s: %v\n%.200s", name, err, statement)
		}
	}
	return open(t, dsn, map[string]string{"sql_mode": "''"})
}

// open opens a database with settings of the session.
func open(t testing.TB, dsn string, params map[string]string) *sql.DB {
	t.Helper()
	cfg, err := mysql.ParseDSN(dsn)
	if err != nil {
		t.Fatal(err)
	}
	cfg.Params, cfg.Logger = params, &mysql.NopLogger{}
	connector, err := mysql.NewConnector(cfg)
	if err != nil {
		t.Fatal(err)
	}
	db := sql.OpenDB(connector)
	db.SetMaxIdleConns(32)
	t.Cleanup(func() { _ = db.Close() })
	return db
}

// dumps keeps what was read of each dump, for the tests that follow.
var dumps sync.Map

func dumpStatements(t testing.TB, name string) []string {
	t.Helper()
	if statements, found := dumps.Load(name); found {
		return statements.([]string)
	}
	f, err := os.Open(sharedPath("vtenext", name+".sql.gz"))
	if os.IsNotExist(err) {
		t.Skipf("the reference data is not here: %v", err)
	}
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	unpacked, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	statements, err := readStatements(unpacked)
	if err != nil {
		t.Fatal(err)
	}
	dumps.Store(name, statements)
	return statements
}

// readStatements keeps the definitions and rows of the tables in use. A row is a line in these dumps.
func readStatements(r io.Reader) ([]string, error) {
	lines := bufio.NewScanner(r)
	lines.Buffer(make([]byte, 1<<20), 64<<20)
	var statements []string
	var one strings.Builder
	for lines.Scan() {
		line := lines.Text()
		if one.Len() == 0 {
			verb, table, _ := strings.Cut(line, "`")
			table, _, _ = strings.Cut(table, "`")
			if verb != "CREATE TABLE " && verb != "INSERT INTO " || !used.MatchString(table) {
				continue
			}
		}
		one.WriteString(line + "\n")
		if strings.HasSuffix(line, ";") && (line[0] == '(' || line[0] == ')') {
			statements = append(statements, strings.TrimSuffix(one.String(), ";\n"))
			one.Reset()
		}
	}
	return statements, lines.Err()
}

func sharedPath(parts ...string) string {
	folder := os.Getenv("MAILCONNECTOR_SHARED")
	if folder == "" {
		folder = filepath.Join("..", "..", "shared")
	}
	return filepath.Join(append([]string{folder}, parts...)...)
}

// exec runs a statement that must succeed.
func exec(t testing.TB, db *sql.DB, query string, args ...any) {
	t.Helper()
	if _, err := db.ExecContext(context.Background(), query, args...); err != nil {
		t.Fatalf("%s: %v", query, err)
	}
}

// text reads one value as text; NULL reads as "NULL".
func text(t testing.TB, db *sql.DB, query string, args ...any) string {
	t.Helper()
	var value sql.NullString
	if err := db.QueryRowContext(context.Background(), query, args...).Scan(&value); err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	if !value.Valid {
		return "NULL"
	}
	return value.String
}

// reopen opens the database of a connection again, with settings of the session.
func reopen(t testing.TB, db *sql.DB, params map[string]string) *sql.DB {
	t.Helper()
	cfg, err := mysql.ParseDSN(dbtest.MariaDBDSN(t))
	if err != nil {
		t.Fatal(err)
	}
	cfg.DBName = text(t, db, "SELECT DATABASE()")
	return open(t, cfg.FormatDSN(), params)
}
