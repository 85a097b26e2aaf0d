package search

import (
	"context"
	"fmt"

	"github.com/mailconnector/mailconnector/permissions"
)

// proposal is a candidate for a group: not checked yet.
type proposal struct {
	record permissions.Record
	about  string // what matched: an address, a number, a domain
}

// proposals are the candidates for a group, best first.
type proposals struct {
	kind string
	list []proposal
	cut  bool // there may be more
	// byCard tells what matched from the card, and whether it did by what the subject may see there; nil where it was found
	// in visible fields.
	byCard func(Card) (about string, matched bool)
}

// matched tells by what a proposal may be suggested, if it may, once its card is known.
func (p proposals) matched(one proposal, card *Card) (about string, matched bool) {
	switch {
	case card == nil:
		return "", false
	case p.byCard != nil:
		return p.byCard(*card)
	case p.kind == byNumber && card.Number != "":
		return card.Number, true // in the CRM's own spelling
	}
	return one.about, true
}

// suggesting is one call of Suggest.
type suggesting struct {
	service *Service
	view    *view
	mail    Mail
	cards   map[permissions.Record]*Card // of the records checked so far; nil for those the subject may not view
	partial []string
}

// groups finds the groups in two steps, because what is open for a person or company is known only once the person or
// company is.
func (g *suggesting) groups(ctx context.Context) ([]Group, error) {
	found, groups, err := g.direct(ctx)
	if err != nil {
		return nil, err
	}
	open, err := g.byParents(ctx, groups[:len(groups)-1]) // of all but the companies by domain
	if err != nil {
		return nil, fmt.Errorf("suggest what is open: %w", err)
	}
	last := len(found) - 1
	groups, err = g.settle(ctx, append(found[:last:last], open, found[last]))
	if err != nil {
		return nil, err
	}
	filled := groups[:0]
	for _, group := range groups {
		if len(group.Items) > 0 {
			filled = append(filled, group)
		}
	}
	return filled, nil
}

// direct finds the groups that the mail itself leads to. Where the first documents of a term were not enough because
// the subject may not view them, it looks deeper.
func (g *suggesting) direct(ctx context.Context) (found []proposals, groups []Group, err error) {
	for _, depth := range []depth{shallow, deep} {
		if found, err = g.propose(ctx, depth); err != nil {
			return nil, nil, err
		}
		if groups, err = g.settle(ctx, found); err != nil || !short(found, groups) {
			return found, groups, err
		}
	}
	return found, groups, nil
}

// short tells whether a group has room for proposals that were cut off.
func short(found []proposals, groups []Group) bool {
	for i, p := range found {
		if p.cut && len(groups[i].Items) < maxPerGroup {
			return true
		}
	}
	return false
}

// settle turns proposals into one group each, empty ones included. It checks no more records than the groups need, in
// all groups at once: a few at first, more where the subject may not view those.
func (g *suggesting) settle(ctx context.Context, found []proposals) ([]Group, error) {
	for ahead := maxPerGroup; ; ahead *= 4 {
		groups, unknown := g.assemble(found, ahead)
		if len(unknown) == 0 {
			return groups, nil
		}
		cards, failed, err := g.service.cards(ctx, g.view.subject, unknown)
		if err != nil {
			return nil, err
		}
		g.partial = appendNew(g.partial, failed)
		for _, r := range unknown {
			g.cards[r] = nil
			if card, visible := cards[r]; visible {
				g.cards[r] = &card
			}
		}
	}
}

// assemble fills the groups with what is known to be visible, and lists what has to be checked to go on.
func (g *suggesting) assemble(found []proposals, ahead int) (groups []Group, unknown []permissions.Record) {
	taken := make(map[permissions.Record]bool)
	for _, from := range found {
		group := Group{Kind: from.kind, Label: groupLabel(g.view.lang, from.kind)}
		asked := 0
		for _, p := range from.list {
			if len(group.Items) == maxPerGroup || len(group.Items)+asked == ahead {
				break
			}
			_, typeVisible := g.view.linkable[p.record.Type]
			card, checked := g.cards[p.record]
			about, matched := from.matched(p, card)
			if !typeVisible || taken[p.record] || checked && !matched {
				continue
			}
			taken[p.record] = true
			if !checked {
				unknown = append(unknown, p.record)
				asked++
				continue
			}
			group.Items = append(group.Items, g.suggestion(from.kind, about, *card))
		}
		groups = append(groups, group)
	}
	return groups, unknown
}

func (g *suggesting) suggestion(kind, about string, card Card) Suggestion {
	return Suggestion{
		Hit:    g.view.hit(card),
		Reason: Reason{Code: kind, Text: reasonText(g.view.lang, kind, about)},
	}
}
