//go:build unix

package dbtest_test

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/mailconnector/mailconnector/internal/dbtest"
)

// TestAKilledProcessEndsAStoppedServer stops the server and its guard, as a debugger or the shell stops a job. Where the
// process is killed then, the system hangs up on them and lets them go on.
func TestAKilledProcessEndsAStoppedServer(t *testing.T) {
	dbtest.MariaDB(t) // skips where there is none
	v := startVictim(t, "MAILCONNECTOR_TEST_DSN=")
	folder := filepath.Dir(v.config(t).Addr)
	pid, err := os.ReadFile(filepath.Join(folder, "pid"))
	if err != nil {
		t.Fatal(err)
	}
	server, err := strconv.Atoi(strings.TrimSpace(string(pid)))
	if err != nil {
		t.Fatal(err)
	}
	group, err := syscall.Getpgid(server)
	if err != nil {
		t.Fatal(err)
	}
	if err := syscall.Kill(-group, syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	if err := v.process.Kill(); err != nil {
		t.Fatal(err)
	}
	_, _ = v.process.Wait()
	_ = syscall.Kill(-group, syscall.SIGCONT) // where it was not stopped yet
	awaitRemoval(t, folder)
}
