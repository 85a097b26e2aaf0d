package vtenext

import (
	"strconv"

	"github.com/mailconnector/mailconnector/permissions/sharing"
)

// addProfiles reads what each profile lists. What the rows of a profile do not mention stays unlisted.
func (b *builder) addProfiles() {
	profiles := make(map[string]*sharing.Profile)
	for _, row := range b.rows[profilesSource] {
		profiles[row[0]] = &sharing.Profile{ID: row[0], Name: row[1], Types: make(map[string]sharing.TypeGrants)}
	}
	for _, row := range b.rows[globalsSource] {
		p := profiles[row[0]]
		switch {
		case p == nil:
		case row[1] == "1":
			p.ViewAll = grant(row[2])
		case row[1] == "2":
			p.EditAll = grant(row[2])
		}
	}
	b.addAccess(profiles)
	b.addOperations(profiles)
	b.addFields(profiles)
	for _, row := range b.rows[profilesSource] {
		b.model.Profiles = append(b.model.Profiles, *profiles[row[0]])
	}
}

func (b *builder) addAccess(profiles map[string]*sharing.Profile) {
	for _, row := range b.rows[profileTypesSource] {
		b.list(profiles, row[0], row[1], func(g *sharing.TypeGrants) { g.Access = grant(row[2]) })
	}
}

func (b *builder) addOperations(profiles map[string]*sharing.Profile) {
	for _, row := range b.rows[operationsSource] {
		n, err := strconv.ParseUint(row[2], 10, 8)
		if err != nil || n >= uint64(sharing.Unnumbered) {
			continue // actions the CRM has no name for
		}
		b.list(profiles, row[0], row[1], func(g *sharing.TypeGrants) {
			if g.Operations == nil {
				g.Operations = make(map[sharing.Operation]sharing.Grant)
			}
			g.Operations[sharing.Operation(n)] = grant(row[3])
		})
	}
}

func (b *builder) addFields(profiles map[string]*sharing.Profile) {
	names := make(map[string]string, len(b.rows[fieldsSource]))
	for _, t := range b.types {
		for _, f := range t.fields {
			names[f.id] = f.name
		}
	}
	for _, row := range b.rows[profileFieldSource] {
		name, known := names[row[2]]
		if !known || row[3] != "0" {
			continue
		}
		b.list(profiles, row[0], row[1], func(g *sharing.TypeGrants) {
			if g.Fields == nil {
				g.Fields = make(map[string]bool)
			}
			g.Fields[name] = true
		})
	}
}

// list changes what a profile says about an entity type, if both exist.
func (b *builder) list(profiles map[string]*sharing.Profile, profile, tabID string, change func(*sharing.TypeGrants)) {
	p, name := profiles[profile], b.nameOf[tabID]
	if p == nil || name == "" {
		return
	}
	g := p.Types[name]
	change(&g)
	p.Types[name] = g
}
