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
// of the latest are in scope, the terms of the owners and types in scope are read besides, so that those who see little
// find theirs behind whatever number of others. It tells for which terms there may be more.
func (s *Service) readTerms(ctx context.Context, l lookup) (map[exactTerm][]termRow, map[exactTerm]bool, error) {
	v, found := l.view, &findings{l.view, make(map[exactTerm][]termRow, len(l.terms)), make(map[exactTerm]bool)}
	if len(v.openTypes) == 0 && len(v.ownerList) <= fewOwners {
		rows, err := s.store.exactOfOwners(ctx, l.terms, l.fields, v.ownerList)
		found.take(rows)
		return found.admitted, found.cut, err
	}
	rows, err := s.store.latest(ctx, lead{order: byTerm}, l.terms, l.fields, l.depth.read)
	if err != nil {
		return nil, nil, err
	}
	found.take(rows)
	var scarce []exactTerm
	for term, n := range countTerms(rows) {
		switch {
		case n < l.depth.read:
		case len(idsOf(found.admitted[term])) < maxPerGroup && !v.everything:
			scarce = append(scarce, term)
		default:
			found.cut[term] = v.unsure
		}
	}
	err = s.readScarce(ctx, l, scarce, found)
	return found.admitted, found.cut, err
}

// readScarce reads terms of which hardly any of the latest are in scope.
func (s *Service) readScarce(ctx context.Context, l lookup, terms []exactTerm, found *findings) error {
	if len(terms) == 0 {
		return nil
	}
	v := l.view
	rows, err := s.store.exactOfOwners(ctx, terms, l.fields, v.ownerList)
	if err != nil {
		return err
	}
	found.take(rows)
	for _, id := range v.openTypes {
		rows, err := s.store.latest(ctx, lead{byType, id}, terms, l.fields, l.depth.read)
		if err != nil {
			return err
		}
		found.take(rows)
		for term, n := range countTerms(rows) {
			found.cut[term] = found.cut[term] || n == l.depth.read && v.types[id].unsure
		}
	}
	return nil
}

// findings are the terms of a lookup that are in scope.
type findings struct {
	view     *view
	admitted map[exactTerm][]termRow
	cut      map[exactTerm]bool // there may be more
}

func (f *findings) take(rows []termRow) {
	for _, row := range rows {
		if f.view.admits(row) {
			f.admitted[row.exact()] = append(f.admitted[row.exact()], row)
		}
	}
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
