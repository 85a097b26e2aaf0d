package main

import (
	"flag"
	"os"
	"strings"
	"testing"
)

func TestAFileSaysWhatTheCommandLineDoesNot(t *testing.T) {
	t.Chdir(t.TempDir())
	t.Setenv("MAILCONNECTOR_DSN", "")
	write := func(text string) {
		t.Helper()
		if err := os.WriteFile("settings.yaml", []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	parse := func(args ...string) (map[string]string, error) {
		t.Helper()
		var c siteFlags
		f := flag.NewFlagSet("", flag.ContinueOnError)
		c.declare(f)
		if err := f.Parse(append([]string{"--config", "settings.yaml"}, args...)); err != nil {
			t.Fatal(err)
		}
		err := configure(f)
		got := make(map[string]string)
		f.Visit(func(f *flag.Flag) { got[f.Name] = f.Value.String() })
		return got, err
	}
	check := func(what string, want map[string]string, args ...string) {
		t.Helper()
		got, err := parse(args...)
		if err != nil {
			t.Errorf("%s: %v", what, err)
		}
		for name, value := range want {
			if got[name] != value {
				t.Errorf("%s: %s is %q, want %q", what, name, got[name], value)
			}
		}
	}
	write("# where the CRM is\nvtenext: /var/www/crm\ncrm-version: 20.04\ndsn-file: /etc/dsn\nvendor: [a.pub, b.pub]\norigin: https://a.example.com\naddr: 127.0.0.1:1\n")
	check("the file alone", map[string]string{
		"vtenext": "/var/www/crm", "crm-version": "20.04", "dsn-file": "/etc/dsn", "vendor": "a.pub, b.pub", "origin": "https://a.example.com",
	})
	check("the command line wins", map[string]string{"vendor": "c.pub", "vtenext": "/srv/crm"}, "--vendor", "c.pub", "--vtenext", "/srv/crm")
	check("one data source is enough", map[string]string{"dsn": "crm@/crm", "dsn-file": ""}, "--dsn", "crm@/crm")
	t.Setenv("MAILCONNECTOR_DSN", "crm@/crm")
	check("the environment wins", map[string]string{"dsn-file": ""})
	write("")
	check("an empty file", nil)
	write("vendor:\n")
	check("a list of nothing", map[string]string{"vendor": ""})

	for text, want := range map[string]string{
		"vtenxt: /var/www/crm":        `no setting "vtenxt"`,
		"config: other.yaml":          `no setting "config"`,
		"prefix: [/a, /b]":            "prefix wants one value",
		"prefix: {a: b}":              "settings.yaml: line 1: want a value, or several",
		"prefix: /a\nprefix: /b":      "already defined",
		"- vtenext":                   "settings.yaml",
		"prefix: /a\n---\nprefix: /b": "more than one document",
	} {
		write(text)
		if _, err := parse(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %q", text, err, want)
		}
	}
	if code, _, problems := mailconnector(t, "", "doctor", "--config", "none.yaml"); code != exitUsage || !strings.Contains(problems, "none.yaml") {
		t.Errorf("a file that is not there: exit %d, %s", code, problems)
	}
}
