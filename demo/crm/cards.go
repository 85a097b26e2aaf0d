package crm

import (
	"context"
	"slices"
	"strings"

	"github.com/mailconnector/mailconnector/permissions"
	"github.com/mailconnector/mailconnector/permissions/search"
	"github.com/mailconnector/mailconnector/permissions/sharing"
)

// Cards implements [search.Source]. Everything on a card comes from one reading of the record, its owner included, so
// that a card never shows more than its owner's permission at that moment allows.
func (c *CRM) Cards(ctx context.Context, s permissions.Subject, records []permissions.Record) ([]search.Card, error) {
	found, err := c.rowsOf(ctx, rowIDs(records))
	if err != nil {
		return nil, err
	}
	asked := make([]row, 0, len(records))
	for _, r := range records {
		id, _ := parseID(r.ID)
		if row, ok := found[id]; ok && row.kind.Name == r.Type {
			asked = append(asked, row)
		}
	}
	return c.cardsOf(ctx, s, asked)
}

// List returns the cards of every record of a type that the subject may view, by name. The scope narrows what is read;
// the check decides.
func (c *CRM) List(ctx context.Context, s permissions.Subject, entityType string) ([]search.Card, error) {
	scope, err := c.Scope(ctx, s, entityType)
	if err != nil {
		return nil, err
	}
	condition, args := "entity_type = ? AND deleted = 0", []any{entityType}
	if !scope.All && !scope.More {
		placeholders, owners := in(scope.Owners)
		condition, args = condition+" AND owner IN "+placeholders, append(args, owners...)
	}
	candidates, err := c.rows(ctx, condition, args...)
	if err != nil {
		return nil, err
	}
	cards, err := c.cardsOf(ctx, s, candidates)
	slices.SortStableFunc(cards, func(a, b search.Card) int { return strings.Compare(a.Label, b.Label) })
	return cards, err
}

// cardsOf describes those of the rows that the subject may view.
func (c *CRM) cardsOf(ctx context.Context, s permissions.Subject, rows []row) ([]search.Card, error) {
	engine, err := c.engine(ctx)
	if err != nil {
		return nil, err
	}
	account, err := c.Account(ctx, s.UserID)
	if err != nil {
		return nil, err
	}
	relatives, err := c.rowsOf(ctx, relativesOf(rows))
	if err != nil {
		return nil, err
	}
	v := viewer{engine, s, account.Language, relatives, c.url}
	cards := make([]search.Card, 0, len(rows))
	for _, r := range rows {
		if v.sees(r) {
			cards = append(cards, v.card(r))
		}
	}
	return cards, nil
}

// relativesOf returns the ids of the records that cards of the rows name: their persons and companies, and what leads became.
func relativesOf(rows []row) []int64 {
	ids := make([]int64, 0, len(rows))
	for _, r := range rows {
		ids = append(ids, r.contact, r.account, r.became)
	}
	slices.Sort(ids)
	return slices.Compact(ids)
}

// viewer makes cards for one subject.
type viewer struct {
	engine    *sharing.Engine
	subject   permissions.Subject
	lang      string
	relatives map[int64]row
	url       string
}

func (v viewer) sees(r row) bool {
	return v.engine.Check(v.subject.UserID, r.kind.Name, permissions.View, sharing.Record{Owner: r.owner}).Allows()
}

func (v viewer) label(r row) string {
	return r.label(func(field string) bool { return v.engine.FieldVisible(v.subject.UserID, r.kind.Name, field) })
}

// relative returns the record of an id if the subject may see it.
func (v viewer) relative(id int64) (row, bool) {
	r, ok := v.relatives[id]
	return r, ok && v.sees(r)
}

func (v viewer) card(r row) search.Card {
	card := search.Card{Record: r.record(), Label: v.label(r)}
	card.URL = v.url + "/records/" + card.Record.Type + "/" + card.Record.ID
	for _, f := range r.kind.visibleFields(v.engine, v.subject, v.lang) {
		value := r.values[f.Name]
		switch {
		case value == "":
			continue
		case f.Name == r.kind.Subtitle:
			card.Subtitle = value
		case f.Kind == permissions.KindNumber:
			card.Number = value
		}
		card.Fields = append(card.Fields, search.CardField{Name: f.Name, Label: f.Label, Value: value})
	}
	for _, id := range []int64{r.contact, r.account} {
		if parent, ok := v.relative(id); ok {
			card.Parents = append(card.Parents, parent.record())
		}
	}
	if company, ok := v.relative(r.account); ok {
		card.Subtitle = strings.TrimPrefix(card.Subtitle+" · "+v.label(company), " · ")
	}
	if contact, ok := v.relative(r.became); ok {
		successor := contact.record()
		card.Successor = &successor
	}
	if card.Label == "" {
		card.Label = card.Number
	}
	return card
}
