package messages

import (
	"cmp"
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
	agreeing, others, err := s.store.likely(ctx, j.letter)
	if err != nil {
		return nil, err
	}
	id, err := s.copied(ctx, j, agreeing, others)
	if err != nil {
		return nil, err
	}
	if id == "" {
		return s.newMessage(ctx, j, append(agreeing, others...))
	}
	base, err := s.store.message(ctx, id)
	if err != nil {
		return nil, err
	}
	return s.joinMessage(ctx, j, base)
}

// copied returns which message the arriving letter is a copy of, empty for none; the likely ones come in groups. Knowing a
// Message-ID and a subject, which any reply quotes, must not open a mail to somebody who may not see it, nor let him change
// what others see of it: then the letter proves that its sender holds all of it, or stays a message of its own.
func (s *Service) copied(ctx context.Context, j *job, likely ...[]string) (proven string, err error) {
	for _, ids := range likely {
		same, holds, err := s.compare(ctx, j.letter, ids)
		if err != nil {
			return "", err
		}
		placed, err := s.placed(ctx, j.sub, same)
		if err != nil {
			return "", err
		}
		for _, id := range same {
			if placed[id] != nil {
				return id, nil
			}
		}
		proven = cmp.Or(proven, holds)
	}
	return proven, nil
}

// compare returns which messages the letter is a copy of, and the first of them that it proves to hold. It holds one of
// them in memory at a time.
func (s *Service) compare(ctx context.Context, l *letter, ids []string) (same []string, proven string, err error) {
	for _, id := range ids {
		a, err := s.store.outline(ctx, id)
		if err != nil {
			return nil, "", err
		}
		if !sameFields(l, a.letter) {
			continue
		}
		parts, all, err := s.store.partsWhile(ctx, a.letter.copy.id, mayHold(l, a.letter))
		if err != nil {
			return nil, "", err
		}
		if a.letter.parts = parts; !all || !sameAttachments(l, a.letter) {
			continue
		}
		same = append(same, id)
		if proven != "" || !provesPossession(l, a.letter) {
			continue
		}
		shown, err := s.store.html(ctx, a.letter.copy.id)
		if err != nil {
			return nil, "", err
		}
		if provesHTML(l.html, shown) {
			proven = id
		}
	}
	return same, proven, nil
}

// newMessage makes a message of the arriving letter, beside others that share its Message-ID. Whether there are any is
// told only to whom may see one. It answers ErrVariants.
func (s *Service) newMessage(ctx context.Context, j *job, others []string) (*work, error) {
	w := &work{job: j, shown: j.letter, message: newID(s.c.DB.Now()), rendition: newID(s.c.DB.Now())}
	w.problems = j.letter.problems
	if len(others) == 0 {
		return w, nil
	}
	var err error
	if w.variant, err = s.store.nextVariant(ctx, j.letter.identity, j.sub.UserID); err != nil {
		return nil, err
	}
	placed, err := s.placed(ctx, j.sub, others)
	if err != nil {
		return nil, err
	}
	if len(placed) > 0 && normalID(j.letter.messageID) != "" {
		w.problems = append(slices.Clip(w.problems), Problem{Code: ProblemVariant,
			Detail: "Another mail with the same Message-ID is archived; this one is kept beside it."})
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
	emptied := a.letter.complete == Full && !a.letter.copy.hasWords() && j.letter.copy.hasWords()
	if emptied || !sameBody(j.letter.copy, a.letter.copy) {
		differing := *w.shown
		w.shown = &differing
		w.shown.problems = slices.Clone(differing.problems)
		w.shown.note(ProblemBodyDiffers, "Another copy of this mail has another text.")
	}
	w.problems = w.shown.problems
	return w, nil
}

// hashes returns the contents of the parts of the message by their numbers.
func (w *work) hashes() map[int][32]byte {
	hashes := make(map[int][32]byte, len(w.shown.parts))
	for _, p := range w.shown.parts {
		hashes[p.Number] = p.SHA256
	}
	return hashes
}
