package search

import (
	"bytes"
	"context"
	"fmt"

	"gorm.io/gorm"
)

// walk reads terms of a range in the order (term, doc), after the last row of the walk before.
func (s store) walk(ctx context.Context, r termRange, last *termRow, limit int) ([]termRow, error) {
	g := within(s.db.Gorm(ctx), r)
	if last != nil {
		g = g.Where("term >= ? AND (term > ? OR doc > ? OR doc = ? AND owner > ? OR doc = ? AND owner = ? AND field > ?)",
			last.Term, last.Term, last.Doc, last.Doc, last.Owner, last.Doc, last.Owner, last.Field)
	}
	return find(g.Order("kind, term, doc, owner, field").Limit(limit), "walk terms")
}

// ofOwners reads all terms of a range that belong to documents of the owners.
func (s store) ofOwners(ctx context.Context, r termRange, owners []int32) ([]termRow, error) {
	var rows []termRow
	for len(owners) > 0 {
		n := min(len(owners), batchRows)
		part, err := find(within(s.db.Gorm(ctx).Where("owner IN ?", owners[:n]), r), "read terms of owners")
		if err != nil {
			return nil, err
		}
		rows, owners = append(rows, part...), owners[n:]
	}
	return rows, nil
}

// exact reads the terms that are exactly the given one.
func (s store) exact(ctx context.Context, kind termKind, term []byte, limit int) ([]termRow, error) {
	g := s.db.Gorm(ctx).Where("kind = ? AND term = ?", kind, term)
	return find(g.Order("kind, term, doc").Limit(limit), "read exact terms")
}

// matching reads those terms of the documents that are in one of the ranges.
func (s store) matching(ctx context.Context, docs []int64, word queryWord) ([]termRow, error) {
	ranges := s.db.Gorm(ctx)
	for i, r := range word {
		if one := within(s.db.Gorm(ctx), r); i == 0 {
			ranges = one
		} else {
			ranges = ranges.Or(one)
		}
	}
	return find(s.db.Gorm(ctx).Where("doc IN ?", docs).Where(ranges), "match terms of documents")
}

func within(g *gorm.DB, r termRange) *gorm.DB {
	g = g.Where("kind = ? AND term >= ?", r.kind, r.prefix)
	if end := after(r.prefix); end != nil {
		g = g.Where("term < ?", end)
	}
	return g
}

func find(g *gorm.DB, doing string) ([]termRow, error) {
	var rows []termRow
	if err := g.Find(&rows).Error; err != nil {
		return nil, fmt.Errorf("%s: %w", doing, err)
	}
	return rows, nil
}

func (r termRange) exactly(term []byte) bool { return bytes.Equal(r.prefix, term) }
