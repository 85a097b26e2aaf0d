package search

import (
	"context"
	"iter"
	"slices"
	"strings"

	"github.com/mailconnector/mailconnector/permissions"
)

const (
	firstChunk  = 128  // terms read at first
	walkedWidth = 896  // terms walked for a subject with limited scope before turning to its owners' terms
	widestChunk = 4096 // terms read at once at most
	enoughHits  = 10
	pool        = 200 // candidates ranked before the first page is cut
)

// candidate is a document that matches every word of a query by fields the subject may see.
type candidate struct {
	doc     int64
	field   int32
	exact   bool // every word is a whole term
	kind    termKind
	ranking position
	row     docRow
}

// collect gathers documents that match all words until there are want of them, and tells whether there may be more.
func (s *Service) collect(ctx context.Context, v *view, words []queryWord, want int) ([]candidate, bool, error) {
	driver, rest := longest(words)
	var found []candidate
	seen := make(map[int64]bool)
	for _, r := range driver {
		for rows, err := range s.batches(ctx, v, r) {
			if err != nil {
				return nil, false, err
			}
			fresh := candidatesOf(rows, r, v, seen)
			for _, word := range rest {
				if fresh, err = s.keepMatching(ctx, v, fresh, word); err != nil {
					return nil, false, err
				}
			}
			if found = append(found, fresh...); len(found) >= want {
				return found, true, nil
			}
		}
	}
	return found, false, nil
}

// longest takes the most telling word to look up and leaves the others to compare.
func longest(words []queryWord) (driver queryWord, rest []queryWord) {
	best := 0
	for i, w := range words {
		if len(w[0].prefix) > len(words[best][0].prefix) {
			best = i
		}
	}
	rest = slices.Delete(slices.Clone(words), best, best+1)
	return words[best], rest
}

// batches reads the terms of a range in the way that is fastest for the subject: owner by owner where the owners are
// few, otherwise along the terms, and owner by owner again where that finds next to nothing.
func (s *Service) batches(ctx context.Context, v *view, r termRange) iter.Seq2[[]termRow, error] {
	return func(yield func([]termRow, error) bool) {
		owners, any := v.owners()
		if !any && len(owners) <= fewOwners {
			yield(s.store.ofOwners(ctx, r, owners))
			return
		}
		var last *termRow
		hits, walked := 0, 0
		for chunk := firstChunk; ; chunk = min(2*chunk, widestChunk) {
			rows, err := s.store.walk(ctx, r, last, chunk)
			if !yield(rows, err) || err != nil || len(rows) < chunk {
				return
			}
			last, walked = &rows[len(rows)-1], walked+len(rows)
			for _, row := range rows {
				if v.admits(row) {
					hits++
				}
			}
			if !any && walked >= walkedWidth && hits < enoughHits {
				yield(s.store.ofOwners(ctx, r, owners))
				return
			}
		}
	}
}

// candidatesOf picks the documents among terms that the subject may find and that were not seen before.
func candidatesOf(rows []termRow, r termRange, v *view, seen map[int64]bool) []candidate {
	var fresh []candidate
	for _, row := range rows {
		if seen[row.Doc] || !v.admits(row) {
			continue
		}
		seen[row.Doc] = true
		fresh = append(fresh, candidate{doc: row.Doc, field: row.Field, kind: row.Kind, exact: r.exactly(row.Term)})
	}
	return fresh
}

// keepMatching keeps the candidates that match one more word.
func (s *Service) keepMatching(ctx context.Context, v *view, list []candidate, word queryWord) ([]candidate, error) {
	if len(list) == 0 {
		return nil, nil
	}
	matched := make(map[int64]bool) // true where a whole term matched
	for part := range slices.Chunk(list, batchRows) {
		ids := make([]int64, len(part))
		for i, c := range part {
			ids[i] = c.doc
		}
		rows, err := s.store.matching(ctx, ids, word)
		if err != nil {
			return nil, err
		}
		for _, row := range rows {
			if v.admits(row) {
				matched[row.Doc] = matched[row.Doc] || word.exactly(row)
			}
		}
	}
	kept := list[:0]
	for _, c := range list {
		if exact, ok := matched[c.doc]; ok {
			c.exact = c.exact && exact
			kept = append(kept, c)
		}
	}
	return kept, nil
}

func (w queryWord) exactly(row termRow) bool {
	for _, r := range w {
		if r.kind == row.Kind && r.exactly(row.Term) {
			return true
		}
	}
	return false
}

// rank orders candidates: what is exactly asked for, then labels that begin so, then whole words, then the rest; the
// latest modified first among equals. Documents that left the index meanwhile drop out.
func (s *Service) rank(ctx context.Context, v *view, list []candidate, text string) ([]candidate, error) {
	ids := make([]int64, len(list))
	for i, c := range list {
		ids[i] = c.doc
	}
	rows, err := s.store.docs(ctx, ids)
	if err != nil {
		return nil, err
	}
	byID := make(map[int64]docRow, len(rows))
	for _, r := range rows {
		byID[r.ID] = r
	}
	ranked := list[:0]
	for _, c := range list {
		if row, ok := byID[c.doc]; ok {
			c.row = row
			c.ranking = position{score(c, v, text), row.Modified, row.ID}
			ranked = append(ranked, c)
		}
	}
	slices.SortFunc(ranked, func(a, b candidate) int {
		if a.ranking.before(b.ranking) {
			return -1
		}
		return 1
	})
	return ranked, nil
}

func score(c candidate, v *view, text string) int {
	score := 10
	switch {
	case c.exact && c.kind == numberTerm:
		score = 100
	case c.exact && c.kind == emailTerm:
		score = 90
	case c.row.Label == text:
		score = 80
	case strings.HasPrefix(c.row.Label, text):
		score = 60
	case c.exact:
		score = 40
	}
	if v.fields[c.field].Kind == permissions.KindName {
		score += 5
	}
	return score
}
