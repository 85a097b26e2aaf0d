package search

import (
	"context"
)

// narrowStream is the number of terms read at least of one stream at once.
const narrowStream = 32

// stream is a part of the terms in scope that is read by itself, in the order of the walk.
type stream struct {
	part
	at place // behind which to read on
}

// merge reads on in the terms in scope only. It takes them up to where every stream was read, and where nothing is left
// before that, it reads on in the streams that are the furthest behind.
func (w *walk) merge(ctx context.Context, r termRange) ([]termRow, error) {
	if !w.merging {
		if err := w.split(ctx, r); err != nil || w.tooMany {
			return nil, err
		}
	}
	end := place{Stage: w.at.Stage + 1}
	for _, st := range w.streams {
		if st.at.compare(end) < 0 {
			end = st.at
		}
	}
	if rows := w.until(end); len(rows) > 0 {
		return w.take(rows), nil
	}
	if end.Stage > w.at.Stage {
		w.enter(end.Stage)
		return nil, nil
	}
	w.at = end
	return nil, w.readOn(ctx, r)
}

// split divides what is in scope into streams, one for each open type. The terms of owners are read at once, unless
// they are too many: those of few owners become streams too.
func (w *walk) split(ctx context.Context, r termRange) error {
	v := w.view
	var streams []stream
	for _, id := range v.openTypes {
		if fields := v.fieldsOf(id); len(fields) > 0 {
			streams = append(streams, stream{part{lead{byType, id}, filter{fields, w.filter.pairs}}, w.at})
		}
	}
	if len(v.openTypes) < len(v.types) {
		few, most := len(v.ownerList) <= fewOwners, mostAtOnce
		if few {
			most = mostOfFew
		}
		rows, err := w.store.ofOwners(ctx, w.filter, r, w.at.Key, v.ownerList, most)
		switch {
		case err != nil:
			return err
		case len(rows) < most:
			w.walked += len(rows)
			w.pending = w.admitted(v.limited(rows))
		case few:
			for _, id := range v.ownerList {
				streams = append(streams, stream{part{lead{byOwner, id}, w.filter}, w.at})
			}
		default:
			w.tooMany = true
			return nil
		}
	}
	w.merging, w.streams = true, streams
	return nil
}

// until takes what is pending up to a place, though not much at once: a page may be full soon.
func (w *walk) until(end place) []termRow {
	n := 0
	for n < len(w.pending) && n < w.chunk && w.pending[n].place().compare(end) <= 0 {
		n++
	}
	rows := w.pending[:n]
	if w.pending = w.pending[n:]; n > 0 {
		w.at = rows[n-1].place()
	}
	return rows
}

// readOn reads on in the streams that were read no further than the walk has come.
func (w *walk) readOn(ctx context.Context, r termRange) error {
	limit := max(w.chunk/len(w.streams), narrowStream)
	var left []stream
	for _, st := range w.streams {
		if st.at.compare(w.at) > 0 {
			left = append(left, st)
			continue
		}
		rows, err := w.store.behind(ctx, st.part, r, st.at, limit)
		if err != nil {
			return err
		}
		w.walked += len(rows)
		if len(rows) == limit {
			left = append(left, stream{st.part, w.placeOf(rows[len(rows)-1])})
		}
		if st.lead.order == byOwner {
			rows = w.view.limited(rows)
		}
		w.pending = append(w.pending, w.admitted(rows)...)
	}
	w.streams = left
	inOrder(w.pending)
	return nil
}

// tokensInScope reads the next words in documents in scope.
func (w *walk) tokensInScope(ctx context.Context) ([]termRow, error) {
	size := min(w.width, mostAtOnce/max(1, len(w.view.ownerList)), len(w.tokens))
	part := w.tokens[:max(1, size)]
	rows, all, err := w.inScope(ctx, part)
	switch {
	case err != nil:
		return nil, err
	case all:
		w.walked += len(part) * (len(w.view.ownerList) + len(w.view.openTypes))
		return w.passTokens(len(part), rows), nil
	case len(part) > 1:
		w.width = (len(part) + 7) / 8
	default:
		w.tooMany = true
	}
	return nil, nil
}

// inScope reads words in documents in scope, and tells whether these are all.
func (w *walk) inScope(ctx context.Context, words []token) (rows []termRow, all bool, err error) {
	rows, err = w.store.tokensOfOwners(ctx, w.filter, words, w.view.ownerList, mostAtOnce)
	if err != nil || len(rows) == mostAtOnce {
		return nil, false, err
	}
	rows = w.view.limited(rows)
	more, err := w.store.tokensOfTypes(ctx, w.filter, words, w.view.openTypes, mostAtOnce)
	return append(rows, more...), len(more) < mostAtOnce, err
}
