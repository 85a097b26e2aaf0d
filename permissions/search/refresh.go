package search

import (
	"context"
	"crypto/rand"
	"fmt"
	"math"
	"sync"
	"time"

	"github.com/mailconnector/mailconnector/internal/database"
)

const (
	refreshLease = "search-refresh"
	leaseTime    = 30 * time.Second
	pollEvery    = time.Second      // at the start of a search
	idleEvery    = 15 * time.Second // without searches
	compareEvery = time.Minute
	changesLimit = 500
	// searchBatches bounds the batches of changes that a search takes over before it answers: it does not wait for the
	// index to be built.
	searchBatches = 1
)

// IndexStatus tells how far the index has come.
type IndexStatus struct {
	Built    bool      // every record was seen once: searches are complete
	Sorting  bool      // every record was seen, and the index is being sorted, which takes minutes where there are millions
	Records  int64     // in the index
	Changed  time.Time // the last time the host had changes
	Compared time.Time // the last time the owners' digests were compared
}

// Status reads how far the index has come.
func (s *Service) Status(ctx context.Context) (IndexStatus, error) {
	st, err := s.store.state(ctx)
	if err != nil {
		return IndexStatus{}, err
	}
	records, err := s.store.documents(ctx)
	return IndexStatus{Built: st.Built, Sorting: st.Sorting, Records: records, Changed: st.Changed, Compared: st.Compared}, err
}

// Run keeps the index fresh until ctx ends. Every instance runs it; a lease sees to it that one works at a time.
func (s *Service) Run(ctx context.Context) {
	tick := time.NewTicker(idleEvery)
	defer tick.Stop()
	defer s.rest(ctx)
	for {
		if err := s.maintain(ctx); err != nil && ctx.Err() == nil {
			s.log.ErrorContext(ctx, "refresh search index", "err", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// rest gives the statements kept back to the server.
func (s *Service) rest(ctx context.Context) {
	if err := s.store.statements.close(); err != nil {
		s.log.WarnContext(ctx, "close statements of the search", "err", err)
	}
}

func (s *Service) maintain(ctx context.Context) error {
	if err := s.Refresh(ctx); err != nil {
		return err
	}
	st, err := s.store.state(ctx)
	if err != nil || !st.Built || s.db.Now().Sub(st.Compared) < compareEvery {
		return err
	}
	return s.Reconcile(ctx)
}

// Build reads every record of the host into the index, going on where an earlier build stopped, and reports how many
// records it has read. It answers an error when another process is refreshing the index.
func (s *Service) Build(ctx context.Context, progress func(records int)) error {
	done, err := s.exclusively(ctx, func(ctx context.Context) error { return s.poll(ctx, math.MaxInt, progress) })
	if err == nil && !done {
		return fmt.Errorf("build search index: another process is refreshing it, or was killed less than %s ago: try again then", leaseTime)
	}
	return err
}

// Refresh takes over the host's changes. It does nothing while another process is at it.
func (s *Service) Refresh(ctx context.Context) error {
	return s.refresh(ctx, math.MaxInt)
}

func (s *Service) refresh(ctx context.Context, batches int) error {
	_, err := s.exclusively(ctx, func(ctx context.Context) error { return s.poll(ctx, batches, func(int) {}) })
	return err
}

// Reconcile compares what each owner has with what the index says, and mends the difference: it finds changes that
// left the modified time alone. It does nothing while another process is refreshing.
func (s *Service) Reconcile(ctx context.Context) error {
	_, err := s.exclusively(ctx, s.compare)
	return err
}

// freshen refreshes at the start of a search, unless that was done a moment ago. A failure is logged and the search
// goes on: what the index knows is better than nothing. Where the first refresh of this process is under way, it at
// least looks whether there is an index.
func (s *Service) freshen(ctx context.Context) {
	s.refreshing.Lock()
	due := s.db.Now().Sub(s.refreshed) >= pollEvery
	if due {
		s.refreshed = s.db.Now()
	}
	s.refreshing.Unlock()
	if due {
		// Typing ahead ends searches all the time. A refresh that ended with one could leave its lease behind, held by nobody.
		refreshing, cancel := context.WithTimeout(context.WithoutCancel(ctx), leaseTime/2)
		defer cancel()
		if err := s.refresh(refreshing, searchBatches); err != nil {
			s.log.ErrorContext(ctx, "refresh search index", "err", err)
		}
	}
	if known := s.cursorKey() != nil; known && !due {
		return
	}
	if err := s.look(ctx); err != nil && ctx.Err() == nil {
		s.log.ErrorContext(ctx, "read state of search index", "err", err)
	}
}

// look takes over what this or another process has done to the index.
func (s *Service) look(ctx context.Context) error {
	st, err := s.store.state(ctx)
	if err != nil {
		return err
	}
	s.known.Store(&st)
	return s.names.read(s.db.Gorm(ctx))
}

// exclusively runs fn under the refresher's lease, and tells whether it could.
func (s *Service) exclusively(ctx context.Context, fn func(context.Context) error) (bool, error) {
	lease, held, err := s.db.AcquireLease(ctx, refreshLease, s.holder, leaseTime)
	if err != nil || !held {
		return false, err
	}
	ctx, cancel := context.WithCancel(ctx)
	var renewing sync.WaitGroup
	renewing.Go(func() { renew(ctx, cancel, lease) })
	defer func() {
		cancel()
		renewing.Wait()
		if err := lease.Release(context.WithoutCancel(ctx)); err != nil {
			s.log.WarnContext(ctx, "release lease", "err", err)
		}
	}()
	if err := s.names.read(s.db.Gorm(ctx)); err != nil {
		return true, err
	}
	return true, fn(ctx)
}

// poll reads so many batches of changes, or until there are no more for now. Of the first pass, a search takes over only
// what is small enough to be written in its orders.
func (s *Service) poll(ctx context.Context, batches int, progress func(records int)) error {
	st, err := s.store.state(ctx)
	if err != nil {
		return err
	}
	if st.Rules != rules {
		if st, err = s.begin(ctx, st); err != nil {
			return err
		}
	}
	if !st.Built && batches == math.MaxInt {
		return s.build(ctx, st, progress)
	}
	for records := 0; batches > 0 && !st.Unsorted; batches-- {
		n, last, err := s.take(ctx, &st)
		if err != nil {
			return err
		}
		records += n
		if progress(records); last {
			return s.finish(ctx, st)
		}
	}
	return nil
}

// begin starts over, with a new key for cursors. The orders are as the last build left them.
func (s *Service) begin(ctx context.Context, last state) (state, error) {
	st := state{Rules: rules, Key: make([]byte, 32), Unsorted: last.Unsorted}
	_, _ = rand.Read(st.Key) // never fails
	return st, s.store.setState(ctx, st)
}

// take takes over one batch of changes, and tells whether it was the last for now.
func (s *Service) take(ctx context.Context, st *state) (records int, last bool, err error) {
	docs, next, err := s.source.Changes(ctx, st.Position, changesLimit)
	if err != nil {
		return 0, false, fmt.Errorf("read changed records: %w", err)
	}
	if err := s.index(ctx, docs); err != nil {
		return 0, false, err
	}
	if next != st.Position {
		st.Position, st.Changed = next, s.db.Now()
		err = s.store.setState(ctx, *st)
	}
	return len(docs), len(docs) < changesLimit, err
}

// finish notes that the first pass has come to its end, if that is not known.
func (s *Service) finish(ctx context.Context, st state) error {
	if st.Built {
		return nil
	}
	st.Built, st.Unsorted, st.Sorting, st.Changed = true, false, false, s.db.Now()
	if err := s.store.setState(ctx, st); err != nil {
		return err
	}
	s.known.Store(&st)
	return nil
}

// renew keeps the lease until ctx ends. That the database is busy, with a batch of ours for example, loses it only when
// it has run out.
func renew(ctx context.Context, lost context.CancelFunc, lease *database.Lease) {
	tick := time.NewTicker(leaseTime / 3)
	defer tick.Stop()
	for renewed := time.Now(); ; {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		asked := time.Now()
		held, err := lease.Renew(ctx)
		switch {
		case err == nil && held:
			renewed = asked
		case err == nil || time.Since(renewed) > leaseTime:
			lost()
			return
		}
	}
}
