package search

import (
	"bytes"
	"context"
	"math"
	"slices"
)

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
		return w.tokensInScope(ctx)
	}
	part, limit := w.part()
	rows, err := w.store.ofTokens(ctx, w.along, part, limit)
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
	if w.narrow() {
		rows, all, err := w.inScope(ctx, []token{{w.at.Key, term}})
		if err != nil {
			return nil, err
		}
		if all {
			return w.pass(w.at.Key, rows), nil
		}
		w.tooMany = true
	}
	rows, err := w.store.rest(ctx, w.along, r.kind, term, w.at, w.chunk)
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
	if len(w.view.openTypes) > 0 || len(w.view.ownerList) > fewOwners {
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

// passTokens takes the rows of the next n tokens, which were read to their end.
func (w *walk) passTokens(n int, rows []termRow) []termRow {
	last := w.tokens[n-1].key
	w.tokens = w.tokens[n:]
	w.walked += len(rows)
	w.work -= n * tokenWork
	return w.pass(last, rows)
}
