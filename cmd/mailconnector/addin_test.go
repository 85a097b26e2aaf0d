package main

import (
	"os"
	"strings"
	"testing"
)

func TestTheManifestIsForTheAddressOfTheCRM(t *testing.T) {
	t.Chdir(t.TempDir())
	if err := os.WriteFile("settings.yaml", []byte("crm-url: https://crm.example.com/vte\nprefix: /mail\ncontent: elsewhere\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, row := range map[string]struct {
		args []string
		pane string
	}{
		"a flag":                 {[]string{"--crm-url", "https://crm.example.com"}, "https://crm.example.com/mailconnector/addin/taskpane.html"},
		"a CRM in a folder":      {[]string{"--crm-url", "https://crm.example.com/vte/"}, "https://crm.example.com/mailconnector/addin/taskpane.html"},
		"another path":           {[]string{"--crm-url", "https://crm.example.com:8443", "--prefix", "/x/"}, "https://crm.example.com:8443/x/addin/taskpane.html"},
		"a file":                 {[]string{"--config", "settings.yaml"}, "https://crm.example.com/mail/addin/taskpane.html"},
		"a file and a flag over": {[]string{"--config", "settings.yaml", "--prefix", "/y"}, "https://crm.example.com/y/addin/taskpane.html"},
	} {
		t.Run(name, func(t *testing.T) {
			printed := must(t, "", append([]string{"addin", "manifest"}, row.args...)...)
			if !strings.Contains(printed, `<SourceLocation DefaultValue="`+row.pane+`"/>`) {
				t.Errorf("the manifest does not name %s:\n%s", row.pane, printed)
			}
			wantLines(t, must(t, "", append([]string{"addin", "manifest", "--out", "manifest.xml"}, row.args...)...), "^wrote manifest.xml for https://")
			if written, err := os.ReadFile("manifest.xml"); err != nil || string(written) != printed {
				t.Errorf("what is written differs from what is printed, %v", err)
			}
		})
	}
}

func TestAManifestThatOutlookWouldNotTakeIsNotMade(t *testing.T) {
	for address, want := range map[string]string{
		"":                       "wants --crm-url",
		"crm.example.com":        "wants --crm-url",
		"http://crm.example.com": "give --crm-url https://crm.example.com",
		"http://127.0.0.1:8080":  "by https only",
	} {
		code, out, problems := mailconnector(t, "", "addin", "manifest", "--crm-url", address)
		if code != exitUsage || out != "" || !strings.Contains(problems, want) {
			t.Errorf("%q: exit %d, out %q, problems %q; want %q", address, code, out, problems, want)
		}
	}
	wantFailure(t, "--out: open", "addin", "manifest", "--crm-url", "https://crm.example.com", "--out", "no/such/folder.xml")
}
