package vtenext

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Part is a part of what this package does for a CRM.
type Part string

// The parts.
const (
	PartPermissions Part = "permissions" // who may do what; without it nothing works
	PartMessages    Part = "messages"    // who reads which message
	PartCalendar    Part = "calendar"    // who sees which activity
	PartProcesses   Part = "processes"   // records that processes freeze or list
	PartSignIn      Part = "sign-in"     // accounts and passwords
	PartRecords     Part = "records"     // search and cards
	PartFiling      Part = "filing"      // messages and documents in the CRM's rows
)

// Finding is something about an installation that its administrator should know.
type Finding struct {
	Part     Part
	Disabled bool   // what Subject names does not work, or is refused
	Subject  string // a table, an entity type, a rule
	Detail   string // one sentence
}

// String returns the finding as one line.
func (f Finding) String() string {
	line := fmt.Sprintf("%s: %s: %s", f.Part, f.Subject, f.Detail)
	if f.Disabled {
		line += " (disabled)"
	}
	return line
}

// Report is what was found on an installation.
type Report struct {
	Findings []Finding
}

// Disabled reports whether something of the part, or all of it, does not work, and why.
func (r Report) Disabled(p Part) (reasons []string, disabled bool) {
	for _, f := range r.Findings {
		if f.Disabled && f.Part == p {
			reasons = append(reasons, f.Subject+": "+f.Detail)
		}
	}
	return reasons, len(reasons) > 0
}

// catalog describes the tables that were asked for and exist: their columns in lower case.
type catalog map[string]map[string]column

type column struct {
	primary bool // of the primary key
	indexed bool // rows are found by it without reading the others; describeIndexes tells
}

// missing words what of a need the installation lacks; empty if nothing.
func (c catalog) missing(name string, columns []string) string {
	there, ok := c[name]
	if !ok {
		return "the table does not exist"
	}
	var lacking []string
	for _, column := range columns {
		if _, ok := there[strings.ToLower(column)]; !ok {
			lacking = append(lacking, column)
		}
	}
	if len(lacking) > 0 {
		return "the table has no column " + strings.Join(lacking, ", ")
	}
	return ""
}

// key returns the column that is the whole primary key of a table.
func (c catalog) key(table string) (string, bool) {
	var key string
	for name, column := range c[table] {
		if !column.primary {
			continue
		}
		if key != "" {
			return "", false
		}
		key = name
	}
	return key, key != ""
}

// describe reads the columns of tables, as far as these exist in the CRM's database. Some servers keep all names of
// tables in lower case, so names are found in any case and told as they were asked for.
func (c *CRM) describe(ctx context.Context, q querier, tables []string) (catalog, error) {
	found, asked := make(catalog), make(map[string]string, len(tables))
	for _, name := range tables {
		asked[strings.ToLower(name)] = name
	}
	list, args := in(tables)
	rows, err := q.QueryContext(ctx, `SELECT table_name, column_name, column_key = 'PRI' FROM information_schema.columns
		WHERE table_schema = DATABASE() AND table_name IN `+list, args...)
	if err != nil {
		return nil, fmt.Errorf("describe tables: %w", err)
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		var table, name string
		var c column
		if err := rows.Scan(&table, &name, &c.primary); err != nil {
			return nil, fmt.Errorf("describe tables: %w", err)
		}
		table = asked[strings.ToLower(table)]
		if found[table] == nil {
			found[table] = make(map[string]column)
		}
		found[table][strings.ToLower(name)] = c
	}
	return found, rows.Err()
}

// describeIndexes marks the columns that are indexed: those an index begins with. The others of an index lead nowhere by
// themselves, and an index of words does not find a value.
func (c *CRM) describeIndexes(ctx context.Context, q querier, known catalog) error {
	asked := make(map[string]map[string]column, len(known))
	for name, columns := range known {
		asked[strings.ToLower(name)] = columns
	}
	list, args := in(slices.Collect(maps.Keys(known)))
	rows, err := q.QueryContext(ctx, `SELECT table_name, column_name FROM information_schema.statistics
		WHERE table_schema = DATABASE() AND seq_in_index = 1 AND index_type NOT IN ('FULLTEXT', 'SPATIAL') AND table_name IN `+list, args...)
	if err != nil {
		return fmt.Errorf("describe indexes: %w", err)
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		var table, name string
		if err := rows.Scan(&table, &name); err != nil {
			return fmt.Errorf("describe indexes: %w", err)
		}
		columns, name := asked[strings.ToLower(table)], strings.ToLower(name)
		if c, described := columns[name]; described { // a column that we may not read is not
			c.indexed = true
			columns[name] = c
		}
	}
	return rows.Err()
}
