package sharing_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/mailconnector/mailconnector/permissions/sharing"
)

const (
	policies = 300 // random policies per property
	enough   = 80  // cases in them that are about the property
)

// question is one thing that can be asked of an engine.
type question struct {
	user, of string
	op       sharing.Operation
	record   sharing.Record
}

func (q question) String() string {
	return fmt.Sprintf("user %s, %v on %s of %s, matches %v", q.user, q.op, q.of, q.record.Owner, q.record.Matches)
}

// questions are all that make sense for a policy thrown by dice.
func questions() []question {
	var all []question
	for _, user := range userIDs {
		for _, of := range typeNames {
			for op := sharing.Save; op <= sharing.Import; op++ {
				for i, owner := range ownerIDs {
					all = append(all, question{user, of, op, sharing.Record{Owner: owner, Matches: matchIDs[:i%3]}})
				}
			}
		}
	}
	return all
}

func ask(e *sharing.Engine, q question) bool { return e.Decide(q.user, q.of, q.op, q.record).Allows() }

// everyPolicy runs the check on many random policies, each a subtest of its seed only if it fails.
func everyPolicy(t *testing.T, check func(t *testing.T, d *dice, p sharing.Policy)) {
	t.Helper()
	for seed := range uint64(policies) {
		d := randomDice(seed)
		p := d.policy()
		check(t, d, p)
		if t.Failed() {
			t.Fatalf("policy of seed %d", seed)
		}
	}
}

// neverLess checks that whatever before allows, after allows too. It reports whether after allows more.
func neverLess(t *testing.T, before, after *sharing.Engine) (more bool) {
	t.Helper()
	for _, q := range questions() {
		had, has := ask(before, q), ask(after, q)
		if had && !has {
			t.Errorf("%v: lost", q)
		}
		more = more || has && !had
	}
	return more
}

// wantMany fails a property that held only because next to nothing was decided by what it is about.
func wantMany(t *testing.T, what string, n int) {
	t.Helper()
	t.Logf("%s: %d", what, n)
	if n < enough {
		t.Errorf("%s: %d in %d policies, want at least %d", what, n, policies, enough)
	}
}

func TestRemovingARuleNeverGrants(t *testing.T) {
	var rules, advanced int // that open something
	everyPolicy(t, func(t *testing.T, d *dice, p sharing.Policy) {
		all := compile(t, p)
		for i := range p.Rules {
			fewer := p
			fewer.Rules = slices.Delete(slices.Clone(p.Rules), i, i+1)
			if neverLess(t, compile(t, fewer), all) {
				rules++
			}
		}
		for i := range p.Advanced {
			fewer := p
			fewer.Advanced = slices.Delete(slices.Clone(p.Advanced), i, i+1)
			if neverLess(t, compile(t, fewer), all) {
				advanced++
			}
		}
	})
	wantMany(t, "sharing rules that open something", rules)
	wantMany(t, "advanced rules that open something", advanced)
}

func TestAddingAGroupMemberNeverTakesAway(t *testing.T) {
	everyPolicy(t, func(t *testing.T, d *dice, p sharing.Policy) {
		larger := p
		larger.Groups = slices.Clone(p.Groups)
		g := &larger.Groups[d.roll(len(groupIDs))]
		switch d.roll(4) {
		case 0:
			g.Users = append(slices.Clone(g.Users), d.pick(userIDs))
		case 1:
			g.Roles = append(slices.Clone(g.Roles), d.pick(roleIDs))
		case 2:
			g.RoleTrees = append(slices.Clone(g.RoleTrees), d.pick(roleIDs))
		default:
			g.Groups = append(slices.Clone(g.Groups), d.pick(groupIDs))
		}
		neverLess(t, compile(t, p), compile(t, larger))
	})
}

// TestAddingAProfileNeverTakesAway holds where what is not listed is read the same way with one profile and several.
func TestAddingAProfileNeverTakesAway(t *testing.T) {
	everyPolicy(t, func(t *testing.T, d *dice, p sharing.Policy) {
		for _, quirks := range []sharing.Quirks{{}, sharing.AllQuirks()} {
			p.Quirks = quirks
			larger := p
			larger.Roles = slices.Clone(p.Roles)
			r := &larger.Roles[d.roll(len(roleIDs))]
			r.Profiles = append(slices.Clone(r.Profiles), d.pick(profileIDs))
			neverLess(t, compile(t, p), compile(t, larger))
		}
	})
}

// TestOwnershipOfOthersReachesUpwards holds for every policy: what a user reaches because another user owns it, all
// users in roles above reach too.
func TestOwnershipOfOthersReachesUpwards(t *testing.T) {
	reached := 0 // owners whose records the lower of two reaches
	everyPolicy(t, func(t *testing.T, d *dice, p sharing.Policy) {
		engine := compile(t, p)
		for _, pair := range abovePairs(p) {
			for _, owner := range userIDs {
				if !engine.OwnerGrants(pair.below, owner) {
					continue
				}
				if reached++; !engine.OwnerGrants(pair.above, owner) {
					t.Errorf("user %s reaches records of %s, user %s above does not", pair.below, owner, pair.above)
				}
			}
		}
	})
	wantMany(t, "owners whose records the lower of two reaches", reached)
}

// TestUsersAboveNeverSeeLess compares users that differ in their place only: equal profiles, no groups, no rules for one
// user, and sharing rules that address everybody. Otherwise groups and rules can single out the lower one.
func TestUsersAboveNeverSeeLess(t *testing.T) {
	shared := 0 // answers to the lower of two that a rule decided
	everyPolicy(t, func(t *testing.T, d *dice, p sharing.Policy) {
		p.Groups, p.Advanced = nil, nil
		top := &p.Roles[0]
		for i := range p.Roles {
			r := &p.Roles[i]
			r.Profiles = top.Profiles
			if r.ID != top.ID && !strings.HasPrefix(r.Path, top.Path+"::") {
				r.Path = top.Path + "::" + r.Path
			}
		}
		for i := range p.Rules {
			p.Rules[i].To = tree(top.ID)
		}
		engine := compile(t, p)
		for _, pair := range abovePairs(p) {
			for _, q := range questions() {
				lower, upper := q, q
				lower.user, upper.user = pair.below, pair.above
				if ask(engine, lower) && !ask(engine, upper) {
					t.Errorf("%v: allowed to the lower of %+v only", q, pair)
				}
				if engine.Decide(lower.user, q.of, q.op, q.record).Reason.Code == sharing.CodeShared {
					shared++
				}
			}
		}
	})
	wantMany(t, "answers that a sharing rule decided", shared)
}

type abovePair struct{ above, below string }

func abovePairs(p sharing.Policy) []abovePair {
	paths := make(map[string]string)
	for _, r := range p.Roles {
		paths[r.ID] = r.Path
	}
	var pairs []abovePair
	for _, above := range p.Users {
		for _, below := range p.Users {
			top, ok := paths[above.Role]
			if ok && !below.Admin && strings.HasPrefix(paths[below.Role], top+"::") {
				pairs = append(pairs, abovePair{above.ID, below.ID})
			}
		}
	}
	return pairs
}

func TestScopeHoldsExactlyTheVisibleOwners(t *testing.T) {
	everyPolicy(t, func(t *testing.T, d *dice, p sharing.Policy) {
		engine := compile(t, p)
		for _, user := range userIDs {
			for _, ty := range p.Types {
				checkScope(t, engine, user, ty)
			}
		}
	})
}

func checkScope(t *testing.T, engine *sharing.Engine, user string, ty sharing.Type) {
	t.Helper()
	scope := engine.Scope(user, ty.Name)
	if scope.All && len(scope.Owners) > 0 {
		t.Errorf("user %s, %s: all and some at once", user, ty.Name)
	}
	for _, owner := range ownerIDs {
		q := question{user, ty.Name, sharing.DetailView, sharing.Record{Owner: owner}}
		in := scope.All || slices.Contains(scope.Owners, owner)
		if visible := ask(engine, q) && !ty.Disabled; visible != in {
			t.Errorf("%v: visible %t, in scope %t", q, visible, in)
		}
		q.record.Matches = matchIDs
		if ask(engine, q) && !ty.Disabled && !in && !scope.More {
			t.Errorf("%v: visible by an advanced rule, but the scope says there is no more", q)
		}
	}
}
