package vtenext

import (
	"context"
	"slices"

	"github.com/mailconnector/mailconnector/permissions"
)

// Tab lists the messages of a record without asking whether the user may view it, as the CRM's own list does.
func (p *Permissions) Tab(ctx context.Context, user, record string) ([]string, error) {
	policy, err := p.fresh.policy(ctx)
	if err != nil {
		return nil, err
	}
	return p.inquire(policy, user).tab(ctx, record)
}

// Refresh compares the policy with the tables now.
func (p *Permissions) Refresh(ctx context.Context) error { return p.fresh.check(ctx) }

// Forget drops the policy, so that the next question reads it.
func (p *Permissions) Forget() { p.fresh.latest.Store(nil) }

// Decider returns a question about one record as Check asks it when everything is read.
func (p *Permissions) Decider(ctx context.Context, user string, r permissions.Record) (func() permissions.Decision, error) {
	policy, err := p.fresh.policy(ctx)
	if err != nil {
		return nil, err
	}
	q := p.inquire(policy, user)
	facts, err := q.read(ctx, []permissions.Record{r}, true)
	if err != nil {
		return nil, err
	}
	t, f := policy.typeOf[r.Type], facts.of(r)
	return func() permissions.Decision { return q.answer(permissions.Link, t, f) }, nil
}

// CompileFilter makes a statement of one condition on an entity type with a text, a number and a date.
func CompileFilter(columnName, comparator, value string) (where string, args []any, err error) {
	t := &entityType{name: "Things", table: "vte_things", key: "thingid", fields: []field{
		{name: "name", table: "vte_things", column: "name", uiType: "1", dataType: "V"},
		{name: "size", table: "vte_things", column: "size", uiType: "7", dataType: "I"},
		{name: "due", table: "vte_things", column: "due", uiType: "5", dataType: "D"},
	}}
	b := &builder{crm: &CRM{prefix: "vte_"}, columns: catalog{"vte_things": {"thingid": {}, "name": {}, "size": {}, "due": {}}}}
	rule, err := b.compileRule("1", t, []condition{{columnName, comparator, value}})
	if err != nil {
		return "", nil, err
	}
	return rule.joins + rule.where, rule.args, nil
}

// Indexed lists the columns of a table by which rows are found without reading the others.
func (c *CRM) Indexed(ctx context.Context, table string) (columns []string, err error) {
	known, err := c.describe(ctx, c.db, []string{table})
	if err == nil {
		err = c.describeIndexes(ctx, c.db, known)
	}
	for name, column := range known[table] {
		if column.indexed {
			columns = append(columns, name)
		}
	}
	slices.Sort(columns)
	return columns, err
}

// Declared lists the columns that the needs of a part name, and those of all permissions, by table.
func (c *CRM) Declared(p Part) map[string][]string {
	columns := make(map[string][]string)
	for _, n := range slices.Concat(baseNeeds(), permissionNeeds(), signInNeeds(), recordNeeds(), filingNeeds()) {
		if slices.Contains([]Part{PartSignIn, PartRecords, PartFiling}, n.part) && n.part != p {
			continue
		}
		table := c.sql(n.table)
		columns[table] = append(columns[table], n.columns...)
	}
	for _, s := range policySources() {
		for _, p := range s.parts {
			columns[c.sql(p.table)] = append(columns[c.sql(p.table)], p.names()...)
		}
	}
	for table, list := range columns {
		slices.Sort(list)
		columns[table] = slices.Compact(list)
	}
	return columns
}
