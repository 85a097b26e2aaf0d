package vtenext_test

import (
	"bytes"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/go-sql-driver/mysql"
	"github.com/google/go-cmp/cmp"

	"github.com/mailconnector/mailconnector/vtenext"
)

const sampleConfig = `<?php
/* $table_prefix = 'comment'; */
// $table_prefix = 'comment'; ?> printed $x = 'y'; <?php
include('vteversion.php');
version_compare(PHP_VERSION, '5.5.0') <= 0 ? error_reporting(E_ERROR) : error_reporting(E_ALL);
ini_set('memory_limit', '1024M');
$dbconfig['db_server'] = 'localhost';
$dbconfig['db_port'] = ':3307';
$dbconfig['db_username'] = 'vte';
$dbconfig["db_password"] = 'it\'s @/:?&; \n';
$dbconfig['db_name'] = "vtenext\x32";
$dbconfig['db_hostname'] = $dbconfig['db_server'].$dbconfig['db_port'];
$table_prefix = 'crm';
$site_URL = 'https://crm.example.com';
$root_directory = '/var/www/crm/';
$upload_maxsize = 3000000;
$upload_badext = array('php', "PHP5", 'html',);
$default_timezone = 'Europe/Rome';
$default_language = 'it_it';
if (isset($default_timezone) && function_exists('date_default_timezone_set')) {
	@date_default_timezone_set($default_timezone);
}
`

const sampleVersion = `<?php
$patch_version = -1;
$modified_database = '';
$enterprise_current_version = '20.04.3';
$enterprise_current_build = '2219';
`

func configFolder(t *testing.T, config, version string) string {
	t.Helper()
	folder := t.TempDir()
	for name, content := range map[string]string{"config.inc.php": config, "vteversion.php": version} {
		if content == "" {
			continue
		}
		if err := os.WriteFile(filepath.Join(folder, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return folder
}

func TestConfigurationIsReadAsData(t *testing.T) {
	folder := configFolder(t, sampleConfig, sampleVersion)
	got, err := vtenext.ReadConfig(folder)
	if err != nil {
		t.Fatal(err)
	}
	told := []string{got.Folder, got.TablePrefix, got.SiteURL, got.TimeZone.String(), got.Language, strings.Join(got.BlockedExtensions, " "), got.Version, got.Build}
	want := []string{folder, "crm", "https://crm.example.com", "Europe/Rome", "it_it", "html php php5", "20.04.3", "2219"}
	if diff := cmp.Diff(want, told); diff != "" {
		t.Errorf("installation (-want +got):\n%s", diff)
	}
	dsn, err := mysql.ParseDSN(got.DSN())
	if err != nil {
		t.Fatal(err)
	}
	parts := []string{dsn.User, dsn.Passwd, dsn.Net, dsn.Addr, dsn.DBName}
	if diff := cmp.Diff([]string{"vte", `it's @/:?&; \n`, "tcp", "localhost:3307", "vtenext2"}, parts); diff != "" {
		t.Errorf("DSN (-want +got):\n%s", diff)
	}
	if !strings.Contains(got.DSN(), "charset=utf8mb4") {
		t.Error("the connections do not speak utf8mb4")
	}
	c := got.Config(nil)
	if c.TablePrefix != "crm" || c.Storage != folder || c.Version != "20.04.3" || c.TimeZone != got.TimeZone {
		t.Errorf("Config = %+v", c)
	}
}

func TestThePasswordIsNeverPrinted(t *testing.T) {
	i, err := vtenext.ReadConfig(configFolder(t, strings.Replace(sampleConfig, "it\\'s", "S3cret", 1), ""))
	if err != nil {
		t.Fatal(err)
	}
	var log bytes.Buffer
	slog.New(slog.NewTextHandler(&log, nil)).Info("read", "installation", i)
	for _, printed := range []string{log.String(), fmt.Sprint(i), fmt.Sprintf("%v %+v %#v %s %q %d", i, i, i, i, i, i), fmt.Sprintf("%+v", &i)} {
		if strings.Contains(printed, "S3cret") || !strings.Contains(printed, "unknown version") {
			t.Errorf("printed %s", printed)
		}
	}
}

func TestWhereTheServerIs(t *testing.T) {
	for _, tt := range []struct{ server, port, network, address string }{
		{"localhost", ":3306", "tcp", "localhost:3306"},
		{"db.example.com", "", "tcp", "db.example.com:3306"},
		{"db.example.com:3310", ":3306", "tcp", "db.example.com:3310"},
		{"192.0.2.1", "3307", "tcp", "192.0.2.1:3307"},
		{"::1", ":3306", "tcp", "[::1]:3306"},
		{"[::1]:3310", "", "tcp", "[::1]:3310"},
		{"localhost:/run/mysqld/mysqld.sock", ":3306", "unix", "/run/mysqld/mysqld.sock"},
		{"/run/mysqld/mysqld.sock", "", "unix", "/run/mysqld/mysqld.sock"},
	} {
		config := strings.NewReplacer("'localhost'", "'"+tt.server+"'", "':3307'", "'"+tt.port+"'").Replace(sampleConfig)
		i, err := vtenext.ReadConfig(configFolder(t, config, ""))
		if err != nil {
			t.Fatal(err)
		}
		dsn, err := mysql.ParseDSN(i.DSN())
		if err != nil || dsn.Net != tt.network || dsn.Addr != tt.address {
			t.Errorf("%q and %q: %s %s, %v; want %s %s", tt.server, tt.port, dsn.Net, dsn.Addr, err, tt.network, tt.address)
		}
	}
}

func TestWhatIsNotPlainIsRefused(t *testing.T) {
	for name, change := range map[string]string{
		"a variable inside":          `$table_prefix = "crm$x";`,
		"an expression":              `$table_prefix = 'a'.'b';`,
		"a call":                     `$table_prefix = getenv('PREFIX');`,
		"a condition":                `if ($x) { $table_prefix = 'other'; }`,
		"a condition without braces": `if ($x) $table_prefix = 'other';`,
		"the other syntax":           `if ($x): $y = 1; $table_prefix = 'other'; endif;`,
		"appending":                  `$table_prefix .= 'x';`,
		"a computed key":             `$dbconfig[$x] = 'y'; $dbconfig = f();`,
		"a copy":                     `$table_prefix = $x;`,
		"a name that is no prefix":   "$table_prefix = 'a`b';",
		"an unknown time zone":       `$default_timezone = 'Mars/Olympus';`,
		"an unfinished string":       `$table_prefix = 'crm`,
	} {
		if i, err := vtenext.ReadConfig(configFolder(t, sampleConfig+change, "")); err == nil {
			t.Errorf("%s is read as %v", name, i)
		}
	}
	for _, line := range []string{"db_server", "db_username", "db_name", "$table_prefix", "default_timezone"} {
		var kept []string
		for _, l := range strings.Split(sampleConfig, "\n") {
			if !strings.Contains(l, line) {
				kept = append(kept, l)
			}
		}
		if _, err := vtenext.ReadConfig(configFolder(t, strings.Join(kept, "\n"), "")); err == nil {
			t.Errorf("without %s there is no error", line)
		}
	}
	if _, err := vtenext.ReadConfig(t.TempDir()); err == nil {
		t.Error("an empty folder is an installation")
	}
}

func TestWhatIsPlainAfterAllIsRead(t *testing.T) {
	for name, change := range map[string]string{
		"assigned again":            `$table_prefix = f(); $table_prefix = 'crm';`,
		"compared":                  `if ($table_prefix == 'other' || $table_prefix === 'x') { f($table_prefix); }`,
		"text that looks like it":   "$x = <<<EOT\n$table_prefix = 'other';\nEOT;\n$y = 'z';",
		"in a comment to the end":   "# $table_prefix = f();",
		"printed, not run":          "?>\n<?= $x ?> $table_prefix = f();",
		"another array":             `$dbconfig2 = array('db_name' => array(1, 2 => 'x', [true, null, -1.5]));`,
		"after the end":             "__halt_compiler(); $table_prefix = f();",
		"function bodies of others": `function f($a) { $local = 'x'; return "}"; }`,
	} {
		if _, err := vtenext.ReadConfig(configFolder(t, sampleConfig+change, "")); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}
