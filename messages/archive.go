package messages

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/mailconnector/mailconnector/permissions"
)

// recheckAfter is how long an upload may take before the permissions that were checked at its start are asked again.
const recheckAfter = time.Second

// Archive archives one mail and links it to records, all of it or nothing, and answers with the receipt. A mail that
// is archived already is linked; a request that was done already, by the same user under the same idempotency key, is
// answered with the receipt it had.
//
// It answers a [*TargetError] that names the record the subject may not link to, ErrEmpty, ErrTruncated, ErrConflict, ErrVariants,
// an [*InvalidError], a *mail.TooLargeError, documents.ErrStoreFull or documents.ErrStoreReadOnly; for a staged upload
// also ErrUnfinished, and permissions.ErrNotFound as [Service.FindUpload]; errors of the upload's reader come back
// wrapped. Then nothing was stored. After any other error, a database that is gone for example, the request is repeated
// with its idempotency key.
func (s *Service) Archive(ctx context.Context, sub permissions.Subject, r Request) (Receipt, error) {
	if r.Source == nil {
		return Receipt{}, &InvalidError{Pointer: "", Detail: "no mail was given"}
	}
	j, err := s.newJob(sub, LinkRequest{Links: r.Links, IdempotencyKey: r.IdempotencyKey, Origin: r.Origin, Client: r.Client})
	if err != nil {
		return Receipt{}, err
	}
	staged, isStaged := r.Source.(stagedSource)
	if isStaged {
		j.consume(staged.upload, r.MessageID)
	}
	if err := s.admit(ctx, j); err != nil {
		return Receipt{}, err
	}
	if isStaged && j.done { // the upload is gone
		return s.replay(ctx, j)
	}
	if j.letter, err = s.receive(ctx, sub, r); err != nil {
		return s.orReplay(ctx, j, fmt.Errorf("receive mail: %w", err))
	}
	if !isStaged {
		j.setFingerprint("archive", r.MessageID, string(j.letter.sent[:]))
	}
	return s.carryOut(ctx, j)
}

// orReplay answers a failure, unless it is that the same request was quicker and consumed the upload.
func (s *Service) orReplay(ctx context.Context, j *job, failure error) (Receipt, error) {
	if j.upload == "" || !errors.Is(failure, permissions.ErrNotFound) {
		return Receipt{}, failure
	}
	if done, err := s.store.hasReceipt(ctx, j.sub.UserID, j.idempotency); err != nil || !done {
		return Receipt{}, failure
	}
	return s.replay(ctx, j)
}

// LinkRequest asks to put an archived message on records.
type LinkRequest struct {
	Links          []permissions.Record // from 1 to 50: all or none
	IdempotencyKey string               // at most 200 bytes; empty for none
	Origin         Origin               // defaults to Manual
	Client         Client
}

// Link puts an archived message on more records, all or none. It answers permissions.ErrNotFound for a message the
// subject may not see, and otherwise as Archive does.
func (s *Service) Link(ctx context.Context, sub permissions.Subject, id string, r LinkRequest) (Receipt, error) {
	j, err := s.newJob(sub, r)
	if err != nil {
		return Receipt{}, err
	}
	if err := s.checkVisible(ctx, sub, id); err != nil {
		return Receipt{}, err
	}
	if err := s.admit(ctx, j); err != nil {
		return Receipt{}, err
	}
	j.again = id
	j.setFingerprint("link", id)
	return s.carryOut(ctx, j)
}

// admit asks for permission before anything is received, unless there is a receipt already: what was done is told
// again to whoever did it, as far as he may still see it.
func (s *Service) admit(ctx context.Context, j *job) (err error) {
	if j.repeatable {
		if j.done, err = s.store.hasReceipt(ctx, j.sub.UserID, j.idempotency); j.done || err != nil {
			return err
		}
	}
	return s.checkTargets(ctx, j)
}

// carryOut answers what was done before, or does it.
func (s *Service) carryOut(ctx context.Context, j *job) (Receipt, error) {
	if j.done {
		return s.replay(ctx, j)
	}
	if s.c.DB.Now().Sub(j.checked) > recheckAfter {
		if err := s.checkTargets(ctx, j); err != nil {
			return Receipt{}, err
		}
	}
	return s.commit(ctx, j)
}

// checkTargets asks whether the subject may link to every record, and names the first it may not.
func (s *Service) checkTargets(ctx context.Context, j *job) error {
	j.checked = s.c.DB.Now()
	decisions, err := s.c.Permissions.Check(ctx, j.sub, permissions.Link, j.links)
	if err != nil {
		return fmt.Errorf("check targets: %w", err)
	}
	for i, d := range decisions {
		if d.Allows() {
			continue
		}
		err := permissions.CheckOne(ctx, s.c.Permissions, j.sub, permissions.Link, j.links[i])
		if err != nil {
			return &TargetError{Index: slices.Index(j.asked, j.links[i]), Record: j.links[i], Err: err}
		}
	}
	return nil
}
