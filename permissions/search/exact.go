package search

import (
	"context"
	"fmt"

	"github.com/mailconnector/mailconnector/permissions"
)

// Exact is what a [Source] may offer besides: a direct look into the host's tables. It answers searches and suggestions
// while the index is being built; without it they know only what is in the index already.
type Exact interface {
	// Exact returns at most limit records that have exactly this e-mail address or record number, whatever its case,
	// in a field that the subject may see. The caller checks what the subject may view of them.
	Exact(ctx context.Context, s permissions.Subject, text string, limit int) ([]permissions.Record, error)
}

// lookUp asks the host for records by an address or number, unless the index is complete.
func (s *Service) lookUp(ctx context.Context, subject permissions.Subject, text string) ([]permissions.Record, error) {
	source, offers := s.source.(Exact)
	if !offers || text == "" || s.known.Load().Built {
		return nil, nil
	}
	records, err := source.Exact(ctx, subject, text, MaxLimit)
	if err != nil {
		return nil, fmt.Errorf("look up an address or number: %w", err)
	}
	return records, nil
}

// addExact puts records that the host found in front of those from the index.
func (s *Service) addExact(ctx context.Context, v *view, q Query, limit int, results *Results) error {
	if q.Cursor != "" {
		return nil
	}
	records, err := s.lookUp(ctx, v.subject, address(q.Text))
	if err != nil || len(records) == 0 {
		return err
	}
	hits, failed, err := s.hits(ctx, v, records)
	if err != nil {
		return err
	}
	results.Partial = appendNew(results.Partial, failed)
	first := make(map[permissions.Record]bool, len(hits))
	for _, hit := range hits {
		first[hit.Record] = true
	}
	for _, hit := range results.Items {
		if !first[hit.Record] {
			hits = append(hits, hit)
		}
	}
	results.Items = hits[:min(len(hits), limit)]
	return nil
}
