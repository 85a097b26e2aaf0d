package mail

import (
	"bytes"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/unicode"
	"golang.org/x/text/encoding/unicode/utf32"
)

// decodeUnicode reads the forms of Unicode other than UTF-8, in the byte order that their mark says or their name, else the lower byte
// first. False says that charset is none of these, or the text is not.
func decodeUnicode(charset string, text []byte) (string, bool) {
	var e encoding.Encoding
	switch label(charset) {
	case "utf-16", "utf-16le":
		e = unicode.UTF16(unicode.LittleEndian, unicode.UseBOM)
	case "utf-16be":
		e = unicode.UTF16(unicode.BigEndian, unicode.UseBOM)
	case "utf-32", "utf-32le":
		e = utf32.UTF32(utf32.LittleEndian, utf32.UseBOM)
	case "utf-32be":
		e = utf32.UTF32(utf32.BigEndian, utf32.UseBOM)
	default:
		if isUTF7(charset) {
			return decodeUTF7(text)
		}
		return "", false
	}
	out, err := e.NewDecoder().Bytes(text)
	return string(out), err == nil
}

// isUTF7 tells whether a charset is UTF-7, in which Exchange writes its reports.
func isUTF7(charset string) bool {
	switch label(charset) {
	case "utf-7", "utf7", "unicode-1-1-utf-7", "unicode-2-0-utf-7":
		return true
	}
	return false
}

// decodeUTF7 reads UTF-7 (RFC 2152): ASCII, with stretches of UTF-16 in base64 behind a plus sign. A plus sign behind which there is
// none stands for itself. False says that the text is not ASCII and so not UTF-7.
func decodeUTF7(text []byte) (string, bool) {
	var out strings.Builder
	for {
		plain, behind, shifted := bytes.Cut(text, []byte("+"))
		if bytes.IndexFunc(plain, func(r rune) bool { return r >= utf8.RuneSelf }) >= 0 {
			return "", false
		}
		out.Write(plain)
		if !shifted {
			return out.String(), true
		}
		if n := base64Length(behind); n > 0 {
			out.WriteString(decodeUTF16(behind[:n]))
			behind = behind[n:]
		} else {
			out.WriteByte('+')
		}
		text = bytes.TrimPrefix(behind, []byte("-"))
	}
}

// base64Length is how many bytes at the start of b are base64.
func base64Length(b []byte) int {
	for n, c := range b {
		if sextets[c] == notInAlphabet {
			return n
		}
	}
	return len(b)
}

// decodeUTF16 reads a stretch of base64. Bits behind its last whole character are padding.
func decodeUTF16(encoded []byte) string {
	d := &base64Decoder{}
	plain, _ := d.finish(d.decode(nil, encoded))
	units := make([]uint16, 0, len(plain)/2)
	for ; len(plain) >= 2; plain = plain[2:] {
		units = append(units, uint16(plain[0])<<8|uint16(plain[1]))
	}
	return string(utf16.Decode(units))
}
