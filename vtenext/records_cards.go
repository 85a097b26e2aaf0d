package vtenext

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/mailconnector/mailconnector/permissions"
	"github.com/mailconnector/mailconnector/permissions/search"
)

// Cards implements [search.Source]. Records are read first and judged after, so that what a card shows is never newer
// than the permission to see it.
func (r *Records) Cards(ctx context.Context, s permissions.Subject, records []permissions.Record) ([]search.Card, error) {
	policy, shapes, err := r.current(ctx)
	if err != nil {
		return nil, err
	}
	v := viewer{records: r, inquiry: r.permissions.inquire(policy, s.UserID), shapes: shapes}
	if err := v.look(ctx, records); err != nil {
		return nil, fmt.Errorf("read cards: %w", err)
	}
	if err := v.lookAround(ctx); err != nil {
		return nil, fmt.Errorf("read what cards name: %w", err)
	}
	if v.words, err = r.words(ctx, s); err != nil {
		return nil, err
	}
	cards := make([]search.Card, 0, len(records))
	for _, record := range records {
		if row, seen := v.seen[record]; seen {
			cards = append(cards, v.card(row))
		}
	}
	return cards, nil
}

// words returns the CRM's dictionary in the subject's language.
func (r *Records) words(ctx context.Context, s permissions.Subject) (translation, error) {
	languages, err := collect(ctx, r.crm.db, scanOne[string],
		r.crm.sql("SELECT COALESCE(default_language, '') FROM {users} WHERE id = ?"), s.UserID)
	if err != nil {
		return nil, fmt.Errorf("read language: %w", err)
	}
	return r.permissions.labels.in(ctx, strings.Join(languages, ""))
}

// viewer makes cards for one subject.
type viewer struct {
	records *Records
	inquiry *inquiry
	shapes  shapeSet
	words   translation
	seen    map[permissions.Record]row // what the subject may see
	parents map[int64]string           // types of the persons and companies that records name
}

// look reads records and keeps those that the subject may see.
func (v *viewer) look(ctx context.Context, records []permissions.Record) error {
	ids := make(map[string][]int64)
	for _, r := range records {
		if id, ok := parseID(r.ID); ok && v.shapes[r.Type] != nil {
			ids[r.Type] = append(ids[r.Type], id)
		}
	}
	var found []row
	var asked []permissions.Record
	for name, list := range ids {
		rows, err := v.records.read(ctx, v.shapes[name], list)
		if err != nil {
			return err
		}
		for _, row := range rows {
			found, asked = append(found, row), append(asked, row.record())
		}
	}
	decisions, err := v.inquiry.check(ctx, permissions.View, asked)
	if err != nil {
		return err
	}
	if v.seen == nil {
		v.seen = make(map[permissions.Record]row, len(found))
	}
	for i, row := range found {
		if decisions[i].Allows() {
			v.seen[asked[i]] = row
		}
	}
	return nil
}

// lookAround reads what the cards name beside the records themselves: their persons and companies, and what leads
// became.
func (v *viewer) lookAround(ctx context.Context) (err error) {
	byID := make(map[int64]row, len(v.seen))
	for _, row := range v.seen {
		byID[row.id] = row
	}
	if v.parents, err = v.records.parents(ctx, byID); err != nil {
		return err
	}
	var named []permissions.Record
	for _, row := range byID {
		named = append(named, row.parentsOf(v.parents, everyField)...)
		if successor := row.successor(); successor != nil {
			named = append(named, *successor)
		}
	}
	return v.look(ctx, slices.DeleteFunc(named, func(r permissions.Record) bool { _, known := v.seen[r]; return known }))
}

// shows returns which fields of a record the subject may see.
func (v *viewer) shows(r row) func(field string) bool {
	return func(field string) bool {
		return v.inquiry.policy.engine.FieldVisible(v.inquiry.user, r.shape.name, field)
	}
}

func (v *viewer) label(r row) string { return r.label(v.shows(r)) }

func (v *viewer) card(r row) search.Card {
	card := search.Card{Record: r.record(), Label: v.label(r)}
	card.URL = v.records.pageURL(card.Record)
	var status, address string
	shown := v.shows(r)
	for i, c := range r.shape.columns {
		value := r.values[i]
		if value == "" || c.related != nil || !shown(c.name) {
			continue
		}
		switch {
		case c.closed != nil:
			value = v.words.word(r.shape.entityType, value)
			status = value
		case c.kind == permissions.KindNumber && card.Number == "":
			card.Number = value
		case address == "" && (c.kind == permissions.KindEmail || c.name == companyField):
			address = value
		}
		card.Fields = append(card.Fields, search.CardField{
			Name: c.name, Label: v.words.field(r.shape.entityType, c.field), Value: value,
		})
	}
	card.Parents = v.parentsSeen(r)
	card.Subtitle = v.subtitle(card.Parents, status, address)
	if successor := r.successor(); successor != nil {
		if _, seen := v.seen[*successor]; seen {
			card.Successor = successor
		}
	}
	if card.Label == "" {
		card.Label = card.Number
	}
	return card
}

// parentsSeen returns the persons and companies the record belongs to, as far as the subject may see them and that.
func (v *viewer) parentsSeen(r row) []permissions.Record {
	parents := r.parentsOf(v.parents, v.shows(r))
	return slices.DeleteFunc(parents, func(p permissions.Record) bool { _, seen := v.seen[p]; return !seen })
}

// subtitle tells the record from its namesakes: how far it is, and to whom it belongs, or else an address.
func (v *viewer) subtitle(parents []permissions.Record, status, address string) string {
	parts := []string{status}
	for _, parent := range parents {
		parts = append(parts, v.label(v.seen[parent]))
	}
	parts = slices.DeleteFunc(parts, func(s string) bool { return s == "" })
	if len(parts) == 0 {
		return address
	}
	return strings.Join(parts, " · ")
}
