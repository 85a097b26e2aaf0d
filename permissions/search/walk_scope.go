package search

import "context"

// narrowStream is the number of terms that are read at least of one stream at once.
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

// split divides what is in scope into streams, one for each open type and for each of few owners. The terms of more
// owners are read at once.
func (w *walk) split(ctx context.Context, r termRange) error {
	v := w.view
	for _, id := range v.openTypes {
		if fields := v.fieldsOf(id); len(fields) > 0 {
			w.stream(lead{byType, id}, filter{fields, w.filter.pairs})
		}
	}
	w.merging = true
	switch {
	case len(v.openTypes) == len(v.types):
		return nil
	case len(v.ownerList) <= fewOwners:
		for _, id := range v.ownerList {
			w.stream(lead{byOwner, id}, w.filter)
		}
		return nil
	}
	rows, all, err := w.ofOwners(ctx, r)
	if err == nil && !all {
		w.tooMany, w.merging, w.streams = true, false, nil
		return nil
	}
	w.walked += len(rows)
	w.pending = w.admitted(v.limited(rows))
	return err
}

// ofOwners reads the terms of the owners at once, and tells whether these are all.
func (w *walk) ofOwners(ctx context.Context, r termRange) (rows []termRow, all bool, err error) {
	rows, err = w.store.ofOwners(ctx, w.owners, w.filter, r, w.at.Key, w.view.ownerList, mostAtOnce)
	return rows, len(rows) < mostAtOnce, err
}

// stream adds a stream that begins where the walk is.
func (w *walk) stream(l lead, f filter) {
	w.streams = append(w.streams, stream{part{l, f}, w.at})
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
	limit := max(2*max(w.chunk, w.size)/len(w.streams), narrowStream)
	var due, left []stream
	for _, st := range w.streams {
		if st.at.compare(w.at) > 0 {
			left = append(left, st)
		} else {
			due = append(due, st)
		}
	}
	read, err := w.read(ctx, due, r, limit)
	if err != nil {
		return err
	}
	for i, rows := range read {
		w.walked += len(rows)
		if len(rows) == limit {
			left = append(left, stream{due[i].part, w.placeOf(rows[limit-1])})
		}
		if due[i].lead.order == byOwner {
			rows = w.view.limited(rows)
		}
		w.pending = append(w.pending, w.admitted(rows)...)
	}
	w.streams = left
	inOrder(w.pending)
	return nil
}

// read reads so many terms of each stream: of owners in one statement, of types in one each, as they have fields of
// their own.
func (w *walk) read(ctx context.Context, streams []stream, r termRange, limit int) (read [][]termRow, err error) {
	read = make([][]termRow, len(streams))
	var owners []stream
	number := make(map[int32]int)
	for i, st := range streams {
		if st.lead.order == byOwner {
			number[st.lead.id] = i
			owners = append(owners, st)
			continue
		}
		if read[i], err = w.store.behind(ctx, st.part, r, st.at, limit); err != nil {
			return nil, err
		}
	}
	if len(owners) == 0 {
		return read, nil
	}
	rows, err := w.ofFewOwners(ctx, owners, r, limit)
	for _, row := range rows {
		if i := number[row.Owner]; len(read[i]) < limit {
			read[i] = append(read[i], row)
		}
	}
	return read, err
}

// ofFewOwners reads at least so many terms of each of the owners' streams, if there are. Where all should be few, it
// first reads them at once: every statement of a union takes its time.
func (w *walk) ofFewOwners(ctx context.Context, streams []stream, r termRange, limit int) ([]termRow, error) {
	if w.atOnce && w.walked == 0 {
		if rows, all, err := w.ofOwners(ctx, r); all || err != nil {
			return w.behind(rows), err
		}
	}
	return w.store.behindEach(ctx, streams, r, limit)
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
		places := len(w.view.ownerList) + len(w.view.openTypes)
		w.walked += len(part) * places
		w.work -= len(part) * placeWork * min(places, fewOwners)
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
