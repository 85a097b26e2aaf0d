package sharing_test

import (
	"math/rand/v2"

	"github.com/mailconnector/mailconnector/permissions/sharing"
)

// dice makes policies out of bytes, so that a fuzzer can steer. Past the last byte it throws zeros.
type dice []byte

// randomDice makes an endless enough supply from a seed.
func randomDice(seed uint64) *dice {
	r := rand.New(rand.NewPCG(seed, 1))
	d := make(dice, 1024)
	for i := range d {
		d[i] = byte(r.Uint32())
	}
	return &d
}

func (d *dice) roll(sides int) int {
	if len(*d) == 0 {
		return 0
	}
	n := int((*d)[0]) % sides
	*d = (*d)[1:]
	return n
}

func (d *dice) flip() bool { return d.roll(2) == 1 }

func (d *dice) pick(from []string) string { return from[d.roll(len(from))] }

// some picks up to most of them, "ghost" among them, which exists nowhere.
func (d *dice) some(most int, from []string) []string {
	var picked []string
	for range d.roll(most + 1) {
		picked = append(picked, d.pick(append([]string{"ghost"}, from...)))
	}
	return picked
}

// The ids policies are made of; some role ids begin like others.
var (
	userIDs    = []string{"1", "2", "3", "4", "5", "6"}
	groupIDs   = []string{"g1", "g2", "g3"}
	roleIDs    = []string{"H1", "H2", "H10", "H11", "H3"}
	profileIDs = []string{"p1", "p2", "p3"}
	typeNames  = []string{"Accounts", "Contacts", "Tickets"}
	fieldNames = []string{"name", "phone"}
	matchIDs   = []string{"a1", "a2"}
	ownerIDs   = append(append([]string{"ghost"}, userIDs...), groupIDs...)
)

func (d *dice) policy() sharing.Policy {
	p := sharing.Policy{Quirks: d.quirks()}
	paths := make(map[string]string)
	for i, id := range roleIDs {
		path := id
		if above := d.roll(i + 1); above < i {
			path = paths[roleIDs[above]] + "::" + id
		}
		paths[id] = path
		p.Roles = append(p.Roles, sharing.Role{ID: id, Path: path, Profiles: d.profilesOfRole()})
	}
	for _, id := range userIDs {
		p.Users = append(p.Users, sharing.User{ID: id, Role: d.roleOfUser(), Admin: d.roll(8) == 1})
	}
	for _, id := range profileIDs {
		p.Profiles = append(p.Profiles, d.profile(id))
	}
	for _, id := range groupIDs {
		p.Groups = append(p.Groups, sharing.Group{
			ID: id, Users: d.some(2, userIDs), Roles: d.some(1, roleIDs), RoleTrees: d.some(1, roleIDs), Groups: d.some(2, groupIDs),
		})
	}
	for _, name := range typeNames {
		p.Types = append(p.Types, d.entityType(name))
	}
	for range d.roll(16) {
		p.Rules = append(p.Rules, sharing.Rule{Type: d.pick(typeNames), From: d.party(), To: d.party(), Write: d.flip()})
	}
	for range d.roll(8) {
		p.Advanced = append(p.Advanced, sharing.AdvancedRule{
			ID: d.pick(matchIDs), User: d.pick(userIDs), Type: d.pick(typeNames), Write: d.flip(),
		})
	}
	return p
}

// Most roles have a profile and most users a role: rules decide nothing for the others.
func (d *dice) profilesOfRole() []string {
	if d.roll(8) == 1 {
		return d.some(1, nil)
	}
	return append(d.some(2, profileIDs), d.pick(profileIDs))
}

func (d *dice) roleOfUser() string {
	if d.roll(8) == 1 {
		return d.pick([]string{"", "ghost"})
	}
	return d.pick(roleIDs)
}

func (d *dice) quirks() sharing.Quirks {
	return sharing.Quirks{
		UnlistedIsGranted: d.flip(), FirstProfileLists: d.flip(), GlobalOverridesProfile: d.flip(), SiblingRoles: d.flip(),
		UserRulesNeedPrivate: d.flip(), OpenDefaults: d.flip(), ListsIgnoreProfiles: d.flip(),
	}
}

func (d *dice) profile(id string) sharing.Profile {
	p := sharing.Profile{
		ID: id, ViewAll: d.mostlyRefused(), EditAll: d.mostlyRefused(), Types: make(map[string]sharing.TypeGrants),
	}
	for _, name := range typeNames {
		listed := sharing.TypeGrants{
			Access: d.mostlyGranted(), Operations: make(map[sharing.Operation]sharing.Grant), Fields: make(map[string]bool),
		}
		for op := sharing.Save; op <= sharing.DetailView; op++ {
			listed.Operations[op] = d.mostlyGranted()
		}
		for _, field := range fieldNames {
			listed.Fields[field] = d.flip()
		}
		p.Types[name] = listed
	}
	return p
}

func (d *dice) mostlyGranted() sharing.Grant { return d.mostly(sharing.Granted, sharing.Refused) }

func (d *dice) mostlyRefused() sharing.Grant { return d.mostly(sharing.Refused, sharing.Granted) }

func (d *dice) mostly(usual, other sharing.Grant) sharing.Grant {
	switch d.roll(12) {
	case 1:
		return other
	case 2:
		return sharing.Unlisted
	default:
		return usual
	}
}

func (d *dice) entityType(name string) sharing.Type {
	t := sharing.Type{
		Name: name, Entity: d.roll(8) != 1, Disabled: d.roll(8) == 1, Hidden: d.roll(8) == 1, Public: d.roll(8) == 1,
		Unshared: d.roll(8) == 1, Default: sharing.Sharing(d.roll(12)),
	}
	if t.Default > sharing.NoDefault {
		t.Default = sharing.Private
	}
	if d.roll(4) == 1 {
		t.Follows = d.pick(append([]string{"ghost"}, typeNames...))
	}
	if d.roll(8) == 1 {
		t.Absent = []sharing.Operation{sharing.Operation(d.roll(5))}
	}
	for _, field := range fieldNames {
		t.Fields = append(t.Fields, sharing.Field{Name: field, Inactive: d.roll(8) == 1, Hidden: d.roll(4) == 1, Unlisted: d.roll(4) == 1})
	}
	return t
}

func (d *dice) party() sharing.Party {
	ids := map[sharing.PartyKind][]string{
		sharing.UserParty: userIDs, sharing.RoleParty: roleIDs, sharing.RoleTreeParty: roleIDs, sharing.GroupParty: groupIDs,
	}
	kind := sharing.PartyKind(d.roll(4))
	return sharing.Party{Kind: kind, ID: d.pick(append([]string{"ghost"}, ids[kind]...))}
}
