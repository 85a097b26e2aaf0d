package sharing

// grants is what the profiles of one role say together. Roles with the same profiles share one.
type grants struct {
	viewAll, editAll bool
	types            []typeGrants // by entity type
	shown            set          // fields that some profile shows
	listed           set          // fields that some profile shows which also opens the entity type
}

// profile is a Profile laid out by number.
type profile struct {
	id, name         string
	viewAll, editAll Grant
	types            []typeGrants
	shown            set
}

type typeGrants struct {
	access     Grant
	operations [operations]Grant
}

// grantsOf returns nil for a user without a profile.
func (e *Engine) grantsOf(u *user) *grants {
	if u.role == none {
		return nil
	}
	return e.roles[u.role].merged
}

// merge combines the profiles of a role, in their order.
func (e *Engine) merge(numbers []int32) *grants {
	if len(numbers) == 0 {
		return nil
	}
	profiles := make([]*profile, len(numbers))
	for i, n := range numbers {
		profiles[i] = &e.profiles[n]
	}
	g := &grants{
		viewAll: e.granted(e.mergeGrants(profiles, func(p *profile) Grant { return p.viewAll })),
		editAll: e.granted(e.mergeGrants(profiles, func(p *profile) Grant { return p.editAll })),
		types:   make([]typeGrants, len(e.types)),
		shown:   newSet(e.fields),
		listed:  newSet(e.fields),
	}
	for n := range g.types {
		e.mergeType(g, profiles, n)
	}
	return g
}

func (e *Engine) mergeType(g *grants, profiles []*profile, n int) {
	t := &g.types[n]
	t.access = e.mergeGrants(profiles, func(p *profile) Grant { return p.types[n].access })
	for op := range t.operations {
		t.operations[op] = e.mergeGrants(profiles, func(p *profile) Grant { return p.types[n].operations[op] })
	}
	first := e.types[n].first
	for _, p := range profiles {
		for i := first; i < first+int32(len(e.types[n].fields)); i++ {
			if !p.shown.has(i) {
				continue
			}
			g.shown.add(i)
			if p.types[n].access == Granted {
				g.listed.add(i)
			}
		}
	}
}

// mergeGrants merges one permission over the profiles; see Quirks.FirstProfileLists.
func (e *Engine) mergeGrants(profiles []*profile, of func(*profile) Grant) Grant {
	merged := of(profiles[0])
	for _, p := range profiles[1:] {
		grant := of(p)
		switch {
		case e.quirks.FirstProfileLists:
			if merged == Refused && grant != Refused {
				merged = Granted
			}
		case grant == Granted || merged == Unlisted:
			merged = grant
		}
	}
	return merged
}
