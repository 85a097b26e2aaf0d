package demo_test

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/mailconnector/mailconnector/demo"
)

// costlyMails are small mails made to cost much.
func costlyMails() []struct{ name, mail string } {
	const mixed = "Content-Type: multipart/mixed; boundary=b\r\n\r\n"
	again := func(head, unit string, n int) string { return head + strings.Repeat(unit, n) }
	var levels strings.Builder
	for i := range 3000 {
		fmt.Fprintf(&levels, "Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n", i, i)
	}
	return []struct{ name, mail string }{
		{"an ordinary mail", string(composeMail("ordinary", 2))},
		{"5 MB of ! in base64", again("Content-Type: application/pdf\r\nContent-Transfer-Encoding: base64\r\n\r\n", "!", 5<<20)},
		{"30,000 empty parts", again(mixed, "--b\r\n\r\n", 30_000)},
		{"30,000 attachments of a byte", again(mixed, "--b\r\nContent-Disposition: attachment\r\n\r\nx\r\n", 30_000)},
		{"2,000 attachments of long names", again(mixed, "--b\r\nContent-Disposition: attachment; filename="+strings.Repeat("<", 4000)+"\r\n\r\nx\r\n", 2000)},
		{"3,000 levels", levels.String() + "\r\nbody"},
		{"200,000 fields", again("", "X-Field: value\r\n", 200_000) + "\r\nbody"},
		{"200,000 To fields", again("", "To: a@b.c\r\n", 200_000) + "\r\nbody"},
		{"100,000 addresses", again("To: ", "a@b.c, ", 100_000) + "\r\n\r\nbody"},
		{"a field of 10 MB", again("Subject: ", "a", 10<<20) + "\r\n\r\nbody"},
		{"5 MB of HTML", again("Content-Type: text/html; charset=utf-8\r\n\r\n", "<div>ä", 5*150_000)},
		{"2 MB of styles", again("Content-Type: text/html\r\n\r\n", "<p style=\"color:red;background:url(x)\">a", 50_000)},
	}
}

// TestSmallMailsCostLittle links each costly mail to the program and shows it, and counts the seconds of CPU and the memory
// that the program takes for it.
func TestSmallMailsCostLittle(t *testing.T) {
	const cpu, memory = 5.0, 64 << 20 // on a machine that does much else meanwhile
	p := startProcess(t, demo.Config{DataDir: t.TempDir()})
	rep := signIn(t, p.address, "sales.rep")
	to := find(t, rep, "jürgen mül", "Contacts").Target
	for _, mail := range costlyMails() {
		idle, before := p.cpu(t), p.resetPeak(t)
		began := time.Now()
		u := post(t, rep, []byte(mail.mail), "", to)
		linked, took := p.cpu(t), time.Since(began)
		if u.answer() != "201" {
			t.Errorf("%s: %s", mail.name, u.answer())
			continue
		}
		if _, err := rep.Body(t.Context(), u.receipt.Message.ID); err != nil {
			t.Errorf("%s: body: %v", mail.name, err)
		}
		shown, grown := p.cpu(t), p.peak(t)-before
		t.Logf("%-30s %5d kB: linked in %.2f s of CPU (%5.2f s), shown in %.2f s of CPU, %2d MB, %d attachments",
			mail.name, len(mail.mail)>>10, linked-idle, took.Seconds(), shown-linked, grown>>20, len(u.receipt.Parts))
		if linked-idle > cpu || shown-linked > cpu || grown > memory {
			t.Errorf("%s costs too much", mail.name)
		}
	}
}

// resetPeak forgets the most memory that the program has ever had, and returns what it has now.
func (p *process) resetPeak(t *testing.T) int64 {
	t.Helper()
	if err := os.WriteFile(fmt.Sprintf("/proc/%d/clear_refs", p.cmd.Process.Pid), []byte("5"), 0); err != nil {
		t.Skipf("the system does not tell what a process costs: %v", err)
	}
	return p.peak(t)
}

// cpu returns the seconds of CPU that the program has taken.
func (p *process) cpu(t *testing.T) float64 {
	t.Helper()
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", p.cmd.Process.Pid))
	if err != nil {
		t.Skipf("the system does not tell what a process costs: %v", err)
	}
	fields := strings.Fields(string(stat[strings.LastIndexByte(string(stat), ')')+1:]))
	user, err := strconv.ParseFloat(fields[11], 64)
	if err != nil {
		t.Fatal(err)
	}
	system, err := strconv.ParseFloat(fields[12], 64)
	if err != nil {
		t.Fatal(err)
	}
	return (user + system) / 100 // ticks a second on every Linux
}
