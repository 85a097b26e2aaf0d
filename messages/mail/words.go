package mail

import (
	"encoding/base64"
	"strings"
)

// decodeWords decodes the encoded words of a header value (RFC 2047), in whatever charset, and tolerates what mails do to them:
// raw 8-bit text, spaces inside, a character cut in two by the end of a word.
func decodeWords(value string) string {
	var out strings.Builder
	eachRun(value, func(text string, _ bool) { out.WriteString(text) })
	return cleanLine(out.String())
}

// recodeWords writes the encoded words of a value anew in UTF-8, so that a reader who knows no other charset can take it apart.
func recodeWords(value string) string {
	var out strings.Builder
	eachRun(value, func(text string, encoded bool) {
		if encoded {
			text = " =?utf-8?b?" + base64.StdEncoding.EncodeToString([]byte(text)) + "?= "
		}
		out.WriteString(text)
	})
	return cleanLine(out.String())
}

// eachRun hands on a value in order as UTF-8: stretches of plain text, and runs of encoded words. Words that only white space
// separates are one run, and their bytes one text as long as the charset stays: many mailers cut in the middle of a character.
func eachRun(value string, emit func(text string, encoded bool)) {
	var charset string
	var run []byte // bytes of the words met, in charset; nil outside a run
	flush := func() {
		if run != nil {
			text, _ := toUTF8(charset, run)
			emit(text, true)
			run = nil
		}
	}
	plain := func(s string) {
		if run == nil || strings.Trim(s, " \t") != "" {
			flush()
			text, _ := toUTF8("", []byte(s))
			emit(text, false)
		}
	}
	from, end := 0, strings.LastIndex(value, "?=") // no word ends behind end
	for i := 0; i < end; {
		start := strings.Index(value[i:], "=?")
		if start < 0 {
			break
		}
		i += start
		w, ok := parseWord(value[i:])
		if !ok {
			i += len("=?")
			continue
		}
		plain(value[from:i])
		if !strings.EqualFold(charset, w.charset) {
			flush()
		}
		charset, run = w.charset, append(nonNil(run), w.text...)
		i += w.length
		from = i
	}
	flush()
	plain(value[from:])
}

func nonNil(b []byte) []byte {
	if b == nil {
		return []byte{}
	}
	return b
}

// word is one encoded word.
type word struct {
	charset string
	text    []byte // decoded, in that charset
	length  int    // as written
}

// parseWord reads the encoded word at the start of s: =?charset?encoding?text?=
func parseWord(s string) (word, bool) {
	charset, rest, ok := strings.Cut(s[len("=?"):], "?")
	if !ok || len(rest) < 2 || rest[1] != '?' || charset == "" || strings.ContainsAny(charset, " \t=\"<>") {
		return word{}, false
	}
	if !strings.ContainsRune("bBqQ", rune(rest[0])) {
		return word{}, false
	}
	end := strings.Index(rest[2:], "?=")
	if end < 0 {
		return word{}, false
	}
	charset, _, _ = strings.Cut(charset, "*") // RFC 2231 section 5 adds a language
	w := word{charset: charset, length: len(s) - len(rest) + 2 + end + len("?=")}
	switch text := rest[2 : 2+end]; rest[0] {
	case 'b', 'B':
		d := &base64Decoder{}
		w.text, _ = d.finish(d.decode(nil, []byte(text)))
	default:
		d := &quotedDecoder{}
		w.text, _ = d.finish(d.decode(nil, []byte(strings.ReplaceAll(text, "_", "=20"))))
	}
	return w, true
}
