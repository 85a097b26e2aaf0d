package mail

import (
	"strings"

	"github.com/jhillyerd/enmime/v2"
)

// maxAddresses bounds the mailboxes read of one field.
const maxAddresses = 5000

// parseAddresses reads the mailboxes of address fields one by one, so that a malformed one spoils no other. It tells how many of
// them had no address to make out, and whether there were as many as it reads.
func parseAddresses(fields []string) (list []Address, malformed int, full bool) {
	room := maxAddresses
	for _, field := range fields {
		raws := splitAddresses(field, room)
		room -= len(raws)
		for _, raw := range withSplitNames(raws) {
			a := parseAddress(raw)
			if a.Address == "" && a.Name == "" { // "<>", the sender of a bounce
				continue
			}
			if a.Address == "" {
				malformed++
			}
			list = append(list, a)
		}
	}
	return list, malformed, room == 0
}

// withSplitNames puts names together again that a comma outside quotes has cut: "Doe, John <john@example.com>" is one mailbox.
func withSplitNames(raws []string) []string {
	joined := raws[:0]
	for _, raw := range raws {
		last := len(joined) - 1
		if last >= 0 && !strings.ContainsAny(joined[last], `@<>"=/`) && strings.Contains(raw, "<") && !strings.Contains(raw, "<>") {
			joined[last] += ", " + raw
			continue
		}
		joined = append(joined, raw)
	}
	return joined
}

// parseAddress reads one mailbox: by the rules where it keeps them, else by its angle brackets or its at sign.
func parseAddress(raw string) Address {
	text := recodeWords(raw)
	written, _ := toUTF8("", []byte(raw))
	a := Address{Raw: cleanLine(written)}
	if list, err := enmime.ParseAddressList(text); err == nil && len(list) == 1 {
		a.Name, a.Address = cleanLine(list[0].Name), cleanLine(quotedLocal(list[0].Address))
		return a
	}
	name, rest, bracketed := strings.Cut(text, "<")
	if bracketed {
		a.Address = bracketedAddress(rest)
	} else {
		name, a.Address = bareAddress(text)
	}
	a.Name = strings.Trim(decodeWords(name), `"' `)
	a.Address = strings.Trim(cleanLine(a.Address), `"' `)
	return a
}

// quotedLocal puts the part before the at sign in quotes where it cannot do without (RFC 5322 section 3.4.1).
func quotedLocal(address string) string {
	at := strings.LastIndexByte(address, '@')
	if at < 0 || !strings.ContainsAny(address[:at], " \"(),:;<>@[\\]") {
		return address
	}
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(address[:at]) + `"` + address[at:]
}

// bracketedAddress reads the address behind an opening bracket, without what RFC 5322 section 4.4 still allows there: comments, blanks
// around the at sign, the route that the mail should take. Of several words the address is the one with an at sign.
func bracketedAddress(s string) string {
	s, _, _ = strings.Cut(strings.TrimLeft(s, "<"), ">")
	s = tightened(s)
	s = strings.ReplaceAll(strings.ReplaceAll(s, " @", "@"), "@ ", "@")
	if len(s) > len("mailto:") && strings.EqualFold(s[:len("mailto:")], "mailto:") {
		s = s[len("mailto:"):]
	}
	if strings.HasPrefix(s, "@") {
		_, behind, routed := strings.Cut(s, ":")
		if routed {
			s = behind
		}
	}
	for _, word := range strings.Fields(s) {
		if strings.Contains(word, "@") {
			return word
		}
	}
	return s
}

// tightened drops from an address the comments and the blanks round its signs.
func tightened(s string) string {
	s = strings.Join(strings.Fields(withoutComments(s)), " ")
	for _, sign := range []string{"@", "."} {
		s = strings.ReplaceAll(s, " "+sign+" ", sign)
	}
	return s
}

// bareAddress finds the address in a mailbox without brackets: the word with an at sign, or the only word there is.
func bareAddress(text string) (name, address string) {
	words := strings.Fields(tightened(text))
	for i, w := range words {
		if strings.Contains(w, "@") {
			return strings.Join(append(words[:i:i], words[i+1:]...), " "), unbracketed(w)
		}
	}
	if len(words) <= 1 { // none: comments say that there is nobody
		return "", strings.Join(words, "")
	}
	return text, ""
}

// unbracketed drops a bracket that has no partner, and square brackets around the whole address.
func unbracketed(address string) string {
	if strings.HasPrefix(address, "[") && strings.HasSuffix(address, "]") {
		return address[1 : len(address)-1]
	}
	return strings.Trim(address, "<>")
}

// splitAddresses cuts a field at the commas, and at the semicolons Outlook users write, that stand outside quotes, brackets,
// comments and encoded words. The name of a group ("Board: a@example.com, b@example.com;") is not part of its mailboxes. Of
// more than limit the first are returned.
func splitAddresses(field string, limit int) []string {
	var list []string
	var closers []byte // what ends the brackets, quotes and comments we are in
	start, lastWord := 0, strings.LastIndex(field, "?=")
	add := func(end int) {
		if s := strings.TrimSpace(field[start:end]); s != "" {
			list = append(list, s)
		}
		start = end + 1
	}
	for i := 0; i < len(field) && len(list) < limit; i++ {
		c := field[i]
		switch {
		case c == '\\':
			i++
		case len(closers) > 0 && c == closers[len(closers)-1]:
			closers = closers[:len(closers)-1]
		case c == '(' && (len(closers) == 0 || closers[len(closers)-1] == ')'):
			closers = append(closers, ')')
		case len(closers) > 0:
		case c == '"' || c == '<' || c == '[':
			closers = append(closers, closerOf(c))
		case c == ',' || c == ';':
			add(i)
		case c == ':':
			start = i + 1
		case c == '=' && i < lastWord && strings.HasPrefix(field[i:], "=?"):
			if w, ok := parseWord(field[i:]); ok {
				i += w.length - 1
			}
		}
	}
	if len(list) < limit {
		add(len(field))
	}
	return list
}

func closerOf(opener byte) byte {
	switch opener {
	case '<':
		return '>'
	case '[':
		return ']'
	}
	return opener
}
