package search

import (
	"context"
	"database/sql"
	"errors"
	"maps"
	"slices"
	"strings"
	"sync"
)

// widestDomain is the number of terms of a domain that are passed over for companies.
const widestDomain = 1024

// unionSizes are the numbers of terms read in one statement, which is filled up to one of them: each takes its time even
// where it finds nothing.
var unionSizes = [...]int{1, 4, 8, 12, 16, 24, 32, 48, longestUnion}

const longestUnion = 64

// latest reads the terms of the latest documents of each term behind a lead, so many for each. Of domains, which many
// people have in their address, it reads only the fields given, among the very latest.
func (s store) latest(ctx context.Context, l lead, terms []exactTerm, fields []int32, limit int) ([]termRow, error) {
	var domains, others []exactTerm
	for _, t := range terms {
		if t.kind == domainTerm {
			domains = append(domains, t)
		} else {
			others = append(others, t)
		}
	}
	from, id := s.from(l)
	one := from + "t.kind = ? AND t.term = ? ORDER BY t.doc LIMIT ?"
	rows, err := s.eachTerm(ctx, id, others, one, []any{limit})
	if err != nil || len(domains) == 0 || len(fields) == 0 {
		return rows, err
	}
	list := fill(fields)
	of, err := s.eachTerm(ctx, id, domains, "SELECT * FROM ("+one+") d WHERE field IN "+in(list), join([]any{widestDomain}, list))
	return append(rows, of...), err
}

// eachTerm reads the same of many terms at once; one is the statement for one of them, whose arguments are those of the
// lead, the term, and more.
func (s store) eachTerm(ctx context.Context, leading []any, terms []exactTerm, one string, more []any) ([]termRow, error) {
	var rows []termRow
	for part := range slices.Chunk(terms, longestUnion) {
		var args []any
		n := 0
		for ; n < len(part); n++ {
			args = join(args, leading, []any{part[n].kind, []byte(part[n].text)}, more)
		}
		for ; !slices.Contains(unionSizes[:], n); n++ { // up to a statement that is kept prepared
			args = join(args, leading, []any{termKind(0), []byte{}}, more)
		}
		found, err := s.terms(ctx, "look up terms", s.union(one, n), args...)
		if err != nil {
			return nil, err
		}
		rows = append(rows, found...)
	}
	return rows, nil
}

// exactOfOwners reads terms of documents of the owners, up to a bound; of domains only the fields given. Where the owners
// are too many for one statement, the statements run at once.
func (s store) exactOfOwners(ctx context.Context, terms []exactTerm, fields, owners []int32) ([]termRow, error) {
	condition, args := anyOf(terms, fields)
	parts := slices.Collect(slices.Chunk(owners, longestList))
	found, failed := make([][]termRow, len(parts)), make([]error, len(parts))
	var reading sync.WaitGroup
	for i, part := range parts {
		reading.Go(func() {
			list := fill(part)
			found[i], failed[i] = s.terms(ctx, "look up terms", s.along(byOwner)+
				" WHERE t.owner IN "+in(list)+" AND "+condition+" LIMIT ?", join(list, args, []any{widestChunk})...)
		})
	}
	reading.Wait()
	return slices.Concat(found...), errors.Join(failed...)
}

// anyOf returns the condition for terms as a whole, domains in the fields given.
func anyOf(terms []exactTerm, fields []int32) (string, []any) {
	byKind := make(map[termKind][][]byte)
	for _, t := range terms {
		byKind[t.kind] = append(byKind[t.kind], []byte(t.text))
	}
	if len(fields) == 0 {
		delete(byKind, domainTerm)
	}
	conditions := []string{"0 = 1"}
	var args []any
	for _, kind := range slices.Sorted(maps.Keys(byKind)) {
		list := fill(byKind[kind][:min(len(byKind[kind]), longestList)])
		condition := "t.kind = ? AND t.term IN " + in(list)
		args = join(args, []any{kind}, list)
		if kind == domainTerm {
			some := fill(fields)
			condition += " AND t.field IN " + in(some)
			args = join(args, some)
		}
		conditions = append(conditions, condition)
	}
	return "(" + strings.Join(conditions, " OR ") + ")", args
}

// openOf lists open documents that belong to one of the records, which are given by their type, the latest first. Where
// owners are given, and not too many for one statement, it lists those of these owners only.
func (s store) openOf(ctx context.Context, records map[int32][]string, owners []int32, limit int) ([]docRow, error) {
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
	condition := "(" + strings.Join(conditions, " OR ") + ") AND d.is_open = 1"
	if n := len(owners); n > 0 && n <= longestList {
		list := fill(owners)
		condition, args = condition+" AND d.owner IN "+in(list), append(args, list...)
	}
	var docs []docRow
	err := s.statements.read(ctx, "read open documents", func(rows *sql.Rows) error {
		var d docRow
		err := rows.Scan(&d.ID, &d.Type, &d.Record, &d.Owner, &d.Modified)
		docs = append(docs, d)
		return err
	}, "SELECT DISTINCT d.id, d.type, d.record, d.owner, d.modified FROM mc_search_parents p JOIN mc_search_docs d ON d.id = p.doc"+
		" WHERE "+condition+" ORDER BY d.modified DESC, d.id LIMIT ?",
		append(args, limit)...)
	return docs, err
}
