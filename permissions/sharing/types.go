package sharing

// Types returns the entity types that are on and shown and of which the user may view records, in the order of the policy.
func (e *Engine) Types(userID string) []string {
	u := e.user(userID)
	if u == nil {
		return nil
	}
	var names []string
	for i := range e.types {
		t := &e.types[i]
		if t.entity && !t.disabled && !t.hidden && e.judge(u, t, DetailView, nil).allows() {
			names = append(names, t.name)
		}
	}
	return names
}

// InMenu answers whether the CRM's menu offers the entity type to the user: it is on and shown, and a profile opens it
// or views or edits all records.
func (e *Engine) InMenu(userID, entityType string) bool {
	u, t := e.user(userID), e.entityType(entityType)
	if u == nil || t == nil || t.disabled || t.hidden {
		return false
	}
	g := e.grantsOf(u)
	return u.admin || g.viewsAll() || g != nil && e.granted(g.types[t.number].access)
}

// FieldVisible answers whether the user may see the field on a record's page.
func (e *Engine) FieldVisible(userID, entityType, field string) bool {
	u, t := e.user(userID), e.entityType(entityType)
	if u == nil || t == nil {
		return false
	}
	n, ok := t.field[field]
	if !ok || t.fields[n].Inactive {
		return false
	}
	return e.seesAllFields(u) || e.shows(u, t, n, func(g *grants) set { return g.shown })
}

// Fields returns the fields that searches and lists offer to the user, in the order of the policy. Profiles that do
// not open the entity type show none.
func (e *Engine) Fields(userID, entityType string) []string {
	u, t := e.user(userID), e.entityType(entityType)
	if u == nil || t == nil {
		return nil
	}
	var names []string
	for n, f := range t.fields {
		if f.Inactive || f.Unlisted {
			continue
		}
		if e.seesAllFields(u) || e.shows(u, t, int32(n), func(g *grants) set { return g.listed }) {
			names = append(names, f.Name)
		}
	}
	return names
}

func (e *Engine) seesAllFields(u *user) bool { return u.admin || e.grantsOf(u).viewsAll() }

func (e *Engine) shows(u *user, t *entityType, n int32, fields func(*grants) set) bool {
	g := e.grantsOf(u)
	return g != nil && !t.fields[n].Hidden && fields(g).has(t.first+n)
}
