package messages

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/mailconnector/mailconnector/internal/database"
	"github.com/mailconnector/mailconnector/permissions"
)

const (
	// refileAfter is how long a link waits after its first failed attempt; it doubles with each.
	refileAfter = time.Minute
	// maxRefilings is how often a link is tried, over about half a day.
	maxRefilings = 10
)

// A copy that completes a message brings attachments which the records linked earlier lack as documents. They get them as
// if each who linked had pressed Link again: by his permissions of that moment, in his name. What is to be done is written
// with the upgrade, so that a crash postpones it only.

// refileMessage does what an upgrade of a message left to do, as far as that works now. The sweeper does the rest.
func (s *Service) refileMessage(ctx context.Context, message string) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), cleanUp)
	defer cancel()
	if err := s.refileAll(ctx, message); err != nil {
		s.log.WarnContext(ctx, "documents of earlier links are left for the sweeper", "message", message, "err", err)
	}
}

// refileAll renews the links that wait for it and are due, of one message or, for no message, of all. One that fails
// waits longer each time and stands in nobody's way; after the last attempt it is left to whoever links the mail again.
func (s *Service) refileAll(ctx context.Context, message string) (failed error) {
	for {
		waiting, err := s.store.refilings(ctx, message)
		if err != nil || len(waiting) == 0 {
			return errors.Join(failed, err)
		}
		for _, row := range waiting {
			one := s.refile(ctx, row)
			switch {
			case ctx.Err() != nil: // it was not the link's fault
				return ctx.Err()
			case one == nil: // its commit ended the wait; if the link waits again, it is for another copy
			case errors.Is(one, permissions.ErrNotFound), errors.Is(one, permissions.ErrDenied):
				err = s.store.dropRefiling(ctx, row.LinkID) // nothing he may do any more
			default:
				failed = one // one is enough
				err = s.postpone(ctx, row)
			}
			if err != nil {
				return errors.Join(failed, err)
			}
		}
	}
}

// postpone lets a link wait for its next attempt.
func (s *Service) postpone(ctx context.Context, row refilingRow) error {
	row.Attempts++
	row.Due = database.Micros(s.c.DB.Now().Add(refileAfter << (row.Attempts - 1)))
	if row.Attempts == maxRefilings {
		s.log.ErrorContext(ctx, "documents of an earlier link are given up", "link", row.LinkID)
	}
	return s.store.postponeRefiling(ctx, row)
}

// refile links a message to a record again. It answers permissions.ErrNotFound where the link, or the relation in the
// CRM, is gone: what was taken back is not put there again.
func (s *Service) refile(ctx context.Context, row refilingRow) error {
	link, err := s.store.link(ctx, row.LinkID)
	if errors.Is(err, errNoRow) {
		return permissions.ErrNotFound
	}
	if err != nil {
		return err
	}
	sub := permissions.Subject{UserID: link.LinkedBy}
	records, err := s.visibleRecords(ctx, sub, link.MessageID)
	if err != nil {
		return err
	}
	if !slices.Contains(records, link.record()) {
		return permissions.ErrNotFound
	}
	j, err := s.newJob(sub, LinkRequest{
		Links: []permissions.Record{link.record()}, Origin: Origin(link.Origin), Client: link.client(),
	})
	if err != nil {
		return err
	}
	j.again, j.renews = link.MessageID, true
	j.setFingerprint("refile", row.LinkID)
	if err := s.checkTargets(ctx, j); err != nil {
		return err
	}
	if _, err := s.commit(ctx, j); err != nil {
		return fmt.Errorf("add documents to link %s: %w", row.LinkID, err)
	}
	return nil
}

// stillLinked reports whether every link that is to be renewed is there.
func (w *work) stillLinked() bool {
	return !slices.ContainsFunc(w.links, func(r permissions.Record) bool {
		_, linked := w.linked[r]
		return !linked
	})
}
