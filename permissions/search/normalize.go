package search

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// Longest term kept, in bytes. Longer words are cut, in the index and in the query alike.
const maxTerm = 96

// letters that Unicode does not take apart but people type without.
var unaccented = strings.NewReplacer(
	"ß", "ss", "æ", "ae", "œ", "oe", "ø", "o", "ł", "l", "đ", "d", "ð", "d", "þ", "th", "ħ", "h", "ı", "i", "ŋ", "n",
)

// fold brings a text to the form in which it is compared: lower case, without accents, compatibility forms resolved.
func fold(text string) string {
	decomposed := norm.NFKD.String(strings.ToLower(strings.ToValidUTF8(text, "")))
	var b strings.Builder
	b.Grow(len(decomposed))
	for _, r := range decomposed {
		if !unicode.Is(unicode.Mn, r) {
			b.WriteRune(r)
		}
	}
	return unaccented.Replace(norm.NFC.String(b.String()))
}

// inGerman spells umlauts the way German does where they cannot be typed: "Müller" becomes "Mueller".
func inGerman(text string) string {
	return umlauts.Replace(norm.NFC.String(strings.ToValidUTF8(text, "")))
}

var umlauts = strings.NewReplacer("ä", "ae", "ö", "oe", "ü", "ue", "Ä", "Ae", "Ö", "Oe", "Ü", "Ue")

// words splits a text into folded words of letters and digits. An apostrophe separates: "O'Neill" is found as "neill".
func words(text string) []string {
	fields := strings.FieldsFunc(fold(text), func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsDigit(r)
	})
	for i, w := range fields {
		fields[i] = cut(w)
	}
	return fields
}

// address brings an e-mail address to the form in which it is compared. The local part is folded too: mail systems
// that tell case apart there do not exist among those who write to a CRM.
func address(text string) string {
	return cut(strings.ToLower(strings.TrimSpace(strings.ToValidUTF8(text, ""))))
}

// domainOf returns the domain of an address or a web site, without "www." and path, or "".
func domainOf(text string) string {
	host := address(text)
	if _, after, found := strings.Cut(host, "://"); found {
		host = after
	}
	host, _, _ = strings.Cut(host, "/")
	if at := strings.LastIndexByte(host, '@'); at >= 0 {
		host = host[at+1:]
	}
	host, _, _ = strings.Cut(host, ":")
	host = strings.TrimPrefix(strings.Trim(host, "."), "www.")
	if !strings.Contains(host, ".") {
		return ""
	}
	return host
}

// digits keeps the ASCII digits of a telephone number.
func digits(text string) string {
	return cut(strings.Map(func(r rune) rune {
		if r < '0' || r > '9' {
			return -1
		}
		return r
	}, text))
}

func reversed(digits string) string {
	b := []byte(digits)
	for i, j := 0, len(b)-1; i < j; i, j = i+1, j-1 {
		b[i], b[j] = b[j], b[i]
	}
	return string(b)
}

// cut shortens a term to maxTerm bytes without breaking a character.
func cut(term string) string {
	if len(term) <= maxTerm {
		return term
	}
	end := maxTerm
	for !utf8.RuneStart(term[end]) {
		end--
	}
	return term[:end]
}

// after returns the first byte string that sorts behind every string with the prefix, or nil when there is none.
func after(prefix []byte) []byte {
	end := append([]byte(nil), prefix...)
	for i := len(end) - 1; i >= 0; i-- {
		if end[i] < 0xff {
			end[i]++
			return end[:i+1]
		}
	}
	return nil
}
