//go:build unix

package mail_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/jhillyerd/enmime/v2"

	"github.com/mailconnector/mailconnector/messages/mail"
)

// hashAndDecode is the floor under Parse: what any archive does with these bytes, two hashes and one decoding, in memory and with
// the standard library.
func hashAndDecode(raw, plain []byte) {
	sha256.Sum256(raw)
	n, _ := base64.StdEncoding.Decode(plain, raw)
	sha256.Sum256(plain[:n])
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
