package mail

import (
	"bytes"
	"strings"
)

// maxUULine is how long a line of uuencoded data may be to count: its length character allows 63 bytes, in 84 characters.
const maxUULine = 100

// uuDecoder reads uuencoded data (POSIX uuencode), which mails had before base64: what lies between a "begin" and an "end" line.
type uuDecoder struct {
	line         []byte // so far, at most maxUULine bytes and one
	begun, ended bool
	foreign      bool
}

func (d *uuDecoder) decode(dst, src []byte) []byte {
	for len(src) > 0 {
		i := bytes.IndexByte(src, '\n')
		piece := src
		if i >= 0 {
			piece = src[:i]
		}
		d.line = append(d.line, piece[:min(len(piece), maxUULine+1-len(d.line))]...)
		if i < 0 {
			break
		}
		dst = d.endLine(dst)
		src = src[i+1:]
	}
	return dst
}

// endLine takes the line that has ended.
func (d *uuDecoder) endLine(dst []byte) []byte {
	line := bytes.TrimRight(d.line, "\r")
	d.line = d.line[:0]
	switch {
	case !d.begun && bytes.HasPrefix(line, []byte("begin ")):
		d.begun = true
	case !d.begun || d.ended:
		d.foreign = d.foreign || len(bytes.TrimSpace(line)) > 0
	case bytes.Equal(bytes.TrimRight(line, " "), []byte("end")):
		d.ended = true
	default:
		return d.data(dst, line)
	}
	return dst
}

// data decodes one line: a character for the number of bytes, then four for every three of them. What is missing at its end were
// blanks, which gateways cut: only the bytes that the rest makes are given.
func (d *uuDecoder) data(dst, line []byte) []byte {
	if len(line) == 0 {
		return dst
	}
	n, chars := uuValue(line[0]), line[1:]
	whole := len(chars) >= (n+2)/3*4 && len(chars) <= maxUULine
	d.foreign = d.foreign || !whole
	for ; n > 0 && len(chars) > 0; n -= 3 {
		var group [4]int
		used := min(len(chars), len(group))
		for i, c := range chars[:used] {
			d.foreign = d.foreign || c < ' ' || c > '`'
			group[i] = uuValue(c)
		}
		plain := []byte{byte(group[0]<<2 | group[1]>>4), byte(group[1]<<4 | group[2]>>2), byte(group[2]<<6 | group[3])}
		dst = append(dst, plain[:min(n, used-1)]...)
		chars = chars[used:]
	}
	return dst
}

func uuValue(c byte) int { return int(c-' ') & 0x3f }

func (d *uuDecoder) finish(dst []byte) ([]byte, defect) {
	dst = d.endLine(dst)
	return dst, defect{foreign: d.foreign, cut: d.begun && !d.ended}
}

// holdsUUFile tells whether a text has a uuencoded file in it, as mails had before there was MIME.
func holdsUUFile(text string) bool {
	begun := false
	for line := range strings.Lines(text) {
		line = strings.TrimRight(line, "\r\n")
		if begun && line == "end" {
			return true
		}
		begun = begun || beginsUUFile(line)
	}
	return false
}

// beginsUUFile tells whether a line is "begin", the mode of a file and its name.
func beginsUUFile(line string) bool {
	rest, begins := strings.CutPrefix(line, "begin ")
	mode, name, _ := strings.Cut(rest, " ")
	return begins && len(mode) >= 3 && strings.Trim(mode, "01234567") == "" && name != ""
}
