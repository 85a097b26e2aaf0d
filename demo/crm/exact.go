package crm

import (
	"context"
	"encoding/json"
	"slices"
	"strings"

	"github.com/mailconnector/mailconnector/permissions"
	"github.com/mailconnector/mailconnector/permissions/search"
)

var _ search.Exact = (*CRM)(nil)

// Exact implements [search.Exact]. A CRM with many records has an index on its numbers and addresses; this one reads
// through its few records.
func (c *CRM) Exact(ctx context.Context, s permissions.Subject, values []string, limit int) ([]search.ExactMatch, error) {
	engine, err := c.engine(ctx)
	if err != nil {
		return nil, err
	}
	v := viewer{engine: engine, subject: s}
	var found []search.ExactMatch
	for _, value := range values {
		written, err := json.Marshal(strings.ToLower(value))
		if err != nil {
			return nil, err
		}
		rows, err := c.rows(ctx, "deleted = 0 AND (LOWER(number) = ? OR INSTR(LOWER(field_values), ?) > 0) ORDER BY modified DESC, id",
			strings.ToLower(value), strings.Trim(string(written), `"`))
		if err != nil {
			return nil, err
		}
		rows = slices.DeleteFunc(rows, func(r row) bool { return !v.sees(r) || !v.has(r, value) })
		for _, r := range rows[:min(len(rows), limit)] {
			found = append(found, search.ExactMatch{Record: r.record(), Value: value})
		}
	}
	return found, nil
}

// has tells whether a visible address or number of the record is the value.
func (v viewer) has(r row, value string) bool {
	return slices.ContainsFunc(r.kind.visibleFields(v.engine, v.subject, ""), func(f permissions.Field) bool {
		exact := f.Kind == permissions.KindEmail || f.Kind == permissions.KindNumber
		return exact && value != "" && strings.EqualFold(r.values[f.Name], value)
	})
}
