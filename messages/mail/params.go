package mail

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
)

// mediaType splits a Content-Type or Content-Disposition value into its lower-case type and its parameters. It is lenient: a missing
// semicolon, comments, odd characters and unclosed quotes lose no more than themselves.
func mediaType(value string) (string, map[string]string) {
	end := strings.IndexAny(value, "; \t(")
	if end < 0 {
		end = len(value)
	}
	name := label(value[:end])
	if strings.Contains(name, "=") { // a parameter where the type should be
		return "", params(value)
	}
	return name, params(value[end:])
}

// segment is one parameter as written: "name*1*=…" is segment 1 of name, percent-encoded.
type segment struct {
	name     string
	number   int
	extended bool
	value    string
}

// params reads parameters and decodes them: continuations and charsets of RFC 2231, and encoded words of RFC 2047, which do not
// belong here but are common. The first of two parameters of one name counts; a name given both ways counts as RFC 2231.
func params(s string) map[string]string {
	var segments []segment
	for s != "" {
		var name, value string
		name, value, s = nextParam(s)
		if name != "" {
			segments = append(segments, parseSegment(name, value))
		}
	}
	slices.SortStableFunc(segments, func(a, b segment) int {
		return cmp.Or(strings.Compare(a.name, b.name), cmp.Compare(rank(b), rank(a)), cmp.Compare(a.number, b.number))
	})
	decoded := map[string]string{}
	for len(segments) > 0 {
		n := sameParam(segments)
		if _, known := decoded[segments[0].name]; !known {
			decoded[segments[0].name] = decodeSegments(segments[:n])
		}
		segments = segments[n:]
	}
	return decoded
}

// nextParam cuts the first parameter from s. The name is "" where there is none before the next semicolon.
func nextParam(s string) (name, value, rest string) {
	s = strings.TrimLeft(s, "; \t")
	i := strings.IndexAny(s, "=;")
	if i < 0 {
		return "", "", ""
	}
	if s[i] == ';' {
		return "", "", s[i+1:]
	}
	name = strings.ToLower(strings.TrimSpace(s[:i]))
	if j := strings.LastIndexAny(name, " \t)"); j >= 0 { // a comment or junk before the name
		name = name[j+1:]
	}
	s = strings.TrimLeft(s[i+1:], " \t")
	if strings.HasPrefix(s, `"`) {
		value, rest = quoted(s[1:])
		return name, value, rest
	}
	value, rest, _ = strings.Cut(s, ";")
	return name, strings.TrimSpace(value), rest
}

// quoted reads a quoted string behind its opening quote. A quote closes it only where a semicolon or the end follows: names such as
// "a "b".pdf" are sent as they are. In a Windows path only the escapes of quote and backslash count: nobody escapes the others there.
func quoted(s string) (value, rest string) {
	var out strings.Builder
	path := isWindowsPath(s)
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == '\\' && i+1 < len(s) && (!path || s[i+1] == '"' || s[i+1] == '\\'):
			i++
			out.WriteByte(s[i])
		case c == '"':
			after := strings.TrimLeft(s[i+1:], " \t")
			if after == "" || after[0] == ';' {
				return out.String(), after
			}
			out.WriteByte(c)
		default:
			out.WriteByte(c)
		}
	}
	return out.String(), ""
}

// isWindowsPath tells whether a value begins as "C:\file" or "\\server".
func isWindowsPath(s string) bool {
	return len(s) > 2 && s[1] == ':' && s[2] == '\\' || strings.HasPrefix(s, `\\`)
}

// parseSegment takes a parameter name apart (RFC 2231 sections 3 and 4); number is -1 for one that is no segment.
func parseSegment(name, value string) segment {
	base, tail, starred := strings.Cut(name, "*")
	seg := segment{name: base, number: -1, value: value}
	if !starred {
		return seg
	}
	seg.extended = tail == "" || strings.HasSuffix(tail, "*")
	if n, err := strconv.Atoi(strings.TrimSuffix(tail, "*")); err == nil && n >= 0 {
		seg.number = n
	}
	return seg
}

// rank orders the ways a parameter can be given: whole in RFC 2231, in segments, plain.
func rank(s segment) int {
	switch {
	case s.number < 0 && s.extended:
		return 2
	case s.number >= 0:
		return 1
	}
	return 0
}

// sameParam is how many segments from the start make up one parameter.
func sameParam(segments []segment) int {
	first := segments[0]
	n := 1
	for first.number >= 0 && n < len(segments) && segments[n].name == first.name && segments[n].number >= 0 {
		n++
	}
	return n
}

// decodeSegments joins the segments of one parameter and decodes them.
func decodeSegments(segments []segment) string {
	var text []byte
	charset, extended := "", false
	for i, seg := range segments {
		value := seg.value
		if seg.extended {
			if i == 0 {
				charset, value = extendedCharset(value)
			}
			extended = true
			text = append(text, percentDecode(value)...)
			continue
		}
		text = append(text, value...)
	}
	switch {
	case segments[0].name == "boundary": // compared with bytes, never shown
		return string(text)
	case !extended:
		return decodeWords(string(text))
	}
	decoded, _ := toUTF8(charset, text)
	return cleanLine(decoded)
}

// extendedCharset splits charset'language'value.
func extendedCharset(value string) (charset, rest string) {
	if parts := strings.SplitN(value, "'", 3); len(parts) == 3 {
		return parts[0], parts[2]
	}
	return "", value
}

// percentDecode undoes %XX; a percent sign without two digits stays.
func percentDecode(s string) []byte {
	out := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		if s[i] == '%' && i+2 < len(s) && isHex(s[i+1]) && isHex(s[i+2]) {
			out = append(out, hexValue(s[i+1])<<4|hexValue(s[i+2]))
			i += 2
			continue
		}
		out = append(out, s[i])
	}
	return out
}
