//go:build unix

package main

import (
	"errors"
	"io/fs"
	"os"
	"syscall"
	"testing"
)

// file is what is known of a file of an owner.
type file struct {
	fs.FileInfo
	mode  fs.FileMode
	owner uint32
}

func (f file) Mode() fs.FileMode { return f.mode }
func (f file) Sys() any          { return &syscall.Stat_t{Uid: f.owner} }

func TestWhereAPasswordIsExposed(t *testing.T) {
	const root, service = 0, 990
	for name, row := range map[string]struct {
		mode  fs.FileMode
		owner uint32
		want  bool
	}{
		"a file of the service":                               {0o600, service, false},
		"one that its group reads":                            {0o640, service, true},
		"one that everybody reads":                            {0o644, service, true},
		"one that everybody writes":                           {0o602, service, true},
		"a file of root":                                      {0o600, root, false},
		"one that root lets a service's group read":           {0o640, root, false},
		"one that the group writes":                           {0o660, root, true},
		"one that everybody reads, as Kubernetes mounts them": {0o644, root, true},
		"one of a group, as Kubernetes mounts them if told":   {0o440, root, false},
		"a credential of systemd":                             {0o400, service, false},
		"one that an access list opens to the service":        {0o440, root, false},
		"a pipe":                               {fs.ModeNamedPipe | 0o600, service, false},
		"a pipe from which everybody may read": {fs.ModeNamedPipe | 0o644, service, true},
		"a terminal":                           {fs.ModeDevice | fs.ModeCharDevice | 0o620, service, false},
		"a socket":                             {fs.ModeSocket | 0o777, service, false},
	} {
		if got := exposed(file{mode: row.mode, owner: row.owner}); got != row.want {
			t.Errorf("%s (%v): exposed %v, want %v", name, row.mode, got, row.want)
		}
	}
}

func TestAPasswordIsTakenFromAPipe(t *testing.T) {
	t.Chdir(t.TempDir())
	t.Setenv("MAILCONNECTOR_DSN", "")
	for mode, row := range map[fs.FileMode]struct {
		code int
		want string
	}{0o600: {exitFailed, taken}, 0o644: {exitUsage, "--dsn-file: pipe holds a password"}} {
		if err := errors.Join(syscall.Mkfifo("pipe", 0o600), os.Chmod("pipe", mode)); err != nil {
			t.Fatal(err)
		}
		written := make(chan error, 1)
		go func() { written <- os.WriteFile("pipe", []byte("crm:s3cret@tcp(127.0.0.1:1)/crm\n"), 0) }()
		wantDataSource(t, "", row.code, row.want, "--dsn-file", "pipe")
		if err := <-written; err != nil {
			t.Error(err)
		}
		if err := os.Remove("pipe"); err != nil {
			t.Fatal(err)
		}
	}
}
