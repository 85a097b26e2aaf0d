package crm

import (
	"context"
	"database/sql"
	"fmt"

	"github.com/mailconnector/mailconnector/permissions"
	"github.com/mailconnector/mailconnector/permissions/sharing"
)

var _ permissions.Checker = (*CRM)(nil)

// Types implements [permissions.Checker].
func (c *CRM) Types(ctx context.Context, s permissions.Subject, lang string) ([]permissions.EntityType, error) {
	engine, err := c.engine(ctx)
	if err != nil {
		return nil, err
	}
	var types []permissions.EntityType
	for _, t := range c.catalog {
		if !engine.CheckType(s.UserID, t.Name, permissions.View).Allows() {
			continue
		}
		types = append(types, permissions.EntityType{
			Name: t.Name, Label: t.Labels.in(lang), Singular: t.Singular.in(lang), Icon: t.Icon,
			CanLink: engine.CheckType(s.UserID, t.Name, permissions.Link).Allows(),
			Fields:  t.visibleFields(engine, s, lang),
		})
	}
	return types, nil
}

// visibleFields returns the fields of the type that the subject may see, in the order of the catalog.
func (t *entityType) visibleFields(engine *sharing.Engine, s permissions.Subject, lang string) []permissions.Field {
	var fields []permissions.Field
	for _, f := range t.Fields {
		if engine.FieldVisible(s.UserID, t.Name, f.Name) {
			fields = append(fields, permissions.Field{Name: f.Name, Label: f.Labels.in(lang), Kind: f.Kind})
		}
	}
	return fields
}

// Scope implements [permissions.Checker].
func (c *CRM) Scope(ctx context.Context, s permissions.Subject, entityType string) (permissions.Scope, error) {
	engine, err := c.engine(ctx)
	if err != nil {
		return permissions.Scope{}, err
	}
	return engine.Scope(s.UserID, entityType), nil
}

// Check implements [permissions.Checker]. The policy comes from the engine; who owns a record, and whether it is there
// at all, is read at each question.
func (c *CRM) Check(
	ctx context.Context, s permissions.Subject, a permissions.Action, records []permissions.Record,
) ([]permissions.Decision, error) {
	return c.judge(ctx, s, a, records, (*sharing.Engine).Check)
}

// Explain is Check with a sentence in each decision that names what decided. It is for administrators.
func (c *CRM) Explain(
	ctx context.Context, s permissions.Subject, a permissions.Action, records []permissions.Record,
) ([]permissions.Decision, error) {
	return c.judge(ctx, s, a, records, (*sharing.Engine).Explain)
}

// question asks the engine about a record of a type.
type question func(e *sharing.Engine, userID, entityType string, a permissions.Action, r sharing.Record) permissions.Decision

func (c *CRM) judge(
	ctx context.Context, s permissions.Subject, a permissions.Action, records []permissions.Record, ask question,
) ([]permissions.Decision, error) {
	engine, err := c.engine(ctx)
	if err != nil {
		return nil, err
	}
	owners, err := c.ownersOf(ctx, records)
	if err != nil {
		return nil, fmt.Errorf("read owners: %w", err)
	}
	decisions := make([]permissions.Decision, len(records))
	for i, r := range records {
		switch {
		case r.ID == "":
			decisions[i] = c.judgeType(engine, s, a, r.Type)
		case r.Type == messagesType, r.Type == documentsType:
			decisions[i] = judgeByRecords(engine, s, a, r.Type, owners[r], ask)
		case owners[r] == nil:
			decisions[i].Outcome = permissions.Missing
		default:
			decisions[i] = ask(engine, s.UserID, r.Type, a, sharing.Record{Owner: owners[r][0].owner})
		}
	}
	return decisions, nil
}

// judgeType decides about an entity type as a whole. Messages can be linked to the types of the catalog only.
func (c *CRM) judgeType(engine *sharing.Engine, s permissions.Subject, a permissions.Action, name string) permissions.Decision {
	if a == permissions.Link && c.catalog.find(name) == nil {
		return permissions.Decision{Reason: permissions.Reason{Code: "no-messages", Detail: "The module has no Messages."}}
	}
	return engine.CheckType(s.UserID, name, a)
}

// judgeByRecords decides about a message or document: it is as visible as the most visible of the records it is on, and
// not there at all when it is on none. Nothing but viewing is to be had.
func judgeByRecords(
	engine *sharing.Engine, s permissions.Subject, a permissions.Action, entityType string, on []ownedBy, ask question,
) permissions.Decision {
	decision := permissions.Decision{Outcome: permissions.Missing}
	for _, r := range on {
		decision = ask(engine, s.UserID, r.entityType, permissions.View, sharing.Record{Owner: r.owner})
		if decision.Allows() {
			break
		}
	}
	if decision.Allows() && a != permissions.View {
		return permissions.Decision{Reason: permissions.Reason{Code: "view-only", Detail: entityType + " can only be viewed."}}
	}
	return decision
}

// ownedBy says whose a record is, and of which type the record is that has this owner.
type ownedBy struct{ entityType, owner string }

// ownersOf reads who owns records that are there. A message or document has the owners of all records it is on.
func (c *CRM) ownersOf(ctx context.Context, records []permissions.Record) (map[permissions.Record][]ownedBy, error) {
	byType := map[string][]permissions.Record{}
	for _, r := range records {
		switch r.Type {
		case messagesType, documentsType:
			byType[r.Type] = append(byType[r.Type], r)
		default:
			byType[""] = append(byType[""], r)
		}
	}
	owners := map[permissions.Record][]ownedBy{}
	for kind, of := range byType {
		if err := c.readOwners(ctx, kind, rowIDs(of), owners); err != nil {
			return nil, err
		}
	}
	return owners, nil
}

func (c *CRM) readOwners(ctx context.Context, kind string, ids []int64, owners map[permissions.Record][]ownedBy) error {
	query := "SELECT id, entity_type, owner FROM crm_records WHERE deleted = 0 AND id IN "
	switch kind {
	case messagesType:
		query = `SELECT l.message_id, r.entity_type, r.owner FROM crm_message_links l
			JOIN crm_records r ON r.id = l.record_id WHERE r.deleted = 0 AND l.message_id IN `
	case documentsType:
		query = `SELECT l.document_id, r.entity_type, r.owner FROM crm_document_links l
			JOIN crm_records r ON r.id = l.record_id WHERE r.deleted = 0 AND l.document_id IN `
	}
	placeholders, args := in(ids)
	_, err := collect(ctx, c.db, func(rows *sql.Rows) (struct{}, error) {
		var id int64
		var o ownedBy
		if err := rows.Scan(&id, &o.entityType, &o.owner); err != nil {
			return struct{}{}, err
		}
		r := permissions.Record{Type: kind, ID: formatID(id)}
		if kind == "" {
			r.Type = o.entityType
		}
		owners[r] = append(owners[r], o)
		return struct{}{}, nil
	}, query+placeholders, args...)
	return err
}
