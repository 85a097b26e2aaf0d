package search

import (
	"context"
	"fmt"

	"github.com/mailconnector/mailconnector/permissions"
)

// Hit is a record found, as the subject may see it.
type Hit struct {
	Card
	CanLink bool               // mails may be linked to the record or, where it became another, to its successor
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
	case len(p.words) > 0 && !s.built():
		err = s.searchHost(ctx, v, q, p.limit, &results)
	case len(p.words) > 0:
		var from cursor
		if from, err = s.start(ctx, v, p, q.Cursor); err == nil && !v.empty() {
			err = s.search(ctx, v, p, from, &results)
		}
	case q.Cursor != "":
		err = errForeignCursor()
	case p.text == "":
		err = s.lastLinked(ctx, v, p.limit, &results)
	}
	return results, err
}

// prepare reads how far the index has come and what the subject may find in it: nothing until it is built.
func (s *Service) prepare(ctx context.Context, subject permissions.Subject, only, lang string) (*view, []string, error) {
	v, failed, err := s.view(ctx, subject, only, lang)
	if err != nil {
		return nil, nil, err
	}
	if !s.built() {
		failed = append(failed, "index")
		v.hide()
	}
	return v, failed, nil
}

// search goes from block to block until the page is full and its next one known, or there are no more. Where the walk
// pauses, the page stays shorter than asked for, and the next one goes on.
func (s *Service) search(ctx context.Context, v *view, p parsed, c cursor, results *Results) error {
	pg := page{limit: p.limit, results: results}
	size, work := blockSize, mostWork
	if len(p.words) > 1 {
		size = narrowBlockSize
	}
	for ; ; size = min(2*size, widestBlock) {
		b, err := s.block(ctx, v, p, c, size, work)
		if err != nil {
			return err
		}
		work = b.work
		c.To = &b.end
		if err := s.fill(ctx, v, &pg, behind(b.list, c.After), c); err != nil {
			return err
		}
		next := cursor{Driver: c.Driver, Terms: c.Terms, From: b.end}
		switch {
		case pg.more:
			results.Next, err = pg.last.seal(s.cursorKey(), p.key)
			return err
		case b.end.Stage == len(p.words[c.Driver]):
			return nil
		case b.paused, pg.refused >= mostRefused:
			results.Next, err = next.seal(s.cursorKey(), p.key)
			return err
		}
		c = next
	}
}

// start is where the walk begins: at a cursor, or anew along the rarest word.
func (s *Service) start(ctx context.Context, v *view, p parsed, text string) (c cursor, err error) {
	if text == "" {
		if len(p.words) > 1 && !v.empty() {
			c.Driver, c.Terms, err = s.rarest(ctx, p.words)
		}
		return c, err
	}
	c, err = openCursor(text, s.cursorKey(), p.key)
	if err != nil || c.Driver < 0 || c.Driver >= len(p.words) {
		return c, errForeignCursor()
	}
	return c, nil
}

func errForeignCursor() error {
	return &QueryError{"cursor", "belongs to another query: start again without a cursor"}
}

// page is a page of results that is being filled.
type page struct {
	limit   int
	results *Results
	last    cursor // behind the last item
	more    bool   // there is an item behind the page
	refused int    // candidates that the subject may not view
}

// mostRefused is the number of candidates refused after which a request pauses. A pause tells that there were so many,
// as the time that the request takes would: only of a thousand, and only where the host cannot tell whose may be viewed.
const mostRefused = 1000

// fill adds candidates that pass the permission check to a page. It looks for one more than the page shows: that there
// is a next page behind a full one, and where it begins, tells of records that the subject may view and of no others.
// Where the subject may view few of them, it checks more at once.
func (s *Service) fill(ctx context.Context, v *view, pg *page, list []candidate, c cursor) error {
	for n := pg.limit + 1; len(list) > 0; n *= 4 {
		part := list[:min(len(list), n)]
		list = list[len(part):]
		hits, err := s.show(ctx, v, part, pg.results)
		if err != nil {
			return err
		}
		for i, hit := range hits {
			if hit == nil {
				pg.refused++
				continue
			}
			if len(pg.results.Items) == pg.limit {
				pg.more = true
				return nil
			}
			pg.results.Items = append(pg.results.Items, *hit)
			pg.last, pg.last.After = c, &part[i].ranking
		}
	}
	return nil
}

func behind(list []candidate, after *position) []candidate {
	if after == nil {
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
			hit := v.hit(card)
			hits[i] = &hit
			if field, ok := v.fields[list[i].field]; ok {
				hits[i].Matched = &field.Field
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
		if _, visible := v.linkable[r.Type]; visible {
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
			hits = append(hits, v.hit(card))
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
