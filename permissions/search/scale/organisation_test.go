package scale_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"strconv"
	"testing"

	"github.com/mailconnector/mailconnector/permissions"
	"github.com/mailconnector/mailconnector/permissions/sharing"
)

// The size of the organisation. Users and groups share one space of ids: groups come behind the users.
const (
	users  = 2000
	roles  = 200
	groups = 50
	// The last role is a subsidiary, whose users nobody shares with but the board. They own all records named adversary.
	subsidiary = roles - 1
	foreign    = 100
	// rulesPerType are the sharing rules of one entity type.
	rulesPerType = 60
)

// organisation is the policy of the CRM: the board, three divisions and the subsidiary below it, each role with three
// below itself; every entity type is private, and sharing rules open records across the tree.
func organisation() sharing.Policy {
	p := sharing.Policy{Quirks: sharing.AllQuirks(), Profiles: []sharing.Profile{{
		ID: "everybody", ViewAll: sharing.Refused, EditAll: sharing.Refused, Types: make(map[string]sharing.TypeGrants),
	}}}
	for _, name := range types {
		p.Types = append(p.Types, entityType(name))
		p.Profiles[0].Types[name] = everything(name)
	}
	for r := range roles {
		p.Roles = append(p.Roles, sharing.Role{ID: roleID(r), Path: rolePath(r), Profiles: []string{"everybody"}})
	}
	for u := range users {
		p.Users = append(p.Users, sharing.User{ID: strconv.Itoa(u), Role: roleID(roleOf(u)), Admin: u == 0})
	}
	random := rand.New(rand.NewPCG(200, 50))
	for g := range groups {
		p.Groups = append(p.Groups, someGroup(random, g))
	}
	for _, name := range types {
		for range rulesPerType {
			p.Rules = append(p.Rules, someRule(random, strconv.Itoa(len(p.Rules)), name))
		}
	}
	return p
}

func roleID(r int) string { return "H" + strconv.Itoa(r) }

func rolePath(r int) string {
	switch r {
	case 0:
		return roleID(0)
	case subsidiary:
		return roleID(0) + "::" + roleID(r)
	}
	return rolePath((r-1)/3) + "::" + roleID(r)
}

func roleOf(user int) int {
	if user >= users-foreign {
		return subsidiary
	}
	return user % subsidiary
}

func entityType(name string) sharing.Type {
	t := sharing.Type{Name: name, Entity: true}
	for _, f := range fields(name) {
		t.Fields = append(t.Fields, sharing.Field{Name: f.Name})
	}
	return t
}

func everything(name string) sharing.TypeGrants {
	all := sharing.TypeGrants{
		Access: sharing.Granted, Operations: make(map[sharing.Operation]sharing.Grant), Fields: make(map[string]bool),
	}
	for op := sharing.Save; op <= sharing.DetailView; op++ {
		all.Operations[op] = sharing.Granted
	}
	for _, f := range fields(name) {
		all.Fields[f.Name] = true
	}
	return all
}

// someGroup is a team of users of all divisions; some teams are inside others.
func someGroup(random *rand.Rand, g int) sharing.Group {
	group := sharing.Group{ID: groupID(g)}
	for range 12 {
		group.Users = append(group.Users, strconv.Itoa(random.IntN(users-foreign)))
	}
	if g%5 == 4 {
		group.Groups = []string{groupID(g - 1)}
	}
	return group
}

func groupID(g int) string { return strconv.Itoa(users + g) }

// someRule shares what the lower half of the tree or a team has with a role, a team, or a role and those below.
func someRule(random *rand.Rand, id, entityType string) sharing.Rule {
	low := func() string { return roleID(13 + random.IntN(subsidiary-13)) }
	parties := func() sharing.Party {
		return []sharing.Party{
			{Kind: sharing.RoleParty, ID: low()}, {Kind: sharing.RoleTreeParty, ID: low()},
			{Kind: sharing.GroupParty, ID: groupID(random.IntN(groups))},
		}[random.IntN(3)]
	}
	return sharing.Rule{ID: id, Type: entityType, From: parties(), To: parties(), Write: random.IntN(3) == 0}
}

// person is a user whose searches are measured.
type person struct {
	permissions.Subject
	name   string // the share of the records that such a user is to see
	owners int    // whose records this one sees, on average over the entity types; 0 stands for everybody's
	all    string // an entity type of which this one sees every record
	share  float64
}

// people picks the users to measure: those whose scope comes nearest to 2, 123 and 1,094 owners and has nobody of the
// subsidiary in it; one more with few owners, who sees all tickets; and an administrator.
func people(t *testing.T, engine *sharing.Engine) []person {
	t.Helper()
	picked := []person{{name: "0.1 %", owners: 2}, {name: "5 %", owners: 123}, {name: "60 %", owners: 1094}, {name: "mixed", owners: 2, all: "HelpDesk"}}
	found, taken := make([]person, len(picked)), make(map[permissions.Subject]bool)
	for i, p := range picked {
		for u := range users - foreign {
			one := permissions.Subject{UserID: strconv.Itoa(u)}
			owners, own := scopeOf(engine, one)
			if own && !taken[one] && off(owners, p.owners) < off(found[i].owners, p.owners) {
				found[i] = person{Subject: one, name: p.name, owners: owners, all: p.all}
			}
		}
		taken[found[i].Subject] = true
	}
	admin := permissions.Subject{UserID: "0"}
	if scope := engine.Scope(admin.UserID, types[0]); !scope.All {
		t.Fatalf("the administrator sees %+v", scope)
	}
	return append(found, person{Subject: admin, name: "all"})
}

// scopeOf returns how many owners a user sees records of, and whether none of them is of the subsidiary.
func scopeOf(engine *sharing.Engine, s permissions.Subject) (owners int, own bool) {
	for _, name := range types {
		scope := engine.Scope(s.UserID, name)
		owners += len(scope.Owners)
		if scope.All || engine.Check(s.UserID, name, permissions.View, sharing.Record{Owner: strconv.Itoa(users - 1)}).Allows() {
			return 0, false
		}
	}
	return owners / len(types), true
}

// off tells how far a number is from the one wanted, in proportion.
func off(n, wanted int) float64 {
	if n == 0 {
		return math.Inf(1)
	}
	return math.Abs(math.Log(float64(n) / float64(wanted)))
}

// String describes the person in the words of the benchmark's head.
func (p person) String() string {
	if p.owners == 0 {
		return "an administrator, who sees everything"
	}
	text := fmt.Sprintf("user %s sees %.2g %% of the records, those of %s owners", p.UserID, 100*p.share, thousands(int64(p.owners)))
	if p.all != "" {
		text += " and all of " + p.all
	}
	return text
}
