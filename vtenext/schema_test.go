package vtenext_test

import (
	"database/sql"
	"io"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/go-sql-driver/mysql"

	"github.com/mailconnector/mailconnector/internal/dbtest"
	"github.com/mailconnector/mailconnector/permissions"
	"github.com/mailconnector/mailconnector/permissions/sharing"
	"github.com/mailconnector/mailconnector/vtenext"
)

// inspect returns the findings of an installation as lines.
func inspect(t testing.TB, p *vtenext.Permissions) (vtenext.Report, []string) {
	t.Helper()
	r, err := p.Inspect(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var lines []string
	for _, f := range r.Findings {
		lines = append(lines, f.String())
	}
	return r, lines
}

func testNoFindings(t *testing.T, db *sql.DB) {
	if _, findings := inspect(t, permissionsOf(t, db)); len(findings) > 0 {
		t.Errorf("findings:\n%s", strings.Join(findings, "\n"))
	}
}

func testMissingTables(t *testing.T, db *sql.DB) {
	for _, c := range []struct {
		name, change, back string
		part               vtenext.Part
		asks               permissions.Action
		of                 permissions.Record
		code               string // of the answer to an administrator
	}{
		{
			"no queue of processes", "RENAME TABLE vte_trigger_queue TO gone", "RENAME TABLE gone TO vte_trigger_queue",
			vtenext.PartProcesses, permissions.Edit, record("Accounts", "59"), vtenext.CodeLacking,
		},
		{
			"no queue of processes, for viewing", "RENAME TABLE vte_trigger_queue TO gone", "RENAME TABLE gone TO vte_trigger_queue",
			vtenext.PartProcesses, permissions.View, record("Accounts", "59"), sharing.CodeAdmin,
		},
		{
			"no visibility of messages", "ALTER TABLE vte_messages CHANGE mvisibility gone varchar(50)",
			"ALTER TABLE vte_messages CHANGE gone mvisibility varchar(50)",
			vtenext.PartMessages, permissions.Create, record("Messages", ""), sharing.CodeAdmin,
		},
		{
			"no lock-out", "RENAME TABLE vte_check_logins TO gone", "RENAME TABLE gone TO vte_check_logins",
			vtenext.PartSignIn, permissions.View, record("Accounts", "59"), sharing.CodeAdmin,
		},
		{
			"no column for the name of an attachment", "ALTER TABLE vte_messages_attach CHANGE contentname gone varchar(255)",
			"ALTER TABLE vte_messages_attach CHANGE gone contentname varchar(255)",
			vtenext.PartFiling, permissions.View, record("Accounts", "59"), sharing.CodeAdmin,
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			exec(t, db, c.change)
			t.Cleanup(func() { exec(t, db, c.back) })
			p := permissionsOf(t, db)
			r, findings := inspect(t, p)
			if _, disabled := r.Disabled(c.part); !disabled {
				t.Errorf("%s is not disabled: %v", c.part, findings)
			}
			if got := ask(t, p, "1", c.asks, c.of); got.Reason.Code != c.code {
				t.Errorf("%s %s: %v, want %s", c.asks, c.of, got, c.code)
			}
		})
	}
	t.Run("a base table", func(t *testing.T) {
		exec(t, db, "ALTER TABLE vte_role CHANGE parentrole gone varchar(255)")
		t.Cleanup(func() { exec(t, db, "ALTER TABLE vte_role CHANGE gone parentrole varchar(255)") })
		p := permissionsOf(t, db)
		r, findings := inspect(t, p)
		if reasons, disabled := r.Disabled(vtenext.PartPermissions); !disabled || !strings.Contains(reasons[0], "parentrole") {
			t.Errorf("permissions are not disabled: %v", findings)
		}
		_, err := p.Check(t.Context(), permissions.Subject{UserID: "1"}, permissions.View, []permissions.Record{record("Accounts", "59")})
		if err == nil {
			t.Error("an answer without a base table")
		}
	})
}

func testExtensions(t *testing.T, db *sql.DB) {
	user := ordinaryUser(t, db)
	account := recordOf(t, db, "Accounts", user)
	if got := ask(t, permissionsOf(t, db), user, permissions.View, account); !got.Allows() {
		t.Fatalf("without an extension: %v", got)
	}
	for _, row := range []string{
		"sdk_adv_permission (id, module, function, src) VALUES (900, 'Accounts', 'hideAccounts', 'modules/SDK/src/x.php')",
		"sdk_adv_query (id, module, function, src) VALUES (900, 'Accounts', 'moreAccounts', 'modules/SDK/src/x.php')",
		"sdk_class (id, extends, module, src) VALUES (900, 'Accounts', 'AccountsCustom', 'modules/SDK/src/x.php')",
	} {
		table, _, _ := strings.Cut(row, " ")
		t.Run(table, func(t *testing.T) {
			keep(t, db, table)
			exec(t, db, "INSERT INTO "+row)
			p := permissionsOf(t, db)
			if got := ask(t, p, user, permissions.View, account); got.Reason.Code != vtenext.CodeExtended {
				t.Errorf("the owner: %v", got)
			}
			if got := ask(t, p, user, permissions.Create, record("Accounts", "")); got.Reason.Code != vtenext.CodeExtended {
				t.Errorf("creating: %v", got)
			}
			if scope, err := p.Scope(t.Context(), permissions.Subject{UserID: user}, "Accounts"); err != nil || len(scope.Owners) > 0 {
				t.Errorf("the scope: %+v, %v", scope, err)
			}
			if got := ask(t, p, "1", permissions.View, account); !got.Allows() {
				t.Errorf("an administrator: %v", got)
			}
			if _, findings := inspect(t, p); !slices.ContainsFunc(findings, func(f string) bool {
				return strings.Contains(f, "Accounts") && strings.Contains(f, table)
			}) {
				t.Errorf("findings: %v", findings)
			}
			trusting := permissionsOf(t, db, func(c *vtenext.Config) { c.Trusted = []string{"Accounts"} })
			if got := ask(t, trusting, user, permissions.View, account); !got.Allows() {
				t.Errorf("the owner, where the extension is trusted: %v", got)
			}
		})
	}
	t.Run("those that cannot change permissions are named only", func(t *testing.T) {
		keep(t, db, "sdk_presave")
		exec(t, db, "INSERT INTO sdk_presave (presaveid, module, src) VALUES (900, 'Accounts', 'modules/SDK/src/x.php')")
		p := permissionsOf(t, db)
		if got := ask(t, p, user, permissions.View, account); !got.Allows() {
			t.Errorf("the owner: %v", got)
		}
		if _, findings := inspect(t, p); len(findings) != 1 || !strings.Contains(findings[0], "sdk_presave") {
			t.Errorf("findings: %v", findings)
		}
	})
}

func testUnknownValues(t *testing.T, db *sql.DB) {
	s := newStage(t, db, 2006)
	r := record("Accounts", s.record)
	for _, v := range []struct{ name, change, table, finding string }{
		{"a default", "UPDATE vte_def_org_share SET permission = 9 WHERE tabid = 6", "vte_def_org_share", "default of Accounts"},
		{"the presence of an entity type", "UPDATE vte_tab SET presence = 7 WHERE tabid = 6", "vte_tab", "presence of Accounts"},
		{"the permission of a rule", "INSERT INTO vte_datashare_role2role VALUES (9N, 'HON', 'HWN', 7)",
			"vte_datashare_role2role", "sharing rule"},
		{"the status of a user", "UPDATE vte_users SET status = 'Guest' WHERE id = 9N1", "vte_users", "status of user"},
	} {
		t.Run(v.name, func(t *testing.T) {
			keep(t, db, v.table, "vte_datashare_mod_rel")
			s.run(t, db, "INSERT INTO vte_datashare_mod_rel (shareid, tabid) VALUES (9N, 6)", v.change)
			p := permissionsOf(t, db)
			if got := ask(t, p, s.user, permissions.View, r); got.Allows() {
				t.Errorf("viewing: %v", got)
			}
			names := func(f string) bool { return strings.Contains(f, v.finding) }
			if _, findings := inspect(t, p); !slices.ContainsFunc(findings, names) {
				t.Errorf("findings: %v", findings)
			}
		})
	}
}

func TestOnlyTheFirstColumnOfAnIndexFindsRows(t *testing.T) {
	db := dbtest.MariaDB(t)
	crm, err := vtenext.New(vtenext.Config{DB: db})
	if err != nil {
		t.Fatal(err)
	}
	exec(t, db, `CREATE TABLE vte_Composite (first INT, second VARCHAR(100), Own INT, pair INT, paired INT, words TEXT,
		alone INT, nothing INT, both_ways INT, PRIMARY KEY (first, second, both_ways), KEY (own), UNIQUE (pair, paired),
		FULLTEXT (words), UNIQUE (alone), KEY (both_ways))`)
	exec(t, db, "CREATE TABLE vte_bare (id INT, email VARCHAR(100))")
	for table, want := range map[string][]string{
		"vte_Composite": {"alone", "both_ways", "first", "own", "pair"}, "vte_bare": nil, "vte_gone": nil,
	} {
		if got, err := crm.Indexed(t.Context(), table); err != nil || !slices.Equal(got, want) {
			t.Errorf("indexed columns of %s are %v, %v, want %v", table, got, err, want)
		}
	}
}

func TestInstallationsDifferInPrefixCharsetAndStrictness(t *testing.T) {
	prefixed := regexp.MustCompile("`vte_(check_pwd|hide_tab|userauthtoken)`|`vte_")
	db := load(t, organisationA, func(statement string) string {
		statement = prefixed.ReplaceAllStringFunc(statement, func(name string) string {
			if name == "`vte_" {
				return "`crm2_"
			}
			return name
		})
		statement = strings.ReplaceAll(statement, "'vte_", "'crm2_") // the tables of fields and filters
		return strings.NewReplacer("CHARSET=utf8mb3", "CHARSET=utf8mb4", "utf8mb3_general_ci", "utf8mb4_unicode_ci").Replace(statement)
	})
	strict := withSettings(t, db, map[string]string{
		"sql_mode": "'STRICT_TRANS_TABLES,NO_ZERO_DATE,NO_ZERO_IN_DATE,ONLY_FULL_GROUP_BY,ANSI_QUOTES,NO_BACKSLASH_ESCAPES'",
	})
	p := permissionsOf(t, strict, func(c *vtenext.Config) { c.TablePrefix = "crm2" })
	got := written(t, func(w io.Writer) error { return p.WriteAccess(t.Context(), w, vtenext.AccessOptions{}) })
	compare(t, got, truth(t, "truth-a", "permitted.tsv.gz"))
	if _, err := p.Types(t.Context(), permissions.Subject{UserID: "1"}, "en"); err != nil {
		t.Error(err)
	}
	if _, findings := inspect(t, p); len(findings) > 0 {
		t.Errorf("findings:\n%s", strings.Join(findings, "\n"))
	}
}

// withSettings opens a database anew with other settings of the session.
func withSettings(t *testing.T, db *sql.DB, params map[string]string) *sql.DB {
	t.Helper()
	cfg, err := mysql.ParseDSN(dbtest.MariaDBDSN(t))
	if err != nil {
		t.Fatal(err)
	}
	cfg.DBName = text(t, db, "SELECT DATABASE()")
	return open(t, cfg.FormatDSN(), params)
}
