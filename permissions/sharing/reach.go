package sharing

import "slices"

// sharing is what the sharing rules of one entity type open to one user.
type sharing struct {
	read, write set     // of owners
	rules       []int32 // those that opened something, in the order of the policy
}

func (s *sharing) owners(write bool) set {
	if write {
		return s.write
	}
	return s.read
}

// rule is a Rule whose references were found.
type rule struct {
	id       string
	slot     int32
	from, to party
	owners   set // whose records it opens
	write    bool
}

// party is a Party that was found.
type party struct {
	kind   PartyKind
	number int32
}

// targets finds the rules that apply to a user: by user, role, tree of roles, group.
type targets [GroupParty + 1][][]int32

// sharingOf returns what the rules open to the user; nil if the entity type has none. The first call for a user works
// it out; two at once do the same work and agree.
func (e *Engine) sharingOf(u *user, t *entityType) *sharing {
	if t.slot == none {
		return nil
	}
	reach := u.reach.Load()
	if reach == nil {
		u.reach.CompareAndSwap(nil, e.workOut(u))
		reach = u.reach.Load()
	}
	return &(*reach)[t.slot]
}

func (e *Engine) workOut(u *user) *[]sharing {
	reach := make([]sharing, len(e.slots))
	for _, n := range e.applying(u) {
		rule := &e.rules[n]
		e.apply(rule, n, &reach[rule.slot])
	}
	return &reach
}

// applying returns the rules that address the user, in the order of the policy.
func (e *Engine) applying(u *user) []int32 {
	rules := slices.Clone(e.targets[UserParty][u.number])
	if u.role != none {
		rules = append(rules, e.targets[RoleParty][u.role]...)
		for _, above := range e.roles[u.role].line {
			rules = append(rules, e.targets[RoleTreeParty][above]...)
		}
	}
	for g := range u.groups.all() {
		rules = append(rules, e.targets[GroupParty][g]...)
	}
	slices.Sort(rules)
	return rules
}

// apply adds what the rule opens. Rules refine a private default, or for editing one that is public read-only; a rule
// for editing a private entity type opens viewing too.
func (e *Engine) apply(r *rule, n int32, s *sharing) {
	standard := e.slots[r.slot]
	private := standard == Assigned || e.effective(standard) == Private
	userToUser := r.from.kind == UserParty && r.to.kind == UserParty
	switch {
	case private:
		s.read = e.with(s.read, r.owners)
	case standard != PublicReadOnly || !r.write || userToUser && e.quirks.UserRulesNeedPrivate:
		return
	}
	if r.write {
		s.write = e.with(s.write, r.owners)
	}
	s.rules = append(s.rules, n)
}

func (e *Engine) with(s, more set) set {
	if s == nil {
		s = newSet(len(e.users) + len(e.groups))
	}
	s.addAll(more)
	return s
}
