package vtenext

import (
	"context"
	"database/sql"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/mailconnector/mailconnector/permissions"
)

// shapesAge is how long shapes are kept while the policy, of which they are made for the most part, does not change.
const shapesAge = time.Minute

// shape is how records of one entity type are read: made of what the CRM says of its own modules and fields, so that
// custom ones are as good as those it came with.
type shape struct {
	*entityType
	columns []shapeColumn
	query   string // reads rows; a list of ids completes it
}

// shapeColumn is a field as the records are read.
type shapeColumn struct {
	field
	kind    permissions.FieldKind
	key     string   // the column of the record's id in the field's table
	indexed bool     // records are found by it without reading all
	related []string // the entity types it may name a record of; nil for a value
	closed  []string // what says that a deal or ticket is closed; nil elsewhere
}

// entry reports whether records are found by the field.
func (c shapeColumn) entry() bool { return c.related == nil && c.closed == nil }

// shapeSet is the shapes by entity type.
type shapeSet map[string]*shape

func (s shapeSet) names() []string { return slices.Sorted(maps.Keys(s)) }

// shapes keeps the shapes of a policy.
type shapes struct {
	crm    *CRM
	mu     sync.Mutex
	policy *policy
	until  time.Time
	kept   shapeSet
}

func (s *shapes) of(ctx context.Context, p *policy) (shapeSet, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.crm.now()
	if s.kept != nil && s.policy == p && now.Before(s.until) {
		return s.kept, nil
	}
	made, err := s.crm.makeShapes(ctx, p)
	if err != nil {
		return nil, fmt.Errorf("describe entity types: %w", err)
	}
	s.kept, s.policy, s.until = made, p, now.Add(shapesAge)
	return made, nil
}

// statusOf names the field that tells how far a deal or ticket is, and which of its values the CRM itself takes as the
// end.
func statusOf(entityType string) (field string, closed []string) {
	switch entityType {
	case "Potentials":
		return "sales_stage", []string{"Closed Won", "Closed Lost"}
	case "HelpDesk":
		return "ticketstatus", []string{"Closed"}
	}
	return "", nil
}

// companyField is the one plain text by which people look for a record as they do by its name: where a lead works.
const companyField = "company"

// isParent reports whether records of an entity type are persons or companies that other records belong to.
func isParent(entityType string) bool {
	return slices.Contains([]string{"Accounts", "Contacts", "Leads", "Vendors"}, entityType)
}

func (c *CRM) makeShapes(ctx context.Context, p *policy) (shapeSet, error) {
	related, err := c.relatedTypes(ctx)
	if err != nil {
		return nil, err
	}
	made, tables := make(shapeSet), []string{c.table("leadconvrel")}
	for _, t := range p.types {
		if !t.searchable() {
			continue
		}
		s := &shape{entityType: t}
		for _, f := range t.fields {
			if column, wanted := s.column(f, related[f.id]); wanted {
				s.columns, tables = append(s.columns, column), append(tables, f.table)
			}
		}
		made[t.name], tables = s, append(tables, t.table)
	}
	slices.Sort(tables)
	known, err := c.describe(ctx, c.db, slices.Compact(tables))
	if err == nil {
		err = c.describeIndexes(ctx, c.db, known)
	}
	if err != nil {
		return nil, err
	}
	for name, s := range made {
		if !s.complete(c, known) {
			delete(made, name)
		}
	}
	return made, nil
}

// relatedTypes reads which entity types a field may name a record of, by field id.
func (c *CRM) relatedTypes(ctx context.Context) (map[string][]string, error) {
	related := make(map[string][]string)
	_, err := collect(ctx, c.db, func(rows *sql.Rows) (struct{}, error) {
		var field, entityType string
		err := rows.Scan(&field, &entityType)
		related[field] = append(related[field], entityType)
		return struct{}{}, err
	}, c.sql("SELECT CAST(fieldid AS CHAR), relmodule FROM {fieldmodulerel} ORDER BY fieldid, relmodule"))
	return related, err
}

// column tells whether and how a field is read.
func (s *shape) column(f field, related []string) (shapeColumn, bool) {
	if f.presence != "0" && f.presence != "2" {
		return shapeColumn{}, false
	}
	c := shapeColumn{field: f, kind: s.kindOf(f)}
	status, closed := statusOf(s.name)
	parents := slices.DeleteFunc(slices.Clone(related), func(t string) bool { return t == s.name || !isParent(t) })
	switch {
	case len(parents) > 0:
		c.related = parents
	case f.name == status:
		c.closed = closed
	case c.kind == permissions.KindName:
	case f.unlisted, c.kind == permissions.KindText && f.name != companyField:
		return shapeColumn{}, false
	}
	return c, true
}

// complete composes the query, without fields whose column is not there or cannot be joined. It reports whether the
// records can be read at all.
func (s *shape) complete(c *CRM, known catalog) bool {
	if known.missing(s.table, []string{s.key}) != "" || !plainName.MatchString(s.table) || !plainName.MatchString(s.key) {
		return false
	}
	joins, keys := []string{joinOf(s.table, s.key)}, map[string]string{s.table: s.key}
	s.columns = slices.DeleteFunc(s.columns, func(column shapeColumn) bool {
		key, alone := known.key(column.table)
		_, joined := keys[column.table]
		usable := known.missing(column.table, []string{column.column}) == "" && plainName.MatchString(column.table) &&
			plainName.MatchString(column.column) && (joined || alone && plainName.MatchString(key))
		if usable && !joined {
			keys[column.table] = key
			joins = append(joins, joinOf(column.table, key))
		}
		return !usable
	})
	for i, column := range s.columns {
		s.columns[i].key = keys[column.table]
		s.columns[i].indexed = known[column.table][strings.ToLower(column.column)].indexed
	}
	successors := "0, 0, 0"
	if s.name == "Leads" && known.missing(c.table("leadconvrel"), []string{"leadid", "contactid", "accountid", "potentialid"}) == "" {
		successors = "COALESCE(v.contactid, 0), COALESCE(v.accountid, 0), COALESCE(v.potentialid, 0)"
		joins = append(joins, c.sql(" LEFT JOIN {leadconvrel} v ON v.leadid = e.crmid AND `"+s.table+"`.converted = 1"))
	}
	s.query = c.sql("SELECT e.crmid, e.smownerid, e.deleted <> 0, COALESCE(CAST(e.modifiedtime AS CHAR), ''), " + successors)
	for _, column := range s.columns {
		s.query += ", COALESCE(CAST(`" + column.table + "`.`" + column.column + "` AS CHAR), '')"
	}
	s.query += c.sql(" FROM {crmentity} e") + strings.Join(joins, "") + " WHERE e.setype = ? AND e.crmid IN "
	return true
}

func joinOf(table, key string) string {
	return " LEFT JOIN `" + table + "` ON `" + table + "`.`" + key + "` = e.crmid"
}
