package search

import (
	"bytes"
	"context"
	"math"
	"slices"
	"strings"

	"github.com/mailconnector/mailconnector/permissions"
)

// The sizes of a block: the candidates that are ranked among each other.
const (
	blockSize       = 64
	narrowBlockSize = 32  // for several words, where some candidates drop out again
	widestBlock     = 256 // for those who see the records of few owners, and where blocks before gave too little
	readableOwners  = 256 // whose terms are read owner by owner for several words
	readableTerms   = 10_000
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
// is nil, until they are so many. It returns them ranked, and where the block ends.
func (s *Service) block(ctx context.Context, v *view, p parsed, c cursor, size int) ([]candidate, place, error) {
	driver := p.words[c.Driver]
	rest := slices.Delete(slices.Clone(p.words), c.Driver, c.Driver+1)
	w := newWalk(s.store, v, driver, rest, c.From)
	if w.size = size; !v.anyOwner && len(v.ownerList) <= fewOwners {
		w.size = widestBlock // they are read at once anyway
	}
	w.byOwner = len(rest) > 0 && s.readable(v, c.Terms)
	list, end, err := gather(ctx, w, c.To)
	if err != nil {
		return nil, end, err
	}
	if len(rest) > 0 || c.From.Key != nil {
		if list, err = s.verify(ctx, v, list, driver, rest, c.From); err != nil {
			return nil, end, err
		}
	}
	list, err = s.rank(ctx, v, list, p.text)
	return list, end, err
}

// readable tells whether what a view leaves of so many terms, if all owners have as many, is better read owner by owner.
func (s *Service) readable(v *view, terms int64) bool {
	owners := len(v.ownerList)
	return owners <= readableOwners && terms*int64(owners) <= readableTerms*int64(s.names.count(ownerName))
}

// gather walks until a place, or until it has found as much as is wanted, and tells where that was: in no stage at the
// end of the walk.
func gather(ctx context.Context, w *walk, to *place) ([]candidate, place, error) {
	var list []candidate
	seen := make(map[int64]bool, w.size)
	for !w.ended {
		rows, err := w.next(ctx)
		if err != nil {
			return nil, place{}, err
		}
		for _, row := range rows {
			switch {
			case to != nil && row.place().compare(*to) > 0:
				return list, *to, nil
			case seen[row.Doc]:
				continue
			case to == nil && len(list) == w.size:
				return list, list[w.size-1].at, nil
			}
			seen[row.Doc] = true
			list = append(list, candidateOf(row, w.ranges[row.Stage]))
		}
	}
	return list, place{Stage: len(w.ranges)}, nil
}

func candidateOf(row termRow, r termRange) candidate {
	return candidate{
		doc: row.Doc, field: row.Field, kind: row.Kind, at: row.place(),
		exact: len(row.Term) == len(r.text), inside: r.how == within,
	}
}

// rarest picks the word to walk along: the one that the fewest terms begin with, the longest among equals. It tells
// about how many they are.
func (s *Service) rarest(ctx context.Context, words []queryWord) (best int, fewest int64, err error) {
	fewest = math.MaxInt64
	for i, word := range words {
		var n int64
		for _, r := range word {
			if r.how == within {
				continue
			}
			more, err := s.store.estimate(ctx, r)
			if err != nil {
				return 0, 0, err
			}
			n += more
		}
		if n < fewest || n == fewest && len(word[0].text) > len(words[best][0].text) {
			best, fewest = i, n
		}
	}
	return best, fewest, nil
}

// verify keeps the candidates that match the other words by visible fields, and that the walk did not pass before.
func (s *Service) verify(ctx context.Context, v *view, list []candidate, driver queryWord, rest []queryWord, from place) ([]candidate, error) {
	terms, texts := make(map[int64][]termRow, len(list)), textsOf(append(rest, driver))
	for part := range slices.Chunk(list, blockSize) {
		ids := make([]int64, len(part))
		for i, c := range part {
			ids[i] = c.doc
		}
		rows, err := s.store.ofDocs(ctx, ids, texts)
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

// textsOf lists the texts of words, each once.
func textsOf(words []queryWord) (texts [][]byte) {
	for _, word := range words {
		for _, r := range word {
			texts = append(texts, r.text)
		}
	}
	slices.SortFunc(texts, bytes.Compare)
	return slices.CompactFunc(texts, bytes.Equal)
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
	if at.Key == nil {
		return false
	}
	for _, t := range terms {
		for i, r := range w {
			if !r.matches(t.Kind, t.Term) {
				continue
			}
			if t.Stage, t.Key = i, t.Term; r.how == within {
				t.Key = r.keyOf(t.Term)
			}
			if t.place().compare(at) <= 0 {
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
