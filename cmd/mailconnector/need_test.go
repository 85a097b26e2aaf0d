package main

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// wanted are the flags that a command says it wants, each line without what it is for.
func wanted(t *testing.T, args ...string) []string {
	t.Helper()
	code, out, problems := mailconnector(t, "", args...)
	if code != exitUsage || out != "" {
		t.Errorf("%v: exit %d, out %q, problems %q; want exit %d", args, code, out, problems, exitUsage)
	}
	var flags []string
	for _, line := range regexp.MustCompile(`(?m)(?: wants |^  )(--.+?): \S`).FindAllStringSubmatch(problems, -1) {
		flags = append(flags, line[1])
	}
	slices.Sort(flags)
	return flags
}

func TestAllThatIsMissingIsSaidAtOnce(t *testing.T) {
	t.Chdir(t.TempDir())
	t.Setenv("MAILCONNECTOR_DSN", "")
	const (
		database = "--vtenext, --dsn, --dsn-file or MAILCONNECTOR_DSN"
		address  = "--crm-url, or --vtenext with $site_URL"
		storage  = "--vtenext or --storage"
		record   = "--module and --record, or --verify"
	)
	crm := "<?php\n$table_prefix = 'vte';\n$default_timezone = 'UTC';\n" +
		"$dbconfig['db_server'] = 'localhost';\n$dbconfig['db_username'] = 'crm';\n$dbconfig['db_name'] = 'crm';\n"
	if err := os.WriteFile("config.inc.php", []byte(crm), 0o600); err != nil {
		t.Fatal(err)
	}
	all := []string{"--content", address, "--vendor", storage, database}
	for command, want := range map[string][]string{
		"serve":        all,
		"migrate":      all,
		"doctor":       all,
		"index build":  all,
		"index status": all,
		"export":       append([]string{record, "--out or --mbox"}, all...),
		"export --verify --dsn crm@/crm --storage .":                             {"--content", "--vendor", address},
		"export --module Leads --record 1 --out a --mbox b --vtenext .":          {"--out or --mbox", "--content", "--vendor", address},
		"serve --vtenext . --crm-url crm.example.com --content mails":            {"--vendor", address},
		"serve --dsn crm@/crm --crm-url https://crm.example.com":                 {"--content", "--vendor", storage},
		"doctor --dsn crm@/crm --crm-url https://crm.example.com --vendor v.pub": {"--content", storage},
		"install":                     {address, database},
		"install --vtenext .":         {address},
		"uninstall":                   {database},
		"access modules":              {database},
		"access explain":              {"--user and --module", database},
		"access explain --user anna":  {"--user and --module", database},
		"license status --vtenext .":  {"--vendor", address},
		"license request --vtenext .": {"--vendor", address},
		"addin manifest":              {address},
	} {
		slices.Sort(want)
		if diff := cmp.Diff(want, wanted(t, strings.Fields(command)...)); diff != "" {
			t.Errorf("mailconnector %s (-want +got):\n%s", command, diff)
		}
	}
}

func TestAnEmptyFileIsNoDataSource(t *testing.T) {
	t.Setenv("MAILCONNECTOR_DSN", "")
	file := filepath.Join(t.TempDir(), "dsn")
	writeSecret(t, file, " \n", 0o600)
	wantDataSource(t, "", exitUsage, "--dsn-file: "+file+" is empty", "--dsn-file", file)
}
