package search

import (
	"context"
	"fmt"
	"slices"

	"github.com/mailconnector/mailconnector/permissions"
)

// Hit is a record found, as the subject may see it.
type Hit struct {
	Card
	CanLink bool
	Matched *permissions.Field // the field that matched; nil where the record was not searched for
}

// Results is one page of an answer.
type Results struct {
	Items []Hit
	Next  string // cursor of the next page; empty at the end
	// Partial names what could not be asked: entity types that failed, or "index" while the index is being built.
	// The rest of the answer is right.
	Partial []string
}

// Search finds records by what a person typed. Every record in the answer passed the permission check in this call.
// An empty text answers the records the subject linked last. It answers a [*QueryError] for a query that cannot be.
func (s *Service) Search(ctx context.Context, subject permissions.Subject, q Query) (Results, error) {
	p, err := parse(subject, q)
	if err != nil {
		return Results{}, err
	}
	s.freshen(ctx)
	v, failed, err := s.prepare(ctx, subject, q.Type, q.Lang)
	if err != nil {
		return Results{}, err
	}
	results := Results{Partial: failed}
	switch {
	case len(p.words) > 0:
		err = s.search(ctx, v, p, &results)
	case p.text == "":
		err = s.lastLinked(ctx, v, p.limit, &results)
	}
	return results, err
}

// prepare reads how far the index has come and what the subject may find in it.
func (s *Service) prepare(ctx context.Context, subject permissions.Subject, only, lang string) (*view, []string, error) {
	if err := s.names.read(s.db.Gorm(ctx)); err != nil {
		return nil, nil, err
	}
	v, failed, err := s.view(ctx, subject, only, lang)
	if err != nil {
		return nil, nil, err
	}
	st, err := s.store.state(ctx)
	if err != nil {
		return nil, nil, err
	}
	if !st.Built {
		failed = append(failed, "index")
	}
	return v, failed, nil
}

// search widens the pool of candidates until the page is full and its next one known, or there are no more.
func (s *Service) search(ctx context.Context, v *view, p parsed, results *Results) error {
	for want := pool; ; want *= 4 {
		list, more, err := s.collect(ctx, v, p.words, want)
		if err != nil {
			return err
		}
		if list, err = s.rank(ctx, v, list, p.text); err != nil {
			return err
		}
		if err := s.page(ctx, v, p, list, results); err != nil {
			return err
		}
		if results.Next != "" || !more {
			return nil
		}
	}
}

// page fills the results with the candidates behind the cursor that pass the permission check. It looks for one more than
// it shows: that there is a next page, and where it begins, tells of records that the subject may view and of no others.
func (s *Service) page(ctx context.Context, v *view, p parsed, list []candidate, results *Results) error {
	results.Items, results.Next = nil, ""
	var last position
	for part := range slices.Chunk(behind(list, p.after), p.limit+1) {
		hits, err := s.show(ctx, v, part, results)
		if err != nil {
			return err
		}
		for i, hit := range hits {
			if hit == nil {
				continue
			}
			if len(results.Items) == p.limit {
				results.Next = p.seal(last)
				return nil
			}
			results.Items, last = append(results.Items, *hit), part[i].ranking
		}
	}
	return nil
}

func behind(list []candidate, after position) []candidate {
	if after == (position{}) {
		return list
	}
	for i, c := range list {
		if after.before(c.ranking) {
			return list[i:]
		}
	}
	return nil
}

// show turns candidates into hits; nil stands for one the subject may not view.
func (s *Service) show(ctx context.Context, v *view, list []candidate, results *Results) ([]*Hit, error) {
	records := make([]permissions.Record, len(list))
	for i, c := range list {
		records[i] = permissions.Record{Type: s.names.name(c.row.Type), ID: c.row.Record}
	}
	cards, failed, err := s.cards(ctx, v.subject, records)
	if err != nil {
		return nil, err
	}
	results.Partial = appendNew(results.Partial, failed)
	hits := make([]*Hit, len(list))
	for i, r := range records {
		if card, ok := cards[r]; ok {
			hits[i] = &Hit{Card: card, CanLink: v.canLink(r.Type)}
			if field, ok := v.fields[list[i].field]; ok {
				hits[i].Matched = &field
			}
		}
	}
	return hits, nil
}

// cards checks records live and describes those the subject may view. Where describing them together fails, each
// entity type is tried by itself, and those that fail are named.
func (s *Service) cards(ctx context.Context, subject permissions.Subject, records []permissions.Record) (map[permissions.Record]Card, []string, error) {
	visible, err := permissions.Visible(ctx, s.permissions, subject, records)
	if err != nil {
		return nil, nil, fmt.Errorf("check permissions: %w", err)
	}
	shown := make(map[permissions.Record]Card, len(visible))
	if len(visible) == 0 {
		return shown, nil, nil
	}
	cards, err := s.source.Cards(ctx, subject, visible)
	var failed []string
	if err != nil {
		cards, failed = s.cardsByType(ctx, subject, visible)
	}
	for _, c := range cards {
		shown[c.Record] = c
	}
	return shown, failed, ctx.Err()
}

func (s *Service) cardsByType(ctx context.Context, subject permissions.Subject, records []permissions.Record) (cards []Card, failed []string) {
	byType := make(map[string][]permissions.Record)
	for _, r := range records {
		byType[r.Type] = append(byType[r.Type], r)
	}
	for entityType, records := range byType {
		part, err := s.source.Cards(ctx, subject, records)
		if err != nil {
			s.log.ErrorContext(ctx, "describe records", "type", entityType, "err", err)
			failed = append(failed, entityType)
			continue
		}
		cards = append(cards, part...)
	}
	return cards, failed
}

func (s *Service) lastLinked(ctx context.Context, v *view, limit int, results *Results) error {
	records, err := s.store.recent(ctx, v.subject.UserID, MaxLimit)
	if err != nil {
		return err
	}
	hits, failed, err := s.hits(ctx, v, records)
	results.Partial = appendNew(results.Partial, failed)
	results.Items = hits[:min(len(hits), limit)]
	return err
}

// hits describes those of the records that are of a type in view and that the subject may view, in their order.
func (s *Service) hits(ctx context.Context, v *view, records []permissions.Record) ([]Hit, []string, error) {
	var wanted []permissions.Record
	for _, r := range records {
		if id, known := s.names.id(typeName, r.Type); known && v.types[id] != nil {
			wanted = append(wanted, r)
		}
	}
	cards, failed, err := s.cards(ctx, v.subject, wanted)
	if err != nil {
		return nil, nil, err
	}
	var hits []Hit
	for _, r := range wanted {
		if card, ok := cards[r]; ok {
			hits = append(hits, Hit{Card: card, CanLink: v.canLink(r.Type)})
		}
	}
	return hits, failed, nil
}

func appendNew(list, more []string) []string {
	for _, m := range more {
		seen := false
		for _, l := range list {
			seen = seen || l == m
		}
		if !seen {
			list = append(list, m)
		}
	}
	return list
}
