package mail

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"slices"
)

// base64Decoder reads base64 as mails really carry it (RFC 2045 section 6.8): what is not in the alphabet is skipped, and a cut end
// gives the bytes it completes. Padding ends the data, or one piece of it where several were joined; behind it only lines that are
// base64 throughout count, so that a footer which a mailing list put there does not end up in the file.
type base64Decoder struct {
	bits    uint32 // of the characters of the unfinished group
	chars   int    // how many those are, 0 to 3
	padded  bool   // padding has passed
	line    []byte // behind padding: the line so far
	foreign bool
}

// maxBase64Line is how long a line behind padding may be to count.
const maxBase64Line = 1000

// sextets gives the value of a base64 character; notInAlphabet marks the others.
var sextets = sextetsOf("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/")

const notInAlphabet = 0xff

func sextetsOf(alphabet string) (t [256]byte) {
	for i := range t {
		t[i] = notInAlphabet
	}
	for i, c := range []byte(alphabet) {
		t[c] = byte(i)
	}
	return t
}

func (d *base64Decoder) decode(dst, src []byte) []byte {
	dst = slices.Grow(dst, len(src)/4*3+16)
	for len(src) > 0 {
		if d.padded {
			dst, src = d.behindPadding(dst, src)
			continue
		}
		if d.chars == 0 {
			if dst, src = groups(dst, src); len(src) == 0 {
				break
			}
		}
		dst = d.char(dst, src[0])
		src = src[1:]
	}
	return dst
}

// groups decodes whole groups and line ends from the start of src, as long as they are clean, and returns what is left of it. This is
// where the time of reading a large mail goes, its hashes apart.
func groups(dst, src []byte) (plain, rest []byte) {
	n := len(dst)
	out := dst[:cap(dst)]
	for len(src) >= 8 && len(out)-n >= 8 {
		a, b, c, d := sextets[src[0]], sextets[src[1]], sextets[src[2]], sextets[src[3]]
		if a|b|c|d == notInAlphabet {
			if src[0] != '\r' || src[1] != '\n' {
				break
			}
			src = src[2:]
			continue
		}
		bits := uint64(a)<<58 | uint64(b)<<52 | uint64(c)<<46 | uint64(d)<<40
		used := 4
		if e, f, g, h := sextets[src[4]], sextets[src[5]], sextets[src[6]], sextets[src[7]]; e|f|g|h != notInAlphabet {
			bits |= uint64(e)<<34 | uint64(f)<<28 | uint64(g)<<22 | uint64(h)<<16
			used = 8
		}
		binary.BigEndian.PutUint64(out[n:], bits)
		n += used / 4 * 3
		src = src[used:]
	}
	return out[:n], src
}

// char takes one character.
func (d *base64Decoder) char(dst []byte, c byte) []byte {
	switch v := sextets[c]; {
	case v != notInAlphabet:
		d.bits = d.bits<<6 | uint32(v)
		if d.chars++; d.chars == 4 {
			dst = append(dst, byte(d.bits>>16), byte(d.bits>>8), byte(d.bits))
			d.bits, d.chars = 0, 0
		}
	case c == '=':
		d.foreign = d.foreign || d.chars == 1
		dst = d.flush(dst)
		d.padded = true
	case !isSpace(c):
		d.foreign = true
	}
	return dst
}

func isSpace(c byte) bool { return c == '\r' || c == '\n' || isBlank(c) }

// behindPadding takes the next line or what src has of it, and returns what is left of src. Of the line it keeps what may be base64
// again: not the rest of the padding, not white space before it, and no more than decides that the line is too long.
func (d *base64Decoder) behindPadding(dst, src []byte) (plain, rest []byte) {
	line, rest, ended := bytes.Cut(src, []byte("\n"))
	if len(d.line) == 0 {
		line = bytes.TrimLeft(line, "= \t\r")
	}
	d.line = append(d.line, line[:min(len(line), maxBase64Line+1-len(d.line))]...)
	if ended {
		dst = d.endLine(dst)
	}
	return dst, rest
}

// endLine decodes the line behind padding if it is base64.
func (d *base64Decoder) endLine(dst []byte) []byte {
	line := bytes.TrimRight(d.line, " \t\r")
	d.line = d.line[:0]
	d.foreign = d.foreign || len(line) > 0
	if len(line) > maxBase64Line {
		return dst
	}
	if plain, err := base64.StdEncoding.AppendDecode(dst, line); err == nil {
		return plain
	}
	return dst
}

// flush gives the bytes that the unfinished group completes.
func (d *base64Decoder) flush(dst []byte) []byte {
	switch d.chars {
	case 2:
		dst = append(dst, byte(d.bits>>4))
	case 3:
		dst = append(dst, byte(d.bits>>10), byte(d.bits>>2))
	}
	d.bits, d.chars = 0, 0
	return dst
}

func (d *base64Decoder) finish(dst []byte) ([]byte, defect) {
	cut := d.chars > 0
	dst = d.endLine(d.flush(dst))
	return dst, defect{foreign: d.foreign, cut: cut}
}
