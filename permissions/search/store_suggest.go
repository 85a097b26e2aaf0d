package search

import (
	"context"
	"database/sql"
	"maps"
	"slices"
	"strings"

	"github.com/mailconnector/mailconnector/internal/database"
)

// longestUnion is the number of terms read in one statement at most.
const longestUnion = 64

// latest reads the first terms of the latest documents of each term, so many for each.
func (s store) latest(ctx context.Context, f filter, terms []exactTerm, limit int) ([]termRow, error) {
	condition, more := f.condition()
	one := s.walking() + " WHERE t.kind = ? AND t.term = ?" + condition + " ORDER BY t.doc LIMIT ?"
	var rows []termRow
	for part := range slices.Chunk(terms, longestUnion) {
		var args []any
		n := 0
		for ; n < len(part); n++ {
			args = append(append(append(args, part[n].kind, []byte(part[n].text)), more...), limit)
		}
		for ; !slices.Contains(listSizes[:], n); n++ { // up to a statement that is kept prepared
			args = append(append(append(args, termKind(0), []byte{}), more...), 0)
		}
		found, err := s.terms(ctx, "look up terms", s.union(one, n), args...)
		if err != nil {
			return nil, err
		}
		rows = append(rows, found...)
	}
	return rows, nil
}

// union repeats a statement that is ordered and limited by itself.
func (s store) union(one string, n int) string {
	if s.db.Dialect() == database.SQLite {
		one = "SELECT * FROM (" + one + ")"
	} else {
		one = "(" + one + ")"
	}
	return one + strings.Repeat(" UNION ALL "+one, n-1)
}

// exactOfOwners reads terms of documents of the owners, up to a bound.
func (s store) exactOfOwners(ctx context.Context, terms []exactTerm, owners []int32) ([]termRow, error) {
	condition, args := anyOf(terms)
	var rows []termRow
	for part := range slices.Chunk(owners, longestList) {
		list := fill(part)
		found, err := s.terms(ctx, "look up terms of owners", s.along("PRIMARY")+" WHERE t.owner IN "+in(list)+
			" AND "+condition+" LIMIT ?", join(list, args, []any{widestChunk})...)
		if err != nil {
			return nil, err
		}
		rows = append(rows, found...)
	}
	return rows, nil
}

// anyOf returns the condition for terms as a whole.
func anyOf(terms []exactTerm) (string, []any) {
	byKind := make(map[termKind][][]byte)
	for _, t := range terms {
		byKind[t.kind] = append(byKind[t.kind], []byte(t.text))
	}
	var conditions []string
	var args []any
	for _, kind := range slices.Sorted(maps.Keys(byKind)) {
		list := fill(byKind[kind][:min(len(byKind[kind]), longestList)])
		conditions = append(conditions, "t.kind = ? AND t.term IN "+in(list))
		args = join(args, []any{kind}, list)
	}
	return "(" + strings.Join(conditions, " OR ") + ")", args
}

// openOf lists open documents that belong to one of the records, which are given by their type, the latest first.
func (s store) openOf(ctx context.Context, records map[int32][]string, limit int) ([]docRow, error) {
	if len(records) == 0 {
		return nil, nil
	}
	var conditions []string
	var args []any
	for _, typeID := range slices.Sorted(maps.Keys(records)) {
		list := fill(records[typeID])
		conditions = append(conditions, "p.type = ? AND p.record IN "+in(list))
		args = join(args, []any{typeID}, list)
	}
	var docs []docRow
	err := s.statements.read(ctx, "read open documents", func(rows *sql.Rows) error {
		var d docRow
		err := rows.Scan(&d.ID, &d.Type, &d.Record, &d.Owner, &d.Modified)
		docs = append(docs, d)
		return err
	}, "SELECT DISTINCT d.id, d.type, d.record, d.owner, d.modified FROM mc_search_parents p JOIN mc_search_docs d ON d.id = p.doc"+
		" WHERE ("+strings.Join(conditions, " OR ")+") AND d.is_open = 1 ORDER BY d.modified DESC, d.id LIMIT ?",
		append(args, limit)...)
	return docs, err
}
