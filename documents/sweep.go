package documents

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// sweepBatch is how many rows a sweep changes in one transaction.
const sweepBatch = 100

// Sweep removes every blob that nobody claims and nobody touched for olderThan: writes that were given up, contents
// that were never claimed or were released by all. It finishes what sweeps before it began, and says how many blobs it
// removed. A blob that the store does not let go stays condemned, the next sweep tries again, and the error says why.
//
// olderThan must be longer than any pause of a caller between Write and Claim, an hour for example. Sweeping twice at a
// time is safe but futile.
func (b *Blobs) Sweep(ctx context.Context, olderThan time.Duration) (int, error) {
	if olderThan < 0 {
		return 0, fmt.Errorf("sweep blobs: negative age %s", olderThan)
	}
	if err := b.condemnIdle(ctx, b.rows.db.Now().Add(-olderThan)); err != nil {
		return 0, fmt.Errorf("sweep blobs: %w", err)
	}
	n, err := b.removeCondemned(ctx)
	if store, ok := b.store.(interface {
		Sweep(context.Context, time.Duration) (int, error)
	}); ok {
		_, storeErr := store.Sweep(ctx, olderThan)
		err = errors.Join(err, storeErr)
	}
	if err != nil {
		return n, fmt.Errorf("sweep blobs: %w", err)
	}
	return n, nil
}

// condemnIdle ends because every row it looks at is condemned, parked, or was touched meanwhile.
func (b *Blobs) condemnIdle(ctx context.Context, before time.Time) error {
	for {
		idle, err := b.rows.idle(ctx, before, sweepBatch)
		if err != nil || len(idle) == 0 {
			return err
		}
		if err := b.rows.condemn(ctx, idle); err != nil {
			return err
		}
		if len(idle) < sweepBatch {
			return nil
		}
	}
}

// removeCondemned passes over what cannot be removed, and reports the last of it.
func (b *Blobs) removeCondemned(ctx context.Context) (removed int, err error) {
	after := ""
	for {
		keys, listErr := b.rows.condemned(ctx, after, sweepBatch)
		if listErr != nil || len(keys) == 0 {
			return removed, errors.Join(err, listErr)
		}
		n, removeErr := b.remove(ctx, keys...)
		if removed += n; removeErr != nil {
			err = removeErr // one is enough: a store that fails mostly fails for all
		}
		after = keys[len(keys)-1]
	}
}

// remove deletes the bytes of condemned blobs, and only then forgets those blobs.
func (b *Blobs) remove(ctx context.Context, keys ...string) (int, error) {
	var failed error
	gone := make([]string, 0, len(keys))
	for _, key := range keys {
		if err := b.store.Delete(ctx, key); err != nil {
			failed = err
			continue
		}
		gone = append(gone, key)
	}
	if len(gone) == 0 {
		return 0, failed
	}
	if err := b.rows.drop(ctx, gone); err != nil {
		return 0, err
	}
	return len(gone), failed
}
