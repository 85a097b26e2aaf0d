package vtenext

import (
	"context"
	"database/sql"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/mailconnector/mailconnector/permissions"
	"github.com/mailconnector/mailconnector/permissions/search"
)

// maxValue is the longest value, in characters, that is kept of a field.
const maxValue = 500

// row is a record as it was read.
type row struct {
	shape    *shape
	id       int64
	owner    string
	deleted  bool
	modified string
	became   [3]int64 // contact, company and deal that a lead was converted to; 0 for none
	values   []string // in the order of the shape's columns
}

// rowGone stands for a record whose rows are gone for good.
func rowGone(h head) row {
	return row{shape: &shape{entityType: &entityType{name: h.entityType}}, id: h.id, modified: h.modified, deleted: true}
}

func (r row) record() permissions.Record {
	return permissions.Record{Type: r.shape.name, ID: formatID(r.id)}
}

// read reads records of one entity type by their ids.
func (r *Records) read(ctx context.Context, s *shape, ids []int64) ([]row, error) {
	var all []row
	for chunk := range slices.Chunk(ids, chunkSize) {
		list, args := in(chunk)
		rows, err := collect(ctx, r.crm.db, s.scan, s.query+list, append([]any{s.name}, args...)...)
		if err != nil {
			return nil, fmt.Errorf("read %s: %w", s.name, err)
		}
		all = append(all, rows...)
	}
	return all, nil
}

func (s *shape) scan(rows *sql.Rows) (row, error) {
	r := row{shape: s, values: make([]string, len(s.columns))}
	into := []any{&r.id, &r.owner, &r.deleted, &r.modified, &r.became[0], &r.became[1], &r.became[2]}
	for i := range r.values {
		into = append(into, &r.values[i])
	}
	err := rows.Scan(into...)
	for i, value := range r.values {
		r.values[i] = cut(strings.TrimSpace(value), maxValue)
	}
	return r, err
}

func scanHead(rows *sql.Rows) (h head, err error) {
	return h, rows.Scan(&h.id, &h.entityType, &h.modified)
}

func scanDigest(rows *sql.Rows) (d search.OwnerDigest, err error) {
	return d, rows.Scan(&d.Owner, &d.Count, &d.Sum)
}

// label is the record's name as the CRM composes it, of the fields that are shown.
func (r row) label(shown func(field string) bool) string {
	words := make([]string, len(r.shape.naming))
	for i, c := range r.shape.columns {
		if at := slices.Index(r.shape.naming, c.name); at >= 0 && shown(c.name) {
			words[at] = r.values[i]
		}
	}
	return strings.Join(slices.DeleteFunc(words, func(w string) bool { return w == "" }), " ")
}

func everyField(string) bool { return true }

// open reports whether the record is a deal or ticket that is not closed.
func (r row) open() bool {
	for i, c := range r.shape.columns {
		if c.closed != nil {
			return !r.deleted && !slices.Contains(c.closed, r.values[i])
		}
	}
	return false
}

// parentIDs returns the ids of the persons and companies the record names in fields that are shown, each with the types
// it may be of.
func (r row) parentIDs(shown func(field string) bool) map[int64][]string {
	ids := make(map[int64][]string)
	for i, c := range r.shape.columns {
		if id, ok := parseID(r.values[i]); ok && c.related != nil && shown(c.name) {
			ids[id] = append(ids[id], c.related...)
		}
	}
	return ids
}

// parents reads of which type the records are that others name as their person or company, by id. Those that are
// deleted are left out.
func (r *Records) parents(ctx context.Context, rows map[int64]row) (map[int64]string, error) {
	named := make(map[int64]bool)
	for _, row := range rows {
		for id := range row.parentIDs(everyField) {
			named[id] = true
		}
	}
	types := make(map[int64]string, len(named))
	for chunk := range slices.Chunk(slices.Sorted(maps.Keys(named)), chunkSize) {
		list, args := in(chunk)
		heads, err := collect(ctx, r.crm.db, scanHead,
			r.crm.sql("SELECT crmid, setype, '' FROM {crmentity} WHERE deleted = 0 AND crmid IN "+list), args...)
		if err != nil {
			return nil, fmt.Errorf("read parents: %w", err)
		}
		for _, h := range heads {
			types[h.id] = h.entityType
		}
	}
	return types, nil
}

// parentsOf returns the persons and companies that the record names in fields that are shown and that are there, in the
// order of their ids.
func (r row) parentsOf(types map[int64]string, shown func(field string) bool) []permissions.Record {
	var parents []permissions.Record
	ids := r.parentIDs(shown)
	for _, id := range slices.Sorted(maps.Keys(ids)) {
		if t := types[id]; slices.Contains(ids[id], t) {
			parents = append(parents, permissions.Record{Type: t, ID: formatID(id)})
		}
	}
	return parents
}

// successor is what a converted lead became.
func (r row) successor() *permissions.Record {
	for i, entityType := range []string{"Contacts", "Accounts", "Potentials"} {
		if r.became[i] > 0 {
			return &permissions.Record{Type: entityType, ID: formatID(r.became[i])}
		}
	}
	return nil
}

// doc is the record as the index keeps it.
func (r row) doc(c *CRM, parentTypes map[int64]string) search.Doc {
	d := search.Doc{
		Record: r.record(), Owner: r.owner, Modified: c.parseTime(r.modified), Deleted: r.deleted, Open: r.open(),
		Label: r.label(everyField), Parents: r.parentsOf(parentTypes, everyField), Successor: r.successor(),
	}
	for i, column := range r.shape.columns {
		if column.entry() && r.values[i] != "" {
			d.Entries = append(d.Entries, search.Entry{Field: column.name, Kind: column.kind, Value: r.values[i]})
		}
	}
	return d
}
