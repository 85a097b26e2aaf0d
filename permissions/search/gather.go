package search

import (
	"bytes"
	"context"
	"slices"
)

// The numbers of documents that are looked into for the other words.
const (
	verifiedFirst  = 64
	verifiedAtOnce = 256 // from 200 on MariaDB and MySQL do not look at the index once more to plan the reading
	verifyingWork  = 3   // how much more work that is than to admit a term
)

// gathering collects the candidates of a block along a walk.
type gathering struct {
	store  store
	view   *view
	driver queryWord   // the word that is walked along
	rest   []queryWord // the others
	from   place
	to     *place
	page   int // so many are enough at the end of a stage: what comes behind it ranks behind
	list   []candidate
	paused bool // before it found enough
}

// gather walks until the place wanted, or until it has found as much as is wanted, and tells where that was.
func (g *gathering) gather(ctx context.Context, w *walk) (end place, err error) {
	seen := make(map[int64]bool, w.size)
	for stage := w.at.Stage; !w.ended && !w.paused; {
		rows, err := w.next(ctx)
		if err != nil {
			return end, err
		}
		var fresh []candidate
		for _, row := range rows {
			if g.to != nil && row.place().compare(*g.to) > 0 {
				break
			}
			if !seen[row.Doc] {
				seen[row.Doc] = true
				fresh = append(fresh, candidateOf(row, w.ranges[row.Stage]))
			}
		}
		last, err := g.add(ctx, w, fresh)
		if err != nil {
			return end, err
		}
		w.found = len(g.list)
		switch {
		case g.paused:
			return last, nil
		case g.to != nil && !w.ended && w.at.compare(*g.to) >= 0:
			return *g.to, nil
		case g.to == nil && len(g.list) > w.size:
			g.list = g.list[:w.size]
			return g.list[w.size-1].at, nil
		case g.to == nil && len(g.list) > g.page && w.at.Stage > stage && !w.ended:
			return w.at, nil
		case w.tired() && !w.ended && w.at.compare(g.from) > 0:
			g.paused = true
			return w.at, nil
		}
	}
	switch {
	case g.to != nil:
		return *g.to, nil
	case w.paused:
		g.paused = true
		return w.at, nil
	}
	return place{Stage: len(w.ranges)}, nil
}

func candidateOf(row termRow, r termRange) candidate {
	return candidate{
		doc: row.Doc, field: row.Field, kind: row.Kind, at: row.place(),
		exact: len(row.Term) == len(r.text), inside: r.how == within,
	}
}

// add adds candidates that match all words, or where a block ends by their number, as many as show that it does. It
// pauses when too many had to be looked into, and tells which was the last.
func (g *gathering) add(ctx context.Context, w *walk, list []candidate) (last place, err error) {
	for n := verifiedFirst; len(list) > 0; n = verifiedAtOnce {
		part := list[:min(len(list), n)]
		list, last = list[len(part):], part[len(part)-1].at
		if len(g.rest) > 0 {
			for _, c := range part {
				w.work -= verifyingWork * w.view.work(c.field)
			}
		}
		kept, err := g.verified(ctx, part)
		if err != nil {
			return last, err
		}
		if g.list = append(g.list, kept...); g.to == nil && len(g.list) > w.size {
			break
		}
		if g.paused = w.tired() && len(list) > 0; g.paused {
			break
		}
	}
	return last, nil
}

// tired tells whether a request has done what one may.
func (w *walk) tired() bool { return w.bounded && w.work <= 0 }

// verified keeps the candidates that match the other words by visible fields, and that the walk did not pass before.
func (g *gathering) verified(ctx context.Context, list []candidate) ([]candidate, error) {
	if len(g.rest) > 0 {
		terms, err := g.terms(ctx, list, g.rest)
		if err != nil {
			return nil, err
		}
		kept := list[:0]
		for _, c := range list {
			if all, exact := matchAll(g.rest, terms[c.doc]); all {
				c.exact = c.exact && exact
				kept = append(kept, c)
			}
		}
		list = kept
	}
	if g.from.Key == nil || len(list) == 0 {
		return list, nil
	}
	terms, err := g.terms(ctx, list, []queryWord{g.driver})
	return slices.DeleteFunc(list, func(c candidate) bool { return g.driver.passed(terms[c.doc], g.from) }), err
}

// terms reads the terms by which candidates may match words, by visible fields.
func (g *gathering) terms(ctx context.Context, list []candidate, words []queryWord) (map[int64][]termRow, error) {
	docs := make([]int64, len(list))
	for i, c := range list {
		docs[i] = c.doc
	}
	rows, err := g.store.ofDocs(ctx, docs, words)
	terms := make(map[int64][]termRow, len(list))
	for _, row := range rows {
		if g.view.admits(row) {
			terms[row.Doc] = append(terms[row.Doc], row)
		}
	}
	return terms, err
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

// kindsOf lists the kinds of terms that words match.
func kindsOf(words []queryWord) (kinds []termKind) {
	for _, word := range words {
		for _, r := range word {
			kinds = append(kinds, r.kind)
		}
	}
	slices.Sort(kinds)
	return slices.Compact(kinds)
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
