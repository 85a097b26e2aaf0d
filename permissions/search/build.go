package search

import (
	"context"
	"fmt"
)

// build is the first pass over all records, or goes on with it. Where there are many, it writes them in the order of
// documents only and sorts at the end: each of the other orders would put every term of a document in another place, and
// the index of millions does not fit into memory. It may end anywhere, and the next build goes on.
func (s *Service) build(ctx context.Context, st state, progress func(records int)) error {
	for records, last := 0, st.Sorting; !last; {
		n, end, err := s.take(ctx, &st)
		if err != nil {
			return err
		}
		if records == 0 && !end {
			if st.Unsorted, err = s.unsort(ctx, st); err != nil {
				return err
			}
		}
		records, last = records+n, end
		progress(records)
	}
	if st.Unsorted {
		if err := s.sort(ctx, &st); err != nil {
			return err
		}
	}
	return s.finish(ctx, st)
}

// unsort takes away for the first pass the orders that an earlier build left, and tells whether it could. It needs a right
// that may be missing: the first pass takes longer then.
func (s *Service) unsort(ctx context.Context, st state) (bool, error) {
	if sortable, err := s.store.sortable(ctx); err != nil || !sortable && !st.Unsorted {
		return false, err
	}
	st.Unsorted = true // first of all: searches stay away from the orders
	if err := s.store.setState(ctx, st); err != nil {
		return false, err
	}
	err := s.store.drop(ctx)
	if err == nil || ctx.Err() != nil {
		return true, err
	}
	s.log.WarnContext(ctx, "the first pass keeps the index sorted, which takes longer", "err", err)
	if err := s.store.sort(ctx); err != nil {
		return false, fmt.Errorf("bring the orders about again: %w", err)
	}
	st.Unsorted = false
	return false, s.store.setState(ctx, st)
}

// sort brings the orders about again.
func (s *Service) sort(ctx context.Context, st *state) error {
	st.Sorting = true
	if err := s.store.setState(ctx, *st); err != nil {
		return err
	}
	s.log.InfoContext(ctx, "sort the search index")
	return s.store.sort(ctx)
}
