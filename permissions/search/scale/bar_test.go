package scale_test

import (
	"fmt"
	"os"
	"strings"
	"time"
)

// bar shows progress on standard error.
type bar struct {
	what    string
	total   int64
	started time.Time
	shown   time.Time
}

func newBar(what string, total int64) *bar {
	return &bar{what: what, total: total, started: time.Now()}
}

func (b *bar) at(n int64) {
	if n%512 != 0 && n != b.total || time.Since(b.shown) < 500*time.Millisecond {
		return
	}
	b.shown = time.Now()
	done := int(40 * min(n, b.total) / max(1, b.total))
	_, _ = fmt.Fprintf(os.Stderr, "\r%-8s [%s%s] %s of %s, %s ", b.what, strings.Repeat("=", done), strings.Repeat(" ", 40-done),
		thousands(n), thousands(b.total), time.Since(b.started).Round(time.Second))
}

func (b *bar) done() {
	_, _ = fmt.Fprintf(os.Stderr, "\r%s\r", strings.Repeat(" ", 100))
}
