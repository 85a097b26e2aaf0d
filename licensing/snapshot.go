package licensing

import (
	"context"
	"sync"
	"sync/atomic"
	"time"
)

// snapshotAge is how long [Service.Allow] trusts what it read.
const snapshotAge = time.Second

// snapshot is the license as one reading of the database found it, and the seats looked up since.
type snapshot struct {
	place   Place // of the moment of reading
	license *License
	broken  error // why a stored license is not the license: it is no longer genuine
	state   State
	seated  sync.Map // by user id, who was found to have a seat in force
}

// licensed is the number of seats in force.
func (s *snapshot) licensed() int {
	if s.license == nil {
		return 0
	}
	return s.license.Users
}

// err returns nil while the license is in force, else a [*StateError].
func (s *snapshot) err() error {
	if s.license == nil {
		return inForce(None, License{}, s.place)
	}
	return inForce(s.state, *s.license, s.place)
}

// cache holds the newest snapshot. One reader at a time renews it; the others wait no longer than their contexts.
type cache struct {
	newest  atomic.Pointer[snapshot]
	reading chan struct{}
}

func newCache() cache { return cache{reading: make(chan struct{}, 1)} }

// forget makes the next question read the database.
func (c *cache) forget() { c.newest.Store(nil) }

// get returns a snapshot that is young enough, or nil. One from the future means that the clock was set back.
func (c *cache) get(now time.Time) *snapshot {
	snap := c.newest.Load()
	if snap == nil || now.Before(snap.place.Now) || now.Sub(snap.place.Now) >= snapshotAge {
		return nil
	}
	return snap
}

// recent returns a snapshot at most [snapshotAge] old.
func (s *Service) recent(ctx context.Context) (*snapshot, error) {
	if snap := s.cache.get(s.clock()); snap != nil {
		return snap, nil
	}
	select {
	case s.cache.reading <- struct{}{}:
		defer func() { <-s.cache.reading }()
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	if snap := s.cache.get(s.clock()); snap != nil { // read by whom we waited for
		return snap, nil
	}
	return s.fresh(ctx)
}

// fresh reads the database.
func (s *Service) fresh(ctx context.Context) (*snapshot, error) {
	snap := &snapshot{place: s.place, state: None}
	snap.place.Now = s.clock().UTC()
	found, err := s.store.load(ctx)
	if err != nil {
		return nil, err
	}
	snap.place.Latest = found.latest
	if r, err := VerifyRevocations(found.revocations, s.keys...); err == nil {
		snap.place.Revoked = r // a list of a key no longer trusted says nothing, and nor does an absent one
	}
	if found.license != "" {
		s.judge(snap, found.license)
	}
	s.cache.newest.Store(snap)
	return snap, nil
}

// judge verifies a stored license once more: whoever can write to the table must not be able to write a license.
func (s *Service) judge(snap *snapshot, document string) {
	l, err := Verify(document, s.keys...)
	if err != nil {
		snap.broken = err
		return
	}
	snap.license, snap.state = &l, Validate(l, snap.place)
}
