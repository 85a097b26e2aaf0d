package search

import (
	"context"
	"fmt"

	"gorm.io/gorm"

	"github.com/mailconnector/mailconnector/internal/database"
	"github.com/mailconnector/mailconnector/permissions"
)

// index brings documents of the host into the index, those that are as before excepted.
func (s *Service) index(ctx context.Context, docs []Doc) error {
	docs = latest(docs)
	if len(docs) == 0 {
		return nil
	}
	var written []writtenTerm
	err := s.db.Tx(ctx, func(_ context.Context, tx *database.Tx) (err error) {
		written, err = s.indexTx(tx.Gorm(), docs)
		return err
	})
	if err != nil {
		return fmt.Errorf("index records: %w", err)
	}
	s.store.words.remember(written)
	return s.names.read(s.db.Gorm(ctx))
}

// indexTx returns the terms it has written.
func (s *Service) indexTx(g *gorm.DB, docs []Doc) ([]writtenTerm, error) {
	indexed, err := s.store.indexed(g, s.names, docs)
	if err != nil {
		return nil, err
	}
	var gone []int64
	var changed []Doc
	for _, d := range docs {
		old, known := indexed[d.Record]
		switch {
		case d.Deleted && known:
			gone = append(gone, old.ID)
		case d.Deleted, known && string(old.Fingerprint) == string(fingerprint(d)):
		default:
			changed = append(changed, d)
			if known {
				gone = append(gone, old.ID)
			}
		}
	}
	if err := s.store.remove(g, gone); err != nil {
		return nil, err
	}
	return s.write(g, changed)
}

func (s *Service) write(g *gorm.DB, docs []Doc) ([]writtenTerm, error) {
	ids, err := s.names.add(g, namesOf(docs))
	if err != nil {
		return nil, err
	}
	id, err := s.store.nextID(g)
	if err != nil {
		return nil, err
	}
	var rows []docRow
	var terms []writtenTerm
	var parents []parentRow
	for _, d := range docs {
		row, texts := rowOf(d, id, ids), termsOf(d)
		row.Pairs = pairsOf(texts)
		rows = append(rows, row)
		for _, t := range texts {
			field := ids[nameKey{fieldName, d.Record.Type + "." + t.field}]
			found := termRow{Owner: row.Owner, Kind: t.kind, Term: []byte(t.text), Doc: id, Field: field}
			terms = append(terms, writtenTerm{found, row.Type, row.Pairs})
		}
		for _, p := range d.Parents {
			parents = append(parents, parentRow{id, ids[nameKey{typeName, p.Type}], p.ID})
		}
		id--
	}
	if err := s.store.insert(g, rows, terms, parents); err != nil {
		return nil, err
	}
	return terms, s.store.addSuffixes(g, terms)
}

func rowOf(d Doc, id int64, ids map[nameKey]int32) docRow {
	label := []rune(fold(d.Label))
	return docRow{
		ID:          id,
		Type:        ids[nameKey{typeName, d.Record.Type}],
		Record:      d.Record.ID,
		Owner:       ids[nameKey{ownerName, d.Owner}],
		Checksum:    Checksum(d.Record.ID),
		Modified:    database.Micros(d.Modified),
		IsOpen:      d.Open,
		Label:       string(label[:min(len(label), 255)]),
		Fingerprint: fingerprint(d),
	}
}

func namesOf(docs []Doc) map[nameKey]bool {
	wanted := make(map[nameKey]bool)
	for _, d := range docs {
		wanted[nameKey{typeName, d.Record.Type}] = true
		wanted[nameKey{ownerName, d.Owner}] = true
		for _, e := range d.Entries {
			wanted[nameKey{fieldName, d.Record.Type + "." + e.Field}] = true
		}
		for _, p := range d.Parents {
			wanted[nameKey{typeName, p.Type}] = true
		}
	}
	return wanted
}

// latest keeps the last of several states of one record.
func latest(docs []Doc) []Doc {
	position := make(map[permissions.Record]int, len(docs))
	kept := docs[:0:0]
	for _, d := range docs {
		if i, seen := position[d.Record]; seen {
			kept[i] = d
			continue
		}
		position[d.Record] = len(kept)
		kept = append(kept, d)
	}
	return kept
}
