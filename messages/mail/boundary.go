package mail

import "bytes"

const (
	maxBoundary = 256 // bytes of a boundary we look for; RFC 2046 allows 70
	maxPadding  = 256 // bytes of white space after a delimiter that still leave it one
	maxLine     = len("--") + maxBoundary + len("--") + maxPadding
	lookahead   = len("\r\n") + maxLine // bytes that decide whether a delimiter is next
)

// delimiter is a line that separates parts, or the end of the mail.
type delimiter struct {
	level   int  // which open multipart it belongs to, 0 = the outermost; endOfMail
	closing bool // "--boundary--": no part follows
	length  int  // of the line, with its line end
}

// endOfMail is the level of the delimiter that is none: no multipart goes on behind it.
const endOfMail = -1

// match looks for a delimiter at the start of line. The whole line must be one, white space after it apart: RFC 2046 section 5.1.1
// lets a boundary be the start of a longer line, but then "--outer" would end "--outer--1", a boundary seen in real mails, and so
// would each boundary inside an attached mail that begins with ours. The innermost multipart wins.
func match(open [][]byte, line []byte) (delimiter, bool) {
	if len(open) == 0 || !bytes.HasPrefix(line, []byte("--")) {
		return delimiter{}, false
	}
	line = line[:min(len(line), maxLine)]
	length := bytes.IndexByte(line, '\n') + 1
	if length == 0 {
		length = len(line)
		if length == maxLine {
			return delimiter{}, false
		}
	}
	label := bytes.TrimRight(line[2:length], " \t\r\n")
	inner := bytes.TrimSuffix(label, []byte("--"))
	for level := len(open) - 1; level >= 0; level-- {
		if bytes.Equal(label, open[level]) {
			return delimiter{level, false, length}, true
		}
		if len(inner) < len(label) && bytes.Equal(inner, open[level]) {
			return delimiter{level, true, length}, true
		}
	}
	return delimiter{}, false
}

// newline is the length of the line end at the start of b: 0, 1 or 2.
func newline(b []byte) int {
	switch {
	case bytes.HasPrefix(b, []byte("\n")):
		return 1
	case bytes.HasPrefix(b, []byte("\r\n")):
		return 2
	}
	return 0
}
