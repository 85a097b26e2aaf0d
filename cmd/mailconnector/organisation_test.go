package main

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"database/sql"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/mailconnector/mailconnector/internal/dbtest"
)

// repository is the folder of this module, whatever folder a test works in.
var repository = func() string {
	folder, err := filepath.Abs(filepath.Join("..", ".."))
	if err != nil {
		panic(err)
	}
	return folder
}()

// shared opens a file of the reference data and unpacks it, or skips the test where the data are not.
func shared(t *testing.T, parts ...string) []byte {
	t.Helper()
	folder := os.Getenv("MAILCONNECTOR_SHARED")
	if folder == "" {
		folder = filepath.Join(repository, "..", "shared")
	}
	f, err := os.Open(filepath.Join(append([]string{folder}, parts...)...))
	if os.IsNotExist(err) {
		t.Skipf("the reference data is not here: %v", err)
	}
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	unpacked, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	content, err := io.ReadAll(unpacked)
	if err != nil {
		t.Fatal(err)
	}
	return content
}

// used are the tables of a dump that are loaded: creating all 830 takes longer than the tests.
var used = regexp.MustCompile("`(vte_(users|user2role|role|role2profile|profile(2\\w+)?|groups|users2group|group2\\w+|def_org_\\w+|" +
	`datashare_\w+|tab|field|fieldmodulerel|blocks|entityname|entity_displayname|relatedlists|language|vteprop|crmentity\w*|` +
	`account\w*|contact\w+|customerdetails|lead\w*|potential\w*|troubletickets|ticketcf|vendor\w*|products|productcf|employees\w*|` +
	`campaign|campaignscf|joborder\w*|project|projectcf|notes\w*|attachments|se\w+rel|messages\w*|modcomments\w*|modentity_num|` +
	`changelog\w*|email_directory\w*|check_\w+|users_seq|profile_versions|role_versions|tmp_users|sharedcalendar|trigger_queue|activity|` +
	`invitees|settings_\w+|processmaker_rec|running_processes|process_adv_permissions)|` +
	"tbl_s_(ldap_config|advanced\\w+)|sdk_(adv\\w+|class|language|presave))`")

// organisation loads a dump of a CRM, each statement as change leaves it, and returns the data source name of its
// database.
func organisation(t *testing.T, dump []byte, change func(string) string) string {
	t.Helper()
	dsn := dbtest.MariaDBDSN(t)
	db := openDB(t, dsn)
	conn, err := db.Conn(t.Context()) // the dump changes settings of its session
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	lines := bufio.NewScanner(bytes.NewReader(dump))
	lines.Buffer(nil, len(dump))
	var statement strings.Builder
	for lines.Scan() {
		line := lines.Text()
		if line == "" || strings.HasPrefix(line, "--") || strings.HasPrefix(line, "/*M!") {
			continue
		}
		statement.WriteString(line + "\n")
		if !strings.HasSuffix(line, ";") {
			continue
		}
		if first, _, _ := strings.Cut(statement.String(), "\n"); !strings.Contains(first, "`") || used.MatchString(first) {
			if _, err := conn.ExecContext(t.Context(), change(statement.String())); err != nil {
				t.Fatalf("load the CRM: %v\n%.200s", err, statement.String())
			}
		}
		statement.Reset()
	}
	if err := lines.Err(); err != nil {
		t.Fatal(err)
	}
	return dsn
}

func openDB(t *testing.T, dsn string) *sql.DB {
	t.Helper()
	db, err := sql.Open("mysql", dsn)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	return db
}

// text reads one value.
func text(t *testing.T, db *sql.DB, query string, args ...any) string {
	t.Helper()
	var value string
	if err := db.QueryRowContext(t.Context(), query, args...).Scan(&value); err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	return value
}
