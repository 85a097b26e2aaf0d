package sharing_test

import (
	"testing"

	"github.com/mailconnector/mailconnector/permissions/sharing"
)

// organisation is a small company whose ids are its names:
//
//	board                  the director
//	├── sales              the manager
//	│   └── field          the rep, the rival
//	├── support            the agent
//	└── office             the clerk, who has no profile
//
// The administrator has no role. Profile "all" permits everything on Accounts, Contacts, Tickets and Vendors. Accounts
// and Contacts are private, Tickets public read-only, Vendors public. Nobody is in the group "team", which is in the
// group "club".
func organisation() sharing.Policy {
	return sharing.Policy{
		Users: []sharing.User{
			{ID: "admin", Admin: true}, {ID: "director", Role: "board"}, {ID: "manager", Role: "sales"},
			{ID: "rep", Role: "field"}, {ID: "rival", Role: "field"}, {ID: "agent", Role: "support"},
			{ID: "clerk", Role: "office"}, {ID: "stray"},
		},
		Roles: []sharing.Role{
			{ID: "board", Profiles: []string{"all"}},
			{ID: "sales", Path: "board::sales", Profiles: []string{"all"}},
			{ID: "field", Path: "board::sales::field", Profiles: []string{"all"}},
			{ID: "support", Path: "board::support", Profiles: []string{"all"}},
			{ID: "office", Path: "board::office"},
		},
		Profiles: []sharing.Profile{fullProfile("all")},
		Groups:   []sharing.Group{{ID: "team"}, {ID: "club", Groups: []string{"team"}}},
		Types: []sharing.Type{
			{Name: "Accounts", Entity: true, Fields: []sharing.Field{{Name: "name"}, {Name: "phone"}}},
			{Name: "Contacts", Entity: true, Follows: "Accounts"},
			{Name: "Tickets", Entity: true, Default: sharing.PublicReadOnly},
			{Name: "Vendors", Entity: true, Public: true, Default: sharing.NoDefault},
		},
	}
}

// fullProfile permits everything but viewing and editing the records of all.
func fullProfile(id string) sharing.Profile {
	p := sharing.Profile{
		ID: id, ViewAll: sharing.Refused, EditAll: sharing.Refused, Types: make(map[string]sharing.TypeGrants),
	}
	for _, name := range []string{"Accounts", "Contacts", "Tickets", "Vendors"} {
		listed := sharing.TypeGrants{
			Access: sharing.Granted, Operations: make(map[sharing.Operation]sharing.Grant),
			Fields: map[string]bool{"name": true, "phone": true},
		}
		for op := sharing.Save; op <= sharing.Duplicates; op++ {
			listed.Operations[op] = sharing.Granted
		}
		p.Types[name] = listed
	}
	return p
}

// change alters a policy before it is compiled.
type change func(*sharing.Policy)

func compile(t testing.TB, p sharing.Policy, changes ...change) *sharing.Engine {
	t.Helper()
	for _, apply := range changes {
		apply(&p)
	}
	engine, err := sharing.Compile(p)
	if err != nil {
		t.Fatal(err)
	}
	return engine
}

// with combines changes.
func with(changes ...change) change {
	return func(p *sharing.Policy) {
		for _, apply := range changes {
			apply(p)
		}
	}
}

func quirk(set func(*sharing.Quirks)) change {
	return func(p *sharing.Policy) { set(&p.Quirks) }
}

func user(id string) sharing.Party  { return sharing.Party{Kind: sharing.UserParty, ID: id} }
func role(id string) sharing.Party  { return sharing.Party{Kind: sharing.RoleParty, ID: id} }
func tree(id string) sharing.Party  { return sharing.Party{Kind: sharing.RoleTreeParty, ID: id} }
func group(id string) sharing.Party { return sharing.Party{Kind: sharing.GroupParty, ID: id} }

// read shares Accounts for viewing, write for editing.
func read(from, to sharing.Party) change { return rule("Accounts", from, to, false) }

func write(from, to sharing.Party) change { return rule("Accounts", from, to, true) }

func rule(entityType string, from, to sharing.Party, write bool) change {
	return func(p *sharing.Policy) {
		p.Rules = append(p.Rules, sharing.Rule{ID: "r", Type: entityType, From: from, To: to, Write: write})
	}
}

// team changes the group "team".
func team(set func(*sharing.Group)) change {
	return func(p *sharing.Policy) { set(&p.Groups[0]) }
}

func inTeam(users ...string) change {
	return team(func(g *sharing.Group) { g.Users = users })
}

// profile changes the profile "all".
func profile(set func(*sharing.Profile)) change {
	return func(p *sharing.Policy) { set(&p.Profiles[0]) }
}

func typeDefault(name string, standard sharing.Sharing) change {
	return entityType(name, func(t *sharing.Type) { t.Default = standard })
}

func entityType(name string, set func(*sharing.Type)) change {
	return func(p *sharing.Policy) {
		for i := range p.Types {
			if p.Types[i].Name == name {
				set(&p.Types[i])
			}
		}
	}
}

// access makes the profile "all" open or refuse Accounts.
func access(g sharing.Grant) change {
	return profile(func(p *sharing.Profile) {
		listed := p.Types["Accounts"]
		listed.Access = g
		p.Types["Accounts"] = listed
	})
}

// operation makes the profile "all" permit, refuse or not list an operation on Accounts.
func operation(op sharing.Operation, g sharing.Grant) change {
	return profile(func(p *sharing.Profile) { p.Types["Accounts"].Operations[op] = g })
}

// secondProfile gives the role "field" another profile after "all".
func secondProfile(changes ...func(*sharing.Profile)) change {
	return func(p *sharing.Policy) {
		second := fullProfile("second")
		for _, apply := range changes {
			apply(&second)
		}
		p.Profiles = append(p.Profiles, second)
		p.Roles[2].Profiles = []string{"all", "second"}
	}
}

func advancedRule(user string, write bool) change {
	return func(p *sharing.Policy) {
		p.Advanced = append(p.Advanced, sharing.AdvancedRule{ID: "big", Name: "Big deals", Type: "Accounts", User: user, Write: write})
	}
}
