package vtenext

import (
	"context"
	"slices"
	"strings"

	"github.com/mailconnector/mailconnector/permissions"
)

// Types lists the entity types the subject may see, with the fields that the CRM's own searches offer to the subject.
// Entity types that are part of others or have no page for a record, such as comments and messages, are left out.
func (p *Permissions) Types(ctx context.Context, s permissions.Subject, lang string) ([]permissions.EntityType, error) {
	policy, err := p.fresh.policy(ctx)
	if err != nil {
		return nil, err
	}
	q := p.inquire(policy, s.UserID)
	if !q.active() {
		return nil, nil
	}
	words, err := p.labels.in(ctx, lang)
	if err != nil {
		return nil, err
	}
	var types []permissions.EntityType
	for _, t := range policy.types {
		if !t.searchable() || !q.answerType(permissions.View, t).Allows() {
			continue
		}
		e := permissions.EntityType{
			Name: t.name, Label: words.plural(t), Singular: words.singular(t),
			CanLink: q.answerType(permissions.Link, t).Allows(),
		}
		for _, f := range q.fields(t) {
			e.Fields = append(e.Fields, permissions.Field{Name: f.name, Label: words.field(t, f), Kind: t.kindOf(f)})
		}
		types = append(types, e)
	}
	return types, nil
}

// searchable reports whether records of the entity type are of use to whoever looks for one.
func (t *entityType) searchable() bool {
	switch t.name {
	case "Emails", "Fax", "ModComments", "Myfiles", "Sms":
		return false
	}
	return t.entity && t.presence == "0" && t.table != "" && !strings.HasPrefix(t.name, "ModLight") &&
		(t.rule == ordinaryRule || t.rule == calendarRule)
}

// fields returns the fields of an entity type that searches and lists offer to the user.
func (q *inquiry) fields(t *entityType) []field {
	shown := q.policy.engine.Fields(q.user, t.name)
	fields := make([]field, 0, len(shown))
	for _, f := range t.fields { // both are in the order of the policy
		if len(shown) > 0 && shown[0] == f.name {
			fields, shown = append(fields, f), shown[1:]
		}
	}
	return fields
}

// kindOf tells how the values of a field are matched, by the CRM's number of how it is shown.
func (t *entityType) kindOf(f field) permissions.FieldKind {
	switch f.uiType {
	case "13", "104":
		return permissions.KindEmail
	case "11", "1013", "1014":
		return permissions.KindPhone
	case "17":
		return permissions.KindDomain
	case "4":
		return permissions.KindNumber
	}
	if slices.Contains(t.naming, f.name) {
		return permissions.KindName
	}
	return permissions.KindText
}
