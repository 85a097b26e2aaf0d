package messages

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"
)

const (
	sweepEvery = 5 * time.Minute
	sweepBatch = 200
	leaseTime  = 30 * time.Second
)

// Run does the background work until ctx ends, and returns when it has stopped: sealing events and sweeping what was
// abandoned. Of several instances one does each.
func (s *Service) Run(ctx context.Context) {
	var wg sync.WaitGroup
	wg.Go(func() { s.c.DB.RunLeased(ctx, "messages-seal", sealEvery, leaseTime, s.sealAll) })
	wg.Go(func() { s.c.DB.RunLeased(ctx, "messages-sweep", sweepEvery, leaseTime, s.Sweep) })
	wg.Wait()
}

// Sweep removes what crashes and abandoned requests left behind, once it is older than Config.Grace: blobs that nobody
// claims and host files that no message kept. It drops uploads that have expired, and receipts older than
// Config.ReceiptAge, and adds documents to links that an upgrade was interrupted at. Run does this now and then.
func (s *Service) Sweep(ctx context.Context) error {
	now := s.c.DB.Now()
	files := s.store.condemnOld(ctx, now.Add(-s.c.Grace))
	if files == nil {
		_, files = s.discardFiles(ctx, "")
	}
	uploads := s.expireUploads(ctx, "")
	_, blobs := s.c.Blobs.Sweep(ctx, s.c.Grace)
	refiled := s.refileAll(ctx, "")
	receipts := s.store.dropReceipts(ctx, now.Add(-s.c.ReceiptAge))
	return errors.Join(files, uploads, blobs, refiled, receipts)
}

// discardFiles lets the host remove condemned files, of one plan or of all. A file that the host does not let go stays
// condemned, and the others go first.
func (s *Service) discardFiles(ctx context.Context, plan string) (removed int, err error) {
	after := ""
	for {
		files, listErr := s.store.condemned(ctx, plan, after, sweepBatch)
		if listErr != nil {
			return removed, errors.Join(err, listErr)
		}
		for _, f := range files {
			after = f.ID
			if one := s.discardFile(ctx, f); one != nil {
				err = one // one is enough: a storage that fails mostly fails for all
				continue
			}
			removed++
		}
		if len(files) < sweepBatch {
			return removed, err
		}
	}
}

func (s *Service) discardFile(ctx context.Context, f stagedFileRow) error {
	if err := s.c.Filing.Discard(ctx, f.Path); err != nil {
		return fmt.Errorf("discard file: %w", err)
	}
	return s.store.forgetFile(ctx, f.ID)
}
