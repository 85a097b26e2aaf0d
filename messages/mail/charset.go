package mail

import (
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/htmlindex"
	"golang.org/x/text/encoding/ianaindex"
)

// maxLabel bounds the short labels of a mail that we repeat: charsets, encodings, media types.
const maxLabel = 80

// label makes a short label of a mail safe to repeat: lower case, printable ASCII without quotes or brackets, at most maxLabel bytes.
func label(s string) string {
	s = strings.Map(func(r rune) rune {
		if r <= ' ' || r >= 0x7f || strings.ContainsRune(`"'<>\;,`, r) {
			return -1
		}
		return r
	}, s)
	return strings.ToLower(s[:min(len(s), maxLabel)])
}

// isUnicode tells whether text declared as charset should be UTF-8 as it is.
func isUnicode(charset string) bool {
	switch strings.ToLower(charset) {
	case "", "utf-8", "utf8", "us-ascii", "ascii", "unicode-1-1-utf-8":
		return true
	}
	return false
}

// lookup finds the encoding of a charset by its names in mails; nil when we have none.
func lookup(charset string) encoding.Encoding {
	charset = commonName(charset)
	if e, err := htmlindex.Get(charset); err == nil && e != encoding.Replacement {
		return e
	}
	if e, err := ianaindex.IANA.Encoding(charset); err == nil && e != nil {
		return e
	}
	return nil
}

// commonName gives a charset the name that the indexes of charsets know it by, where mails use another: those of Microsoft's code
// pages, and of Japanese with more characters than most mails have of them.
func commonName(charset string) string {
	charset = label(charset)
	switch charset {
	case "cp932":
		return "shift_jis"
	case "cp936":
		return "gbk"
	case "cp949", "uhc":
		return "euc-kr"
	case "cp950":
		return "big5"
	case "iso-2022-jp-1", "iso-2022-jp-2", "iso-2022-jp-3", "iso-2022-jp-2004", "iso-2022-jp-ms", "cp50220", "cp50221", "cp50222":
		return "iso-2022-jp"
	case "cp51932", "eucjp-ms":
		return "euc-jp"
	case "mac-roman", "macroman":
		return "macintosh"
	}
	return charset
}

// webName gives a charset the name that browsers know it by, which is what senders mean: "iso-8859-1" is "windows-1252". A charset
// they do not know keeps its name.
func webName(charset string) string {
	charset = commonName(charset)
	if e, err := htmlindex.Get(charset); err == nil && e != encoding.Replacement {
		if name, err := htmlindex.Name(e); err == nil {
			return name
		}
	}
	return charset
}

// toUTF8 converts text from a declared charset, and tells whether it knows the charset. Text that says nothing, or something
// unknown, is UTF-8 where it looks like it and Windows-1252 otherwise, as most unlabelled 8-bit text is.
func toUTF8(charset string, text []byte) (string, bool) {
	known := isUnicode(charset) || isUTF7(charset)
	if out, ok := decodeUnicode(charset, text); ok {
		return out, true
	}
	if !known {
		if e := lookup(charset); e != nil {
			if out, err := e.NewDecoder().Bytes(text); err == nil {
				return string(out), true
			}
		}
	}
	if looksUTF8(text) {
		return strings.ToValidUTF8(string(text), "\uFFFD"), known
	}
	var out strings.Builder
	for _, b := range text {
		out.WriteRune(charmap.Windows1252.DecodeByte(b))
	}
	return out.String(), known
}

// looksUTF8 tells whether text is UTF-8, or was: it has no fewer whole characters beyond ASCII than bytes that are none.
func looksUTF8(text []byte) bool {
	whole, broken := 0, 0
	for i := 0; i < len(text); {
		r, n := utf8.DecodeRune(text[i:])
		switch {
		case r == utf8.RuneError && n == 1:
			broken++
		case n > 1:
			whole++
		}
		i += n
	}
	return whole >= broken
}

// cleanText makes a text fit for any database: valid UTF-8 without NUL.
func cleanText(s string) string {
	return strings.ReplaceAll(strings.ToValidUTF8(s, "\uFFFD"), "\x00", "")
}

// cleanLine makes a header value one line of valid UTF-8 without control characters.
func cleanLine(s string) string {
	return strings.TrimSpace(strings.Map(func(r rune) rune {
		switch {
		case r == '\t' || r == '\n':
			return ' '
		case r < ' ' || r == 0x7f:
			return -1
		}
		return r
	}, strings.ToValidUTF8(s, "\uFFFD")))
}

// cut shortens text to at most n bytes, at the start of a character.
func cut(text string, n int) string {
	if len(text) <= n {
		return text
	}
	for n > 0 && !utf8.RuneStart(text[n]) {
		n--
	}
	return text[:n]
}
