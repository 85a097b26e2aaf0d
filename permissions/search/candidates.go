package search

import (
	"context"
	"math"
	"slices"
	"strings"

	"github.com/mailconnector/mailconnector/permissions"
)

// The sizes of a block: the candidates that are ranked among each other.
const (
	blockSize       = 48
	narrowBlockSize = 12  // for several words, where candidates are dearer: a page and what shows that there is another
	widestBlock     = 256 // for those who see the records of few owners, and where blocks before gave too little
	readableOwners  = 256 // whose terms are read at once for several words
	readableTerms   = 10_000
	fewTerms        = 32 // for each of the owners, up to which theirs are picked out of everybody's

	// The work of one request of several words, after which it pauses. Records that may be hidden from the subject count
	// little, so that a pause tells of thousands only.
	mostWork   = 250 * termWork
	termWork   = 16 // to admit a term
	hiddenWork = 1  // one of a record that may be hidden
	tokenWork  = 8  // to list a word with a fragment in its middle
	placeWork  = 3  // to look for it in the documents of one owner or type
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

// block is a part of a walk whose candidates are ranked among each other.
type block struct {
	list   []candidate // ranked
	end    place       // in no stage at the end of the walk
	paused bool        // there may be more behind the end, for another request
	work   int         // that is left for the request
}

// block reads the candidates between two places of the walk along one word of the query: up to a place, or where that
// is nil, until they are so many or so much work is done.
func (s *Service) block(ctx context.Context, v *view, p parsed, c cursor, size, work int) (block, error) {
	g := gathering{store: s.store, view: v, driver: p.words[c.Driver], from: c.From, to: c.To, page: p.limit}
	g.rest = slices.Delete(slices.Clone(p.words), c.Driver, c.Driver+1)
	w := newWalk(s.store, v, g.driver, g.rest, c.From)
	if w.size = size; len(v.openTypes) == 0 && len(v.ownerList) <= fewOwners {
		w.size = widestBlock // they are read at once anyway
	}
	w.work = work
	if len(g.rest) > 0 {
		w.bounded, w.atOnce = true, s.readable(v, c.Terms)
		if c.Terms <= fewTerms*int64(len(v.ownerList)) {
			w.owners = byTerm
		}
	}
	if c.To != nil {
		w.most, w.bounded = math.MaxInt, false // it did not pause before
	}
	end, err := g.gather(ctx, w)
	if err != nil {
		return block{}, err
	}
	list, err := s.rank(ctx, v, g.list, p.text)
	return block{list, end, g.paused || w.tired(), w.work}, err
}

// readable tells whether what a view leaves of so many terms, if all owners have as many, is better read at once.
func (s *Service) readable(v *view, terms int64) bool {
	owners := len(v.ownerList)
	return owners <= readableOwners && terms*int64(owners) <= readableTerms*int64(s.names.count(ownerName))
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
