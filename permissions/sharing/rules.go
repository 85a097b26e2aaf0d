package sharing

// addRules lays the sharing rules out: by entity type, by whose records they open, by whom they address.
func (c *compiler) addRules() {
	sizes := [...]int{UserParty: len(c.users), RoleParty: len(c.roles), RoleTreeParty: len(c.roles), GroupParty: len(c.groups)}
	for kind, size := range sizes {
		c.targets[kind] = make([][]int32, size)
	}
	slots := make(map[int32]int32)
	for i := range c.policy.Rules {
		c.addRule(&c.policy.Rules[i], slots)
	}
	for i, t := range c.policy.Types {
		c.types[i].slot = c.slotOf(int32(i), t.Follows, slots)
	}
}

func (c *compiler) addRule(r *Rule, slots map[int32]int32) {
	t := c.find(c.typeOf, r.Type, "sharing rule %q is about entity type", r.ID)
	from := c.party(r.From, "sharing rule %q shares the records of", r.ID)
	to := c.party(r.To, "sharing rule %q shares with", r.ID)
	if t == none || from.number == none || to.number == none {
		return
	}
	if _, ok := slots[t]; !ok {
		slots[t] = int32(len(c.slots))
		c.slots = append(c.slots, c.types[t].standard)
	}
	addressed := c.targets[to.kind]
	addressed[to.number] = append(addressed[to.number], int32(len(c.rules)))
	c.rules = append(c.rules, rule{
		id: r.ID, slot: slots[t], from: from, to: to, owners: c.sourceOf(from), write: r.Write,
	})
}

func (c *compiler) party(p Party, format, rule string) party {
	found := party{kind: p.Kind}
	switch p.Kind {
	case UserParty:
		found.number = c.find(c.userOf, p.ID, format+" user", rule)
	case GroupParty:
		found.number = c.find(c.groupOf, p.ID, format+" group", rule)
	default:
		found.number = c.find(c.roleOf, p.ID, format+" role", rule)
	}
	return found
}

func (c *compiler) sourceOf(p party) set {
	switch p.kind {
	case RoleParty:
		return c.roles[p.number].members
	case RoleTreeParty:
		return c.roles[p.number].tree
	case GroupParty:
		return c.groups[p.number].owners
	default:
		source := c.ownerSet()
		source.add(p.number)
		return source
	}
}

// slotOf returns where the sharing rules for an entity type are, or none.
func (c *compiler) slotOf(n int32, follows string, slots map[int32]int32) int32 {
	if follows != "" {
		n = c.find(c.typeOf, follows, "entity type %q follows", c.types[n].name)
	}
	if slot, ok := slots[n]; ok {
		return slot
	}
	return none
}
