package messages

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/mailconnector/mailconnector/permissions"
)

// resolve finds out which message a job is about, and what is on record of it.
func (s *Service) resolve(ctx context.Context, j *job) (*work, error) {
	w, err := s.chooseMessage(ctx, j)
	if err != nil {
		return nil, err
	}
	if w.owner, err = s.owner(ctx, j.sub); err != nil {
		return nil, err
	}
	if w.base != nil {
		if w.hostID, err = s.store.hostCopy(ctx, w.message, w.owner); err != nil {
			return nil, fmt.Errorf("find host message: %w", err)
		}
		if w.linked, err = s.store.linksBy(ctx, w.message, j.sub.UserID); err != nil {
			return nil, err
		}
	}
	return w, nil
}

// owner is whose copy the host keeps: the user's own, or one that everybody shares.
func (s *Service) owner(ctx context.Context, sub permissions.Subject) (string, error) {
	shared, err := s.shared(ctx)
	if shared || err != nil {
		return "", err
	}
	return sub.UserID, nil
}

func (s *Service) shared(ctx context.Context) (bool, error) {
	if s.c.Shared == nil {
		return true, nil
	}
	shared, err := s.c.Shared(ctx)
	if err != nil {
		return false, fmt.Errorf("who may read linked messages: %w", err)
	}
	return shared, nil
}

// chooseMessage finds the message of which the arriving letter is a copy, or makes room for a new one.
func (s *Service) chooseMessage(ctx context.Context, j *job) (*work, error) {
	if j.letter == nil {
		base, err := s.store.message(ctx, j.again)
		if errors.Is(err, errNoRow) {
			return nil, permissions.ErrNotFound
		}
		if err != nil {
			return nil, err
		}
		return &work{job: j, message: base.id, base: base, shown: base.letter, problems: base.letter.problems}, nil
	}
	others, err := s.store.variants(ctx, j.letter.identity)
	if err != nil {
		return nil, err
	}
	for _, a := range others {
		same, err := s.isCopy(ctx, j, a)
		if err != nil {
			return nil, err
		}
		if same {
			return s.joinMessage(ctx, j, a)
		}
	}
	return s.newMessage(ctx, j, others)
}

// isCopy reports whether the arriving letter joins an archived message. Knowing a Message-ID and a subject, which any
// reply quotes, must not open a mail to somebody who may not see it: then the letter proves that its sender holds what
// he would be shown, or stays a message of its own.
func (s *Service) isCopy(ctx context.Context, j *job, a *archived) (bool, error) {
	if !sameMail(j.letter, a.letter) {
		return false, nil
	}
	if provesPossession(j.letter, a.letter) {
		return true, nil
	}
	err := s.checkVisible(ctx, j.sub, a.id)
	if errors.Is(err, permissions.ErrNotFound) {
		return false, nil
	}
	return err == nil, err
}

// provesPossession reports whether a copy has everything that the archived message shows, or would show from now on.
func provesPossession(arriving, archived *letter) bool {
	have := make(map[[32]byte]bool, len(arriving.parts))
	for _, p := range arriving.parts {
		have[p.SHA256] = true
	}
	replaces, cut := moreComplete(arriving, archived), archived.cutParts()
	for _, p := range archived.parts {
		if !p.isBody() && p.blob != "" && !have[p.SHA256] && !(replaces && cut[p.Number]) {
			return false
		}
	}
	return contains(recipients(arriving), recipients(archived)) &&
		(replaces || sameWords(arriving.copy, archived.copy))
}

// sameWords is sameBody for two copies that must both have a body, if the archived one has.
func sameWords(arriving, archived copyInfo) bool {
	if archived.htmlHash != nil && arriving.htmlHash == nil {
		return false
	}
	if archived.htmlHash == nil && archived.textHash != nil && arriving.textHash == nil {
		return false
	}
	return sameBody(arriving, archived)
}

// newMessage makes a message of the arriving letter, beside others that share its Message-ID. Whether there are any is
// told only to whom may see one.
func (s *Service) newMessage(ctx context.Context, j *job, others []*archived) (*work, error) {
	w := &work{job: j, shown: j.letter, message: newID(s.c.DB.Now()), rendition: newID(s.c.DB.Now())}
	w.problems = j.letter.problems
	for _, a := range others {
		w.variant = max(w.variant, a.variant+1)
		err := s.checkVisible(ctx, j.sub, a.id)
		if err != nil && !errors.Is(err, permissions.ErrNotFound) {
			return nil, err
		}
		if err == nil && !hasProblem(w.problems, ProblemVariant) {
			w.problems = append(slices.Clip(w.problems), Problem{Code: ProblemVariant,
				Detail: "Another mail with the same Message-ID is archived; this one is kept beside it."})
		}
	}
	return w, nil
}

// joinMessage adds the arriving copy to a message that is archived already.
func (s *Service) joinMessage(ctx context.Context, j *job, a *archived) (*work, error) {
	w := &work{job: j, message: a.id, base: a}
	kept, err := s.store.kept(ctx, a.id, j.sub.UserID, j.letter.copy.sha256)
	if err != nil {
		return nil, err
	}
	if !kept {
		w.rendition = newID(s.c.DB.Now())
	}
	w.shown, w.upgrade = a.letter, !kept && moreComplete(j.letter, a.letter)
	if w.upgrade {
		w.shown = j.letter
	}
	if !sameBody(j.letter.copy, a.letter.copy) {
		differing := *w.shown
		w.shown = &differing
		w.shown.problems = slices.Clone(differing.problems)
		w.shown.note(ProblemBodyDiffers, "Another copy of this mail has another text.")
	}
	w.problems = w.shown.problems
	return w, nil
}

func hasProblem(problems []Problem, code string) bool {
	return slices.ContainsFunc(problems, func(p Problem) bool { return p.Code == code })
}

// hashes returns the contents of the parts of the message by their numbers.
func (w *work) hashes() map[int][32]byte {
	hashes := make(map[int][32]byte, len(w.shown.parts))
	for _, p := range w.shown.parts {
		hashes[p.Number] = p.SHA256
	}
	return hashes
}
