package search

import (
	"context"
	"fmt"
	"maps"
	"math/bits"
	"slices"

	"github.com/mailconnector/mailconnector/permissions"
)

// view is what one subject may find: entity types, fields, and whose records are worth checking. It narrows; the
// permission check decides.
type view struct {
	subject permissions.Subject
	lang    string
	types   map[int32]*typeView
	fields  map[int32]fieldView // visible ones
	// linkable has the visible entity types, those without any record included, and whether mails may be linked there.
	linkable map[string]bool

	fieldList  []int32 // the keys of fields, sorted
	ownerList  []int32 // the owners in scope of any type, sorted
	openTypes  []int32 // the types that have no limit to their owners, sorted
	everything bool    // everything that a walk comes by is in scope
	unsure     bool    // the scope of some type has records that the subject may not view
}

type typeView struct {
	entity permissions.EntityType
	any    bool  // records of every owner are worth checking
	unsure bool  // but not every one may be viewed
	owners idSet // otherwise of these
}

type fieldView struct {
	permissions.Field
	of *typeView
}

// holding is what an owner has of a type.
type holding struct{ entityType, owner int32 }

// idSet is a set of small numbers.
type idSet []uint64

func (s *idSet) add(id int32) {
	for int(id>>6) >= len(*s) {
		*s = append(*s, 0)
	}
	(*s)[id>>6] |= 1 << (id & 63)
}

func (s idSet) has(id int32) bool { return int(id>>6) < len(s) && s[id>>6]&(1<<(id&63)) != 0 }

// list returns the numbers, sorted.
func (s idSet) list() []int32 {
	var ids []int32
	for i, word := range s {
		for ; word != 0; word &= word - 1 {
			ids = append(ids, int32(i*64+bits.TrailingZeros64(word)))
		}
	}
	return ids
}

// view asks the host what the subject may find. An entity type whose scope cannot be told is left out and named.
func (s *Service) view(ctx context.Context, subject permissions.Subject, only, lang string) (*view, []string, error) {
	entities, err := s.permissions.Types(ctx, subject, lang)
	if err != nil {
		return nil, nil, fmt.Errorf("list entity types: %w", err)
	}
	v := &view{subject: subject, lang: lang, types: make(map[int32]*typeView), fields: make(map[int32]fieldView), linkable: make(map[string]bool)}
	var failed []string
	asked := only == ""
	for _, entity := range entities {
		if only != "" && entity.Name != only {
			continue
		}
		asked = true
		v.linkable[entity.Name] = entity.CanLink
		id, known := s.names.id(typeName, entity.Name)
		if !known {
			continue // no record of this type yet
		}
		scope, err := s.permissions.Scope(ctx, subject, entity.Name)
		if err != nil {
			s.log.ErrorContext(ctx, "read scope", "type", entity.Name, "err", err)
			failed = append(failed, entity.Name)
			continue
		}
		v.add(s.names, id, entity, scope)
	}
	if !asked {
		return nil, nil, &QueryError{"module", "is not a module you can see: ask GET /modules for the list"}
	}
	v.sum()
	v.everything = len(v.openTypes) == s.names.count(typeName) || len(v.openTypes) == 1 && len(v.types) == 1
	return v, failed, nil
}

// sum notes what holds for all types together.
func (v *view) sum() {
	var owners, open idSet
	for id, tv := range v.types {
		if tv.any {
			open.add(id)
		}
		for len(owners) < len(tv.owners) {
			owners = append(owners, 0)
		}
		for i, word := range tv.owners {
			owners[i] |= word
		}
	}
	v.fieldList = slices.Sorted(maps.Keys(v.fields))
	v.ownerList, v.openTypes = owners.list(), open.list()
}

// hide leaves nothing to be found in the index.
func (v *view) hide() {
	v.types, v.fields = nil, nil
	v.sum()
}

// holdings lists what the owners in scope have.
func (v *view) holdings() []holding {
	var list []holding
	for id, tv := range v.types {
		for _, owner := range tv.owners.list() {
			list = append(list, holding{id, owner})
		}
	}
	return list
}

// empty reports whether no record can be found.
func (v *view) empty() bool {
	return len(v.fields) == 0 || len(v.ownerList) == 0 && len(v.openTypes) == 0
}

func (v *view) add(n *names, id int32, entity permissions.EntityType, scope permissions.Scope) {
	tv := &typeView{entity: entity, any: scope.All || scope.More, unsure: scope.More}
	for _, id := range n.known(ownerName, scope.Owners) {
		tv.owners.add(id)
	}
	v.types[id] = tv
	v.unsure = v.unsure || tv.unsure
	for _, f := range entity.Fields {
		if fieldID, known := n.id(fieldName, entity.Name+"."+f.Name); known {
			v.fields[fieldID] = fieldView{f, tv}
		}
	}
}

// hit is a card with what can be done with it. A record that became another is not linked to any more: its successor is.
func (v *view) hit(c Card) Hit {
	target := c.Record
	if c.Successor != nil {
		target = *c.Successor
	}
	return Hit{Card: c, CanLink: v.linkable[target.Type]}
}

// limited keeps the terms of types that have a limit to their owners.
func (v *view) limited(rows []termRow) []termRow {
	if len(v.openTypes) == 0 {
		return rows
	}
	return slices.DeleteFunc(rows, func(row termRow) bool {
		f, visible := v.fields[row.Field]
		return visible && f.of.any
	})
}

// only returns the type in view, where it is just one.
func (v *view) only() (id int32, one bool) {
	for id = range v.types {
	}
	return id, len(v.types) == 1
}

// fieldsOf lists the visible fields of a type.
func (v *view) fieldsOf(id int32) (fields []int32) {
	for _, field := range v.fieldList {
		if v.fields[field].of == v.types[id] {
			fields = append(fields, field)
		}
	}
	return fields
}

// work is what it takes to admit a term by a field.
func (v *view) work(field int32) int {
	if v.fields[field].of.unsure {
		return hiddenWork
	}
	return termWork
}

// admits reports whether a term is worth a permission check: its field is visible, its owner in scope.
func (v *view) admits(t termRow) bool {
	f, visible := v.fields[t.Field]
	return visible && (f.of.any || f.of.owners.has(t.Owner))
}
