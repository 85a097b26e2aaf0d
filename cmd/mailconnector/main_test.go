package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// mailconnector runs a command line and returns its exit code and what it wrote.
func mailconnector(t *testing.T, in string, args ...string) (code int, out, problems string) {
	t.Helper()
	var stdout, stderr bytes.Buffer
	code = run(t.Context(), args, streams{strings.NewReader(in), &stdout, &stderr})
	return code, stdout.String(), stderr.String()
}

// must runs a command line that has to succeed and returns its output.
func must(t *testing.T, in string, args ...string) string {
	t.Helper()
	code, out, problems := mailconnector(t, in, args...)
	if code != exitOK {
		t.Fatalf("mailconnector %s: exit %d\n%s", strings.Join(args, " "), code, problems)
	}
	return out
}

// leaves lists every command with its words.
func leaves(g group, words ...string) [][]string {
	var list [][]string
	for _, m := range g.members {
		path := append(append([]string(nil), words...), m.name)
		if sub, ok := m.entry.(group); ok {
			list = append(list, leaves(sub, path...)...)
			continue
		}
		list = append(list, path)
	}
	return list
}

func TestEveryCommandTeachesItself(t *testing.T) {
	for _, words := range leaves(commands()) {
		name := "mailconnector " + strings.Join(words, " ")
		t.Run(name, func(t *testing.T) {
			help := must(t, "", append(words, "--help")...)
			for _, want := range []string{"Usage:\n  " + name, "Example:\n  mailconnector "} {
				if !strings.Contains(help, want) {
					t.Errorf("the help lacks %q:\n%s", want, help)
				}
			}
			if same := must(t, "", append([]string{"help"}, words...)...); same != help {
				t.Errorf("help %v differs from %v --help", words, words)
			}
		})
	}
}

func TestWrongCommandLinesSayWhatToDo(t *testing.T) {
	t.Setenv("MAILCONNECTOR_DSN", "")
	cases := []struct {
		name string
		args []string
		want string
	}{
		{"no command", nil, "which command?"},
		{"an unknown command", []string{"nonsense"}, `no command "nonsense"`},
		{"a group without a command", []string{"vendor"}, "which command?"},
		{"an unknown flag", []string{"demo", "--nonsense"}, "demo --help"},
		{"an argument too many", []string{"version", "now"}, `takes no argument "now"`},
		{"no file to inspect", []string{"mail", "inspect"}, "at least one file"},
		{"nothing to revoke", []string{"vendor", "revoke"}, "--license or --partner"},
		{"two requests", []string{"vendor", "issue", "a", "b"}, "one file"},
		{"no database", []string{"access", "export"}, "--vtenext, --dsn, --dsn-file or MAILCONNECTOR_DSN"},
		{"two databases", []string{"access", "export", "--dsn", "a@/b", "--dsn-file", "f"}, "not both"},
		{"a password where others see it", []string{"access", "export", "--dsn", "crm:secret@tcp(db)/crm"}, "other users of this machine could see it"},
		{"a time zone that is none", []string{"access", "export", "--dsn", "crm@tcp(db)/crm", "--time-zone", "Rome"}, "--time-zone"},
		{"a format that is none", []string{"access", "export", "--format", "csv"}, "use tsv"},
		{"nobody to explain", []string{"access", "explain", "--dsn", "crm@tcp(db)/crm"}, "--user and --module"},
		{"no address to serve", []string{"serve", "--dsn", "crm@tcp(db)/crm"}, "--crm-url"},
		{"nothing to export", []string{"export"}, "--module and --record, or --verify"},
		{"nowhere to export to", []string{"export", "--module", "Contacts", "--record", "1"}, "--out or --mbox"},
		{"no license to serve with", []string{"license", "status", "--dsn", "crm@tcp(db)/crm", "--crm-url", "https://crm.example.com"}, "--vendor"},
		{"a partner without a name", []string{"vendor", "certify", "partner.pub"}, "--name"},
	}
	for _, tc := range cases {
		t.Run(tc.name, func(t *testing.T) {
			code, out, problems := mailconnector(t, "", tc.args...)
			if strings.Contains(problems, "secret") {
				t.Errorf("the problems tell the password: %q", problems)
			}
			if code != exitUsage || !strings.Contains(problems, tc.want) || out != "" {
				t.Errorf("exit %d, out %q, problems %q; want exit %d and %q", code, out, problems, exitUsage, tc.want)
			}
		})
	}
}

// TestALicenseFromKeyToActivation goes the whole way on the command line, as vendor, partner and customer would.
func TestALicenseFromKeyToActivation(t *testing.T) {
	t.Chdir(t.TempDir())
	must(t, "", "license", "request", "--data", "crm") // makes the demo's own vendor key
	write := func(name, text string) {
		t.Helper()
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	vendorKey := filepath.Join("crm", "vendor.key")
	write("vendor.pub", publicOf(t, vendorKey))

	must(t, "", "partner", "keygen")
	write("partner.cert", must(t, "", "vendor", "certify", "--key", vendorKey, "--name", "Good Partner", "partner.pub"))
	order := must(t, "", "license", "request", "--data", "crm", "--users", "7")
	signed := must(t, order, "partner", "sign-request")
	license := must(t, signed, "vendor", "issue", "--key", vendorKey, "--days", "400")

	if code, _, _ := mailconnector(t, "", "license", "status", "--data", "crm"); code != exitFailed {
		t.Errorf("status without a license: exit %d, want %d", code, exitFailed)
	}
	status := must(t, license, "license", "activate", "--data", "crm")
	for _, want := range []string{"state:        active", "seats:        0 of 7", "Good Partner"} {
		if !strings.Contains(status, want) {
			t.Errorf("the status lacks %q:\n%s", want, status)
		}
	}
	must(t, "", "license", "deactivate", "--data", "crm")

	t.Run("a slip of the keyboard is told from a forgery", func(t *testing.T) {
		_, _, problems := mailconnector(t, license[:len(license)-20], "license", "activate", "--data", "crm")
		if !strings.Contains(problems, "damaged") {
			t.Errorf("problems %q", problems)
		}
	})
	t.Run("an order nobody signed is refused", func(t *testing.T) {
		code, _, problems := mailconnector(t, order, "vendor", "issue", "--key", vendorKey)
		if code != exitFailed || !strings.Contains(problems, "certified partner") {
			t.Errorf("exit %d, problems %q", code, problems)
		}
	})
	t.Run("a revoked partner is refused", func(t *testing.T) {
		certificate, err := readCertificate(streams{}, "partner.cert", "vendor.pub")
		if err != nil {
			t.Fatal(err)
		}
		write("list.txt", must(t, "", "vendor", "revoke", "--key", vendorKey, "--partner", certificate.Serial))
		code, _, problems := mailconnector(t, signed, "vendor", "issue", "--key", vendorKey, "--revocations", "list.txt")
		if code != exitFailed || !strings.Contains(problems, "revoked") {
			t.Errorf("exit %d, problems %q", code, problems)
		}
	})
	t.Run("a key is never overwritten", func(t *testing.T) {
		code, _, problems := mailconnector(t, "", "partner", "keygen")
		if code != exitFailed || !strings.Contains(problems, "never overwritten") {
			t.Errorf("exit %d, problems %q", code, problems)
		}
	})
}

func publicOf(t *testing.T, file string) string {
	t.Helper()
	key, err := readPrivate(streams{}, file)
	if err != nil {
		t.Fatal(err)
	}
	return key.Public().String()
}

func TestInspectReadsAnyMail(t *testing.T) {
	folder := t.TempDir()
	good, odd := filepath.Join(folder, "good.eml"), filepath.Join(folder, "odd.bin")
	mail := "From: ann@example.com\r\nSubject: =?utf-8?q?Gr=C3=BC=C3=9Fe?=\r\nMessage-ID: <1@example.com>\r\n" +
		"Date: Sat, 21 Nov 2026 10:00:00 +0100\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nHello\r\n" +
		"--b\r\nContent-Type: application/pdf\r\nContent-Disposition: attachment; filename=a.pdf\r\n" +
		"Content-Transfer-Encoding: base64\r\n\r\nQUJD\r\n--b--\r\n"
	for name, text := range map[string]string{good: mail, odd: "\x00\xff no mail at all"} {
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	lines := strings.Split(strings.TrimSpace(must(t, "", "mail", "inspect", good, odd)), "\n")
	if len(lines) != 2 {
		t.Fatalf("got %d lines, want one for each file", len(lines))
	}
	var r report
	if err := json.Unmarshal([]byte(lines[0]), &r); err != nil {
		t.Fatal(err)
	}
	if r.Subject != "Grüße" || r.From != "ann@example.com" || r.MessageID != "<1@example.com>" || r.DateUnix == nil || *r.DateUnix != 1795251600 {
		t.Errorf("read %+v", r)
	}
	want := attachment{Name: "a.pdf", Size: 3, SHA256: "b5d4045c3f466fa91fe2cc6abe79232a1a57cdf104f7a26e716e0a1e2789df78"}
	if len(r.Attachments) != 1 || r.Attachments[0] != want {
		t.Errorf("attachments %+v, want %+v", r.Attachments, want)
	}
	if err := json.Unmarshal([]byte(lines[1]), &r); err != nil || len(r.Problems) == 0 {
		t.Errorf("the odd file: %v, problems %+v", err, r.Problems)
	}
}
