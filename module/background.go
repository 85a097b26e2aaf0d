package module

import (
	"context"
	"sync"
	"time"
)

// background is the work between one Start and its Stop.
type background struct {
	cancel context.CancelFunc
	done   chan struct{} // closed when all of it has ended
}

// begin runs functions until the context they are given ends.
func begin(ctx context.Context, work ...func(context.Context)) *background {
	ctx, cancel := context.WithCancel(ctx)
	b := &background{cancel: cancel, done: make(chan struct{})}
	var all sync.WaitGroup
	for _, run := range work {
		all.Go(func() { run(ctx) })
	}
	go func() {
		all.Wait()
		close(b.done)
	}()
	return b
}

// end tells the work to end and waits for it, at most until ctx ends.
func (b *background) end(ctx context.Context) error {
	b.cancel()
	select {
	case <-b.done:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// sweep forgets sessions and sign-in attempts that are long over.
func (e *Extension) sweep(ctx context.Context) {
	e.db.RunLeased(ctx, "sessions-sweep", time.Hour, time.Minute, e.sessions.Sweep)
}
