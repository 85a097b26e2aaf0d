package mail

// maxHeld is how many bytes of white space the quoted-printable decoder holds back until it knows whether they end a line. Longer
// runs are text: no encoder writes lines of more than 76 characters.
const maxHeld = 1000

// quotedDecoder reads quoted-printable (RFC 2045 section 6.7). White space at the end of a line is the transport's and goes; what is
// no valid escape stays as it is.
type quotedDecoder struct {
	held    []byte // undecided: an escape that has begun, or white space that may end a line
	foreign bool
}

func (d *quotedDecoder) decode(dst, src []byte) []byte {
	for len(src) > 0 {
		if len(d.held) > 0 {
			var taken bool
			if dst, taken = d.next(dst, src[0]); taken {
				src = src[1:]
			}
			continue
		}
		n := literal(src)
		dst = append(dst, src[:n]...)
		if src = src[n:]; len(src) > 0 {
			d.held = append(d.held, src[0])
			src = src[1:]
		}
	}
	return dst
}

// literal is how many bytes at the start of b stand for themselves whatever follows.
func literal(b []byte) int {
	for i, c := range b {
		if c == '=' || isBlank(c) {
			return i
		}
	}
	return len(b)
}

func isBlank(c byte) bool { return c == ' ' || c == '\t' }

// next decides on what is held by the byte after it, and tells whether that byte was part of it.
func (d *quotedDecoder) next(dst []byte, c byte) ([]byte, bool) {
	if d.held[0] == '=' {
		return d.escape(dst, c)
	}
	switch {
	case c == '\r' || c == '\n':
		d.held = d.held[:0]
	case isBlank(c) && len(d.held) < maxHeld:
		d.held = append(d.held, c)
		return dst, true
	default:
		dst = d.release(dst)
	}
	return dst, false
}

// escape goes on with "=": two hexadecimal digits are a byte; a line end, after white space or not, is no line end.
func (d *quotedDecoder) escape(dst []byte, c byte) ([]byte, bool) {
	before := d.held[len(d.held)-1]
	switch {
	case len(d.held) == 1 && isHex(c):
		d.held = append(d.held, c)
		return dst, true
	case len(d.held) == 2 && isHex(before) && isHex(c):
		d.held = d.held[:0]
		return append(dst, hexValue(before)<<4|hexValue(c)), true
	case !isHex(before) && c == '\n':
		d.held = d.held[:0]
		return dst, true
	case !isHex(before) && before != '\r' && (isBlank(c) || c == '\r') && len(d.held) < maxHeld:
		d.held = append(d.held, c)
		return dst, true
	}
	d.foreign = true
	return d.release(dst), false
}

// release keeps what is held as it is.
func (d *quotedDecoder) release(dst []byte) []byte {
	dst = append(dst, d.held...)
	d.held = d.held[:0]
	return dst
}

func (d *quotedDecoder) finish(dst []byte) ([]byte, defect) {
	cut := len(d.held) == 2 && isHex(d.held[1])
	if cut {
		dst = d.release(dst)
	}
	d.held = nil
	return dst, defect{foreign: d.foreign, cut: cut}
}

func isHex(c byte) bool {
	return '0' <= c && c <= '9' || 'A' <= c && c <= 'F' || 'a' <= c && c <= 'f'
}

func hexValue(c byte) byte {
	switch {
	case c >= 'a':
		return c - 'a' + 10
	case c >= 'A':
		return c - 'A' + 10
	}
	return c - '0'
}
