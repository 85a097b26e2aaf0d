package sharing

import "github.com/mailconnector/mailconnector/permissions"

// Scope says whose records of the entity type the user may view. It is never too narrow: a record of an owner outside
// of it is viewable by an advanced rule only, which More announces. It is empty where nothing can be viewed.
func (e *Engine) Scope(userID, entityType string) permissions.Scope {
	f := e.decide(userID, entityType, DetailView, nil)
	u, t := f.user, f.entityType
	switch {
	case !f.verdict.allows() || t.disabled:
		return permissions.Scope{}
	case f.verdict != typeGranted || t.public || e.effective(t.standard) != Private || e.grantsOf(u).viewsAll():
		return permissions.Scope{All: true}
	}
	return permissions.Scope{Owners: e.ownerIDs(e.visibleOwners(u, t)), More: e.mayMatch(u, t)}
}

// Listed answers whether the CRM's own lists show the record to the user. Lists look at profiles only for viewing or
// editing all records, and at the deleted flag, which is the host's; see Quirks.ListsIgnoreProfiles.
func (e *Engine) Listed(userID, entityType string, r Record) bool {
	f := e.decide(userID, entityType, Index, nil)
	u, t := f.user, f.entityType
	switch {
	case u == nil || t == nil:
		return false
	case !e.quirks.ListsIgnoreProfiles && !f.verdict.allows():
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
	ids := make([]string, 0, owners.len())
	for n := range owners.all() {
		if int(n) < len(e.users) {
			ids = append(ids, e.users[n].id)
		} else {
			ids = append(ids, e.groups[int(n)-len(e.users)].id)
		}
	}
	return ids
}

// OwnerGrants answers whether ownership alone lets the user at the owner's records: the owner is the user, has a role
// below, or is a group the user belongs to. Entity types with a permission function of their own build on it.
func (e *Engine) OwnerGrants(userID, owner string) bool {
	u := e.user(userID)
	if u == nil {
		return false
	}
	_, ok := e.judgeOwner(u, e.ownerOf(&Record{Owner: owner}))
	return ok
}

// Groups returns the ids of the groups the user belongs to: its own, those of its role and of the roles above, and all
// groups around these.
func (e *Engine) Groups(userID string) []string {
	u := e.user(userID)
	if u == nil {
		return nil
	}
	var ids []string
	for g := range u.groups.all() {
		ids = append(ids, e.groups[g].id)
	}
	return ids
}
