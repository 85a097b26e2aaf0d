package search

import (
	"context"
	"slices"
)

// exactTerm is a term that is looked up as a whole.
type exactTerm struct {
	kind termKind
	text string
}

// depth says how far to look for one term.
type depth struct {
	read int // terms of documents, whoever may find them
	keep int // documents that the subject may find
}

var (
	// shallow is enough wherever the scope of the subject tells what it may view.
	shallow = depth{read: 128, keep: 2 * maxPerGroup}
	// deep is for subjects who may view records of any owner, but not all.
	deep = depth{read: widestChunk, keep: widestChunk}
)

// matches are the documents of a term that the subject may find, the latest modified first.
type matches struct {
	docs []docRow
	cut  bool // there may be more
}

// lookup asks for the documents of terms.
type lookup struct {
	view   *view
	terms  []exactTerm
	fields []int32 // in which domains count
	depth  depth
}

// lookUpTerms finds the documents of many terms at once, in a number of statements that does not depend on how many
// terms there are, up to some hundreds.
func (s *Service) lookUpTerms(ctx context.Context, l lookup) (map[exactTerm]matches, error) {
	if l.view.empty() || len(l.terms) == 0 {
		return nil, nil
	}
	rows, cut, err := s.readTerms(ctx, l)
	if err != nil {
		return nil, err
	}
	var wanted []int64
	ids := make(map[exactTerm][]int64, len(rows))
	for term, rows := range rows {
		of := idsOf(rows)
		cut[term] = cut[term] || len(of) > l.depth.keep
		ids[term] = of[:min(len(of), l.depth.keep)]
		wanted = append(wanted, ids[term]...)
	}
	slices.Sort(wanted)
	docs, err := s.store.docs(ctx, slices.Compact(wanted))
	if err != nil {
		return nil, err
	}
	byID := make(map[int64]docRow, len(docs))
	for _, doc := range docs {
		byID[doc.ID] = doc
	}
	found := make(map[exactTerm]matches, len(ids))
	for term, ids := range ids {
		m := matches{cut: cut[term]}
		for _, id := range ids {
			if doc, there := byID[id]; there {
				m.docs = append(m.docs, doc)
			}
		}
		slices.SortFunc(m.docs, latestFirst)
		found[term] = m
	}
	return found, nil
}

// readTerms reads the latest documents of each term, owner by owner where the owners in scope are few. Where hardly any
// of the latest are in scope, the terms of the owners in scope are read besides, so that those who see little find theirs
// behind whatever number of others. It tells for which terms there may be more.
func (s *Service) readTerms(ctx context.Context, l lookup) (map[exactTerm][]termRow, map[exactTerm]bool, error) {
	v, admitted, cut := l.view, make(map[exactTerm][]termRow, len(l.terms)), make(map[exactTerm]bool)
	take := func(rows []termRow) {
		for _, row := range rows {
			if v.admits(row) {
				admitted[row.exact()] = append(admitted[row.exact()], row)
			}
		}
	}
	if len(v.openTypes) == 0 && len(v.ownerList) <= fewOwners {
		rows, err := s.store.exactOfOwners(ctx, l.terms, l.fields, v.ownerList)
		take(rows)
		return admitted, cut, err
	}
	rows, err := s.store.latest(ctx, l.terms, l.fields, l.depth.read)
	if err != nil {
		return nil, nil, err
	}
	take(rows)
	var scarce []exactTerm
	for term, n := range countTerms(rows) {
		if n == l.depth.read {
			cut[term] = len(v.openTypes) > 0
			if len(idsOf(admitted[term])) < maxPerGroup {
				scarce = append(scarce, term)
			}
		}
	}
	if len(scarce) > 0 && len(v.ownerList) > 0 {
		rows, err = s.store.exactOfOwners(ctx, scarce, l.fields, v.ownerList)
		take(rows)
	}
	return admitted, cut, err
}

func (t termRow) exact() exactTerm { return exactTerm{t.Kind, string(t.Term)} }

func countTerms(rows []termRow) map[exactTerm]int {
	n := make(map[exactTerm]int)
	for _, row := range rows {
		n[row.exact()]++
	}
	return n
}

// idsOf returns the documents of terms, the latest first, each once.
func idsOf(rows []termRow) []int64 {
	ids := make([]int64, len(rows))
	for i, row := range rows {
		ids[i] = row.Doc
	}
	slices.Sort(ids)
	return slices.Compact(ids)
}
