package search

import (
	"bytes"
	"cmp"
	"context"
	"math"
	"slices"
)

// The bounds of a walk.
const (
	fewOwners     = 32    // up to so many owners their terms are read owner by owner at once
	walkedWidth   = 896   // terms walked for a subject with limited scope before turning to its owners' terms
	enoughHits    = 10    // found within walkedWidth, they show that walking goes on well
	firstMatches  = 32    // of several words, read at first: each takes the database many terms to find
	firstChunk    = 128   // terms read at first
	widestChunk   = 4096  // terms read at once at most
	widestTokens  = 64    // words with a fragment in their middle read at once
	fragmentReads = 16384 // terms and owners looked at for the middles of words; then a walk ends
)

// place is a place in a walk: the stage, and the term row within it that was read last.
type place struct {
	Stage int    `json:"s"`
	Term  []byte `json:"t"`
	Doc   int64  `json:"d"`
	Field int32  `json:"f"`
}

func (p place) compare(other place) int {
	return cmp.Or(cmp.Compare(p.Stage, other.Stage), bytes.Compare(p.Term, other.Term),
		cmp.Compare(p.Doc, other.Doc), cmp.Compare(p.Field, other.Field))
}

// walk reads the terms that match one word, in an order that is the same for every subject and every way of reading:
// range by range, term by term, the latest document first. It leaves out what the subject may not find.
type walk struct {
	store  store
	view   *view
	ranges []termRange
	rest   []queryWord // the other words, all of which a document must match

	at     place
	tokens [][]byte // words of the stage that have the fragment in their middle, from at on
	chunk  int
	walked int // terms read in this stage
	hits   int // of them admitted
	ended  bool

	byOwner bool // read owner by owner from the start where the subject's scope is limited
}

// newWalk starts a walk behind a place; the zero place is its beginning.
func newWalk(s store, v *view, ranges []termRange, rest []queryWord, after place) *walk {
	w := &walk{store: s, view: v, ranges: ranges, rest: rest}
	if w.at, w.chunk = after, w.first(); after.Term == nil {
		w.enter(0)
	}
	return w
}

// first is the number of terms to read at first.
func (w *walk) first() int {
	if len(w.rest) > 0 {
		return firstMatches
	}
	return firstChunk
}

// enter goes to the beginning of a stage.
func (w *walk) enter(stage int) {
	w.walked, w.hits, w.chunk, w.tokens = 0, 0, w.first(), nil
	if w.ended = stage >= len(w.ranges); !w.ended {
		w.at = place{Stage: stage, Term: w.ranges[stage].text, Doc: math.MinInt64}
	}
}

// next reads on. It returns no terms and no error at the end; before, it may return none for a while.
func (w *walk) next(ctx context.Context) ([]termRow, error) {
	if w.ended {
		return nil, nil
	}
	r := w.ranges[w.at.Stage]
	if r.how == within {
		return w.nextWithin(ctx, r)
	}
	if w.narrow() {
		rows, err := w.store.ofOwners(ctx, w.filter(), r, w.view.ownerList)
		return w.finish(rows), err
	}
	rows, err := w.store.rest(ctx, w.filter(), r.kind, w.at, w.chunk)
	if err != nil {
		return nil, err
	}
	if len(rows) < w.chunk && r.how == prefix {
		more, err := w.store.following(ctx, w.filter(), r, w.at.Term, w.chunk-len(rows))
		if err != nil {
			return nil, err
		}
		rows = append(rows, more...)
	}
	if len(rows) < w.chunk {
		return w.finish(rows), nil
	}
	return w.advance(rows), nil
}

// narrow tells whether to read owner by owner: where the owners are few, and where walking found next to nothing.
func (w *walk) narrow() bool {
	if w.view.anyOwner {
		return false
	}
	return w.byOwner || len(w.view.ownerList) <= fewOwners || w.walked >= walkedWidth && w.hits < enoughHits
}

// nextWithin reads the terms of words that have a fragment in their middle.
func (w *walk) nextWithin(ctx context.Context, r termRange) ([]termRow, error) {
	if err := w.readTokens(ctx, r); err != nil {
		return nil, err
	}
	if w.narrow() {
		return w.tokensOfOwners(ctx)
	}
	var rows []termRow
	var err error
	if len(w.at.Term) > 0 && w.at.Doc < math.MaxInt64 { // within a word
		if rows, err = w.store.rest(ctx, w.filter(), r.kind, w.at, w.chunk); err != nil {
			return nil, err
		}
		if len(rows) == w.chunk {
			return w.advance(rows), nil
		}
	}
	part := w.tokens[:min(len(w.tokens), widestTokens)]
	if len(part) == 0 || w.walked > fragmentReads {
		return w.finish(rows), nil
	}
	more, err := w.store.ofTokens(ctx, w.filter(), part, w.chunk)
	if err != nil {
		return nil, err
	}
	if len(more) < w.chunk {
		w.walked += len(rows) + len(more)
		return w.pass(part, append(rows, more...)), nil
	}
	return w.advance(append(rows, more...)), nil
}

// readTokens keeps the list of words at those behind the place reached.
func (w *walk) readTokens(ctx context.Context, r termRange) error {
	if w.tokens == nil {
		tokens, err := w.store.tokens(ctx, r.text)
		if err != nil {
			return err
		}
		if w.tokens = tokens; w.at.Doc == math.MinInt64 {
			w.at.Term = []byte{} // at the beginning: words may come before the fragment itself
		}
	}
	from, reached := slices.BinarySearchFunc(w.tokens, w.at.Term, bytes.Compare)
	if reached {
		from++
	}
	w.tokens = w.tokens[from:]
	return nil
}

// tokensOfOwners reads the next words in documents of the owners in scope.
func (w *walk) tokensOfOwners(ctx context.Context) ([]termRow, error) {
	tokens := w.tokens
	if len(w.at.Term) > 0 && w.at.Doc < math.MaxInt64 {
		tokens = append([][]byte{w.at.Term}, tokens...)
	}
	if len(tokens) == 0 || w.walked > fragmentReads {
		return w.finish(nil), nil
	}
	size := max(1, min(widestTokens, widestChunk/max(1, len(w.view.ownerList))))
	part := tokens[:min(len(tokens), size)]
	rows, err := w.store.tokensOfOwners(ctx, w.filter(), part, w.view.ownerList)
	w.walked += len(part) * len(w.view.ownerList)
	return w.pass(part, rows), err
}

// pass takes the rows of words that were read to their end.
func (w *walk) pass(words [][]byte, rows []termRow) []termRow {
	admitted := w.admitted(rows)
	w.at.Term, w.at.Doc, w.at.Field = words[len(words)-1], math.MaxInt64, math.MaxInt32
	return admitted
}

// advance takes a full chunk of rows, behind which there may be more.
func (w *walk) advance(rows []termRow) []termRow {
	admitted, last := w.admitted(rows), rows[len(rows)-1]
	w.at.Term, w.at.Doc, w.at.Field = last.Term, last.Doc, last.Field
	w.walked += len(rows)
	w.chunk = min(2*w.chunk, widestChunk)
	return admitted
}

// finish takes the last rows of a stage.
func (w *walk) finish(rows []termRow) []termRow {
	rows = w.admitted(rows)
	w.enter(w.at.Stage + 1)
	return rows
}

// admitted keeps the rows behind the place reached that the subject may find, in the order of the walk.
func (w *walk) admitted(rows []termRow) []termRow {
	kept := make([]termRow, 0, len(rows))
	for _, row := range rows {
		row.Stage = w.at.Stage
		if w.view.admits(row) && row.place().compare(w.at) > 0 {
			kept = append(kept, row)
		}
	}
	w.hits += len(kept)
	slices.SortFunc(kept, func(a, b termRow) int { return a.place().compare(b.place()) })
	return kept
}

func (w *walk) filter() filter {
	return filter{types: w.view.typeList, rest: w.rest}
}
