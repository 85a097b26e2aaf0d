package messages

import (
	"context"
	"slices"

	"github.com/mailconnector/mailconnector/permissions"
)

// Subjects returns the subjects of messages by their ids, of those that the subject may see now.
func (s *Service) Subjects(ctx context.Context, sub permissions.Subject, ids []string) (map[string]string, error) {
	seen, err := s.seen(ctx, sub, ids)
	if err != nil || len(seen) == 0 {
		return nil, err
	}
	return s.store.subjects(ctx, seen)
}

// Attachments returns the attachments of messages by their ids, of those that the subject may see now. It leaves
// Part.Document empty.
func (s *Service) Attachments(ctx context.Context, sub permissions.Subject, ids []string) (map[string][]Part, error) {
	seen, err := s.seen(ctx, sub, ids)
	if err != nil || len(seen) == 0 {
		return nil, err
	}
	return s.store.attachments(ctx, seen)
}

// seen returns which messages the subject may see, each once.
func (s *Service) seen(ctx context.Context, sub permissions.Subject, ids []string) ([]string, error) {
	placed, err := s.placed(ctx, sub, distinct(ids))
	if err != nil {
		return nil, err
	}
	seen := make([]string, 0, len(placed))
	for id := range placed {
		seen = append(seen, id)
	}
	slices.Sort(seen)
	return seen, nil
}
