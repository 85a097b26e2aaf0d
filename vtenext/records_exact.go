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
	latestRows = 50_000
	// sameValue is how many records are read of a field for each value, mostMatches for all values.
	sameValue, mostMatches = 500, 5000
	// fewOwners is the number of owners up to which the database leaves out the records of others.
	fewOwners = 200
	// longestExact is the length of the longest address, in bytes.
	longestExact = 255
)

// Exact implements [search.Exact]: it looks for e-mail addresses in all fields for addresses, and for record numbers
// in all fields for numbers, of every entity type the subject may see. It takes one statement for each of the two, on
// the CRM's own indexes. Of a field without an index it knows the latest 50,000 rows.
func (r *Records) Exact(ctx context.Context, s permissions.Subject, values []string, limit int) ([]search.ExactMatch, error) {
	policy, err := r.permissions.fresh.policy(ctx)
	if err != nil {
		return nil, err
	}
	shapes, err := r.shapes.of(ctx, policy)
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
	var parts []string
	var args []any
	for _, name := range e.shapes.names() {
		for _, column := range e.columns(e.shapes[name], kind) {
			part, more := e.statement(e.shapes[name], column, values)
			parts, args = append(parts, "("+part+")"), append(args, more...)
		}
	}
	if len(parts) == 0 || len(values) == 0 {
		return nil, nil
	}
	candidates, err := collect(ctx, e.records.crm.db, scanMatch, strings.Join(parts, " UNION ALL "), args...)
	if err != nil {
		return nil, err
	}
	return e.visible(ctx, values, candidates)
}

// columns lists the fields of a kind that the user finds records by.
func (e exactness) columns(s *shape, kind permissions.FieldKind) (columns []shapeColumn) {
	if !e.inquiry.answerType(permissions.View, s.entityType).Allows() {
		return nil
	}
	shown := e.inquiry.fields(s.entityType)
	for _, c := range s.columns {
		if c.kind == kind && c.entry() && slices.ContainsFunc(shown, func(f field) bool { return f.name == c.name }) {
			columns = append(columns, c)
		}
	}
	return columns
}

// statement reads the records of one entity type by one field. The latest rows are those with the highest id.
func (e exactness) statement(s *shape, c shapeColumn, values []string) (string, []any) {
	table := "`" + c.table + "`"
	if !c.indexed {
		table = fmt.Sprintf("(SELECT `%s`, `%s` FROM `%s` ORDER BY `%s` DESC LIMIT %d)", c.key, c.column, c.table, c.key, latestRows)
	}
	list, args := in(values)
	query := e.records.crm.sql("SELECT e.setype, CAST(e.crmid AS CHAR), CAST(t.`"+c.column+"` AS CHAR) FROM "+table+" t"+
		" JOIN {crmentity} e ON e.crmid = t.`"+c.key+"` WHERE t.`"+c.column+"` IN "+list) + " AND e.setype = ? AND e.deleted = 0"
	args = append(args, s.name)
	scope := e.inquiry.policy.engine.Scope(e.inquiry.user, s.name)
	if limited := !scope.All && !scope.More && s.rule == ordinaryRule; limited && len(scope.Owners) <= fewOwners {
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
