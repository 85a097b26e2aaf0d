package mail

import (
	"bytes"
	"strings"
)

// maxJunk bounds, in bytes, the lines inside a header that are no fields.
const maxJunk = 8 << 10

// skipJunk skips lines that are no fields where the header goes on behind them, and tells whether there are such. If not, the body
// begins here. Block is the header so far; a full one takes no field that may come behind them.
func (s *splitter) skipJunk(block []byte) bool {
	if len(block) >= s.limits.Header {
		return false
	}
	window := s.src.peek(maxJunk)
	n := s.junk(window[:min(len(window), maxJunk)], block)
	s.src.skip(n)
	return n > 0
}

// junk is the length of the lines at the start of window that are no fields. They end before a field that we read and that block
// lacks. Without one they end at the blank line if they cannot be the body: if the body is base64 and they are not, or if each has at
// least a colon or is indented, which makes them fields with odd names. In a part such lines may be text.
func (s *splitter) junk(window, block []byte) int {
	before := parseHeader(block)
	fieldLike := len(block) > 0 && len(s.open) == 0
	foreign := transferEncoding(before.get("content-transfer-encoding")) == "base64"
	for n := 0; n < len(window); {
		line := window[n:]
		end := bytes.IndexByte(line, '\n') + 1
		dashed := bytes.HasPrefix(line, []byte("--")) // as a delimiter is, of which the boundary may not be known yet
		switch {
		case (fieldLike || foreign) && blankLine(line) > 0, s.lacks(before, line):
			return n
		case end == 0 || dashed || blankLine(line) > 0 || bytes.IndexByte(line[:end], 0) >= 0:
			return 0
		}
		text := bytes.TrimSpace(line[:end])
		fieldLike = fieldLike && (isBlank(line[0]) || bytes.IndexByte(text, ':') > 0)
		foreign = foreign && base64Length(text) < len(bytes.TrimRight(text, "="))
		n += end
	}
	return 0
}

// lacks tells whether line begins a field that we read and that the header before it has not. In a part only the fields that describe
// its content are: the others are those of a mail quoted in its text.
func (s *splitter) lacks(before header, line []byte) bool {
	if isBlank(line[0]) || !isField(line, false) {
		return false
	}
	name, _, _ := bytes.Cut(line, []byte(":"))
	key := strings.ToLower(string(bytes.TrimSpace(name)))
	return wanted(key) && before[key] == nil && (len(s.open) == 0 || strings.HasPrefix(key, "content-"))
}
