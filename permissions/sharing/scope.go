package sharing

import "github.com/mailconnector/mailconnector/permissions"

// Scope says whose records of the entity type the user may view. It is never too narrow: a record of an owner outside
// of it is viewable by an advanced rule only, which More announces. It is empty where nothing can be viewed.
func (e *Engine) Scope(userID, entityType string) permissions.Scope {
	u, t, v := e.decide(userID, entityType, DetailView, nil)
	switch {
	case u == nil || t == nil || t.disabled || !v.allows():
		return permissions.Scope{}
	case v != typeGranted || t.public || e.effective(t.standard) != Private || e.grantsOf(u).viewsAll():
		return permissions.Scope{All: true}
	}
	return permissions.Scope{Owners: e.ownerIDs(e.visibleOwners(u, t)), More: e.mayMatch(u, t)}
}

// Listed answers whether the CRM's own lists show the record to the user. Lists look at profiles only for viewing or
// editing all records, and at the deleted flag, which is the host's; see Quirks.ListsIgnoreProfiles.
func (e *Engine) Listed(userID, entityType string, r Record) bool {
	u, t, v := e.decide(userID, entityType, Index, nil)
	switch {
	case u == nil || t == nil:
		return false
	case !e.quirks.ListsIgnoreProfiles && !v.allows():
		return false
	case e.listsAll(u, t):
		return true
	}
	owner := e.ownerOf(&r)
	if _, ok := e.judgeOwner(u, owner); ok {
		return true
	}
	return e.judgeSharing(u, t, owner, r.Matches, false).allows()
}

// listsAll reports whether lists of the entity type are not restricted for the user.
func (e *Engine) listsAll(u *user, t *entityType) bool {
	return u.admin || e.effective(t.standard) != Private || e.grantsOf(u).viewsAll()
}

func (g *grants) viewsAll() bool { return g != nil && (g.viewAll || g.editAll) }

// visibleOwners returns the owners whose records the user may view under a private default.
func (e *Engine) visibleOwners(u *user, t *entityType) set {
	owners := newSet(len(e.users) + len(e.groups))
	owners.add(u.number)
	if u.role != none {
		owners.addAll(e.roles[u.role].subordinates)
	}
	for g := range u.groups.all() {
		owners.add(int32(len(e.users)) + g)
	}
	if s := e.sharingOf(u, t); s != nil && t.shared {
		owners.addAll(s.read)
	}
	return owners
}

func (e *Engine) mayMatch(u *user, t *entityType) bool {
	if !t.shared {
		return false
	}
	for _, a := range u.advanced {
		if a.Type == t.name {
			return true
		}
	}
	return false
}

func (e *Engine) ownerIDs(owners set) []string {
	ids := make([]string, 0, 16)
	for n := range owners.all() {
		if int(n) < len(e.users) {
			ids = append(ids, e.users[n].id)
		} else {
			ids = append(ids, e.groups[int(n)-len(e.users)].id)
		}
	}
	return ids
}
