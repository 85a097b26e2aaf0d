package search

import (
	"context"
	"fmt"

	"github.com/mailconnector/mailconnector/permissions"
)

// fewOwners is the number of owners up to which their terms are read owner by owner. Beyond it, walking the terms and
// leaving out foreign owners is faster.
const fewOwners = 32

// view is what one subject may find: entity types, fields, and whose records are worth checking. It narrows; the
// permission check decides.
type view struct {
	subject permissions.Subject
	lang    string
	types   map[int32]*typeView
	fields  map[int32]permissions.Field // visible ones
}

type typeView struct {
	entity permissions.EntityType
	any    bool           // records of every owner are worth checking
	owners map[int32]bool // otherwise of these
}

// view asks the host what the subject may find. An entity type whose scope cannot be told is left out and named.
func (s *Service) view(ctx context.Context, subject permissions.Subject, only, lang string) (*view, []string, error) {
	entities, err := s.permissions.Types(ctx, subject, lang)
	if err != nil {
		return nil, nil, fmt.Errorf("list entity types: %w", err)
	}
	v := &view{subject: subject, lang: lang, types: make(map[int32]*typeView), fields: make(map[int32]permissions.Field)}
	var failed []string
	asked := only == ""
	for _, entity := range entities {
		if only != "" && entity.Name != only {
			continue
		}
		asked = true
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
	return v, failed, nil
}

func (v *view) add(n *names, id int32, entity permissions.EntityType, scope permissions.Scope) {
	tv := &typeView{entity: entity, any: scope.All || scope.More, owners: make(map[int32]bool)}
	for _, owner := range scope.Owners {
		if ownerID, known := n.id(ownerName, owner); known {
			tv.owners[ownerID] = true
		}
	}
	v.types[id] = tv
	for _, f := range entity.Fields {
		if fieldID, known := n.id(fieldName, entity.Name+"."+f.Name); known {
			v.fields[fieldID] = f
		}
	}
}

// admits reports whether a term is worth a permission check: its type and field are visible, its owner in scope.
func (v *view) admits(t termRow) bool {
	tv, visible := v.types[t.Type]
	if !visible || !tv.any && !tv.owners[t.Owner] {
		return false
	}
	_, visible = v.fields[t.Field]
	return visible
}

// owners returns the owners in scope of any type, and whether a type has no limit to its owners.
func (v *view) owners() (list []int32, any bool) {
	seen := make(map[int32]bool)
	for _, tv := range v.types {
		any = any || tv.any
		for owner := range tv.owners {
			if !seen[owner] {
				seen[owner] = true
				list = append(list, owner)
			}
		}
	}
	return list, any
}

// canLink reports whether the subject may link mails to records of a type.
func (v *view) canLink(entityType string) bool {
	for _, tv := range v.types {
		if tv.entity.Name == entityType {
			return tv.entity.CanLink
		}
	}
	return false
}
