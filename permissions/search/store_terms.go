package search

import (
	"bytes"
	"context"
	"database/sql"
	"strings"

	"github.com/mailconnector/mailconnector/internal/database"
)

type termRow struct {
	Owner int32
	Kind  termKind
	Term  []byte
	Doc   int64
	Field int32
	Type  int32
	Stage int `gorm:"-"` // of the walk that found it
}

func (termRow) TableName() string { return "mc_search_terms" }

func (t termRow) place() place { return place{t.Stage, t.Term, t.Doc, t.Field} }

// filter narrows a walk in the database: to entity types where they are few, and to documents that match other words.
type filter struct {
	types []int32
	rest  []queryWord
}

// fewTypes is the number of entity types up to which the database leaves out the others.
const fewTypes = 4

// condition returns the filter as SQL on terms t. A subquery with a limit is not rewritten into a join, so that the
// terms keep being read in their order.
func (f filter) condition() (string, []any) {
	var text strings.Builder
	var args []any
	if len(f.types) <= fewTypes {
		types := fill(f.types)
		text.WriteString(" AND t.type IN " + in(types))
		args = append(args, types...)
	}
	for _, word := range f.rest {
		text.WriteString(` AND (SELECT 1 FROM mc_search_terms o WHERE o.doc = t.doc AND o.owner = t.owner AND (0 = 1`)
		for _, r := range word {
			condition, more := r.condition()
			text.WriteString(" OR " + condition)
			args = append(args, more...)
		}
		text.WriteString(") LIMIT 1) = 1")
	}
	return text.String(), args
}

// condition returns the range as SQL on terms o.
func (r termRange) condition() (string, []any) {
	switch r.how {
	case whole:
		return "o.kind = ? AND o.term = ?", []any{r.kind, r.text}
	case within:
		return "o.kind = ? AND INSTR(o.term, ?) > 0", []any{r.kind, r.text}
	default:
		return "o.kind = ? AND o.term >= ? AND o.term < ?", []any{r.kind, r.text, after(r.text)}
	}
}

const termColumns = "SELECT t.kind, t.term, t.doc, t.owner, t.field, t.type FROM mc_search_terms t"

// along names the order of terms to read in. SQLite finds it by itself.
func (s store) along(index string) string {
	if s.db.Dialect() == database.SQLite {
		return termColumns
	}
	return termColumns + " FORCE INDEX (" + index + ")"
}

func (s store) walking() string { return s.along("mc_search_terms_walk") }

// rest reads on in the term of a place.
func (s store) rest(ctx context.Context, f filter, kind termKind, at place, limit int) ([]termRow, error) {
	condition, args := f.condition()
	return s.terms(ctx, "walk terms", s.walking()+" WHERE t.kind = ? AND t.term = ? AND t.doc >= ?"+condition+
		" ORDER BY t.doc, t.owner, t.field LIMIT ?", join([]any{kind, at.Term, at.Doc}, args, []any{limit})...)
}

// following reads the terms of a range that come after one of them.
func (s store) following(ctx context.Context, f filter, r termRange, term []byte, limit int) ([]termRow, error) {
	condition, args := f.condition()
	return s.terms(ctx, "walk terms", s.walking()+" WHERE t.kind = ? AND t.term > ? AND t.term < ?"+condition+
		" ORDER BY t.term, t.doc, t.owner, t.field LIMIT ?", join([]any{r.kind, term, after(r.text)}, args, []any{limit})...)
}

// ofTokens reads the given words.
func (s store) ofTokens(ctx context.Context, f filter, tokens [][]byte, limit int) ([]termRow, error) {
	condition, args := f.condition()
	list := fill(tokens)
	return s.terms(ctx, "walk words", s.walking()+" WHERE t.kind = ? AND t.term IN "+in(list)+condition+
		" ORDER BY t.term, t.doc, t.owner, t.field LIMIT ?", join([]any{wordTerm}, list, args, []any{limit})...)
}

// ofOwners reads all terms of a range that belong to documents of the owners.
func (s store) ofOwners(ctx context.Context, f filter, r termRange, owners []int32) ([]termRow, error) {
	condition, args := f.condition()
	bounds, more := "t.term >= ? AND t.term < ?", []any{r.text, after(r.text)}
	if r.how == whole {
		bounds, more = "t.term = ?", []any{r.text}
	}
	var rows []termRow
	for len(owners) > 0 {
		n := min(len(owners), longestList)
		list := fill(owners[:n])
		part, err := s.terms(ctx, "read terms of owners", s.along("PRIMARY")+" WHERE t.owner IN "+in(list)+
			" AND t.kind = ? AND "+bounds+condition, join(list, []any{r.kind}, more, args)...)
		if err != nil {
			return nil, err
		}
		rows, owners = append(rows, part...), owners[n:]
	}
	return rows, nil
}

// tokensOfOwners reads the given words of documents of the owners.
func (s store) tokensOfOwners(ctx context.Context, f filter, tokens [][]byte, owners []int32) ([]termRow, error) {
	condition, args := f.condition()
	words := fill(tokens)
	var rows []termRow
	for len(owners) > 0 {
		n := min(len(owners), longestList)
		list := fill(owners[:n])
		part, err := s.terms(ctx, "read words of owners", s.along("PRIMARY")+" WHERE t.owner IN "+in(list)+
			" AND t.kind = ? AND t.term IN "+in(words)+condition, join(list, []any{wordTerm}, words, args)...)
		if err != nil {
			return nil, err
		}
		rows, owners = append(rows, part...), owners[n:]
	}
	return rows, nil
}

// ofDocs reads all terms of documents.
func (s store) ofDocs(ctx context.Context, docs []int64) ([]termRow, error) {
	list := fill(docs)
	return s.terms(ctx, "read terms of documents", s.along("mc_search_terms_doc")+" WHERE t.doc IN "+in(list), list...)
}

// count counts the terms of a range, up to a limit.
func (s store) count(ctx context.Context, r termRange, limit int) (n int, err error) {
	bounds, args := "term >= ? AND term < ?", []any{r.text, after(r.text)}
	if r.how == whole {
		bounds, args = "term = ?", []any{r.text}
	}
	err = s.statements.read(ctx, "count terms", func(rows *sql.Rows) error { return rows.Scan(&n) },
		"SELECT COUNT(*) FROM (SELECT 1 FROM mc_search_terms WHERE kind = ? AND "+bounds+" LIMIT ?) some",
		join([]any{r.kind}, args, []any{limit})...)
	return n, err
}

func (s store) terms(ctx context.Context, doing, text string, args ...any) ([]termRow, error) {
	var list []termRow
	var t termRow
	into := []any{&t.Kind, &t.Term, &t.Doc, &t.Owner, &t.Field, &t.Type}
	err := s.statements.read(ctx, doing, func(rows *sql.Rows) error {
		err := rows.Scan(into...)
		list = append(list, t)
		return err
	}, text, args...)
	return list, err
}

func join(parts ...[]any) []any {
	var all []any
	for _, part := range parts {
		all = append(all, part...)
	}
	return all
}

// matches reports whether a term is in the range.
func (r termRange) matches(kind termKind, term []byte) bool {
	if kind != r.kind {
		return false
	}
	switch r.how {
	case whole:
		return bytes.Equal(term, r.text)
	case within:
		return bytes.Contains(term, r.text)
	default:
		return bytes.HasPrefix(term, r.text)
	}
}
