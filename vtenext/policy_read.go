package vtenext

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
)

// querier reads: a pool, or a transaction.
type querier interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
}

// policyRows are the rows of every source by its name; NULL reads as the empty string.
type policyRows map[string][][]string

// digest identifies what the sources hold: equal digests, equal policies.
type digest string

// readDigest sums up every part without fetching a row. The order of rows does not matter.
func (c *CRM) readDigest(ctx context.Context, q querier, sources []source) (digest, error) {
	var selects []string
	for _, s := range sources {
		for _, p := range s.parts {
			selects = append(selects, p.digestSelect())
		}
	}
	rows, err := q.QueryContext(ctx, c.sql(strings.Join(selects, "\nUNION ALL ")))
	if err != nil {
		return "", fmt.Errorf("read the digest of the policy: %w", err)
	}
	defer func() { _ = rows.Close() }()
	var all strings.Builder
	for rows.Next() {
		var table, sums string
		if err := rows.Scan(&table, &sums); err != nil {
			return "", fmt.Errorf("read the digest of the policy: %w", err)
		}
		fmt.Fprintln(&all, table, sums)
	}
	if err := rows.Err(); err != nil {
		return "", fmt.Errorf("read the digest of the policy: %w", err)
	}
	return digest(all.String()), nil
}

// digestSelect joins the bytes of a row with a separator that is binary, so that collations play no part.
func (p part) digestSelect() string {
	var row strings.Builder
	row.WriteString("X'1F'")
	for _, name := range p.names() {
		row.WriteString(", COALESCE(" + quoted(name) + ", X'00')")
	}
	return "SELECT '" + p.table + "', CONCAT_WS(' ', COUNT(*), BIT_XOR(d.c), SUM(d.c)) " +
		"FROM (SELECT CRC32(CONCAT_WS(" + row.String() + ")) AS c FROM " + p.from() + ") d"
}

func (p part) from() string {
	if p.where == "" {
		return p.table
	}
	return p.table + " WHERE " + p.where
}

// readPolicy fetches the rows of every source, with one statement for each.
func (c *CRM) readPolicy(ctx context.Context, q querier, sources []source) (policyRows, error) {
	all := make(policyRows, len(sources))
	seen := make(interned)
	for _, s := range sources {
		rows, err := c.readSource(ctx, q, s, seen)
		if err != nil {
			return nil, fmt.Errorf("read the %s: %w", s.name, err)
		}
		all[s.name] = rows
	}
	return all, nil
}

func (c *CRM) readSource(ctx context.Context, q querier, s source, seen interned) ([][]string, error) {
	if len(s.parts) == 0 {
		return nil, nil
	}
	selects := make([]string, len(s.parts))
	for i, p := range s.parts {
		selects[i] = p.rowSelect(len(s.parts) > 1)
	}
	rows, err := q.QueryContext(ctx, c.sql(strings.Join(selects, "\nUNION ALL ")))
	if err != nil {
		return nil, err
	}
	defer func() { _ = rows.Close() }()
	return scanStrings(rows, seen)
}

// rowSelect casts the columns of tables that are joined in one source, which may differ in type and collation.
func (p part) rowSelect(cast bool) string {
	columns := strings.Split(p.columns, ", ")
	for i := range columns {
		columns[i] = quoted(columns[i])
		if cast {
			columns[i] = "CAST(" + columns[i] + " AS CHAR)"
		}
	}
	statement := "SELECT " + strings.Join(columns, ", ") + " FROM " + p.from()
	if p.order != "" {
		statement += " ORDER BY " + p.order
	}
	return statement
}

// quoted keeps the name of a column from being taken for a word of SQL, such as FUNCTION in MySQL 8. Constants stay.
func quoted(column string) string {
	if strings.HasPrefix(column, "'") {
		return column
	}
	return "`" + column + "`"
}

// scanStrings reads all rows as strings.
func scanStrings(rows *sql.Rows, seen interned) ([][]string, error) {
	columns, err := rows.Columns()
	if err != nil {
		return nil, err
	}
	raw, into := make([]sql.RawBytes, len(columns)), make([]any, len(columns))
	for i := range raw {
		into[i] = &raw[i]
	}
	var all [][]string
	for rows.Next() {
		if err := rows.Scan(into...); err != nil {
			return nil, err
		}
		row := make([]string, len(raw))
		for i, value := range raw {
			row[i] = seen.string(value)
		}
		all = append(all, row)
	}
	return all, rows.Err()
}

// interned keeps one copy of each string: the same few fill the tables of profiles.
type interned map[string]string

func (m interned) string(b []byte) string {
	if s, ok := m[string(b)]; ok {
		return s
	}
	s := string(b)
	m[s] = s
	return s
}
