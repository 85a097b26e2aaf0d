package sessions

import (
	"context"
	"fmt"
	"time"
)

// LastError is the last thing that went wrong for a user, for the administrator who is asked for help.
type LastError struct {
	UserID string
	Code   string // what was answered, as the API names it: "seat-limit"
	At     time.Time
}

// NoteError remembers what went wrong for a user, in place of what went wrong before.
func (s *Service) NoteError(ctx context.Context, userID, code string) error {
	if err := s.store.noteError(ctx, LastError{UserID: userID, Code: clip(code, 64), At: s.now()}); err != nil {
		return fmt.Errorf("note error: %w", err)
	}
	return nil
}

// LastErrors lists the last error of each user, the most recent first, at most limit of them.
func (s *Service) LastErrors(ctx context.Context, limit int) ([]LastError, error) {
	list, err := s.store.lastErrors(ctx, limit)
	if err != nil {
		return nil, fmt.Errorf("list last errors: %w", err)
	}
	return list, nil
}
