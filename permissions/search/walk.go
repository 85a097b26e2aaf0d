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
	fewOwners     = 32     // up to so many owners their terms are read owner by owner at once
	fewHoldings   = 256    // up to so many holdings of them their documents are read for the middles of words
	fewDocuments  = 20_000 // in these holdings
	sparse        = 128    // terms walked for each hit, above which the terms of the owners in scope are read instead
	tellingHits   = 4      // from so many on they tell how far to walk for the others
	firstChunk    = 128    // terms read at first
	narrowChunk   = 64     // terms read at least
	widestChunk   = 4096   // terms read at once at most
	mostOfOwners  = 4096   // terms read of owners at once; where they have more, walking finds them soon
	firstTokens   = 64     // words with a fragment in their middle listed at first
	mostTokens    = 1024   // listed for one request
	widestTokens  = 256    // read at once
	tokenRows     = 1024   // terms of them read at least, of several words
	fragmentReads = 16_384 // terms and owners looked at for the middles of words; then a walk ends
)

// place is a place in a walk: the stage, and the term row within it that was read last.
type place struct {
	Stage int    `json:"s"`
	Key   []byte `json:"t"` // the term, or the key of a token
	Doc   int64  `json:"d"`
	Field int32  `json:"f"`
}

func (p place) compare(other place) int {
	return cmp.Or(cmp.Compare(p.Stage, other.Stage), bytes.Compare(p.Key, other.Key),
		cmp.Compare(p.Doc, other.Doc), cmp.Compare(p.Field, other.Field))
}

// behindTerm goes to the end of a term.
func (p *place) behindTerm(key []byte) { p.Key, p.Doc, p.Field = key, math.MaxInt64, math.MaxInt32 }

// walk reads the terms that match one word, in an order that is the same for every subject and every way of reading:
// range by range, term by term, the latest document first. It leaves out what the subject may not find, and most
// documents that do not match the other words.
type walk struct {
	store  store
	view   *view
	ranges []termRange
	filter filter

	at     place
	size   int // terms wanted
	first  int // terms to read first of a stage
	chunk  int // terms to read next
	walked int // terms read in this stage
	hits   int // of them admitted
	found  int // candidates among these so far, in all stages
	ended  bool
	paused bool // as many words were listed as one request may

	tokens []token // to read next
	listed []byte  // the key of the last token listed; nil when all are
	page   int     // tokens to list next
	most   int     // tokens to list before the walk pauses

	byOwner bool // read owner by owner from the start where the subject's scope is limited
	tooMany bool // the owners have too many terms for that
	crowded bool // the words of tokens have too many terms to be read together

	documents int64 // about how many are in the holdings of few owners; negative until asked for
}

// newWalk starts a walk behind a place; the zero place is its beginning. rest are the other words.
func newWalk(s store, v *view, ranges []termRange, rest []queryWord, after place) *walk {
	w := &walk{store: s, view: v, ranges: ranges, filter: filter{fields: v.fieldList}, size: blockSize, first: firstChunk,
		page: firstTokens, most: mostTokens, documents: -1}
	for _, word := range rest {
		w.filter.pairs |= word.pairs()
		w.first = narrowChunk
	}
	if w.enter(after.Stage); after.Key != nil && !w.ended {
		w.at, w.listed = after, after.Key
	}
	return w
}

// enter goes to the beginning of a stage.
func (w *walk) enter(stage int) {
	w.walked, w.hits, w.chunk, w.tokens = 0, 0, w.first, nil
	if w.ended = stage >= len(w.ranges); w.ended {
		return
	}
	w.at = place{Stage: stage, Key: w.ranges[stage].text, Doc: math.MinInt64, Field: math.MinInt32}
	w.listed = w.at.Key
	if w.ranges[stage].how == within {
		w.at.behindTerm(w.at.Key)
	}
}

// next reads on. It returns no terms and no error at the end; before, it may return none for a while.
func (w *walk) next(ctx context.Context) ([]termRow, error) {
	if w.ended {
		return nil, nil
	}
	w.resize()
	r := w.ranges[w.at.Stage]
	if r.how == within {
		return w.nextWithin(ctx, r)
	}
	if w.narrow() {
		rows, err := w.store.ofOwners(ctx, w.filter, r, w.at.Key, w.view.ownerList, mostOfOwners)
		if err != nil || len(rows) < mostOfOwners {
			return w.finish(rows), err
		}
		w.tooMany = true
	}
	rows, err := w.store.behind(ctx, w.filter, r, w.at, w.chunk)
	if err != nil {
		return nil, err
	}
	if len(rows) < w.chunk {
		return w.finish(rows), nil
	}
	return w.advance(rows), nil
}

// narrow tells whether to read owner by owner: where the owners are few, and where walking found next to nothing.
func (w *walk) narrow() bool {
	if w.view.anyOwner || w.tooMany {
		return false
	}
	byOwner := w.byOwner && w.ranges[w.at.Stage].how != within
	return byOwner || len(w.view.ownerList) <= fewOwners || w.hits < w.walked/sparse
}

// nextWithin reads the terms of words that have a fragment in their middle.
func (w *walk) nextWithin(ctx context.Context, r termRange) ([]termRow, error) {
	if few, err := w.fewDocuments(ctx); err != nil {
		return nil, err
	} else if few {
		f := w.filter
		f.pairs |= r.pairs()
		rows, err := w.store.ofHoldings(ctx, f, r.text, w.view.holdings())
		return w.finish(rows), err
	}
	if w.at.Doc < math.MaxInt64 {
		return w.restOfToken(ctx, r)
	}
	if err := w.list(ctx, r); err != nil || w.paused {
		return nil, err
	}
	if len(w.tokens) == 0 || w.walked > fragmentReads {
		return w.finish(nil), nil
	}
	if w.narrow() {
		return w.tokensOfOwners(ctx)
	}
	part, limit := w.part()
	rows, err := w.store.ofTokens(ctx, w.filter, part, limit)
	if err != nil {
		return nil, err
	}
	return w.taken(part, rows, len(rows) == limit), nil
}

// part chooses the tokens to read next, and how many terms of them at most. Terms come by their words, so where there
// may be more of them than that, only tokens in whose order the words are too.
func (w *walk) part() ([]token, int) {
	part := w.tokens[:min(len(w.tokens), widestTokens)]
	if w.filter.pairs != 0 && !w.crowded {
		return part, max(w.chunk, tokenRows)
	}
	for i := 1; i < len(part); i++ {
		if bytes.Compare(part[i].term, part[i-1].term) < 0 {
			part = part[:i]
		}
	}
	return part, w.chunk
}

// taken takes the rows of tokens. Where there are more, the words before the last row's were read to their end.
func (w *walk) taken(part []token, rows []termRow, more bool) []termRow {
	if !more {
		w.crowded = false
		return w.passTokens(len(part), rows)
	}
	last := rows[len(rows)-1].Term
	n := slices.IndexFunc(part, func(t token) bool { return bytes.Compare(t.term, last) >= 0 })
	switch {
	case n > 0:
		done := make(map[string]bool, n)
		for _, t := range part[:n] {
			done[string(t.term)] = true
		}
		return w.passTokens(n, slices.DeleteFunc(rows, func(row termRow) bool { return !done[string(row.Term)] }))
	case bytes.Equal(rows[0].Term, last) && bytes.Equal(part[0].term, last):
		w.tokens = w.tokens[1:]
		return w.advance(rows)
	}
	w.crowded = true
	return nil
}

// restOfToken reads on in the word of a token.
func (w *walk) restOfToken(ctx context.Context, r termRange) ([]termRow, error) {
	_, term, _ := bytes.Cut(w.at.Key, []byte{0})
	rows, err := w.store.rest(ctx, w.filter, r.kind, term, w.at, w.chunk)
	if err != nil {
		return nil, err
	}
	if len(rows) < w.chunk {
		w.walked += len(rows)
		return w.pass(w.at.Key, rows), nil
	}
	return w.advance(rows), nil
}

// fewDocuments tells whether the subject's documents are so few that all are looked at for the middles of words.
func (w *walk) fewDocuments(ctx context.Context) (bool, error) {
	if w.view.anyOwner || len(w.view.ownerList) > fewOwners {
		return false, nil
	}
	holdings := w.view.holdings()
	if len(holdings) > fewHoldings {
		return false, nil
	}
	var err error
	if w.documents < 0 {
		w.documents, err = w.store.documentsIn(ctx, holdings)
	}
	return w.documents <= fewDocuments, err
}

// list keeps some tokens at hand while there are any.
func (w *walk) list(ctx context.Context, r termRange) (err error) {
	for len(w.tokens) == 0 && w.listed != nil && err == nil {
		n := min(w.page, w.most)
		if w.paused = n <= 0; w.paused {
			w.at.behindTerm(w.listed)
			return nil
		}
		w.page, w.most = 4*w.page, w.most-n
		w.tokens, w.listed, err = w.store.tokens(ctx, r, w.listed, n)
	}
	return err
}

// tokensOfOwners reads the next words in documents of the owners in scope.
func (w *walk) tokensOfOwners(ctx context.Context) ([]termRow, error) {
	owners := w.view.ownerList
	size := max(1, min(widestTokens, mostOfOwners/max(1, len(owners))))
	part := w.tokens[:min(len(w.tokens), size)]
	rows, err := w.store.tokensOfOwners(ctx, w.filter, part, owners, mostOfOwners)
	if err != nil {
		return nil, err
	}
	if len(rows) == mostOfOwners {
		w.tooMany = true
		return nil, nil
	}
	w.walked += len(part) * len(owners)
	return w.passTokens(len(part), rows), nil
}

// passTokens takes the rows of the next n tokens, which were read to their end.
func (w *walk) passTokens(n int, rows []termRow) []termRow {
	last := w.tokens[n-1].key
	w.tokens = w.tokens[n:]
	w.walked += len(rows)
	return w.pass(last, rows)
}

// pass takes rows up to the end of a token.
func (w *walk) pass(key []byte, rows []termRow) []termRow {
	admitted := w.admitted(rows)
	w.at.behindTerm(key)
	return admitted
}

// advance takes a full chunk of rows, behind which there may be more.
func (w *walk) advance(rows []termRow) []termRow {
	admitted := w.admitted(rows)
	last := rows[len(rows)-1]
	w.at.Key, w.at.Doc, w.at.Field = w.key(last), last.Doc, last.Field
	w.walked += len(rows)
	return admitted
}

// resize chooses as many terms to read next as are likely to have the candidates that are missing.
func (w *walk) resize() {
	if w.walked == 0 {
		return
	}
	chunk := 4 * w.chunk
	if missing := w.size + 1 - w.found; missing > 0 && w.found >= tellingHits {
		chunk = min(chunk, missing*w.walked/w.found*5/4)
	}
	w.chunk = min(max(chunk, narrowChunk), widestChunk)
}

// finish takes the last rows of a stage.
func (w *walk) finish(rows []termRow) []termRow {
	rows = w.admitted(rows)
	w.enter(w.at.Stage + 1)
	return rows
}

// key is what a row comes by in the stage.
func (w *walk) key(row termRow) []byte {
	if r := w.ranges[w.at.Stage]; r.how == within {
		return r.keyOf(row.Term)
	}
	return row.Term
}

// admitted keeps the rows behind the place reached that the subject may find, in the order of the walk.
func (w *walk) admitted(rows []termRow) []termRow {
	kept := make([]termRow, 0, len(rows))
	for _, row := range rows {
		if !w.view.admits(row) {
			continue
		}
		row.Stage, row.Key = w.at.Stage, w.key(row)
		if row.place().compare(w.at) > 0 {
			kept = append(kept, row)
		}
	}
	w.hits += len(kept)
	slices.SortFunc(kept, func(a, b termRow) int { return a.place().compare(b.place()) })
	return kept
}
