package sharing_test

import (
	"slices"
	"strings"

	"github.com/mailconnector/mailconnector/permissions/sharing"
)

// naive answers the same questions as the engine, by searching the policy each time.
type naive sharing.Policy

func find[T any](items []T, is func(T) bool) (found T, ok bool) {
	if i := slices.IndexFunc(items, is); i >= 0 {
		return items[i], true
	}
	return found, false
}

func (n *naive) user(id string) (sharing.User, bool) {
	return find(n.Users, func(u sharing.User) bool { return u.ID == id })
}

func (n *naive) role(id string) (sharing.Role, bool) {
	r, ok := find(n.Roles, func(r sharing.Role) bool { return r.ID == id })
	if ok && r.Path == "" {
		r.Path = id
	}
	return r, ok
}

func (n *naive) entityType(name string) (sharing.Type, bool) {
	return find(n.Types, func(t sharing.Type) bool { return t.Name == name })
}

// path returns the path of the user's role; a user without one has none.
func (n *naive) path(userID string) string {
	u, _ := n.user(userID)
	r, _ := n.role(u.Role)
	return r.Path
}

// line tells whether the role is the user's or one above it.
func (n *naive) line(userID, role string) bool {
	u, _ := n.user(userID)
	_, ok := n.role(u.Role)
	return ok && (u.Role == role || slices.Contains(strings.Split(n.path(userID), "::"), role))
}

func (n *naive) below(userID, top string) bool {
	return top != "" && strings.HasPrefix(n.path(userID), top+"::")
}

// inTree tells whether the user is in the role or below, as sources of rules and members of groups read it.
func (n *naive) inTree(userID, role string) bool {
	u, _ := n.user(userID)
	top, ok := n.role(role)
	return ok && (u.Role == role || n.below(userID, top.Path) ||
		n.Quirks.SiblingRoles && n.path(userID) != "" && strings.HasPrefix(n.path(userID), top.Path))
}

// inside returns the group and the groups in it.
func (n *naive) inside(id string, seen map[string]bool) []sharing.Group {
	g, ok := find(n.Groups, func(g sharing.Group) bool { return g.ID == id })
	if !ok || seen[id] {
		return nil
	}
	seen[id] = true
	all := []sharing.Group{g}
	for _, inner := range g.Groups {
		all = append(all, n.inside(inner, seen)...)
	}
	return all
}

func (n *naive) belongs(userID, groupID string) bool {
	u, _ := n.user(userID)
	_, hasRole := n.role(u.Role)
	return slices.ContainsFunc(n.inside(groupID, map[string]bool{}), func(g sharing.Group) bool {
		return slices.Contains(g.Users, userID) || hasRole && slices.Contains(g.Roles, u.Role) ||
			slices.ContainsFunc(g.RoleTrees, func(r string) bool { _, ok := n.role(r); return ok && n.line(userID, r) })
	})
}

// source tells whether the party of a rule includes the owner.
func (n *naive) source(p sharing.Party, owner string) bool {
	u, isUser := n.user(owner)
	_, hasRole := n.role(u.Role)
	switch p.Kind {
	case sharing.UserParty:
		return isUser && owner == p.ID
	case sharing.RoleParty:
		return hasRole && u.Role == p.ID
	case sharing.RoleTreeParty:
		return isUser && n.inTree(owner, p.ID)
	}
	return slices.ContainsFunc(n.inside(p.ID, map[string]bool{}), func(g sharing.Group) bool {
		return g.ID == owner || isUser && (slices.Contains(g.Users, owner) || hasRole && slices.Contains(g.Roles, u.Role) ||
			slices.ContainsFunc(g.RoleTrees, func(r string) bool { return n.inTree(owner, r) }))
	})
}

func (n *naive) target(p sharing.Party, userID string) bool {
	u, _ := n.user(userID)
	_, isRole := n.role(p.ID)
	switch p.Kind {
	case sharing.UserParty:
		return userID == p.ID
	case sharing.RoleParty:
		return isRole && u.Role == p.ID
	case sharing.RoleTreeParty:
		return isRole && n.line(userID, p.ID)
	}
	return n.belongs(userID, p.ID)
}

func (n *naive) profiles(userID string) []sharing.Profile {
	u, _ := n.user(userID)
	r, _ := n.role(u.Role)
	var profiles []sharing.Profile
	for _, id := range r.Profiles {
		if p, ok := find(n.Profiles, func(p sharing.Profile) bool { return p.ID == id }); ok {
			profiles = append(profiles, p)
		}
	}
	return profiles
}

func (n *naive) merged(profiles []sharing.Profile, of func(sharing.Profile) sharing.Grant) sharing.Grant {
	grants := make([]sharing.Grant, len(profiles))
	for i, p := range profiles {
		grants[i] = of(p)
	}
	anyOf := func(g sharing.Grant) bool { return slices.Contains(grants, g) }
	switch {
	case n.Quirks.FirstProfileLists && grants[0] != sharing.Refused:
		return grants[0]
	case n.Quirks.FirstProfileLists && (anyOf(sharing.Granted) || anyOf(sharing.Unlisted)):
		return sharing.Granted
	case anyOf(sharing.Granted):
		return sharing.Granted
	case anyOf(sharing.Refused):
		return sharing.Refused
	}
	return sharing.Unlisted
}

func (n *naive) granted(g sharing.Grant) bool {
	return g == sharing.Granted || g == sharing.Unlisted && n.Quirks.UnlistedIsGranted
}

// overall tells whether the profiles view or edit all records.
func (n *naive) overall(profiles []sharing.Profile, op sharing.Operation) bool {
	views := op == sharing.Index || op == sharing.DetailView
	edits := op == sharing.Save || op == sharing.EditView
	viewAll := n.granted(n.merged(profiles, func(p sharing.Profile) sharing.Grant { return p.ViewAll }))
	editAll := n.granted(n.merged(profiles, func(p sharing.Profile) sharing.Grant { return p.EditAll }))
	return (viewAll || editAll) && views || editAll && edits
}

// decide answers about a record, or about the entity type as a whole if there is none.
func (n *naive) decide(userID, typeName string, op sharing.Operation, r *sharing.Record) bool {
	u, known := n.user(userID)
	t, typeKnown := n.entityType(typeName)
	if !known || !typeKnown {
		return false
	}
	changes := op == sharing.Save || op == sharing.EditView || op == sharing.Delete
	if r != nil && r.Frozen && changes {
		return false
	}
	if u.Admin {
		return true
	}
	profiles := n.profiles(userID)
	if slices.Contains(t.Absent, op) || len(profiles) == 0 {
		return false
	}
	access := n.granted(n.merged(profiles, func(p sharing.Profile) sharing.Grant { return p.Types[typeName].Access }))
	if op == sharing.Unnumbered {
		return access
	}
	overall := n.overall(profiles, op)
	if overall && n.Quirks.GlobalOverridesProfile {
		return true
	}
	listed := n.merged(profiles, func(p sharing.Profile) sharing.Grant { return p.Types[typeName].Operations[op] })
	if !access || !n.granted(listed) {
		return false
	}
	return listed == sharing.Unlisted || r == nil || t.Public || overall || n.owns(userID, r.Owner) || n.shares(userID, t, op, r)
}

func (n *naive) owns(userID, owner string) bool {
	return userID == owner || n.below(owner, n.path(userID)) || n.belongs(userID, owner)
}

func (n *naive) private(s sharing.Sharing) bool {
	return s == sharing.Private || !n.Quirks.OpenDefaults && (s == sharing.Assigned || s == sharing.NoDefault)
}

func (n *naive) shares(userID string, t sharing.Type, op sharing.Operation, r *sharing.Record) bool {
	edits := op == sharing.Save || op == sharing.EditView
	views := op == sharing.Index || op == sharing.DetailView
	switch {
	case n.private(t.Default) && op == sharing.Delete:
		return false
	case n.private(t.Default) && (edits || views):
		return n.opens(userID, t, edits, r)
	case t.Default == sharing.PublicReadOnly && edits:
		return n.opens(userID, t, true, r)
	case t.Default == sharing.PublicReadOnly || t.Default == sharing.PublicReadWrite:
		return op != sharing.Delete
	}
	return true
}

// opens tells whether a sharing rule or an advanced rule opens the record.
func (n *naive) opens(userID string, t sharing.Type, write bool, r *sharing.Record) bool {
	if !t.Entity || t.Disabled || t.Hidden || t.Public || t.Unshared {
		return false
	}
	followed := t
	if t.Follows != "" {
		followed, _ = n.entityType(t.Follows)
	}
	private := n.private(followed.Default) || followed.Default == sharing.Assigned
	return slices.ContainsFunc(n.Rules, func(rule sharing.Rule) bool {
		byUser := rule.From.Kind == sharing.UserParty && rule.To.Kind == sharing.UserParty && n.Quirks.UserRulesNeedPrivate
		works := private || followed.Default == sharing.PublicReadOnly && write && !byUser
		return works && rule.Type == followed.Name && (rule.Write || !write) &&
			n.source(rule.From, r.Owner) && n.target(rule.To, userID)
	}) || slices.ContainsFunc(n.Advanced, func(a sharing.AdvancedRule) bool {
		return a.User == userID && a.Type == t.Name && (a.Write || !write) && slices.Contains(r.Matches, a.ID)
	})
}

func (n *naive) listed(userID, typeName string, r *sharing.Record) bool {
	u, _ := n.user(userID)
	t, _ := n.entityType(typeName)
	if !n.Quirks.ListsIgnoreProfiles && !n.decide(userID, typeName, sharing.Index, nil) {
		return false
	}
	profiles := n.profiles(userID)
	overall := len(profiles) > 0 && n.overall(profiles, sharing.DetailView)
	return u.Admin || !n.private(t.Default) || overall || n.owns(userID, r.Owner) || n.opens(userID, t, false, r)
}

func (n *naive) fieldVisible(userID, typeName, field string) bool {
	u, known := n.user(userID)
	t, _ := n.entityType(typeName)
	f, ok := find(t.Fields, func(f sharing.Field) bool { return f.Name == field })
	if !known || !ok || f.Inactive {
		return false
	}
	profiles := n.profiles(userID)
	if u.Admin || len(profiles) > 0 && n.overall(profiles, sharing.DetailView) {
		return true
	}
	return !f.Hidden && slices.ContainsFunc(profiles, func(p sharing.Profile) bool { return p.Types[typeName].Fields[field] })
}
