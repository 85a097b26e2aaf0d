package dbtest

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
)

// templateFlags shape the data folder itself, so they are part of the template's name.
var templateFlags = []string{
	"--no-defaults", "--auth-root-authentication-method=normal", "--skip-test-db",
	"--innodb-log-file-size=32M",
}

// templateData returns a data folder to copy. Making one takes seconds, so it is kept in the user's cache for each
// version of the server; a process that makes one at the same time as others simply uses whichever is there first.
func templateData() (string, error) {
	server, err := findProgram("mariadbd")
	if err != nil {
		return "", err
	}
	version, err := exec.CommandContext(context.Background(), server, "--version").Output()
	if err != nil {
		return "", fmt.Errorf("ask mariadbd for its version: %w", err)
	}
	key := sha256.Sum256(fmt.Append(nil, string(version), templateFlags))
	data := filepath.Join(cacheDir(), fmt.Sprintf("mariadb-%x", key[:8]))
	if exists(data) {
		return data, nil
	}
	return data, makeTemplate(data)
}

func makeTemplate(data string) error {
	install, err := findProgram("mariadb-install-db")
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(data), 0o700); err != nil {
		return err
	}
	scratch, err := os.MkdirTemp(filepath.Dir(data), "new-")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(scratch) }()
	fresh := filepath.Join(scratch, "data")
	args := slices.Concat(templateFlags, []string{
		"--datadir=" + fresh,
		"--tmpdir=" + scratch, // in /tmp two of them would take each other's files
	})
	if os.Geteuid() == 0 {
		args = append(args, "--user=root")
	}
	if out, err := exec.CommandContext(context.Background(), install, args...).CombinedOutput(); err != nil {
		return fmt.Errorf("mariadb-install-db: %w\n%s", err, out)
	}
	if err := os.Rename(fresh, data); err != nil && !exists(data) {
		return err
	}
	return nil
}

func cacheDir() string {
	base, err := os.UserCacheDir()
	if err != nil {
		base = os.TempDir()
	}
	return filepath.Join(base, "mailconnector-dbtest")
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return !errors.Is(err, os.ErrNotExist)
}

// findProgram looks on the PATH and in sbin, which the PATH of plain users often lacks.
func findProgram(name string) (string, error) {
	for _, candidate := range []string{name, "/usr/sbin/" + name, "/usr/local/sbin/" + name} {
		if path, err := exec.LookPath(candidate); err == nil {
			return path, nil
		}
	}
	return "", errNoServer
}
