package search

import (
	"bytes"
	"context"
	"database/sql"
	"slices"
	"unicode/utf8"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"
)

// minFragment is the length in bytes from which a fragment is looked for in the middle of words: three Latin letters, or
// one character of most Asian scripts.
const minFragment = 3

// suffixRow leads from an ending of a word to the word, so that a fragment in its middle is a prefix of some row. Words
// that no record has any more stay; they find nothing.
type suffixRow struct {
	Suffix []byte
	Term   []byte
}

func (suffixRow) TableName() string { return "mc_search_suffixes" }

// suffixesOf lists the endings of a word that are shorter than itself and long enough to be looked for.
func suffixesOf(word string) []suffixRow {
	var rows []suffixRow
	for i := 1; i <= len(word)-minFragment; i++ {
		if utf8.RuneStart(word[i]) {
			rows = append(rows, suffixRow{[]byte(word[i:]), []byte(word)})
		}
	}
	return rows
}

// addSuffixes writes the endings of the words among terms that the index has not yet.
func (s store) addSuffixes(g *gorm.DB, terms []writtenTerm) error {
	var rows []suffixRow
	for word := range s.words.unknown(terms) {
		rows = append(rows, suffixesOf(word)...)
	}
	slices.SortFunc(rows, func(a, b suffixRow) int { return bytes.Compare(a.Suffix, b.Suffix) })
	if len(rows) == 0 {
		return nil
	}
	ignore := clause.OnConflict{DoNothing: true}
	return wrap("write endings of words", g.Clauses(ignore).CreateInBatches(rows, batchRows).Error)
}

// token is a word with a fragment behind its beginning.
type token struct{ key, term []byte }

// keyOf returns what a word comes by among those with the fragment of the range in their middle: its first ending, in
// their order, that begins with the fragment, and itself. It is nil for other words.
func (r termRange) keyOf(term []byte) []byte {
	var first []byte
	for i := 1; i+len(r.text) <= len(term); i++ {
		if bytes.HasPrefix(term[i:], r.text) && (first == nil || bytes.Compare(term[i:], first) < 0) {
			first = term[i:]
		}
	}
	if first == nil {
		return nil
	}
	return tokenKey(first, term)
}

// tokenKey joins an ending and its word in the order of the table: no word has a zero byte.
func tokenKey(suffix, term []byte) []byte {
	return slices.Concat(suffix, []byte{0}, term)
}

// tokens lists words that have the fragment of a range behind their beginning, by their keys from one on, and the key
// behind which to go on; it is nil at the end.
func (s store) tokens(ctx context.Context, r termRange, behind []byte, limit int) (list []token, next []byte, err error) {
	suffix, term, within := bytes.Cut(behind, []byte{0})
	if !within {
		suffix, term = r.text, []byte{}
	}
	found := 0
	err = s.statements.read(ctx, "read words with a fragment", func(rows *sql.Rows) error {
		var row suffixRow
		err := rows.Scan(&row.Suffix, &row.Term)
		found, next = found+1, tokenKey(row.Suffix, row.Term)
		if bytes.Equal(next, r.keyOf(row.Term)) {
			list = append(list, token{next, row.Term})
		}
		return err
	}, "SELECT suffix, term FROM mc_search_suffixes WHERE suffix >= ? AND suffix < ? AND (suffix > ? OR term > ?) ORDER BY suffix, term LIMIT ?",
		suffix, after(r.text), suffix, term, limit)
	if found < limit {
		next = nil
	}
	return list, next, err
}

func termsOfTokens(list []token) [][]byte {
	terms := make([][]byte, len(list))
	for i, t := range list {
		terms[i] = t.term
	}
	return terms
}
