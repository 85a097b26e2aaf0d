package vtenext

import (
	"strconv"
	"strings"
)

// quoted reads a string, and reports whether it stands for itself: closed, and without variables in it.
func (r *phpReader) quoted() (text string, plain bool) {
	quote := r.source[r.at]
	var b strings.Builder
	plain = true
	for r.at++; r.at < len(r.source); {
		c := r.source[r.at]
		switch {
		case c == quote:
			r.at++
			return b.String(), plain
		case c == '\\' && r.at+1 < len(r.source):
			r.escape(&b, quote)
			continue
		case quote == '"' && (c == '$' || c == '{' && r.looking("{$")):
			plain = false
		}
		b.WriteByte(c)
		r.at++
	}
	return b.String(), false
}

// escape reads a backslash and what it stands for. One that means nothing stands for itself.
func (r *phpReader) escape(b *strings.Builder, quote byte) {
	next := r.source[r.at+1]
	r.at += 2
	if next == '\\' || next == quote {
		b.WriteByte(next)
		return
	}
	if quote == '"' {
		if next == '$' {
			b.WriteByte('$')
			return
		}
		if i := strings.IndexByte("nrtvef", next); i >= 0 {
			b.WriteByte("\n\r\t\v\x1b\f"[i])
			return
		}
		if n, ok := r.numbered(next); ok {
			b.WriteString(n)
			return
		}
	}
	b.WriteByte('\\')
	b.WriteByte(next)
}

// numbered reads a character given by its number: \101, \x41 or \u{1F600}.
func (r *phpReader) numbered(next byte) (string, bool) {
	digits := func(most, base int) (int64, bool) {
		n, length := int64(0), 0
		for length < most && r.at+length < len(r.source) {
			v, err := strconv.ParseInt(r.source[r.at:r.at+length+1], base, 32)
			if err != nil || strings.IndexByte("+-_", r.source[r.at]) >= 0 {
				break
			}
			n, length = v, length+1
		}
		r.at += length
		return n, length > 0
	}
	switch {
	case '0' <= next && next <= '7':
		r.at--
		n, ok := digits(3, 8)
		return string([]byte{byte(n)}), ok
	case next == 'x':
		n, ok := digits(2, 16)
		return string([]byte{byte(n)}), ok
	case next == 'u' && r.looking("{"):
		r.at++
		n, ok := digits(6, 16)
		if ok && r.looking("}") {
			r.at++
			return string(rune(n)), true
		}
		r.at-- // the digits stay text
	}
	return "", false
}
