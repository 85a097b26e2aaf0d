package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// writeSecret writes a file with a mode, of an owner who is not root.
func writeSecret(t *testing.T, file, text string, mode os.FileMode) {
	t.Helper()
	err := os.WriteFile(file, []byte(text), 0o600)
	if err == nil && os.Getuid() == 0 {
		err = os.Chown(file, 1, 1)
	}
	if err == nil {
		err = os.Chmod(file, mode)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.Remove(file) })
}

// wantDataSource runs a command that gets as far as the data source name leads, and never tells the password.
func wantDataSource(t *testing.T, in string, code int, want string, args ...string) {
	t.Helper()
	got, _, problems := mailconnector(t, in, append([]string{"access", "modules"}, args...)...)
	if got != code || !strings.Contains(problems, want) || strings.Contains(problems, "s3cret") {
		t.Errorf("%v: exit %d, problems %q; want exit %d and %q", args, got, problems, code, want)
	}
}

const taken = "connect to the CRM's database" // which is not there

func TestAPasswordIsTakenFromAFileOfItsOwnerAlone(t *testing.T) {
	t.Chdir(t.TempDir())
	t.Setenv("MAILCONNECTOR_DSN", "")
	const dsn, open = "crm:s3cret@tcp(127.0.0.1:1)/crm", "crm@tcp(127.0.0.1:1)/crm"
	for name, row := range map[string]struct {
		dsn  string
		mode os.FileMode
		code int
		want string
	}{
		"the owner's":                     {dsn, 0o600, exitFailed, taken},
		"read only":                       {dsn, 0o400, exitFailed, taken},
		"its group's too":                 {dsn, 0o640, exitUsage, " holds a password, and not its owner alone may read it (mode 0640): run chmod 600 "},
		"everybody's":                     {dsn, 0o604, exitUsage, "(mode 0604)"},
		"everybody's, to write":           {dsn, 0o602, exitUsage, "(mode 0602)"},
		"everybody's, without a password": {open, 0o644, exitFailed, taken},
	} {
		t.Run(name, func(t *testing.T) {
			named := func(flag, file string) string {
				if strings.HasPrefix(row.want, " holds") {
					return flag + ": " + file + row.want + file
				}
				return row.want
			}
			writeSecret(t, "settings.yaml", "dsn: "+row.dsn+"\n", row.mode)
			wantDataSource(t, "", row.code, named("--config", "settings.yaml"), "--config", "settings.yaml")
			writeSecret(t, "dsn", row.dsn+"\n", row.mode)
			wantDataSource(t, "", row.code, named("--dsn-file", "dsn"), "--dsn-file", "dsn")
			writeSecret(t, "names.yaml", "dsn-file: dsn\n", 0o644)
			wantDataSource(t, "", row.code, named("--dsn-file", "dsn"), "--config", "names.yaml")
		})
	}
	writeSecret(t, "settings.yaml", "dsn: "+dsn+"\n", 0o644)
	wantDataSource(t, "", exitFailed, taken, "--config", "settings.yaml", "--dsn", open)
	wantDataSource(t, "", exitUsage, "--dsn must not hold a password, other users of this machine could see it: use --dsn-file, a file given with --config",
		"--config", "settings.yaml", "--dsn", dsn)
	t.Setenv("MAILCONNECTOR_DSN", dsn)
	wantDataSource(t, "", exitFailed, taken, "--config", "settings.yaml")
}

// TestAPasswordIsTakenFromWhereSecretsAreHandedOver goes through what is no plain file: standard input, and the links by
// which Kubernetes shows a secret.
func TestAPasswordIsTakenFromWhereSecretsAreHandedOver(t *testing.T) {
	t.Chdir(t.TempDir())
	t.Setenv("MAILCONNECTOR_DSN", "")
	const dsn = "crm:s3cret@tcp(127.0.0.1:1)/crm\n"
	wantDataSource(t, dsn, exitFailed, taken, "--dsn-file", "-")
	if err := os.Mkdir("..2026", 0o755); err != nil {
		t.Fatal(err)
	}
	for link, to := range map[string]string{"..data": "..2026", "dsn": filepath.Join("..data", "dsn")} {
		if err := os.Symlink(to, link); err != nil {
			t.Fatal(err)
		}
	}
	writeSecret(t, filepath.Join("..2026", "dsn"), dsn, 0o400)
	wantDataSource(t, "", exitFailed, taken, "--dsn-file", "dsn")
	writeSecret(t, filepath.Join("..2026", "dsn"), dsn, 0o644)
	wantDataSource(t, "", exitUsage, "--dsn-file: dsn holds a password", "--dsn-file", "dsn")
}
