package demo_test

import (
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/mailconnector/mailconnector/demo"
)

// TestADiskThatBecomesReadOnly is what a system does with a disk that fails: what is there can be read, nothing new is
// half there, and once the disk is mended the same request succeeds.
func TestADiskThatBecomesReadOnly(t *testing.T) {
	t.Parallel()
	for _, folder := range []string{"mails", "storage"} {
		t.Run(folder, func(t *testing.T) {
			c := demo.Config{DataDir: t.TempDir(), Activated: true}
			disk := filepath.Join(c.DataDir, folder)
			mountSmall(t, disk)
			s := newScene(t, c)
			mail, next := composeMail("before", 1), composeMail("after", 2)
			before := s.want(t, "201", mail, "one", s.to)
			remount(t, disk, "ro")
			u := s.want(t, "503 unavailable", next, "two", s.to)
			t.Logf("%s: %s", u.answer(), u.problem.Detail)
			if source, err := s.rep.Source(t.Context(), before.receipt.Message.ID); err != nil || string(source) != string(mail) {
				t.Errorf("the mail linked before reads %d bytes of %d, %v", len(source), len(mail), err)
			}
			remount(t, disk, "rw")
			s.wantNothingHalf(t)
			if again := s.want(t, "201", next, "two", s.to); again.receipt.Replayed {
				t.Error("the receipt is that of a request that failed")
			}
			s.wantNothingHalf(t)
		})
	}
}

func remount(t *testing.T, folder, mode string) {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), "mount", "-o", "remount,"+mode, folder).CombinedOutput()
	if err != nil {
		t.Fatalf("remount: %v %s", err, out)
	}
}
