package messages

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/mailconnector/mailconnector/internal/database"
	"github.com/mailconnector/mailconnector/permissions"
)

const (
	// patience is how long a request starts over because others were quicker. Each round somebody else got through.
	patience = 10 * time.Second
	// fewestRounds are made all the same: who waited long for another's transaction is quick enough next time.
	fewestRounds = 3
	// longestRest is the longest wait before a round.
	longestRest = 100 * time.Millisecond
	// cleanUp bounds what is done for a client who may have left already.
	cleanUp = 10 * time.Second
)

// work is one attempt to carry out a job: what it found, what it reserved, and what it is about to write.
type work struct {
	*job
	message   string    // its id
	base      *archived // the message as it is; nil for a new one
	upgrade   bool      // the message shows the arriving copy from now on
	variant   int       // of a new message
	rendition string    // id for the arriving copy; empty where it is kept already, or none arrived
	shown     *letter   // what the message will show
	problems  []Problem // of the receipt
	owner     string    // of the host's copy; empty for one that everybody shares
	hostID    string    // of that copy; empty for none
	linked    map[permissions.Record]linkRow
	books     books
	offers    []offer
	plan      Plan
	planID    string
	files     *journal
}

// commit carries a job out: what can be prepared is, without a lock; then one short transaction writes everything. Where
// another request changed what this one was prepared on, it starts over.
func (s *Service) commit(ctx context.Context, j *job) (Receipt, error) {
	began := s.c.DB.Now()
	for round := 1; ; round++ {
		receipt, err := s.attempt(ctx, j)
		switch {
		case errors.Is(err, errDone):
			return s.replay(ctx, j)
		case !errors.Is(err, errRaced):
			return receipt, s.nameTarget(ctx, j, err)
		case round >= fewestRounds && s.c.DB.Now().Sub(began) > patience:
			return Receipt{}, fmt.Errorf("%w: %w", ErrBusy, err)
		}
		if err := rest(ctx, round); err != nil {
			return Receipt{}, err
		}
	}
}

// attempt is one round. What it reserved is given back unless it was written.
func (s *Service) attempt(ctx context.Context, j *job) (Receipt, error) {
	w, err := s.resolve(ctx, j)
	if err != nil {
		return Receipt{}, err
	}
	if j.renews && !w.stillLinked() {
		return Receipt{}, permissions.ErrNotFound
	}
	mail, err := s.hostMail(ctx, w)
	if err != nil {
		return Receipt{}, err
	}
	w.planID = newID(s.c.DB.Now())
	w.files = &journal{store: s.store, plan: w.planID}
	if w.plan, err = s.c.Filing.Prepare(ctx, mail, w.files); err != nil {
		s.abandon(ctx, w)
		return Receipt{}, fmt.Errorf("prepare filing: %w", err)
	}
	res, err := s.write(ctx, w)
	if err != nil {
		s.abandon(ctx, w)
		return Receipt{}, fmt.Errorf("file message: %w", err)
	}
	if w.upgrade {
		s.refileMessage(ctx, w.message)
	}
	about := Reference{ID: w.message, MessageID: w.shown.messageID, Subject: w.shown.subject, Completeness: w.shown.complete}
	return s.present(ctx, j.sub, j.receipt, about, res)
}

// write is the transaction. Its first statement inserts the receipt: a run that follows a COMMIT whose answer was lost,
// or a request that was sent twice, meets it and writes nothing.
func (s *Service) write(ctx context.Context, w *work) (res result, err error) {
	err = s.store.tx(ctx, func(ctx context.Context, tx *database.Tx) error {
		if err := s.store.openReceipt(tx, w); err != nil {
			return err
		}
		if err := s.store.holdCopy(tx, w); err != nil {
			return err
		}
		if err := s.writeLetter(tx, w); err != nil {
			return err
		}
		if err := s.store.setHostCopy(tx, w); err != nil {
			return err
		}
		if err := s.store.holdDocuments(tx, w); err != nil {
			return err
		}
		filed, err := s.apply(ctx, tx, w)
		if err != nil {
			return err
		}
		ids, err := s.store.addLinks(tx, w, filed)
		if err != nil {
			return err
		}
		if err := s.store.addDocuments(tx, w, ids, filed); err != nil {
			return err
		}
		if err := s.store.keepStaged(tx, w.planID, w.files.announced()); err != nil {
			return err
		}
		if w.upload != "" {
			if err := s.store.consume(tx, s.c.Blobs, w.upload); err != nil {
				return err
			}
		}
		res = w.result(filed)
		if err := s.store.addEvents(tx, w.events(res, s.store.now())); err != nil {
			return err
		}
		return s.store.closeReceipt(tx, w.receipt, res)
	})
	return res, err
}

// apply lets the host write its rows. Where it meets one that a concurrent request wrote, it gets to look again.
func (s *Service) apply(ctx context.Context, tx *database.Tx, w *work) (Filed, error) {
	filed, err := s.c.Filing.Apply(ctx, tx.SQL(), w.plan)
	if database.IsDuplicate(err) {
		return Filed{}, fmt.Errorf("apply filing: %w: %w", errRaced, err)
	}
	if err != nil {
		return Filed{}, fmt.Errorf("apply filing: %w", err)
	}
	return filed, nil
}

// writeLetter writes what is new of the message, and claims the bytes that came.
func (s *Service) writeLetter(tx *database.Tx, w *work) error {
	if w.rendition == "" {
		return nil
	}
	if err := s.writeCopy(tx, w); err != nil {
		return err
	}
	for _, key := range w.letter.blobs() {
		if err := s.c.Blobs.Claim(tx, key, "rendition:"+w.rendition); err != nil {
			return err
		}
	}
	return nil
}

func (s *Service) writeCopy(tx *database.Tx, w *work) error {
	switch {
	case w.base == nil:
		return s.store.addMessage(tx, w)
	case w.upgrade:
		if err := s.store.upgrade(tx, w); err != nil {
			return err
		}
		return s.store.addRefilings(tx, w) // of all links: those under way wait for the message
	}
	if len(w.shown.problems) > len(w.base.letter.problems) {
		if err := s.store.setProblems(tx, w.message, w.shown.problems); err != nil {
			return err
		}
	}
	return s.store.addCopy(tx, w)
}

// blobs lists where the bytes of a copy are, in an order that keeps transactions out of each other's way.
func (l *letter) blobs() []string {
	keys := []string{l.copy.blob}
	for _, p := range l.parts {
		if p.blob != "" {
			keys = append(keys, p.blob)
		}
	}
	slices.Sort(keys)
	return slices.Compact(keys)
}

// nameTarget turns the host's "a target is gone" into an error that says which.
func (s *Service) nameTarget(ctx context.Context, j *job, err error) error {
	if !errors.Is(err, permissions.ErrNotFound) && !errors.Is(err, permissions.ErrDenied) {
		return err
	}
	if named := s.checkTargets(ctx, j); named != nil {
		return named
	}
	return err
}

// abandon removes the files of a plan that was not written, as far as that can be done now; the sweeper does the rest.
// Should the transaction have counted after all, their rows are gone and nothing is removed.
func (s *Service) abandon(ctx context.Context, w *work) {
	if w.files.announced() == 0 {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), cleanUp)
	defer cancel()
	err := s.store.condemnPlan(ctx, w.planID)
	if err == nil {
		_, err = s.discardFiles(ctx, w.planID)
	}
	if err != nil {
		s.log.WarnContext(ctx, "abandoned files are left for the sweeper", "plan", w.planID, "err", err)
	}
}

// rest waits a little, longer with each round, so that those who collided do not meet again.
func rest(ctx context.Context, round int) error {
	timer := time.NewTimer(rand.N(min(time.Duration(round)*5*time.Millisecond, longestRest)))
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}
