package main

import (
	"flag"
	"os"
	"strings"
	"testing"
)

// writeSettings writes the file of settings that parseWithSettings names.
func writeSettings(t *testing.T, text string) {
	t.Helper()
	if err := os.WriteFile("settings.yaml", []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// parseWithSettings parses a command line with the file of settings, and returns the flags that are set then.
func parseWithSettings(t *testing.T, args ...string) (map[string]string, error) {
	t.Helper()
	var c siteFlags
	f := flag.NewFlagSet("", flag.ContinueOnError)
	c.declare(f)
	if err := f.Parse(append([]string{"--config", "settings.yaml"}, args...)); err != nil {
		t.Fatal(err)
	}
	err := configure(f)
	set := make(map[string]string)
	f.Visit(func(f *flag.Flag) { set[f.Name] = f.Value.String() })
	return set, err
}

func TestAFileSaysWhatTheCommandLineDoesNot(t *testing.T) {
	t.Chdir(t.TempDir())
	t.Setenv("MAILCONNECTOR_DSN", "")
	check := func(what string, want map[string]string, args ...string) {
		t.Helper()
		got, err := parseWithSettings(t, args...)
		if err != nil {
			t.Errorf("%s: %v", what, err)
		}
		for name, value := range want {
			if got[name] != value {
				t.Errorf("%s: %s is %q, want %q", what, name, got[name], value)
			}
		}
	}
	writeSettings(t, "# where the CRM is\nvtenext: /var/www/crm\ncrm-version: 20.04\ndsn-file: /etc/dsn\nvendor: [a.pub, b.pub]\n"+
		"origin: https://a.example.com\naddr: 127.0.0.1:1\n")
	check("the file alone", map[string]string{
		"vtenext": "/var/www/crm", "crm-version": "20.04", "dsn-file": "/etc/dsn", "vendor": "a.pub, b.pub", "origin": "https://a.example.com",
	})
	check("the command line wins", map[string]string{"vendor": "c.pub", "vtenext": "/srv/crm"}, "--vendor", "c.pub", "--vtenext", "/srv/crm")
	check("one data source is enough", map[string]string{"dsn": "crm@/crm", "dsn-file": ""}, "--dsn", "crm@/crm")
	t.Setenv("MAILCONNECTOR_DSN", "crm@/crm")
	check("the environment wins", map[string]string{"dsn-file": ""})
	writeSettings(t, "")
	check("an empty file", nil)
	writeSettings(t, "vendor:\n")
	check("a list of nothing", map[string]string{"vendor": ""})
}

func TestFilesOfSettingsThatAreRefused(t *testing.T) {
	t.Chdir(t.TempDir())
	for text, want := range map[string]string{
		"vtenxt: /var/www/crm":        `no setting "vtenxt"`,
		"config: other.yaml":          `no setting "config"`,
		"prefix: [/a, /b]":            "prefix wants one value",
		"prefix: {a: b}":              "settings.yaml: line 1: want a value, or several",
		"prefix: /a\nprefix: /b":      "already defined",
		"- vtenext":                   "settings.yaml",
		"prefix: /a\n---\nprefix: /b": "more than one document",
	} {
		writeSettings(t, text)
		if _, err := parseWithSettings(t); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %q", text, err, want)
		}
	}
	if code, _, problems := mailconnector(t, "", "doctor", "--config", "none.yaml"); code != exitUsage || !strings.Contains(problems, "none.yaml") {
		t.Errorf("a file that is not there: exit %d, %s", code, problems)
	}
}
