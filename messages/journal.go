package messages

import (
	"context"
	"sync"
)

// journal records the files of one plan; see [FileJournal].
type journal struct {
	store store
	plan  string

	mu    sync.Mutex
	files int
}

// Announce implements FileJournal.
func (j *journal) Announce(ctx context.Context, path string) error {
	if err := j.store.stage(ctx, j.plan, path); err != nil {
		return err
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	j.files++
	return nil
}

func (j *journal) announced() int {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.files
}
