package search

import (
	"context"
	"fmt"
	"maps"
	"slices"
)

// compare mends every owner of every type whose digest differs from the host's.
func (s *Service) compare(ctx context.Context) error {
	for typeID, entityType := range s.names.types() {
		if err := s.compareType(ctx, typeID, entityType); err != nil {
			return fmt.Errorf("compare owners of %s: %w", entityType, err)
		}
	}
	st, err := s.store.state(ctx)
	if err != nil {
		return err
	}
	st.Compared = s.db.Now()
	return s.store.setState(ctx, st)
}

// compareType first indexes what differing owners have, then drops what none of them has any more: a record that
// went from one owner to another is found with the second.
func (s *Service) compareType(ctx context.Context, typeID int32, entityType string) error {
	owners, err := s.differing(ctx, typeID, entityType)
	if err != nil {
		return err
	}
	before := make(map[string]int64) // what the index says the differing owners have
	for _, owner := range owners {
		id, known := s.names.id(ownerName, owner)
		if !known {
			continue
		}
		owned, err := s.store.owned(ctx, typeID, id)
		if err != nil {
			return err
		}
		for record, doc := range owned {
			before[record] = doc
		}
	}
	for _, owner := range owners {
		if err := s.indexOwned(ctx, entityType, owner, before); err != nil {
			return err
		}
	}
	for gone := range slices.Chunk(slices.Collect(maps.Values(before)), batchRows) {
		if err := s.store.remove(s.db.Gorm(ctx), gone); err != nil {
			return err
		}
	}
	return nil
}

// indexOwned indexes all an owner has and strikes it off the list of what may be gone.
func (s *Service) indexOwned(ctx context.Context, entityType, owner string, maybeGone map[string]int64) error {
	var batch []Doc
	for d, err := range s.source.Owned(ctx, entityType, owner) {
		if err != nil {
			return err
		}
		delete(maybeGone, d.Record.ID)
		if batch = append(batch, d); len(batch) == changesLimit {
			if err := s.index(ctx, batch); err != nil {
				return err
			}
			batch = batch[:0]
		}
	}
	return s.index(ctx, batch)
}

// differing lists the owners for whom host and index disagree.
func (s *Service) differing(ctx context.Context, typeID int32, entityType string) ([]string, error) {
	ours, err := s.store.digest(ctx, typeID)
	if err != nil {
		return nil, err
	}
	theirs, err := s.source.Digest(ctx, entityType)
	if err != nil {
		return nil, err
	}
	left := make(map[string]OwnerDigest, len(ours))
	for _, d := range ours {
		owner := s.names.name(d.Owner)
		left[owner] = OwnerDigest{Owner: owner, Count: d.Count, Sum: d.Sum}
	}
	var owners []string
	for _, d := range theirs {
		if left[d.Owner] != d {
			owners = append(owners, d.Owner)
		}
		delete(left, d.Owner)
	}
	for owner := range left {
		owners = append(owners, owner)
	}
	return owners, nil
}
