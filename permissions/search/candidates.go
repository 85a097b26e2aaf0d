package search

import (
	"context"
	"slices"
	"strings"

	"github.com/mailconnector/mailconnector/permissions"
)

// The sizes of a block: the candidates that are ranked among each other.
const (
	blockSize       = 64
	narrowBlockSize = 24 // for several words, where candidates are dearer
	commonWord      = 500
	readableOwners  = 256 // whose terms are read owner by owner for several common words
)

// candidate is a document that matches every word of a query by fields the subject may see.
type candidate struct {
	doc     int64
	field   int32
	kind    termKind
	exact   bool // every word is a whole term
	inside  bool // the word is in the middle of another
	at      place
	ranking position
	row     docRow
}

// block reads the candidates between two places of the walk along one word of the query: up to a place, or where that
// is nil, until they are many. It returns them ranked, and where the block ends; nil is the end of the walk.
func (s *Service) block(ctx context.Context, v *view, p parsed, c cursor) ([]candidate, *place, error) {
	driver := p.words[c.Driver]
	rest := slices.Delete(slices.Clone(p.words), c.Driver, c.Driver+1)
	w := newWalk(s.store, v, driver, rest, c.From)
	w.byOwner = len(rest) > 0 && len(v.ownerList) <= readableOwners
	list, end, err := gather(ctx, w, c.To, len(rest) > 0)
	if err != nil {
		return nil, nil, err
	}
	if len(rest) > 0 || c.From.Term != nil {
		if list, err = s.verify(ctx, v, list, driver, rest, c.From); err != nil {
			return nil, nil, err
		}
	}
	list, err = s.rank(ctx, v, list, p.text)
	return list, end, err
}

// gather walks until a place, or until it has found enough.
func gather(ctx context.Context, w *walk, to *place, several bool) ([]candidate, *place, error) {
	size := blockSize
	if several {
		size = narrowBlockSize
	}
	var list []candidate
	seen := make(map[int64]bool, size)
	for !w.ended {
		rows, err := w.next(ctx)
		if err != nil {
			return nil, nil, err
		}
		for _, row := range rows {
			if to != nil && row.place().compare(*to) > 0 {
				return list, to, nil
			}
			if seen[row.Doc] {
				continue
			}
			if to == nil && len(list) == size {
				end := list[size-1].at
				return list, &end, nil
			}
			seen[row.Doc] = true
			list = append(list, candidateOf(row, w.ranges[row.Stage]))
		}
	}
	return list, to, nil
}

func candidateOf(row termRow, r termRange) candidate {
	return candidate{
		doc: row.Doc, field: row.Field, kind: row.Kind, at: row.place(),
		exact: len(row.Term) == len(r.text), inside: r.how == within,
	}
}

// rarest picks the word to walk along: the one that the fewest terms begin with, the longest among equals.
func (s *Service) rarest(ctx context.Context, words []queryWord) (int, error) {
	if len(words) == 1 {
		return 0, nil
	}
	best, fewest := 0, commonWord+1
	for i, word := range words {
		n := 0
		for _, r := range word {
			if r.how == within {
				continue
			}
			more, err := s.store.count(ctx, r, commonWord)
			if err != nil {
				return 0, err
			}
			n = min(n+more, commonWord)
		}
		if n < fewest || n == fewest && len(word[0].text) > len(words[best][0].text) {
			best, fewest = i, n
		}
	}
	return best, nil
}

// verify keeps the candidates that match the other words by visible fields, and that the walk did not pass before.
func (s *Service) verify(ctx context.Context, v *view, list []candidate, driver queryWord, rest []queryWord, from place) ([]candidate, error) {
	terms := make(map[int64][]termRow, len(list))
	for part := range slices.Chunk(list, blockSize) {
		ids := make([]int64, len(part))
		for i, c := range part {
			ids[i] = c.doc
		}
		rows, err := s.store.ofDocs(ctx, ids)
		if err != nil {
			return nil, err
		}
		for _, row := range rows {
			if v.admits(row) {
				terms[row.Doc] = append(terms[row.Doc], row)
			}
		}
	}
	kept := list[:0]
	for _, c := range list {
		all, exact := matchAll(rest, terms[c.doc])
		if all && !driver.passed(terms[c.doc], from) {
			c.exact = c.exact && exact
			kept = append(kept, c)
		}
	}
	return kept, nil
}

// matchAll tells whether terms match all words, and whether each by a whole term.
func matchAll(words []queryWord, terms []termRow) (all, exact bool) {
	exact = true
	for _, word := range words {
		matched, wholly := word.match(terms)
		if !matched {
			return false, false
		}
		exact = exact && wholly
	}
	return true, exact
}

func (w queryWord) match(terms []termRow) (matched, wholly bool) {
	for _, t := range terms {
		for _, r := range w {
			if r.matches(t.Kind, t.Term) {
				matched, wholly = true, wholly || len(t.Term) == len(r.text)
			}
		}
	}
	return matched, wholly
}

// passed tells whether a walk has come by one of the terms when it reaches a place.
func (w queryWord) passed(terms []termRow, at place) bool {
	if at.Term == nil {
		return false
	}
	for _, t := range terms {
		for i, r := range w {
			if t.Stage = i; r.matches(t.Kind, t.Term) && t.place().compare(at) <= 0 {
				return true
			}
		}
	}
	return false
}

// rank orders candidates: what is exactly asked for, then labels that begin so, then whole words, then beginnings of
// words, then their middles; the latest modified first among equals. Documents that left the index meanwhile drop out.
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
	case c.inside:
		score = 0
	}
	if v.fields[c.field].Kind == permissions.KindName {
		score += 5
	}
	return score
}
