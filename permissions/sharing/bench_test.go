package sharing_test

import (
	"fmt"
	"slices"
	"strconv"
	"sync"
	"testing"

	"github.com/mailconnector/mailconnector/permissions"
	"github.com/mailconnector/mailconnector/permissions/sharing"
)

// company is a policy of 2,000 users, 200 roles, 50 groups, 40 entity types and 1,000 sharing rules.
func company() sharing.Policy {
	const users, roles, groups, types, rules = 2000, 200, 50, 40, 1000
	p := sharing.Policy{Quirks: sharing.AllQuirks()}
	for i := range 10 {
		p.Profiles = append(p.Profiles, companyProfile(i, types))
	}
	paths := make([]string, roles)
	for i := range roles {
		id := "H" + strconv.Itoa(i)
		paths[i] = id
		if i > 0 {
			paths[i] = paths[(i-1)/3] + "::" + id
		}
		profiles := []string{strconv.Itoa(i % 10), strconv.Itoa((i + 3) % 10)}
		p.Roles = append(p.Roles, sharing.Role{ID: id, Path: paths[i], Profiles: profiles})
	}
	for i := range users {
		p.Users = append(p.Users, sharing.User{ID: strconv.Itoa(i), Role: "H" + strconv.Itoa(i%roles)})
	}
	for i := range groups {
		g := sharing.Group{ID: groupID(i), RoleTrees: []string{"H" + strconv.Itoa(i*4)}}
		for j := range 20 {
			g.Users = append(g.Users, strconv.Itoa((i*37+j*11)%users))
		}
		if i > 0 {
			g.Groups = []string{groupID(i / 2)}
		}
		p.Groups = append(p.Groups, g)
	}
	for i := range types {
		p.Types = append(p.Types, companyType(i))
	}
	for i := range rules {
		parties := []sharing.Party{
			user(strconv.Itoa(i * 7 % users)), role("H" + strconv.Itoa(i*13%roles)), tree("H" + strconv.Itoa(i*17%roles)), group(groupID(i * 3 % groups)),
		}
		p.Rules = append(p.Rules, sharing.Rule{
			ID: strconv.Itoa(i), Type: typeName(i % 10), From: parties[i%4], To: parties[(i/4)%4], Write: i%3 == 0,
		})
	}
	return p
}

func groupID(i int) string { return "g" + strconv.Itoa(i) }

func typeName(i int) string { return fmt.Sprintf("Type%02d", i) }

func companyType(i int) sharing.Type {
	t := sharing.Type{Name: typeName(i), Entity: true}
	for f := range 40 {
		t.Fields = append(t.Fields, sharing.Field{Name: "field" + strconv.Itoa(f)})
	}
	return t
}

func companyProfile(i, types int) sharing.Profile {
	p := sharing.Profile{
		ID: strconv.Itoa(i), ViewAll: sharing.Refused, EditAll: sharing.Refused, Types: make(map[string]sharing.TypeGrants),
	}
	for t := range types {
		listed := sharing.TypeGrants{
			Access: sharing.Granted, Operations: make(map[sharing.Operation]sharing.Grant), Fields: make(map[string]bool),
		}
		for op := sharing.Save; op <= sharing.DetailView; op++ {
			listed.Operations[op] = sharing.Granted
		}
		for f := range 40 {
			listed.Fields["field"+strconv.Itoa(f)] = (f+i)%5 > 0
		}
		p.Types[typeName(t)] = listed
	}
	return p
}

func BenchmarkCompile(b *testing.B) {
	p := company()
	b.ReportAllocs()
	for b.Loop() {
		if _, err := sharing.Compile(p); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkDecide(b *testing.B) {
	engine := compile(b, company())
	matches := []string{"none"}
	for name, c := range map[string]struct{ user, owner string }{
		"owner": {"1500", "1500"}, "subordinate": {"1", "4"}, "group": {"1500", "g49"}, "stranger": {"1500", "1"},
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				engine.Decide(c.user, "Type03", sharing.DetailView, sharing.Record{Owner: c.owner, Matches: matches})
			}
		})
	}
}

// BenchmarkFirstDecision measures a decision that works out what the sharing rules open to the user.
func BenchmarkFirstDecision(b *testing.B) {
	p := company()
	engine, next := compile(b, p), 0
	for b.Loop() {
		if next == len(p.Users) {
			b.StopTimer()
			engine, next = compile(b, p), 0
			b.StartTimer()
		}
		engine.Decide(p.Users[next].ID, "Type03", sharing.DetailView, sharing.Record{Owner: "1"})
		next++
	}
}

func BenchmarkScope(b *testing.B) {
	engine := compile(b, company())
	b.ReportAllocs()
	for b.Loop() {
		engine.Scope("3", "Type03")
	}
}

func TestDecidingDoesNotAllocate(t *testing.T) {
	engine := compile(t, company())
	record := sharing.Record{Owner: "1", Matches: []string{"none"}}
	for name, ask := range map[string]func(){
		"Decide":     func() { engine.Decide("1500", "Type03", sharing.DetailView, record) },
		"DecideType": func() { engine.DecideType("1500", "Type03", sharing.DetailView) },
		"Check":      func() { engine.Check("1500", "Type03", permissions.Link, record) },
		"Listed":     func() { engine.Listed("1500", "Type03", record) },
	} {
		if n := testing.AllocsPerRun(100, ask); n != 0 {
			t.Errorf("%s allocates %v times", name, n)
		}
	}
}

func TestAnEngineAnswersManyAtOnce(t *testing.T) {
	p := company()
	shared, alone := compile(t, p), compile(t, p)
	var asking sync.WaitGroup
	for worker := range 8 {
		asking.Go(func() {
			for i := range 500 {
				user, owner := strconv.Itoa(i%50), strconv.Itoa((i*31+worker)%2000)
				shared.Check(user, typeName(i%10), permissions.View, sharing.Record{Owner: owner})
				shared.Scope(user, typeName(i%10))
			}
		})
	}
	asking.Wait()
	for i := range 50 {
		user := strconv.Itoa(i)
		got, want := shared.Scope(user, "Type03"), alone.Scope(user, "Type03")
		if !slices.Equal(got.Owners, want.Owners) {
			t.Errorf("user %s: got the scope %v, want %v", user, got, want)
		}
	}
}
