package sharing

// judge is the decision itself, step by step as in the package comment. A nil record asks about the type as a whole.
func (e *Engine) judge(u *user, t *entityType, op Operation, r *Record) verdict {
	switch {
	case op >= operations:
		return unknownOperation
	case r != nil && r.Frozen && (op.edits() || op == Delete):
		return frozen
	case u.admin:
		return admin
	case t.absent[op]:
		return absentOperation
	}
	g := e.grantsOf(u)
	if g == nil {
		return noProfile
	}
	v := e.judgeProfiles(g, t, op)
	if v != typeGranted || r == nil || op == Unnumbered {
		return v
	}
	if t.public {
		return publicType
	}
	if all := g.overall(op); all != typeGranted {
		return all
	}
	owner := e.ownerOf(r)
	if v, ok := e.judgeOwner(u, owner); ok {
		return v
	}
	return e.judgeDefault(u, t, op, owner, r.Matches)
}

// judgeProfiles answers typeGranted where the record decides.
func (e *Engine) judgeProfiles(g *grants, t *entityType, op Operation) verdict {
	p := &g.types[t.number]
	if op == Unnumbered {
		return e.opens(p.access)
	}
	if e.quirks.GlobalOverridesProfile {
		if v := g.overall(op); v != typeGranted {
			return v
		}
	}
	if v := e.opens(p.access); v != typeGranted {
		return v
	}
	switch grant := p.operations[op]; {
	case grant == Granted:
		return typeGranted
	case grant == Unlisted && e.quirks.UnlistedIsGranted:
		return operationUnlisted
	default:
		return operationRefused
	}
}

func (e *Engine) opens(access Grant) verdict {
	if e.granted(access) {
		return typeGranted
	}
	return typeRefused
}

func (e *Engine) granted(g Grant) bool {
	return g == Granted || g == Unlisted && e.quirks.UnlistedIsGranted
}

// overall answers typeGranted where no profile views or edits all records.
func (g *grants) overall(op Operation) verdict {
	switch {
	case g.editAll && (op.views() || op.edits()):
		return editAll
	case g.viewAll && op.views():
		return viewAll
	}
	return typeGranted
}

// ownerOf returns the number of the record's owner, or none.
func (e *Engine) ownerOf(r *Record) int32 {
	if n, ok := e.owners[r.Owner]; ok {
		return n
	}
	return none
}

// judgeOwner answers when the user is above or among the owners of the record.
func (e *Engine) judgeOwner(u *user, owner int32) (verdict, bool) {
	switch {
	case owner == none:
		return notShared, false
	case int(owner) >= len(e.users):
		return inGroup, u.groups.has(owner - int32(len(e.users)))
	case owner == u.number:
		return isOwner, true
	case u.role == none:
		return notShared, false
	}
	return subordinate, e.roles[u.role].subordinates.has(owner)
}

// judgeDefault answers from the organisation's default for the entity type and from the rules that refine it.
func (e *Engine) judgeDefault(u *user, t *entityType, op Operation, owner int32, matches []string) verdict {
	switch e.effective(t.standard) {
	case PublicReadOnly:
		switch {
		case op.edits():
			return e.judgeSharing(u, t, owner, matches, true)
		case op == Delete:
			return defaultRefuses
		}
	case PublicReadWrite:
		if op == Delete {
			return defaultRefuses
		}
	case Private:
		switch {
		case op.edits():
			return e.judgeSharing(u, t, owner, matches, true)
		case op.views():
			return e.judgeSharing(u, t, owner, matches, false)
		case op == Delete:
			return defaultRefuses
		}
	}
	return defaultGrants
}

// effective is the default as record decisions read it.
func (e *Engine) effective(s Sharing) Sharing {
	if (s == Assigned || s == NoDefault) && !e.quirks.OpenDefaults {
		return Private
	}
	return s
}

func (e *Engine) judgeSharing(u *user, t *entityType, owner int32, matches []string, write bool) verdict {
	if !t.shared {
		return notShared
	}
	if s := e.sharingOf(u, t); s != nil && s.owners(write).has(owner) {
		return shared
	}
	if u.advancedFor(t, matches, write) != nil {
		return advanced
	}
	return notShared
}

// advancedFor returns the first of the user's advanced rules for the entity type that the record matches.
func (u *user) advancedFor(t *entityType, matches []string, write bool) *AdvancedRule {
	if len(matches) == 0 {
		return nil
	}
	for i := range u.advanced {
		rule := &u.advanced[i]
		if rule.Type != t.name || write && !rule.Write {
			continue
		}
		for _, id := range matches {
			if id == rule.ID {
				return rule
			}
		}
	}
	return nil
}
