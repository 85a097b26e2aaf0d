package mail

import (
	"encoding/binary"
	"slices"
)

// base64Decoder reads base64 as mails really carry it (RFC 2045 section 6.8): what is not in the alphabet is skipped, a padded end
// in the middle begins anew, a cut end gives the bytes it completes.
type base64Decoder struct {
	bits    uint32 // of the characters of the unfinished group
	chars   int    // how many those are, 0 to 3
	padded  bool   // a padded group has passed
	foreign bool
}

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
		if d.chars == 0 && !d.padded {
			dst, src = groups(dst, src)
			if len(src) == 0 {
				break
			}
		}
		dst = d.char(dst, src[0])
		src = src[1:]
	}
	return dst
}

// groups decodes whole groups from the start of src, as long as they are clean, and returns what is left of it.
func groups(dst, src []byte) (plain, rest []byte) {
	n := len(dst)
	out := dst[:cap(dst)]
	for len(src) >= 8 && len(out)-n >= 8 {
		a, b, c, d := sextets[src[0]], sextets[src[1]], sextets[src[2]], sextets[src[3]]
		e, f, g, h := sextets[src[4]], sextets[src[5]], sextets[src[6]], sextets[src[7]]
		if a|b|c|d|e|f|g|h == notInAlphabet {
			break
		}
		binary.BigEndian.PutUint64(out[n:], uint64(a)<<58|uint64(b)<<52|uint64(c)<<46|uint64(d)<<40|
			uint64(e)<<34|uint64(f)<<28|uint64(g)<<22|uint64(h)<<16)
		n += 6
		src = src[8:]
	}
	return out[:n], src
}

// char takes one character.
func (d *base64Decoder) char(dst []byte, c byte) []byte {
	switch v := sextets[c]; {
	case v != notInAlphabet:
		d.foreign = d.foreign || d.padded
		d.padded = false
		d.bits = d.bits<<6 | uint32(v)
		if d.chars++; d.chars == 4 {
			dst = append(dst, byte(d.bits>>16), byte(d.bits>>8), byte(d.bits))
			d.bits, d.chars = 0, 0
		}
	case c == '=':
		dst = d.flush(dst)
		d.padded = true
	case c != '\r' && c != '\n' && c != ' ' && c != '\t':
		d.foreign = true
	}
	return dst
}

// flush gives the bytes that the unfinished group completes.
func (d *base64Decoder) flush(dst []byte) []byte {
	switch d.chars {
	case 1:
		d.foreign = true
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
	return d.flush(dst), defect{foreign: d.foreign, cut: cut}
}
