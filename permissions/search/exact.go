package search

import (
	"context"
	"fmt"
	"strings"

	"github.com/mailconnector/mailconnector/permissions"
)

// Exact is what a [Source] may offer besides: a direct look into the host's tables. Until the index is built, searches
// and suggestions are answered by it alone; without it they find nothing before.
type Exact interface {
	// Exact returns records that have exactly one of the values, whatever its case, as an e-mail address or record
	// number in a field that the subject may see: at most limit for each value. Records that the subject may view come
	// first; the caller checks each again. What has neither an @ nor a digit is neither, and need not be looked for.
	Exact(ctx context.Context, s permissions.Subject, values []string, limit int) ([]ExactMatch, error)
}

// ExactMatch is a record that has a value.
type ExactMatch struct {
	Record permissions.Record
	Value  string // one of those asked for, in any case
}

// built reports whether the index has seen every record once.
func (s *Service) built() bool { return s.known.Load().Built }

// lookUp asks the host for records by addresses and numbers. It returns them by the values as given.
func (s *Service) lookUp(ctx context.Context, subject permissions.Subject, values []string) (map[string][]permissions.Record, error) {
	source, offers := s.source.(Exact)
	if !offers || len(values) == 0 {
		return nil, nil
	}
	found, err := source.Exact(ctx, subject, values, MaxLimit)
	if err != nil {
		return nil, fmt.Errorf("look up addresses and numbers: %w", err)
	}
	records := make(map[string][]permissions.Record, len(values))
	for _, value := range values {
		for _, match := range found {
			if strings.EqualFold(match.Value, value) {
				records[value] = append(records[value], match.Record)
			}
		}
	}
	return records, nil
}

// searchHost answers a search from the host's tables, while the index is being built.
func (s *Service) searchHost(ctx context.Context, v *view, q Query, limit int, results *Results) error {
	if q.Cursor != "" {
		return errForeignCursor()
	}
	value := strings.TrimSpace(q.Text)
	found, err := s.lookUp(ctx, v.subject, []string{value})
	if err != nil {
		return err
	}
	hits, failed, err := s.hits(ctx, v, found[value])
	results.Partial = appendNew(results.Partial, failed)
	results.Items = hits[:min(len(hits), limit)]
	return err
}
