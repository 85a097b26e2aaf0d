package mail

import "bytes"

// readBody hands the bytes up to the next delimiter, or to the end of the mail, to take, piece by piece and in order, and leaves the
// delimiter in s.at. The line end before a delimiter belongs to the delimiter. What the pieces add up to does not depend on how
// the reader cut the mail.
func (s *splitter) readBody(take func(piece []byte)) {
	lineStart := true
	for {
		window := s.src.peek(lookahead)
		if len(window) == 0 {
			s.at = delimiter{level: endOfMail}
			return
		}
		eol := newline(window)
		if eol > 0 || lineStart {
			if d, ok := s.delimiter(window[eol:]); ok {
				s.src.skip(eol)
				s.at = d
				return
			}
		}
		lineStart = false
		n := s.plain(window, eol)
		take(window[:n])
		s.src.skip(n)
	}
}

// plain is how much of the window, beyond its first from bytes, cannot be the start of a delimiter's line: everything where no
// multipart is open, else up to the next line that starts with two dashes.
func (s *splitter) plain(window []byte, from int) int {
	if len(s.open) == 0 || s.sealed {
		return len(window)
	}
	end := len(window)
	if i := bytes.Index(window[from:], []byte("\n--")); i >= 0 {
		end = from + i
	} else if !s.src.done {
		end -= tail(window[from:])
	}
	if end > from && end < len(window) && window[end] == '\n' && window[end-1] == '\r' {
		end--
	}
	return end
}

// tail is how many bytes at the end of b may be the start of a line end and two dashes that the window cut.
func tail(b []byte) int {
	for n := min(len(b), len("\r\n-")); n > 0; n-- {
		if bytes.HasPrefix([]byte("\r\n-"), b[len(b)-n:]) || bytes.HasPrefix([]byte("\n-"), b[len(b)-n:]) {
			return n
		}
	}
	return 0
}

// delimiter looks for a delimiter of an open multipart at the start of line.
func (s *splitter) delimiter(line []byte) (delimiter, bool) {
	if s.sealed {
		return delimiter{}, false
	}
	return match(s.open, line)
}
