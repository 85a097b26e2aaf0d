package database

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"
)

const (
	maxRuns   = 20
	patience  = 5 * time.Second // a lock wait alone may take longer; one more run is always allowed
	firstWait = 5 * time.Millisecond
	maxWait   = 100 * time.Millisecond
)

// retry runs a function again while the database asks for it, see [DB.Tx] for the bounds. Once ctx has ended, the error
// returned is also ctx's.
func retry(ctx context.Context, run func() error) error {
	start := time.Now()
	for n := 1; ; n++ {
		err := run()
		if err == nil {
			return nil
		}
		if cause := ctx.Err(); cause != nil && !errors.Is(err, cause) {
			return fmt.Errorf("%w: %w", cause, err)
		}
		if !retryable(err) || n == maxRuns || (n > 1 && time.Since(start) > patience) {
			return err
		}
		if cause := sleep(ctx, backoff(n)); cause != nil {
			return fmt.Errorf("%w: %w", cause, err)
		}
	}
}

// backoff doubles with each run and is spread over its upper half, so that two that collided do not meet again.
func backoff(n int) time.Duration {
	wait := min(firstWait<<(n-1), maxWait)
	return wait/2 + rand.N(wait/2)
}

// sleep waits unless ctx ends first, whose error it returns.
func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}
