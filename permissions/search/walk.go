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
	fewOwners     = 32     // up to so many owners their terms are read side by side
	fewTypes      = 4      // and up to so many entity types type by type
	fewHoldings   = 256    // up to so many holdings of them their documents are read for the middles of words
	fewDocuments  = 20_000 // in these holdings
	sparse        = 128    // terms walked for each hit, above which only terms in scope are read
	tellingHits   = 4      // from so many on they tell how far to walk for the others
	firstChunk    = 128    // terms read at first
	narrowChunk   = 64     // terms read at least
	widestChunk   = 4096   // terms read at once at most
	boundedChunk  = 512    // where the request pauses when its work is done
	mostAtOnce    = 4096   // terms in scope read at once; where there are more, walking finds them soon
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
	along  part // to walk along, whoever may find it

	at     place
	size   int // terms wanted
	first  int // terms to read first of a stage
	chunk  int // terms to read next
	walked int // terms read in this stage
	hits   int // of them admitted
	found  int // candidates among these so far, in all stages
	ended  bool
	paused bool // as many words were listed as one request may

	bounded bool // what is behind work is read by another request
	work    int  // that may still be done

	tokens []token // to read next
	listed []byte  // the key of the last token listed; nil when all are
	page   int     // tokens to list next
	most   int     // tokens to list before the walk pauses

	atOnce  bool  // the owners have so few terms, words in the middle of others aside, that they are read at once
	owners  order // in which that is done
	tooMany bool  // they have too many terms for that
	crowded bool  // the words of tokens have too many terms to be read together
	width   int   // words to look for in scope at once

	merging bool      // in this stage, only what is in scope is read:
	streams []stream  // what of it is still to be read
	pending []termRow // read and not yet taken

	documents int64 // about how many are in the holdings of few owners; negative until asked for
}

// newWalk starts a walk behind a place; the zero place is its beginning. rest are the other words.
func newWalk(s store, v *view, ranges []termRange, rest []queryWord, after place) *walk {
	w := &walk{store: s, view: v, ranges: ranges, filter: filter{fields: v.fieldList}, size: blockSize, first: firstChunk,
		page: firstTokens, most: mostTokens, owners: byOwner, documents: -1}
	for _, word := range rest {
		w.filter.pairs |= word.pairs()
		w.first = narrowChunk
	}
	w.along = part{lead{order: byTerm}, filter{pairs: w.filter.pairs}}
	if only, one := v.only(); one {
		w.along = part{lead{byType, only}, w.filter}
	}
	if w.enter(after.Stage); after.Key != nil && !w.ended {
		w.at, w.listed = after, after.Key
	}
	return w
}

// enter goes to the beginning of a stage.
func (w *walk) enter(stage int) {
	w.walked, w.hits, w.chunk, w.width, w.tokens = 0, 0, w.first, widestTokens, nil
	w.merging, w.streams, w.pending = false, nil, nil
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
		if rows, err := w.merge(ctx, r); err != nil || !w.tooMany {
			return rows, err
		}
	}
	rows, err := w.store.behind(ctx, w.along, r, w.at, w.chunk)
	if err != nil {
		return nil, err
	}
	if len(rows) < w.chunk {
		return w.finish(rows), nil
	}
	return w.advance(rows), nil
}

// narrow tells whether to read only what is in scope: where that is of few owners and types, and where walking found
// next to nothing of it.
func (w *walk) narrow() bool {
	v := w.view
	if v.everything || w.tooMany {
		return false
	}
	inside, open := w.ranges[w.at.Stage].how == within, len(v.openTypes)
	few := open <= fewTypes && (len(v.ownerList) <= fewOwners || w.atOnce && !inside)
	if inside && open > 0 && w.filter.pairs == 0 {
		few = false // a type has too many of a word to be read without their order
	}
	return w.merging || few || w.hits < w.walked/sparse
}

// pass takes rows up to the end of a token.
func (w *walk) pass(key []byte, rows []termRow) []termRow {
	admitted := w.take(w.admitted(rows))
	w.at.behindTerm(key)
	return admitted
}

// advance takes a full chunk of rows, behind which there may be more.
func (w *walk) advance(rows []termRow) []termRow {
	admitted := w.take(w.admitted(rows))
	last := rows[len(rows)-1]
	w.at = w.placeOf(last)
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
	widest := widestChunk
	if w.bounded {
		widest = boundedChunk
	}
	w.chunk = min(max(chunk, narrowChunk), widest)
}

// finish takes the last rows of a stage.
func (w *walk) finish(rows []termRow) []termRow {
	rows = w.take(w.admitted(rows))
	w.enter(w.at.Stage + 1)
	return rows
}

// take counts rows that the walk comes by.
func (w *walk) take(rows []termRow) []termRow {
	w.hits += len(rows)
	for _, row := range rows {
		w.work -= w.view.work(row.Field)
	}
	return rows
}

// placeOf is where the walk comes by a row in its stage.
func (w *walk) placeOf(row termRow) place {
	key := row.Term
	if r := w.ranges[w.at.Stage]; r.how == within {
		key = r.keyOf(key)
	}
	return place{w.at.Stage, key, row.Doc, row.Field}
}

// admitted returns the rows behind the place reached that the subject may find, in the order of the walk.
func (w *walk) admitted(rows []termRow) []termRow {
	kept := make([]termRow, 0, len(rows))
	for _, row := range rows {
		if w.view.admits(row) {
			kept = append(kept, row)
		}
	}
	return w.behind(kept)
}

// behind keeps the rows behind the place reached, in the order of the walk.
func (w *walk) behind(rows []termRow) []termRow {
	for i, row := range rows {
		at := w.placeOf(row)
		rows[i].Stage, rows[i].Key = at.Stage, at.Key
	}
	rows = slices.DeleteFunc(rows, func(row termRow) bool { return row.place().compare(w.at) <= 0 })
	inOrder(rows)
	return rows
}

// inOrder sorts rows in the order of a walk.
func inOrder(rows []termRow) {
	slices.SortFunc(rows, func(a, b termRow) int { return a.place().compare(b.place()) })
}
