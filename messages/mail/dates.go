package mail

import (
	"slices"
	"strconv"
	"strings"
	"time"
)

// parseDate reads a Date field (RFC 5322 sections 3.3 and 4.3) by the look of its words rather than their order, so that the
// obsolete and the home-made forms are read too: two-digit years, zone names, asctime, dashes, missing commas and seconds.
func parseDate(s string) (time.Time, bool) {
	s = strings.Join(strings.Fields(withoutComments(cleanLine(s))), " ")
	if t, err := time.Parse(time.RFC3339, s); err == nil {
		return t.UTC(), true
	}
	d := date{day: -1, year: -1, hour: -1}
	for _, word := range clocksJoined(strings.FieldsFunc(s, func(r rune) bool { return r == ' ' || r == ',' })) {
		d.word(word)
	}
	return d.time()
}

// maxClock is how long the words of a clock may be together.
const maxClock = 20

// clocksJoined puts the words of a clock together, as in "10 : 00 :05" (RFC 5322 section 4.3).
func clocksJoined(words []string) []string {
	joined := words[:0]
	for _, w := range words {
		last := len(joined) - 1
		if last >= 0 && isDigit(joined[last][0]) && len(joined[last])+len(w) <= maxClock && (w[0] == ':' || strings.HasSuffix(joined[last], ":")) {
			joined[last] += w
			continue
		}
		joined = append(joined, w)
	}
	return joined
}

// withoutComments drops what stands in parentheses.
func withoutComments(s string) string {
	var out strings.Builder
	depth := 0
	for _, r := range s {
		switch {
		case r == '(':
			depth++
		case r == ')' && depth > 0:
			depth--
		case depth == 0:
			out.WriteRune(r)
		}
	}
	return out.String()
}

// date is what the words of a date have said so far; -1 is nothing yet.
type date struct {
	year, day         int
	month             time.Month
	hour, minute, sec int
	offset            int // seconds east of UTC
	zoned             bool
	half              string // of the day: "am", "pm", or ""
	broken            bool   // a clock of which no time can be made
}

// word takes one word. The first word of a kind counts.
func (d *date) word(w string) {
	lower := strings.ToLower(w)
	n, notNumber := strconv.Atoi(w)
	switch {
	case strings.ContainsRune(w, ':') && d.hour < 0 && w[0] != '+' && w[0] != '-':
		d.clock(w)
	case d.hour < 0 && d.day >= 0 && d.month != 0 && strings.Contains(w, "."): // 10.00.00
		d.clock(strings.ReplaceAll(w, ".", ":"))
	case d.hour >= 0 && (lower == "am" || lower == "pm"):
		d.half = lower
	case d.hour >= 0 && !d.zoned && d.zone(lower):
	case notNumber == nil && w[0] != '+' && w[0] != '-':
		d.number(n, len(w))
	case monthOf(lower) != 0 && d.month == 0:
		d.month = monthOf(lower)
	case strings.Count(w, "-") == 2 && w[0] != '-':
		d.dashed(w)
	}
}

// number is a day of the month first, then a year; four digits are always a year.
func (d *date) number(n, digits int) {
	switch {
	case digits <= 3 && d.day < 0:
		d.day = n
	case digits <= 4 && d.year < 0:
		d.year = fullYear(n, digits)
	}
}

// fullYear applies RFC 5322 section 4.3 to years of two and three digits, and to "0026" as if it were two.
func fullYear(n, digits int) int {
	switch {
	case digits != 3 && n < 50:
		return n + 2000
	case digits <= 3 || n < 100:
		return n + 1900
	}
	return n
}

// dashed is 02-Jan-2006, 2006-01-02, or 31-01-2006 where no month can come first.
func (d *date) dashed(w string) {
	parts := strings.Split(w, "-")
	month, err := strconv.Atoi(parts[1])
	if err != nil {
		for _, part := range parts {
			d.word(part)
		}
		return
	}
	iso := len(parts[0]) == 4
	if iso {
		slices.Reverse(parts)
	}
	day, _ := strconv.Atoi(parts[0])
	if month < 1 || month > 12 || day <= 12 && !iso {
		return
	}
	d.month = time.Month(month)
	d.word(parts[0])
	d.word(parts[2])
}

// clock is hh:mm or hh:mm:ss, with or without a zone right behind it.
func (d *date) clock(w string) {
	zone := ""
	if i := strings.IndexAny(w, "+-"); i > 0 {
		w, zone = w[:i], w[i:]
	}
	parts := strings.Split(strings.TrimRight(w, ":"), ":")
	var n [3]int
	for i := range min(len(parts), len(n)) {
		digits, _, _ := strings.Cut(parts[i], ".")
		v, err := strconv.Atoi(digits)
		if err != nil || v < 0 {
			d.broken = d.broken || isDigit(w[0])
			return
		}
		n[i] = v
	}
	d.hour, d.minute, d.sec = n[0], n[1], n[2]
	d.zone(zone)
}

func isDigit(c byte) bool { return '0' <= c && c <= '9' }

// zone is an offset or the name of one, in lower case, and tells whether it was.
func (d *date) zone(w string) bool {
	if name := strings.TrimRight(w, "+-:0123456789"); name == "gmt" || name == "utc" || name == "ut" {
		w = strings.TrimPrefix(w, name)
		if w == "" {
			w = "+0000"
		}
	}
	if hours, named := zoneHours(w); named {
		d.offset, d.zoned = hours*3600, true
		return true
	}
	if len(w) < 2 || w[0] != '+' && w[0] != '-' {
		return false
	}
	digits := strings.ReplaceAll(w[1:], ":", "")
	n, err := strconv.Atoi(digits)
	if err != nil || n < 0 || len(digits) > 4 {
		return false
	}
	if len(digits) <= 2 {
		n *= 100
	}
	d.offset, d.zoned = (n/100*60+n%100)*60, true
	if w[0] == '-' {
		d.offset = -d.offset
	}
	return true
}

// zoneHours gives the offsets of the zone names of RFC 5322 section 4.3. Go's own parser takes them for UTC. Other names, the
// military letters among them, say nothing reliable there; the common European and Asian ones are what their users mean.
func zoneHours(name string) (int, bool) {
	switch name {
	case "z", "wet":
		return 0, true
	case "edt", "ast":
		return -4, true
	case "est", "cdt":
		return -5, true
	case "cst", "mdt":
		return -6, true
	case "mst", "pdt":
		return -7, true
	case "pst":
		return -8, true
	case "cet", "met", "bst", "west":
		return 1, true
	case "cest", "mest", "met-dst", "eet":
		return 2, true
	case "eest", "msk":
		return 3, true
	case "jst", "kst":
		return 9, true
	}
	return 0, false
}

// monthOf reads an English month name, short or long.
func monthOf(lower string) time.Month {
	if len(lower) < 3 {
		return 0
	}
	i := strings.Index("janfebmaraprmayjunjulaugsepoctnovdec", lower[:3])
	if i < 0 || i%3 != 0 {
		return 0
	}
	return time.Month(i/3 + 1)
}

// time puts the words together; a clock is needed no more than a zone is, a calendar day is.
func (d *date) time() (time.Time, bool) {
	hour := max(d.hour, 0)
	if d.half != "" && hour <= 12 {
		hour %= 12
		if d.half == "pm" {
			hour += 12
		}
	}
	if d.broken || d.day < 1 || d.day > 31 || d.month == 0 || d.year < 1900 || hour > 24 || d.minute > 59 || d.sec > 60 {
		return time.Time{}, false
	}
	t := time.Date(d.year, d.month, d.day, hour, d.minute, d.sec, 0, time.UTC)
	return t.Add(-time.Duration(d.offset) * time.Second), true
}
