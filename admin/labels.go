package admin

import (
	"fmt"

	"github.com/mailconnector/mailconnector/permissions"
)

// recordView is a record as the visitor may see it.
type recordView struct {
	permissions.Record
	TypeLabel string // in the visitor's language where he may see the type, else the CRM's own name
	Label     string // empty where the visitor may not open the record
	URL       string // in the CRM
}

// records describes records as the visitor may see them now: each passes the CRM's check in this request.
func (v *visit) records(list []permissions.Record) (map[permissions.Record]recordView, error) {
	views := map[permissions.Record]recordView{}
	var wanted []permissions.Record
	for _, r := range list {
		if _, ok := views[r]; !ok && r.ID != "" {
			views[r], wanted = recordView{Record: r, TypeLabel: r.Type}, append(wanted, r)
		}
	}
	if len(wanted) == 0 {
		return views, nil
	}
	types, err := v.typeLabels()
	if err != nil {
		return nil, err
	}
	visible, err := permissions.Visible(v.ctx(), v.h.c.Permissions, v.who.subject(), wanted)
	if err != nil {
		return nil, fmt.Errorf("check records: %w", err)
	}
	cards, err := v.h.c.Records.Cards(v.ctx(), v.who.subject(), visible)
	if err != nil {
		return nil, fmt.Errorf("name records: %w", err)
	}
	for r, view := range views {
		if label, ok := types[r.Type]; ok {
			view.TypeLabel = label
			views[r] = view
		}
	}
	for _, card := range cards {
		view := views[card.Record]
		view.Label, view.URL = card.Label, card.URL
		views[card.Record] = view
	}
	return views, nil
}

func (v *visit) typeLabels() (map[string]string, error) {
	types, err := v.h.c.Permissions.Types(v.ctx(), v.who.subject(), v.say.tag.String())
	if err != nil {
		return nil, fmt.Errorf("list entity types: %w", err)
	}
	labels := map[string]string{}
	for _, t := range types {
		if t.Singular != "" {
			labels[t.Name] = t.Singular
		}
	}
	return labels, nil
}

// messageView is a message as the visitor may see it.
type messageView struct {
	ID      string
	Visible bool // the visitor may open a record it is on
	Subject string
}

// messages reads the subjects of messages, of those that the visitor may see.
func (v *visit) messages(ids []string) (map[string]messageView, error) {
	subjects, err := v.h.c.Messages.Subjects(v.ctx(), v.who.subject(), ids)
	if err != nil {
		return nil, fmt.Errorf("read messages of the ledger: %w", err)
	}
	views := map[string]messageView{}
	for _, id := range ids {
		subject, visible := subjects[id]
		views[id] = messageView{ID: id, Visible: visible, Subject: subject}
	}
	return views, nil
}
