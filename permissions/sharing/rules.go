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
	if t == none || from == none || to == none {
		return
	}
	if _, ok := slots[t]; !ok {
		slots[t] = int32(len(c.slots))
		c.slots = append(c.slots, c.types[t].standard)
	}
	c.targets[r.To.Kind][to] = append(c.targets[r.To.Kind][to], int32(len(c.rules)))
	c.rules = append(c.rules, rule{
		id: r.ID, slot: slots[t], from: r.From, to: r.To, write: r.Write,
		owners: c.sourceOf(r.From.Kind, from),
	})
}

// party returns the number of a user, role or group, by kind.
func (c *compiler) party(p Party, format, id string) int32 {
	switch p.Kind {
	case UserParty:
		n := c.find(c.owners, p.ID, format+" user", id)
		if int(n) >= len(c.users) {
			return none
		}
		return n
	case GroupParty:
		return c.find(c.groupOf, p.ID, format+" group", id)
	default:
		return c.find(c.roleOf, p.ID, format+" role", id)
	}
}

func (c *compiler) sourceOf(kind PartyKind, n int32) set {
	switch kind {
	case RoleParty:
		return c.roles[n].members
	case RoleTreeParty:
		return c.roles[n].tree
	case GroupParty:
		return c.groups[n].owners
	default:
		source := c.ownerSet()
		source.add(n)
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
