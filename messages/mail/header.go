package mail

import (
	"bytes"
	"strings"
)

// header is the fields of one header block that we read, by lower-case name; unfolded, otherwise as written. A field may repeat.
type header map[string][]string

// get returns the first field of that name.
func (h header) get(name string) string {
	if values := h[name]; len(values) > 0 {
		return values[0]
	}
	return ""
}

// wanted tells the fields we read from the others, which are not kept.
func wanted(name string) bool {
	switch name {
	case "message-id", "in-reply-to", "references", "thread-index", "subject", "date",
		"from", "sender", "reply-to", "to", "cc", "bcc",
		"content-type", "content-disposition", "content-transfer-encoding", "content-id":
		return true
	}
	return false
}

// readHeader reads a header block with the blank line after it. A block also ends where a line can be no field, and before a
// delimiter; then the body begins right there. But after a line that asks for more, the next one continues it, indented or not, and
// lines are skipped where the header goes on behind them.
func (s *splitter) readHeader() header {
	var block []byte
	for {
		line := s.src.peek(lookahead)
		if n := blankLine(line); n > 0 || len(line) == 0 {
			s.src.skip(n)
			return s.parseHeader(block)
		}
		_, ended := s.delimiter(line)
		switch {
		case !ended && isField(line, len(block) > 0):
			block = s.line(block)
		case !ended && unfinished(block):
			block = s.line(append(block, ' '))
		case !ended && s.skipJunk(block):
			s.problems.add(s.next(), ProblemHeaderDamaged, "Lines of the header are no fields; they were skipped.")
		default:
			if len(block) > 0 {
				s.problems.add(s.next(), ProblemHeaderUnfinished, "The header ends without the blank line that separates it from the body.")
			}
			return s.parseHeader(block)
		}
	}
}

// parseHeader leaves out the line that a full block has cut.
func (s *splitter) parseHeader(block []byte) header {
	if len(block) >= s.limits.Header {
		block = block[:bytes.LastIndexByte(block, '\n')+1]
	}
	return parseHeader(block)
}

// maxTrailing bounds the white space at the end of a line, in bytes, behind which we look for what asks for more.
const maxTrailing = 100

// unfinished tells whether the last line of a block ends as a line does that goes on.
func unfinished(block []byte) bool {
	block = bytes.TrimRight(block[max(0, len(block)-maxTrailing):], " \t\r\n")
	return bytes.HasSuffix(block, []byte(";")) || bytes.HasSuffix(block, []byte(","))
}

// line appends the next line to block, or reads over it once the block is full.
func (s *splitter) line(block []byte) []byte {
	for {
		w := s.src.peek(1)
		n := bytes.IndexByte(w, '\n') + 1
		last := n > 0 || len(w) == 0
		if n == 0 {
			n = len(w)
		}
		room := max(s.limits.Header-len(block), 0)
		block = append(block, w[:min(n, room)]...)
		if n > room {
			s.problems.add(s.next(), ProblemHeaderTooLong, "A header block is longer than the limit; the fields beyond it were not read.")
		}
		s.src.skip(n)
		if last {
			return block
		}
	}
}

// blankLine is the length of the blank line at the start of b, 0 when there is none. Some gateways write "\r\r\n".
func blankLine(b []byte) int {
	n := 0
	for n < len(b) && b[n] == '\r' {
		n++
	}
	if n < len(b) && b[n] == '\n' {
		return n + 1
	}
	return 0
}

// isField tells whether line goes on with a header: "Name:", or white space that continues a field before it. Names are printable
// ASCII (RFC 5322 section 2.2); white space before the colon is tolerated, and before the first name of all. Two dashes begin a
// delimiter, whatever its boundary is made of.
func isField(line []byte, continued bool) bool {
	if isBlank(line[0]) {
		if continued {
			return true
		}
		line = bytes.TrimLeft(line, " \t")
	}
	if bytes.HasPrefix(line, []byte("--")) {
		return false
	}
	for i, c := range line {
		switch {
		case c == ':':
			return i > 0
		case c == ' ' || c == '\t':
			rest := bytes.TrimLeft(line[i:], " \t")
			return len(rest) > 0 && rest[0] == ':'
		case c <= ' ' || c >= 0x7f:
			return false
		}
	}
	return false
}

// parseHeader splits a block into its fields.
func parseHeader(block []byte) header {
	h := header{}
	for len(block) > 0 {
		n := fieldLength(block)
		name, value, _ := bytes.Cut(block[:n], []byte(":"))
		block = block[n:]
		if key := strings.ToLower(string(bytes.TrimSpace(name))); wanted(key) {
			h[key] = append(h[key], unfold(value))
		}
	}
	return h
}

// fieldLength is the length of the first field of block, its continuation lines included.
func fieldLength(block []byte) int {
	n := 0
	for {
		i := bytes.IndexByte(block[n:], '\n')
		if i < 0 {
			return len(block)
		}
		n += i + 1
		if n == len(block) || block[n] != ' ' && block[n] != '\t' {
			return n
		}
	}
}

// unfold joins the lines of a field's value (RFC 5322 section 2.2.3) and trims it.
func unfold(value []byte) string {
	value = bytes.TrimSpace(value)
	if bytes.IndexByte(value, '\n') < 0 {
		return string(value)
	}
	lines := bytes.Split(value, []byte("\n"))
	for i, line := range lines {
		lines[i] = bytes.TrimRight(line, "\r")
	}
	return string(bytes.Join(lines, nil))
}
