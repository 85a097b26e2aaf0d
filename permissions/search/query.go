package search

import (
	"crypto/sha256"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/mailconnector/mailconnector/permissions"
)

// The bounds of a query.
const (
	DefaultLimit = 10
	MaxLimit     = 50
	MaxText      = 500 // bytes
	maxWords     = 8
)

// Query asks for records by what a person typed.
type Query struct {
	Text   string // words in any order, an e-mail address, a telephone or record number; empty asks for the last ten linked
	Type   string // one entity type; empty means all the subject sees
	Limit  int    // records wanted, from 1 to MaxLimit; 0 means DefaultLimit
	Cursor string // Results.Next of the page before
	Lang   string // BCP 47, for labels
}

// match tells which terms of a kind a range has.
type match uint8

const (
	prefix match = iota // those that begin with the text
	within              // those that have the text behind their beginning
)

// termRange is a set of terms of one kind.
type termRange struct {
	kind termKind
	how  match
	text []byte
}

// queryWord is one word of a query: a document matches it by a term of any of its ranges, the first being the best.
type queryWord []termRange

// parsed is a query that was found right.
type parsed struct {
	words []queryWord
	text  string // folded, for ranking
	limit int
	key   []byte // of subject and query, to tell a foreign cursor
}

func parse(s permissions.Subject, q Query) (parsed, error) {
	p := parsed{limit: q.Limit, text: fold(strings.TrimSpace(q.Text))}
	switch {
	case len(q.Text) > MaxText:
		return p, &QueryError{"q", fmt.Sprintf("is longer than %d bytes: leave out some words", MaxText)}
	case !utf8.ValidString(q.Text):
		return p, &QueryError{"q", "is not valid UTF-8: encode it as UTF-8"}
	case q.Limit < 0 || q.Limit > MaxLimit:
		return p, &QueryError{"limit", fmt.Sprintf("must be from 1 to %d", MaxLimit)}
	case q.Limit == 0:
		p.limit = DefaultLimit
	}
	sum := sha256.Sum256([]byte(s.UserID + "\x00" + q.Text + "\x00" + q.Type))
	p.key = sum[:]
	p.words = queryWords(q.Text)
	return p, nil
}

// queryWords takes a query apart. What looks like one telephone number as a whole is one word.
func queryWords(text string) []queryWord {
	if len(digits(text)) >= minPhone && strings.Trim(text, "+0123456789 ()-/.\t") == "" {
		return []queryWord{phoneWord(text)}
	}
	pieces := strings.Fields(text)
	var list []queryWord
	for _, piece := range pieces {
		list = append(list, pieceWords(piece)...)
	}
	if number := fold(strings.Join(pieces, "")); len(pieces) == 2 && recordNumber.FindString(number) == number {
		for i := range list { // "CON 1001"
			list[i] = slices.Concat(numberWord(number), list[i])
		}
	}
	return list[:min(len(list), maxWords)]
}

// numberWord matches record numbers that begin so, folded. Where several words have it, a record with the number matches
// every one.
func numberWord(folded string) queryWord {
	return queryWord{{numberTerm, prefix, []byte(cut(folded))}}
}

// around is what stands around addresses and numbers that are pasted.
const around = `()[]{}<>"',;:`

// pieceWords takes apart what stands between two spaces.
func pieceWords(piece string) []queryWord {
	piece = strings.Trim(piece, around)
	if name, domain, found := strings.Cut(address(piece), "@"); found && name+domain != "" {
		if name == "" {
			return []queryWord{{{domainTerm, prefix, []byte(domain)}}}
		}
		return []queryWord{{{emailTerm, prefix, []byte(address(piece))}}}
	}
	plain, german := words(piece), words(inGerman(piece))
	var number queryWord
	if folded := fold(piece); strings.ContainsAny(folded, "0123456789") {
		number = numberWord(folded)
	}
	list := make([]queryWord, len(plain))
	for i := range plain {
		list[i] = slices.Concat(number, wordRanges(plain[i], german[i]))
	}
	return list
}

// wordRanges matches a word at the beginning of words, then in their middle, in any of its spellings.
func wordRanges(spellings ...string) queryWord {
	var w queryWord
	spellings = slices.Compact(spellings)
	for _, text := range spellings {
		w = append(w, termRange{wordTerm, prefix, []byte(text)})
	}
	for _, text := range spellings {
		if len(text) >= minFragment {
			w = append(w, termRange{wordTerm, within, []byte(text)})
		}
	}
	return w
}
