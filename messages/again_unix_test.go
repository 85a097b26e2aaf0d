//go:build unix

package messages_test

import (
	"runtime"
	"syscall"
	"testing"

	"github.com/mailconnector/mailconnector/internal/dbtest"
	"github.com/mailconnector/mailconnector/permissions"
)

// TestManyAttachmentsOnManyRecords wants linking again to take the work that linking first did, and not to grow with the square
// of the documents that are known by then. Comparing each with each asks no more of the database and allocates nothing, so
// this compares what the processor did; what others do on the machine does not count.
func TestManyAttachmentsOnManyRecords(t *testing.T) {
	const attachments, records = 100, 25
	h := newHarness(t, dbtest.SQLite(t))
	link := func(who permissions.Subject) int64 {
		runtime.GC()
		before := processorTime(t)
		h.archive(who, letter{files: manyFiles(attachments)}, many(records)...)
		return processorTime(t) - before
	}
	first := link(ann)
	if again := link(bob); again > 3*first {
		t.Errorf("linking again takes %.1f times the work of linking first", float64(again)/float64(first))
	}
	h.wantCounts(map[string]int{"host_documents": attachments, "mc_link_documents": 2 * attachments * records})
}

// processorTime is what this process has used, in nanoseconds. Only the sum is exact: the system estimates which part of it was its own.
func processorTime(t *testing.T) int64 {
	t.Helper()
	var used syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &used); err != nil {
		t.Fatal(err)
	}
	return used.Utime.Nano() + used.Stime.Nano()
}
