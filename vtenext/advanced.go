package vtenext

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/mailconnector/mailconnector/permissions/sharing"
)

// advancedRule is a filter that opens the records it matches to the users it is for.
type advancedRule struct {
	id         string
	entityType string
	joins      string // of the tables the conditions are about
	where      string // the conditions
	args       []any  // of where; some are userColumns
}

// userColumn stands for a value of the asking user.
type userColumn string

// addAdvanced reads the advanced rules. One that cannot be evaluated opens nothing.
func (b *builder) addAdvanced() {
	rules := make(map[string]*advancedRule)
	titles := make(map[string]string)
	filters := make(map[string][]condition)
	for _, row := range b.rows[filtersSource] {
		filters[row[0]] = append(filters[row[0]], condition{column: row[1], comparator: row[2], value: row[3]})
	}
	for _, row := range b.rows[advancedSource] {
		id, t := row[0], b.typeOf[row[1]]
		if t == nil {
			continue
		}
		rule, err := b.compileRule(id, t, filters[id])
		if err != nil {
			b.find(PartPermissions, true, "advanced rule "+id, "it opens nothing, because %v", err)
			continue
		}
		rules[id], titles[id] = rule, row[2]
	}
	b.advanced = make(map[string]map[string][]*advancedRule)
	for _, row := range b.rows[advancedUserSource] {
		rule, user := rules[row[0]], row[2]
		if rule == nil {
			continue
		}
		if row[1] != "Users" {
			b.unknown("addressee of advanced rule "+rule.id, row[1], "nobody")
			continue
		}
		b.model.Advanced = append(b.model.Advanced, sharing.AdvancedRule{
			ID: rule.id, Name: titles[rule.id], Type: rule.entityType, User: user, Write: row[3] == "1",
		})
		b.advise(user, rule)
	}
}

func (b *builder) advise(user string, rule *advancedRule) {
	if b.advanced[user] == nil {
		b.advanced[user] = make(map[string][]*advancedRule)
	}
	of := b.advanced[user]
	if !slices.Contains(of[rule.entityType], rule) {
		of[rule.entityType] = append(of[rule.entityType], rule)
	}
}

// matches tells which of the rules each record meets for the user. As the CRM does, which runs a list query, it matches
// no deleted record and no converted lead.
func (c *CRM) matches(
	ctx context.Context, q querier, user string, rules []*advancedRule, ids []string,
) (map[string][]string, error) {
	met := make(map[string][]string)
	for _, rule := range rules {
		args, ok, err := c.resolve(ctx, q, user, rule.args)
		if err != nil {
			return nil, fmt.Errorf("evaluate advanced rule %s: %w", rule.id, err)
		}
		if !ok {
			continue
		}
		for chunk := range slices.Chunk(ids, chunkSize) {
			matched, err := c.matchChunk(ctx, q, rule, args, chunk)
			if err != nil {
				return nil, fmt.Errorf("evaluate advanced rule %s: %w", rule.id, err)
			}
			for _, id := range matched {
				met[id] = append(met[id], rule.id)
			}
		}
	}
	return met, nil
}

func (c *CRM) matchChunk(ctx context.Context, q querier, rule *advancedRule, args []any, ids []string) ([]string, error) {
	list, all := in(numbers(ids))
	statement := "SELECT e.crmid FROM {crmentity} e " + rule.joins +
		"WHERE e.crmid IN " + list + " AND e.setype = ? AND e.deleted = 0 AND " + rule.where
	return c.strings(ctx, q, statement, append(append(all, rule.entityType), args...)...)
}

// resolve fills in the values of the asking user. A user who has no such value meets no condition on it.
func (c *CRM) resolve(ctx context.Context, q querier, user string, args []any) ([]any, bool, error) {
	resolved := slices.Clone(args)
	for i, arg := range args {
		column, ok := arg.(userColumn)
		if !ok {
			continue
		}
		values, err := c.strings(ctx, q, "SELECT COALESCE("+string(column)+", '') FROM {users} WHERE id = ?", user)
		if err != nil {
			return nil, false, err
		}
		if len(values) != 1 || values[0] == "" {
			return nil, false, nil
		}
		resolved[i] = values[0]
	}
	return resolved, true, nil
}

// strings runs a statement that reads one column.
func (c *CRM) strings(ctx context.Context, q querier, statement string, args ...any) ([]string, error) {
	return collect(ctx, q, scanOne[string], c.sql(statement), args...)
}

var errNoConditions = errors.New("it has no conditions")
