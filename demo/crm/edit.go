package crm

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/mailconnector/mailconnector/permissions"
)

// Create adds a record that belongs to the subject. Values are by field name; fields that the type does not have, or that
// the subject may not see, are left out. It answers a DeniedError where the subject may not create records of the type.
func (c *CRM) Create(ctx context.Context, s permissions.Subject, entityType string, values map[string]string) (permissions.Record, error) {
	r := permissions.Record{Type: entityType}
	if err := permissions.CheckOne(ctx, c, s, permissions.Create, r); err != nil {
		return r, err
	}
	engine, err := c.engine(ctx)
	if err != nil {
		return r, err
	}
	t := c.catalog.find(entityType)
	kept := map[string]string{}
	for _, f := range t.visibleFields(engine, s, "") {
		kept[f.Name] = values[f.Name]
	}
	encoded, err := json.Marshal(kept)
	if err != nil {
		return r, err
	}
	id, err := c.reserve(ctx, "ids", 1)
	if err != nil {
		return r, err
	}
	number, err := c.reserve(ctx, entityType, 1)
	if err != nil {
		return r, err
	}
	_, err = c.db.ExecContext(ctx, `INSERT INTO crm_records (id, entity_type, number, owner, account_id, contact_id,
		successor_id, field_values, modified, deleted, revision) VALUES (?, ?, ?, ?, 0, 0, 0, ?, ?, 0, 1)`,
		id, entityType, fmt.Sprintf("%s%d", t.Prefix, number), s.UserID, string(encoded), micros(c.now()))
	if err != nil {
		return r, fmt.Errorf("create record: %w", err)
	}
	r.ID = formatID(id)
	return r, nil
}

// SetOwner gives a record to a user or group. It answers ErrNotFound or a DeniedError as [permissions.CheckOne] does.
func (c *CRM) SetOwner(ctx context.Context, s permissions.Subject, r permissions.Record, owner string) error {
	return c.change(ctx, s, permissions.Edit, r, "owner = ?", owner)
}

// Delete moves a record to the bin, from where this CRM never takes anything out again. It answers errors as SetOwner.
func (c *CRM) Delete(ctx context.Context, s permissions.Subject, r permissions.Record) error {
	return c.change(ctx, s, permissions.Delete, r, "deleted = ?", 1)
}

func (c *CRM) change(
	ctx context.Context, s permissions.Subject, a permissions.Action, r permissions.Record, assignment string, value any,
) error {
	if err := permissions.CheckOne(ctx, c, s, a, r); err != nil {
		return err
	}
	id, _ := parseID(r.ID)
	changed, err := affected(c.db.ExecContext(ctx, "UPDATE crm_records SET "+assignment+`, modified = ?,
		revision = revision + 1 WHERE id = ? AND deleted = 0`, value, micros(c.now()), id))
	if err == nil && !changed {
		err = permissions.ErrNotFound
	}
	if err != nil {
		return fmt.Errorf("%s %s: %w", a, r, err)
	}
	return nil
}

// OwnerOf returns the id of the user or group a record belongs to, or ErrNotFound.
func (c *CRM) OwnerOf(ctx context.Context, s permissions.Subject, r permissions.Record) (string, error) {
	if err := permissions.CheckOne(ctx, c, s, permissions.View, r); err != nil {
		return "", err
	}
	owners, err := c.ownersOf(ctx, []permissions.Record{r})
	if err != nil || len(owners[r]) == 0 {
		return "", fmt.Errorf("read owner of %s: %w", r, err)
	}
	return owners[r][0].owner, nil
}
