package vtenext

import (
	"cmp"
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/mailconnector/mailconnector/permissions"
	"github.com/mailconnector/mailconnector/permissions/search"
)

var _ search.Exact = (*Records)(nil)

const (
	// latestRows is how many rows of a table are looked at, from its last one on, for a field that the CRM has no index on.
	latestRows = 20_000
	// sharedBy is how many rows with one of the values are looked at for a field that the CRM has an index on.
	sharedBy = 20_000
	// sameValue is how many records are read of a field for each value, mostMatches for all values.
	sameValue, mostMatches = 500, 5000
	// fewOwners is the number of owners up to which the database leaves out the records of others.
	fewOwners = 200
	// longestExact is the length of the longest address, in bytes.
	longestExact = 255
)

// Exact implements [search.Exact]: it looks for e-mail addresses in all fields for addresses, and for record numbers
// in all fields for numbers, of every entity type the subject may see. It takes two statements for each of the two, on
// the CRM's own indexes. Of a field without an index it knows the latest 20,000 rows.
func (r *Records) Exact(ctx context.Context, s permissions.Subject, values []string, limit int) ([]search.ExactMatch, error) {
	policy, shapes, err := r.current(ctx)
	if err != nil {
		return nil, err
	}
	e := exactness{records: r, inquiry: r.permissions.inquire(policy, s.UserID), shapes: shapes, limit: limit}
	if !e.inquiry.active() {
		return nil, nil
	}
	addresses, numbers := exactValues(values)
	var found []search.ExactMatch
	for _, of := range []struct {
		kind   permissions.FieldKind
		values []string
	}{{permissions.KindEmail, addresses}, {permissions.KindNumber, numbers}} {
		more, err := e.look(ctx, of.kind, of.values)
		if err != nil {
			return nil, fmt.Errorf("look for a field of kind %s: %w", of.kind, err)
		}
		found = append(found, more...)
	}
	return found, nil
}

// exactValues tells addresses from numbers. What can be neither is left out, and so is what the CRM's tables, in an
// encoding of at most three bytes a character, cannot hold.
func exactValues(values []string) (addresses, numbers []string) {
	for _, v := range values {
		switch {
		case v == "" || len(v) > longestExact || !utf8.ValidString(v) || strings.ContainsFunc(v, func(r rune) bool { return r > 0xffff }):
		case strings.Contains(v, "@"):
			addresses = append(addresses, v)
		case strings.ContainsAny(v, "0123456789"):
			numbers = append(numbers, v)
		}
	}
	return addresses, numbers
}

// exactness looks for values on behalf of one user.
type exactness struct {
	records *Records
	inquiry *inquiry
	shapes  shapeSet
	limit   int
}

// look finds the records that have one of the values in a visible field of a kind, and that the user may see.
func (e exactness) look(ctx context.Context, kind permissions.FieldKind, values []string) ([]search.ExactMatch, error) {
	columns := e.columns(kind)
	if len(columns) == 0 || len(values) == 0 {
		return nil, nil
	}
	first, err := e.latest(ctx, columns)
	if err != nil {
		return nil, err
	}
	parts := make([]string, len(columns))
	var args []any
	for i, c := range columns {
		part, more := e.statement(c, first[c.table], values)
		parts[i], args = "("+part+")", append(args, more...)
	}
	candidates, err := collect(ctx, e.records.crm.db, scanMatch, strings.Join(parts, " UNION ALL "), args...)
	if err != nil {
		return nil, err
	}
	return e.visible(ctx, values, candidates)
}

// exactColumn is a field that the user finds records of an entity type by.
type exactColumn struct {
	shapeColumn
	of *shape
}

func (e exactness) columns(kind permissions.FieldKind) (columns []exactColumn) {
	for _, name := range e.shapes.names() {
		s := e.shapes[name]
		if !e.inquiry.answerType(permissions.View, s.entityType).Allows() {
			continue
		}
		shown := e.inquiry.fields(s.entityType)
		for _, c := range s.columns {
			if c.kind == kind && c.entry() && slices.ContainsFunc(shown, func(f field) bool { return f.name == c.name }) {
				columns = append(columns, exactColumn{c, s})
			}
		}
	}
	return columns
}

// latest returns the id of the first of the latest rows of each table that is looked through without an index; none
// for a table with fewer rows.
func (e exactness) latest(ctx context.Context, columns []exactColumn) (map[string]int64, error) {
	first := make(map[string]int64)
	var parts []string
	for _, c := range columns {
		if _, asked := first[c.table]; !asked && !c.indexed {
			first[c.table] = 0
			parts = append(parts, fmt.Sprintf("(SELECT '%[1]s', `%[2]s` FROM `%[1]s` ORDER BY `%[2]s` DESC LIMIT 1 OFFSET %[3]d)",
				c.table, c.key, latestRows-1))
		}
	}
	if len(parts) == 0 {
		return first, nil
	}
	_, err := collect(ctx, e.records.crm.db, func(rows *sql.Rows) (struct{}, error) {
		var table string
		var id int64
		err := rows.Scan(&table, &id)
		first[table] = id
		return struct{}{}, err
	}, strings.Join(parts, " UNION ALL "))
	return first, err
}

// statement reads the records with one of the values in a field; without an index on it, from the row first on. It looks
// for the values before it looks at the records, and at these by their ids alone: else servers read all records of the
// owners, or the ids of all records that are not deleted.
func (e exactness) statement(c exactColumn, first int64, values []string) (string, []any) {
	list, args := in(values)
	rows := "SELECT `" + c.key + "` AS id, `" + c.column + "` AS value FROM `" + c.table + "` WHERE `" + c.column + "` IN " + list
	if !c.indexed {
		rows, args = rows+" AND `"+c.key+"` >= ?", append(args, first)
	}
	query := "SELECT e.setype, CAST(e.crmid AS CHAR), CAST(t.value AS CHAR) FROM (" + rows + " LIMIT ?) t" +
		e.records.crm.sql(" STRAIGHT_JOIN {crmentity} e FORCE INDEX (PRIMARY) ON e.crmid = t.id WHERE e.setype = ? AND e.deleted = 0")
	args = append(args, sharedBy, c.of.name)
	scope := e.inquiry.policy.engine.Scope(e.inquiry.user, c.of.name)
	if limited := !scope.All && !scope.More && c.of.rule == ordinaryRule; limited && len(scope.Owners) <= fewOwners {
		owners, more := in(scope.Owners)
		query, args = query+" AND e.smownerid IN "+owners, append(args, more...)
	}
	return query + " LIMIT ?", append(args, min(sameValue*len(values), mostMatches))
}

func scanMatch(rows *sql.Rows) (m search.ExactMatch, err error) {
	return m, rows.Scan(&m.Record.Type, &m.Record.ID, &m.Value)
}

// visible keeps the candidates that the user may see, the newest first, so many for each value.
func (e exactness) visible(ctx context.Context, values []string, candidates []search.ExactMatch) ([]search.ExactMatch, error) {
	candidates = asAsked(values, candidates)
	records := make([]permissions.Record, len(candidates))
	for i, m := range candidates {
		records[i] = m.Record
	}
	decisions, err := e.inquiry.check(ctx, permissions.View, records)
	if err != nil {
		return nil, err
	}
	var found []search.ExactMatch
	of := make(map[string]int, len(values))
	for i, m := range candidates {
		if decisions[i].Allows() && of[m.Value] < e.limit {
			of[m.Value]++
			found = append(found, m)
		}
	}
	return found, nil
}

// asAsked gives candidates the values as they were asked for, each once, the newest record first. The database takes
// letters for the same that differ by more than their case: what it found by that is left out.
func asAsked(values []string, candidates []search.ExactMatch) []search.ExactMatch {
	var list []search.ExactMatch
	for _, m := range candidates {
		same := func(value string) bool { return strings.EqualFold(value, strings.TrimSpace(m.Value)) }
		if at := slices.IndexFunc(values, same); at >= 0 {
			list = append(list, search.ExactMatch{Record: m.Record, Value: values[at]})
		}
	}
	slices.SortFunc(list, func(a, b search.ExactMatch) int {
		return cmp.Or(cmp.Compare(len(b.Record.ID), len(a.Record.ID)), strings.Compare(b.Record.ID, a.Record.ID), strings.Compare(a.Value, b.Value))
	})
	return slices.Compact(list)
}
