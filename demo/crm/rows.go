package crm

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/mailconnector/mailconnector/permissions"
)

// row is a record as the table holds it.
type row struct {
	id       int64
	kind     *entityType
	owner    string
	account  int64 // the company it belongs to, or 0
	contact  int64 // the person it belongs to, or 0
	became   int64 // the contact a lead was converted to, or 0
	values   map[string]string
	modified time.Time
	deleted  bool
}

func (r row) record() permissions.Record {
	return permissions.Record{Type: r.kind.Name, ID: formatID(r.id)}
}

// label returns the record's name, made of the fields that are shown.
func (r row) label(shown func(field string) bool) string {
	var words []string
	for _, f := range r.kind.Fields {
		if value := r.values[f.Name]; f.Kind == permissions.KindName && value != "" && shown(f.Name) {
			words = append(words, value)
		}
	}
	return strings.Join(words, " ")
}

// open reports whether the record is a deal or ticket that is not closed.
func (r row) open() bool {
	return r.kind.Closed != nil && !slices.Contains(r.kind.Closed, r.values[r.kind.Subtitle])
}

// rows reads the records that meet a condition.
func (c *CRM) rows(ctx context.Context, condition string, args ...any) ([]row, error) {
	all, err := collect(ctx, c.db, c.scanRow, `SELECT id, entity_type, number, owner, account_id, contact_id, successor_id,
		field_values, modified, deleted FROM crm_records WHERE `+condition, args...)
	if err != nil {
		return nil, fmt.Errorf("read records: %w", err)
	}
	return all, nil
}

func (c *CRM) scanRow(from *sql.Rows) (row, error) {
	var r row
	var kind, number, values string
	var modified int64
	err := from.Scan(&r.id, &kind, &number, &r.owner, &r.account, &r.contact, &r.became, &values, &modified, &r.deleted)
	if err != nil {
		return row{}, err
	}
	if err := json.Unmarshal([]byte(values), &r.values); err != nil {
		return row{}, fmt.Errorf("record %d: %w", r.id, err)
	}
	if r.kind = c.catalog.find(kind); r.kind == nil {
		return row{}, fmt.Errorf("record %d is of unknown type %q", r.id, kind)
	}
	r.values[r.kind.Fields[0].Name] = number
	r.modified = fromMicros(modified)
	return r, nil
}

// rowsOf reads the records with the given ids, by id, deleted ones left out.
func (c *CRM) rowsOf(ctx context.Context, ids []int64) (map[int64]row, error) {
	placeholders, args := in(ids)
	found, err := c.rows(ctx, "deleted = 0 AND id IN "+placeholders, args...)
	byID := make(map[int64]row, len(found))
	for _, r := range found {
		byID[r.id] = r
	}
	return byID, err
}
