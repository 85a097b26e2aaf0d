package mail_test

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"io"
	"math/rand/v2"
	"runtime"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// largeMail is a mail of about size bytes: a text and three base64 attachments in lines of 76 characters, as Outlook sends them. It
// is generated while it is read.
func largeMail(size int64) io.Reader {
	head := "From: Ann <ann@example.com>\r\nTo: Bob <bob@example.com>\r\nSubject: Large\r\nMessage-ID: <large@example.com>\r\n" +
		"Date: Mon, 2 Nov 2026 10:00:00 +0100\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=\"b1\"\r\n\r\n" +
		"--b1\r\nContent-Type: text/plain; charset=iso-8859-1\r\n\r\nHere are the files, M\xfcller."
	parts := []io.Reader{strings.NewReader(head)}
	for i := range 3 {
		parts = append(parts,
			strings.NewReader(fmt.Sprintf("\r\n--b1\r\nContent-Type: application/pdf; name=\"file%d.pdf\"\r\nContent-Transfer-Encoding: base64\r\n"+
				"Content-Disposition: attachment\r\n\r\n", i)),
			&repeated{block: base64Lines(), left: size / 3})
	}
	return io.MultiReader(append(parts, strings.NewReader("\r\n--b1--\r\n"))...)
}

// base64Lines is a block of encoded random bytes: 1,000 lines.
func base64Lines() []byte {
	random := make([]byte, 57*1000)
	rng := rand.NewChaCha8([32]byte{1})
	_, _ = rng.Read(random)
	var lines bytes.Buffer
	for line := range slices.Chunk(random, 57) {
		lines.WriteString(base64.StdEncoding.EncodeToString(line) + "\r\n")
	}
	return lines.Bytes()
}

// repeated reads a block again and again.
type repeated struct {
	block []byte
	at    int
	left  int64
}

func (r *repeated) Read(p []byte) (int, error) {
	if r.left <= 0 {
		return 0, io.EOF
	}
	n := copy(p[:min(int64(len(p)), r.left)], r.block[r.at:])
	r.at = (r.at + n) % len(r.block)
	r.left -= int64(n)
	return n, nil
}

// peakHeap is how far the heap grows while f runs, garbage included.
func peakHeap(tb testing.TB, f func()) uint64 {
	tb.Helper()
	runtime.GC()
	var before, now runtime.MemStats
	runtime.ReadMemStats(&before)
	var peak atomic.Uint64
	done := make(chan struct{})
	sampled := make(chan struct{})
	go func() {
		defer close(sampled)
		for {
			runtime.ReadMemStats(&now)
			peak.Store(max(peak.Load(), now.HeapAlloc))
			select {
			case <-done:
				return
			case <-time.After(time.Millisecond):
			}
		}
	}()
	f()
	close(done)
	<-sampled
	return peak.Load() - min(before.HeapAlloc, peak.Load())
}
