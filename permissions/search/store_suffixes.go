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

const (
	// minFragment is the length in bytes from which a fragment is looked for in the middle of words: three Latin
	// letters, or one character of most Asian scripts.
	minFragment = 3
	// maxTokens bounds the distinct words looked at for one fragment.
	maxTokens = 2000
)

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
func (s store) addSuffixes(g *gorm.DB, terms []termRow) error {
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

// tokens lists the words that have a fragment behind their beginning, sorted.
func (s store) tokens(ctx context.Context, fragment []byte) ([][]byte, error) {
	var list [][]byte
	err := s.statements.read(ctx, "read words with a fragment", func(rows *sql.Rows) error {
		var term []byte
		err := rows.Scan(&term)
		list = append(list, term)
		return err
	}, "SELECT term FROM mc_search_suffixes WHERE suffix >= ? AND suffix < ? ORDER BY suffix, term LIMIT ?",
		fragment, after(fragment), maxTokens)
	slices.SortFunc(list, bytes.Compare)
	return slices.CompactFunc(list, bytes.Equal), err
}
