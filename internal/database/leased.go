package database

import (
	"context"
	"crypto/rand"
	"fmt"
	"log/slog"
	"os"
	"runtime/debug"
	"time"
)

// longestBackoff bounds how long failing background work rests.
const longestBackoff = time.Minute

// RunLeased does background work on one of several instances: it tries for the lease of a name, and while it holds it,
// runs fn now and then after each pause of every. It returns once ctx has ended and fn has returned, and releases the
// lease.
//
// fn's context ends when ctx does or when the lease is lost; fn must be right when it is cut off anywhere. An error or
// a panic of fn is logged and gives the lease up, so that another instance may try; here the pause doubles from every
// up to a minute until fn succeeds. The lease lasts for ttl and is renewed three times as often, so another instance
// takes over within ttl plus every after a crash.
func (d *DB) RunLeased(ctx context.Context, name string, every, ttl time.Duration, fn func(context.Context) error) {
	every = max(every, time.Millisecond)
	w := &worker{db: d, name: name, holder: holderName(), every: every, ttl: ttl, fn: fn, log: d.log.With("lease", name)}
	for failures := 0; ctx.Err() == nil; {
		succeeded, err := w.tenure(ctx)
		if succeeded {
			failures = 0
		}
		if err != nil && ctx.Err() == nil {
			failures++
			w.log.ErrorContext(ctx, "background work", "err", err, "failures", failures)
		}
		_ = sleep(ctx, pause(every, failures))
	}
}

// worker is one instance's side of RunLeased.
type worker struct {
	db         *DB
	name       string
	holder     string
	every, ttl time.Duration
	fn         func(context.Context) error
	log        *slog.Logger
}

// tenure tries for the lease once and works while it is held. It tells whether fn ran without an error at least once.
func (w *worker) tenure(ctx context.Context) (succeeded bool, err error) {
	lease, ok, err := w.db.AcquireLease(ctx, w.name, w.holder, w.ttl)
	if err != nil || !ok {
		return false, err
	}
	held, lost := context.WithCancel(ctx)
	kept := make(chan struct{})
	go func() {
		defer close(kept)
		defer lost()
		w.keep(held, lease)
	}()
	defer func() {
		lost()
		<-kept
		w.release(ctx, lease)
	}()
	for held.Err() == nil {
		if err := w.safely(held); err != nil && held.Err() != nil {
			return succeeded, nil // cut off, which says nothing about fn
		} else if err != nil {
			return succeeded, err
		}
		succeeded = true
		_ = sleep(held, w.every)
	}
	return succeeded, nil
}

// keep renews the lease until ctx ends, the lease is lost, or it could not be renewed for so long that another may take
// it soon.
func (w *worker) keep(ctx context.Context, lease *Lease) {
	renewed := time.Now()
	for sleep(ctx, w.ttl/3) == nil {
		attempt, cancel := context.WithDeadline(ctx, renewed.Add(w.ttl*5/6))
		began := time.Now()
		ok, err := lease.Renew(attempt)
		cancel()
		switch {
		case err == nil && ok:
			renewed = began
		case err == nil || time.Since(renewed) > w.ttl*2/3:
			w.log.WarnContext(ctx, "lease lost", "err", err)
			return
		}
	}
}

// release works although ctx has usually ended; a lease that stays runs out by itself.
func (w *worker) release(ctx context.Context, lease *Lease) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), min(w.ttl, 5*time.Second))
	defer cancel()
	if err := lease.Release(ctx); err != nil {
		w.log.WarnContext(ctx, "release lease", "err", err)
	}
}

// safely keeps a panic in background work from ending the host's process.
func (w *worker) safely(ctx context.Context) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v\n%s", p, debug.Stack())
		}
	}()
	return w.fn(ctx)
}

func pause(every time.Duration, failures int) time.Duration {
	wait := every
	for range failures {
		if wait >= longestBackoff {
			break
		}
		wait = min(2*wait, longestBackoff)
	}
	return wait
}

// holderName is unique to each call, and its beginning tells people where the holder runs.
func holderName() string {
	host, _ := os.Hostname()
	return fmt.Sprintf("%.50s/%d/%s", host, os.Getpid(), rand.Text())
}
