//go:build unix

package mail_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"io"
	"math/rand/v2"
	"runtime"
	"slices"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/jhillyerd/enmime/v2"

	"github.com/mailconnector/mailconnector/messages/mail"
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

// hashAndDecode is the floor under Parse: what any archive does with these bytes, two hashes and one decoding, in memory and with
// the standard library.
func hashAndDecode(raw, plain []byte) {
	sha256.Sum256(raw)
	n, _ := base64.StdEncoding.Decode(plain, raw)
	sha256.Sum256(plain[:max(n, len(raw)/78*57)])
}

// cpuTime is the CPU time this process has used: unlike the clock it does not count what others do on the machine.
func cpuTime() time.Duration {
	var usage syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &usage)
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}

// BenchmarkParse measures Parse over a mail of 25 MB beside its floor, taking turns so that both see the same machine. The metric
// %of-floor is the floor's CPU time as a percentage of Parse's: the budget is at least 75.
func BenchmarkParse(b *testing.B) {
	raw, err := io.ReadAll(largeMail(25 << 20))
	if err != nil {
		b.Fatal(err)
	}
	encoded := bytes.Repeat(base64Lines(), len(raw)/len(base64Lines()))
	plain := make([]byte, len(raw))
	b.SetBytes(int64(len(raw)))
	b.ReportAllocs()
	var parsing, floor time.Duration
	for b.Loop() {
		start := cpuTime()
		if _, err := mail.Parse(bytes.NewReader(raw), mail.Limits{}); err != nil {
			b.Fatal(err)
		}
		parsing += cpuTime() - start
		b.StopTimer()
		start = cpuTime()
		hashAndDecode(encoded, plain)
		floor += cpuTime() - start
		b.StartTimer()
	}
	b.ReportMetric(100*float64(floor)/float64(parsing), "%of-floor")
}

// BenchmarkEnmime is the same mail through enmime alone and the hashes that would still be needed.
func BenchmarkEnmime(b *testing.B) {
	raw, err := io.ReadAll(largeMail(25 << 20))
	if err != nil {
		b.Fatal(err)
	}
	b.SetBytes(int64(len(raw)))
	b.ReportAllocs()
	for b.Loop() {
		sha256.Sum256(raw)
		envelope, err := enmime.ReadEnvelope(bytes.NewReader(raw))
		if err != nil {
			b.Fatal(err)
		}
		for _, p := range envelope.Attachments {
			sha256.Sum256(p.Content)
		}
	}
}

// BenchmarkSmallMail is the everyday mail: a text and an HTML body.
func BenchmarkSmallMail(b *testing.B) {
	raw := []byte("From: Ann <ann@example.com>\r\nTo: Bob <bob@example.com>\r\nSubject: =?utf-8?q?Gr=C3=BC=C3=9Fe?=\r\n" +
		"Message-ID: <small@example.com>\r\nDate: Mon, 2 Nov 2026 10:00:00 +0100\r\nContent-Type: multipart/alternative; boundary=b\r\n\r\n" +
		"--b\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n" + strings.Repeat("Hello Bob.\r\n", 100) +
		"--b\r\nContent-Type: text/html; charset=utf-8\r\n\r\n" + strings.Repeat("<p>Hello Bob.</p>\r\n", 200) + "--b--\r\n")
	b.SetBytes(int64(len(raw)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := mail.Parse(bytes.NewReader(raw), mail.Limits{}); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkPeakMemory reports the highest heap in use while mails of 1 MB and 150 MB are parsed.
func BenchmarkPeakMemory(b *testing.B) {
	for _, megabytes := range []int64{1, 150} {
		b.Run(fmt.Sprintf("%dMB", megabytes), func(b *testing.B) {
			var peak uint64
			for b.Loop() {
				peak = max(peak, peakHeap(b, func() {
					if _, err := mail.Parse(largeMail(megabytes*1_000_000-10_000), mail.Limits{}); err != nil {
						b.Fatal(err)
					}
				}))
			}
			b.ReportMetric(float64(peak)/1e6, "peakMB")
		})
	}
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
