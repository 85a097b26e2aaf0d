package mail_test

import (
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/mailconnector/mailconnector/messages/mail"
)

func TestDates(t *testing.T) {
	tests := []struct{ name, field, want string }{
		{"the usual form", "Mon, 2 Nov 2026 10:00:00 +0100", "2026-11-02T09:00:00Z"},
		{"a comment names the zone again", "Mon, 2 Nov 2026 10:00:00 -0800 (PST)", "2026-11-02T18:00:00Z"},
		{"a comment stands in front", "(sent) 2 Nov 2026 10:00 +0000", "2026-11-02T10:00:00Z"},
		{"Eastern Standard Time is five hours behind", "Mon, 2 Nov 2026 10:00:00 EST", "2026-11-02T15:00:00Z"},
		{"Pacific Daylight Time is seven hours behind", "Thu, 2 Jul 2026 10:00:00 PDT", "2026-07-02T17:00:00Z"},
		{"Central Daylight Time is five hours behind", "Thu, 2 Jul 2026 10:00:00 CDT", "2026-07-02T15:00:00Z"},
		{"Mountain Standard Time is seven hours behind", "Mon, 2 Nov 2026 10:00:00 MST", "2026-11-02T17:00:00Z"},
		{"Greenwich", "Mon, 2 Nov 2026 10:00:00 GMT", "2026-11-02T10:00:00Z"},
		{"Greenwich with an offset", "Mon, 2 Nov 2026 10:00:00 GMT+02:00", "2026-11-02T08:00:00Z"},
		{"an unknown zone is taken for UTC", "Mon, 2 Nov 2026 10:00:00 XYZ", "2026-11-02T10:00:00Z"},
		{"no zone is taken for UTC", "Mon, 2 Nov 2026 10:00:00", "2026-11-02T10:00:00Z"},
		{"no weekday and no seconds", "2 Nov 2026 10:00 +0100", "2026-11-02T09:00:00Z"},
		{"two digits of this century", "2 Nov 26 10:00:00 +0000", "2026-11-02T10:00:00Z"},
		{"two digits of the last century", "2 Nov 96 10:00:00 +0000", "1996-11-02T10:00:00Z"},
		{"three digits", "2 Nov 126 10:00:00 +0000", "2026-11-02T10:00:00Z"},
		{"the month in full", "2 November 2026 10:00:00 +0000", "2026-11-02T10:00:00Z"},
		{"asctime", "Mon Nov  2 10:00:00 2026", "2026-11-02T10:00:00Z"},
		{"four digits that are two", "2 Nov 0026 10:00:00 +0000", "2026-11-02T10:00:00Z"},
		{"dots in the time", "2 Nov 2026 10.30.00 +0100", "2026-11-02T09:30:00Z"},
		{"dashes", "02-Nov-2026 10:00:00 +0000", "2026-11-02T10:00:00Z"},
		{"ISO 8601", "2026-11-02T10:00:00+01:00", "2026-11-02T09:00:00Z"},
		{"ISO 8601 with a blank", "2026-11-02 10:00:00 +0100", "2026-11-02T09:00:00Z"},
		{"digits that can be read one way only", "29-04-2026 10:00", "2026-04-29T10:00:00Z"},
		{"half past midnight", "2 Nov 2026 12:30:00 AM", "2026-11-02T00:30:00Z"},
		{"the afternoon", "2 Nov 2026 1:30:00 PM +0100", "2026-11-02T12:30:00Z"},
		{"noon", "2 Nov 2026 12:00:00 PM", "2026-11-02T12:00:00Z"},
		{"comments and blanks inside the time", "Mon, 2 Nov 2026 10(comment):   00  :  05 +0100", "2026-11-02T09:00:05Z"},
		{"a clock cut short", "2 Nov 2026 10:30:", "2026-11-02T10:30:00Z"},
		{"a leap second", "31 Dec 2016 23:59:60 +0000", "2017-01-01T00:00:00Z"},
		{"digits that can be read two ways", "03-04-2026 10:00", ""},
		{"no day", "Nov 2026", ""},
		{"a clock cut short by other text", "2 Nov 2026 10:00:t <a@example.com>", ""},
		{"a minute that is none", "2 Nov 2026 10:99:00 +0000", ""},
		{"a day that is none", "42 Nov 2026 10:00:00 +0000", ""},
		{"words", "yesterday", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			m := parse(t, "Date: "+tt.field+"\r\n\r\nbody")
			got := ""
			if !m.Date.IsZero() {
				got = m.Date.Format(time.RFC3339)
			}
			if got != tt.want || m.RawDate != tt.field {
				t.Errorf("date %q of %q, want %q", got, m.RawDate, tt.want)
			}
			if unreadable := hasProblem(m, mail.ProblemDate); unreadable != (tt.want == "") {
				t.Errorf("problems %v", m.Problems)
			}
		})
	}
}

func TestAddresses(t *testing.T) {
	tests := []struct {
		name, field string
		want        []mail.Address
	}{
		{"a bare address", "a@example.com", []mail.Address{{Address: "a@example.com"}}},
		{"a quoted name with a comma", `"Doe, John" <j@example.com>`, []mail.Address{{Name: "Doe, John", Address: "j@example.com"}}},
		{"an encoded comma separates nothing", "=?utf-8?q?Doe,_John?= <j@example.com>", []mail.Address{{Name: "Doe, John", Address: "j@example.com"}}},
		{"semicolons separate too", "a@example.com; b@example.com", []mail.Address{{Address: "a@example.com"}, {Address: "b@example.com"}}},
		{"a group is its members", "Board: a@example.com, b@example.com;", []mail.Address{{Address: "a@example.com"}, {Address: "b@example.com"}}},
		{"an empty group is nobody", "undisclosed-recipients:;", nil},
		{"a bounce has no sender", "<>", nil},
		{"a comment is the name", "a@example.com (Ann)", []mail.Address{{Name: "Ann", Address: "a@example.com"}}},
		{"one broken mailbox spoils no other", "a@example.com, b@@example..com, c@example.com",
			[]mail.Address{{Address: "a@example.com"}, {Address: "b@@example..com"}, {Address: "c@example.com"}}},
		{"no domain", "Mail System <MAILER-DAEMON>", []mail.Address{{Name: "Mail System", Address: "MAILER-DAEMON"}}},
		{"comments inside the brackets", `Ann <ann(her account)@example.com(her host)>`, []mail.Address{{Name: "Ann", Address: "ann@example.com"}}},
		{"blanks round the signs", "<ann (x) @ (y) example . com>, ann@example . com", []mail.Address{{Address: "ann@example.com"}, {Address: "ann@example.com"}}},
		{"a name with a comma outside quotes", "Doe, John <j@example.com>, a@example.com, Ann <b@example.com>", []mail.Address{
			{Name: "Doe, John", Address: "j@example.com"}, {Address: "a@example.com"}, {Name: "Ann", Address: "b@example.com"}}},
		{"a quoted local part", `"Ann D"@example.com, "ann"@example.com`, []mail.Address{{Address: `"Ann D"@example.com`}, {Address: "ann@example.com"}}},
		{"brackets twice", "Ann <<ann@example.com>>", []mail.Address{{Name: "Ann", Address: "ann@example.com"}}},
		{"a bracket never opened", "Ann ann@example.com>", []mail.Address{{Name: "Ann", Address: "ann@example.com"}}},
		{"square brackets", "Ann [ann@example.com], bob@[192.0.2.1]", []mail.Address{{Name: "Ann", Address: "ann@example.com"}, {Address: "bob@[192.0.2.1]"}}},
		{"a link", "Ann <mailto:ann@example.com>", []mail.Address{{Name: "Ann", Address: "ann@example.com"}}},
		{"a blank before the at sign", "Ann <ann @example.com>", []mail.Address{{Name: "Ann", Address: "ann@example.com"}}},
		{"a comment alone is nobody", "(no To header)", nil},
		{"a route", "Ann <@a.example, @b.example:ann@example.com>", []mail.Address{{Name: "Ann", Address: "ann@example.com"}}},
		{"words before the address inside the brackets", "Ann <Ann ann@example.com>", []mail.Address{{Name: "Ann", Address: "ann@example.com"}}},
		{"a bracket never closed", "Ann <a@example.com", []mail.Address{{Name: "Ann", Address: "a@example.com"}}},
		{"a name with no quotes and an address with no brackets", "Ann B. a@example.com", []mail.Address{{Name: "Ann B.", Address: "a@example.com"}}},
		{"an Exchange name in single quotes", "'a@example.com' <a@example.com>", []mail.Address{{Name: "a@example.com", Address: "a@example.com"}}},
		{"an international domain", "a@b\u00fccher.example", []mail.Address{{Address: "a@b\u00fccher.example"}}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			m := parse(t, "To: "+tt.field+"\r\n\r\nbody")
			for i := range m.To {
				m.To[i].Raw = ""
			}
			if diff := cmp.Diff(tt.want, m.To); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestLimits(t *testing.T) {
	const twoParts = "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\none\r\n--b\r\n\r\ntwo\r\n--b--\r\n"
	tests := []struct {
		name    string
		mail    string
		limits  mail.Limits
		problem string
		parts   int
	}{
		{"a long header loses its last fields", "Subject: a\r\nFrom: a@example.com\r\n\r\nbody", mail.Limits{Header: 15}, mail.ProblemHeaderTooLong, 1},
		{"a header within the limit loses nothing", "Subject: a\r\n\r\nbody", mail.Limits{Header: 15}, "", 1},
		{"a multipart too deep is one file", twoParts, mail.Limits{Depth: 1}, "", 2},
		{"the multipart inside it is", "Content-Type: multipart/mixed; boundary=a\r\n\r\n--a\r\n" + twoParts + "--a--\r\n", mail.Limits{Depth: 1}, mail.ProblemTooDeep, 1},
		{"as many parts as allowed", twoParts, mail.Limits{Parts: 2}, "", 2},
		{"one part more is the rest", twoParts, mail.Limits{Parts: 1}, mail.ProblemTooManyParts, 2},
		{"a long text is cut", "\r\nbody text", mail.Limits{Text: 4}, mail.ProblemTextTooLong, 1},
		{"a text is cut between characters", "Subject: a\r\n\r\nbodä", mail.Limits{Text: 4}, mail.ProblemTextTooLong, 1},
		{"a text within the limit is whole", "Subject: a\r\n\r\nbody", mail.Limits{Text: 4}, "", 1},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			m, err := mail.Parse(strings.NewReader(tt.mail), tt.limits)
			if err != nil {
				t.Fatal(err)
			}
			checkInvariants(t, []byte(tt.mail), m, tt.limits)
			if len(m.Parts) != tt.parts {
				t.Errorf("%d parts, want %d", len(m.Parts), tt.parts)
			}
			if tt.problem == "" && len(m.Problems) > 0 || tt.problem != "" && !hasProblem(m, tt.problem) {
				t.Errorf("problems %v, want %q", m.Problems, tt.problem)
			}
		})
	}
}

func TestMailOverTheSizeLimitIsTheOnlyOneRefused(t *testing.T) {
	const raw = "Subject: a\r\n\r\nbody"
	if _, err := mail.Parse(strings.NewReader(raw), mail.Limits{Size: int64(len(raw))}); err != nil {
		t.Errorf("at the limit: %v", err)
	}
	_, err := mail.Parse(strings.NewReader(raw), mail.Limits{Size: int64(len(raw)) - 1})
	var tooLarge *mail.TooLargeError
	if !errors.As(err, &tooLarge) || tooLarge.Limit != int64(len(raw))-1 {
		t.Errorf("one byte over the limit: %v", err)
	}
}

func TestReaderErrorIsReturned(t *testing.T) {
	broken := errors.New("connection lost")
	r := io.MultiReader(strings.NewReader("Subject: a\r\n\r\nbody"), iotest.ErrReader(broken))
	if _, err := mail.Parse(r, mail.Limits{}); !errors.Is(err, broken) {
		t.Errorf("Parse: %v, want %v", err, broken)
	}
	r = io.MultiReader(strings.NewReader("SGVs"), iotest.ErrReader(broken))
	if got, err := io.ReadAll(mail.Decode("base64", r)); !errors.Is(err, broken) || string(got) != "Hel" {
		t.Errorf("Decode: %q, %v, want %v", got, err, broken)
	}
	if _, err := mail.Parse(iotest.TimeoutReader(iotest.OneByteReader(strings.NewReader("Subject: a"))), mail.Limits{}); !errors.Is(err, iotest.ErrTimeout) {
		t.Errorf("Parse: %v, want a timeout", err)
	}
}

func TestMemoryDoesNotGrowWithTheMail(t *testing.T) {
	peak := peakHeap(t, func() {
		m, err := mail.Parse(largeMail(40<<20), mail.Limits{})
		if err != nil || len(m.Parts) != 4 || m.Text != "Here are the files, Müller." {
			t.Errorf("%d parts, text %q, %v", len(m.Parts), m.Text, err)
		}
	})
	if peak > 4<<20 {
		t.Errorf("reading 40 MB took %d KB", peak>>10)
	}
}
