//go:build unix

package mail_test

import (
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"syscall"
	"testing"
	"time"

	"github.com/jhillyerd/enmime/v2"

	"github.com/mailconnector/mailconnector/messages/mail"
)

// measured names the work that a process of BenchmarkSizes does, and nothing else.
const measured = "MAILCONNECTOR_MEASURED"

func TestMain(m *testing.M) {
	if name := os.Getenv(measured); name != "" {
		var size int64
		var times int
		if _, err := fmt.Sscanf(name[1:], "%d,%d", &size, &times); err != nil {
			panic(err)
		}
		for range times {
			if err := ways[name[:1]](size); err != nil {
				panic(err)
			}
		}
		return
	}
	os.Exit(m.Run())
}

// ways are what can be done with a mail of a size.
var ways = map[string]func(size int64) error{
	"i": func(int64) error { return nil }, // what a process costs that does nothing
	"g": func(size int64) error {
		_, err := io.Copy(io.Discard, largeMail(size))
		return err
	},
	"p": func(size int64) error {
		_, err := mail.Parse(largeMail(size), mail.Limits{})
		return err
	},
	"f": floorOver(base64Lines()),
	"e": func(size int64) error {
		raw := sha256.New()
		envelope, err := enmime.ReadEnvelope(io.TeeReader(largeMail(size), raw))
		if err != nil {
			return err
		}
		for _, p := range envelope.Attachments {
			sha256.Sum256(p.Content)
		}
		return nil
	},
}

// floorOver hashes and decodes a block again and again, until it is as many bytes as the mail.
func floorOver(block []byte) func(size int64) error {
	return func(size int64) error {
		plain := make([]byte, len(block))
		raw, decoded := sha256.New(), sha256.New()
		for ; size > 0; size -= int64(len(block)) {
			_, _ = raw.Write(block)
			n, err := base64.StdEncoding.Decode(plain, block)
			if err != nil {
				return err
			}
			_, _ = decoded.Write(plain[:n])
		}
		return nil
	}
}

// BenchmarkSizes measures mails of 1 to 150 MB: how much a second of CPU does of Parse, of its floor, and of enmime with
// the hashes that would still be needed; and the most memory each takes, in a process of its own.
func BenchmarkSizes(b *testing.B) {
	for _, megabytes := range []int64{1, 10, 25, 50, 150} {
		b.Run(fmt.Sprintf("MB=%d", megabytes), func(b *testing.B) {
			var cpu, rss [3]float64
			for range b.N {
				generating, _ := measure(b, "g", megabytes)
				for i, way := range []string{"p", "f", "e"} {
					spent, peak := measure(b, way, megabytes)
					if way != "f" { // which does not read the mail
						spent -= generating
					}
					cpu[i] += spent
					rss[i] = max(rss[i], peak)
				}
			}
			for i, name := range []string{"parse", "floor", "enmime"} {
				b.ReportMetric(float64(megabytes)*float64(b.N)/cpu[i], name+"-MB/cpu-s")
				b.ReportMetric(rss[i], name+"-peak-MB")
			}
			b.ReportMetric(100*cpu[1]/cpu[0], "%of-floor")
			b.ReportMetric(0, "ns/op")
		})
	}
}

// measure runs one way in a process and returns the seconds of CPU for one mail, and the megabytes of its peak.
func measure(b *testing.B, way string, megabytes int64) (cpu, peak float64) {
	b.Helper()
	times := max(1, 100/megabytes)
	all, peak := spend(b, fmt.Sprintf("%s%d,%d", way, megabytes*1_000_000-10_000, times)) // with its headers at most the limit
	idle, _ := spend(b, "i0,1")
	return (all - idle).Seconds() / float64(times), peak
}

func spend(b *testing.B, work string) (cpu time.Duration, peak float64) {
	b.Helper()
	cmd := exec.CommandContext(b.Context(), os.Args[0])
	cmd.Env = append(os.Environ(), measured+"="+work)
	if out, err := cmd.CombinedOutput(); err != nil {
		b.Fatalf("%v\n%s", err, out)
	}
	peak = float64(cmd.ProcessState.SysUsage().(*syscall.Rusage).Maxrss) / 1024
	if runtime.GOOS == "darwin" { // where it is in bytes
		peak /= 1024
	}
	return cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime(), peak
}
