//go:build unix

package mail_test

import (
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/mailconnector/mailconnector/messages/mail"
)

// TestHostileMails reads small mails made to cost much: each takes less CPU than an honest one of the largest size that is accepted, a few
// megabytes, and leaves its problem.
func TestHostileMails(t *testing.T) {
	const (
		base64Part = "Content-Type: application/pdf\r\nContent-Transfer-Encoding: base64\r\n\r\n"
		quotedPart = "Content-Type: application/pdf\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n"
		mixed      = "Content-Type: multipart/mixed; boundary=b\r\n\r\n"
		latinPart  = "--b\r\nContent-Type: text/plain; charset=iso-8859-1\r\n\r\n"
	)
	latin := strings.Repeat("\xe4", 500)
	tests := []struct {
		name    string
		mail    func() string
		problem string
		memory  uint64 // megabytes beyond the mail itself, garbage included
	}{
		{"megabytes of exclamation marks in base64", many(base64Part, "!", megabytes<<20), mail.ProblemEncodingDamaged, 4},
		{"megabytes of padding in base64", many(base64Part, "=", megabytes<<20), "", 4},
		{"megabytes of joined padded groups in base64", many(base64Part, "QQ==\n", megabytes*200_000), mail.ProblemEncodingDamaged, 4},
		{"megabytes of equals signs in quoted-printable", many(quotedPart, "=", megabytes<<20), mail.ProblemEncodingDamaged, 4},
		{"megabytes of white space in quoted-printable", many(quotedPart, " ", megabytes<<20), "", 4},
		{"megabytes of uuencoded nothing", many(strings.Replace(base64Part, "base64", "uuencode", 1)+"begin 644 a\n", "M\n", megabytes<<19), mail.ProblemEncodingDamaged, 4},
		{"megabytes of plus signs in UTF-7", many("Content-Type: text/plain; charset=utf-7\r\n\r\n", "+A", megabytes<<18), "", 96},
		{"200,000 lines of a header that are no fields", many("Subject: a\r\n", "x y\r\n", 200_000), mail.ProblemHeaderUnfinished, 32},
		{"5,000 parts with lines that are no fields", many(mixed, "--b\r\nContent-Type: text/plain\r\n"+strings.Repeat("x:y z\r\nx y\r\n", 200), 5000), mail.ProblemHeaderUnfinished, 96},
		{"lines that are no fields behind more header than is read", many(strings.Repeat("X: y\r\n", 180_000), "x y\r\nSubject: a\r\n", 100_000), mail.ProblemHeaderTooLong, 32},
		{"lines of white space behind a semicolon in a header", many("X: ;\r\n", "\r \r\n", 250_000), "", 32},
		{"30,000 empty parts", many(mixed, "--b\r\n\r\n", 30_000), mail.ProblemTooManyParts, 32},
		{"20,000 text parts", many(mixed, latinPart+latin+"\r\n", 20_000), mail.ProblemTooManyParts, 96},
		{"20,000 parts named in HTML", many(mixed, "--b\r\nContent-Type: image/png\r\nContent-ID: <a>\r\n\r\n", 20_000), mail.ProblemTooManyParts, 32},
		{"3,000 levels", func() string { return nested(3000) }, mail.ProblemTooDeep, 4},
		{"3,000 attached mails in one another", many("", "Content-Type: message/rfc822\r\n\r\n", 3000), "", 4},
		{"200,000 fields we do not read", many("", "X-Field: value\r\n", 200_000), mail.ProblemHeaderTooLong, 32},
		{"200,000 To fields", many("", "To: a@b.c\r\n", 200_000), mail.ProblemAddresses, 32},
		{"a field of 10 MB", many("Subject: ", "a", 10<<20), mail.ProblemHeaderTooLong, 32},
		{"70,000 encoded words", many("Subject: ", "=?utf-8?q?a?= ", 70_000), "", 32},
		{"encoded words that never end", many("Subject: ", "=?utf-8?q?a ", 80_000), "", 32},
		{"100,000 addresses", many("To: ", "a@b.c,", 100_000), mail.ProblemAddresses, 32},
		{"a million brackets in an address field", many("To: ", `"(<`, 330_000), "", 32},
		{"encoded words that never end in an address field", many("To: ", "=?utf-8?q?a ", 80_000), "", 32},
		{"150,000 addresses without commas", many("To: ", "a@b.c ", 150_000), "", 96},
		{"60,000 bracketed addresses without commas", many("To: ", "Ann <a@b.c> ", 60_000), "", 96},
		{"comments in one another in an address", many("To: ", "(", 900_000), "", 32},
		{"comments in one another in a date", many("Date: ", "(", 900_000), mail.ProblemDate, 32},
		{"a clock of 400,000 colons", many("Date: 1", " :", 400_000), mail.ProblemDate, 64},
		{"200,000 names with commas outside quotes", many("To: ", "a, b <c>,", 100_000), mail.ProblemAddresses, 64},
		{"a name of a million quotes", many("Content-Type: text/plain; name=", `"`, 900_000), "", 32},
		{"300,000 parameters", many("Content-Type: text/plain", ";a=b", 200_000), "", 96},
		{"a parameter in 60,000 segments", func() string { return "Content-Type: text/plain" + segments(60_000) + "\r\n\r\nbody" }, "", 32},
		{"megabytes of HTML", many("Content-Type: text/html; charset=utf-8\r\n\r\n", "<div>ä", megabytes*150_000), "", 32},
		{"megabytes of HTML in Latin-1", many("Content-Type: text/html; charset=iso-8859-1\r\n\r\n", "<div>\xe4", megabytes*180_000), "", 96},
		{"megabytes of HTML in no charset", many("Content-Type: text/html\r\n\r\n", "<div>\xe4", megabytes*180_000), "", 96},
		{"megabytes of cid links", many("Content-Type: text/html\r\n\r\n", "cid:a ", megabytes*180_000), "", 32},
		{"megabytes of dashes at line starts", many(mixed, "--\n", megabytes*330_000), mail.ProblemNoParts, 32},
		{"megabytes of near delimiters", many(mixed, "\r\n--b.", megabytes*180_000), mail.ProblemNoParts, 32},
	}
	allowed := honest(t)
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			raw := tt.mail()
			var m *mail.Message
			allowed, took, memory := allowed, time.Duration(math.MaxInt64), uint64(0)
			for range 3 { // what others do on the machine makes work dearer, and never cheaper
				start := cpuTime()
				memory = peakHeap(t, func() { m = parse(t, raw) })
				if took = min(took, cpuTime()-start); took <= allowed {
					break
				}
				allowed = max(allowed, honest(t))
			}
			t.Logf("%d ms of CPU and %.1f MB for %.1f MB", took.Milliseconds(), float64(memory)/(1<<20), float64(len(raw))/(1<<20))
			if took > allowed {
				t.Errorf("took %v of CPU, an honest mail of 150 MB takes %v", took, allowed)
			}
			if memory > tt.memory*slowdown<<20 {
				t.Errorf("took %d MB, want at most %d", memory>>20, tt.memory)
			}
			if tt.problem != "" && !hasProblem(m, tt.problem) {
				t.Errorf("problems %v lack %q", m.Problems, tt.problem)
			}
			checkInvariants(t, []byte(raw), m, mail.Limits{})
		})
	}
}

// honest is the CPU time of an ordinary mail of 150 MB, from that of a tenth of it. What the machine and the race detector make of
// it, they make of a hostile mail too.
func honest(t *testing.T) time.Duration {
	t.Helper()
	start := cpuTime()
	if _, err := mail.Parse(largeMail(15_000_000), mail.Limits{}); err != nil {
		t.Fatal(err)
	}
	return 10 * (cpuTime() - start)
}

// many makes a mail of a beginning and the same again and again.
func many(head, unit string, n int) func() string {
	return func() string { return head + strings.Repeat(unit, n) }
}

// nested is a mail of multiparts in one another.
func nested(levels int) string {
	var b strings.Builder
	for i := range levels {
		fmt.Fprintf(&b, "Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n", i, i)
	}
	return b.String() + "\r\nbody"
}

// segments is one parameter in many continuations.
func segments(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "; name*%d=a", i)
	}
	return b.String()
}
