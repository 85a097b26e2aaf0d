package demo_test

import (
	"fmt"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/mailconnector/mailconnector/demo"
)

// TestAMailBeyondTheLimitIsRefused asks the program itself, as the next test does: where races are looked for, so many
// bytes take long.
func TestAMailBeyondTheLimitIsRefused(t *testing.T) {
	t.Parallel()
	c := demo.Config{DataDir: t.TempDir()}
	p := startProcess(t, c)
	s := &scene{inventory: openInventory(t, c), address: p.address, rep: signIn(t, p.address, "sales.rep")}
	s.to = find(t, s.rep, "jürgen mül", "Contacts").Target
	began := time.Now()
	u := send(t.Context(), s.rep, hugeMail(150_000_001), "", s.to) // in chunks: nobody says how long it is
	if u.answer() != "413 content-too-large" || !strings.Contains(u.problem.Detail, "150000000") {
		t.Errorf("the answer is %s: %s, %v", u.answer(), u.problem.Detail, u.err)
	}
	t.Logf("refused after %s", time.Since(began).Round(time.Millisecond))
	s.wantNothingStored(t)
}

// TestALargeMailTakesNoMoreMemory links a small and the largest mail, each in a process of its own, and compares the
// most memory that the two have ever had.
func TestALargeMailTakesNoMoreMemory(t *testing.T) {
	const allowed = 16 << 20
	small, large := peakOfLinking(t, 1_000_000), peakOfLinking(t, 150_000_000)
	t.Logf("peak memory: %d kB for 1 MB, %d kB for 150 MB", small>>10, large>>10)
	if grown := large - small; grown > allowed {
		t.Errorf("150 MB take %d kB more than 1 MB, want %d kB at most", grown>>10, allowed>>10)
	}
}

// peakOfLinking returns the most memory in bytes that the program has taken when it has linked a mail.
func peakOfLinking(t *testing.T, size int64) int64 {
	t.Helper()
	p := startProcess(t, demo.Config{DataDir: t.TempDir()})
	defer p.kill()
	rep := signIn(t, p.address, "sales.rep")
	to := find(t, rep, "jürgen mül", "Contacts").Target
	if u := send(t.Context(), rep, hugeMail(size), "", to); u.answer() != "201" || u.receipt.Parts[0].Document == "" {
		t.Fatalf("a mail of %d bytes: %s %+v", size, u.answer(), u.receipt)
	}
	return p.peak(t)
}

// peak returns the most memory in bytes that the program has ever had.
func (p *process) peak(t *testing.T) int64 {
	t.Helper()
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.cmd.Process.Pid))
	if err != nil {
		t.Skipf("the system does not tell how much memory a process took: %v", err)
	}
	found := regexp.MustCompile(`VmHWM:\s+(\d+) kB`).FindSubmatch(status)
	if found == nil {
		t.Fatalf("no peak in\n%s", status)
	}
	peak, err := strconv.ParseInt(string(found[1]), 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	return peak << 10
}
