package sharing

import "slices"

// seats is who sits in a group itself, groups in it left aside.
type seats struct {
	users, roles, trees []int32
}

// addGroups gathers the owners each group stands for, and the groups each user belongs to: its own and, recursively,
// those around them.
func (c *compiler) addGroups() {
	c.groups = make([]group, len(c.policy.Groups))
	sitting := make([]seats, len(c.groups))
	inside := make([][]int32, len(c.groups))
	around := make([][]int32, len(c.groups))
	for i, g := range c.policy.Groups {
		c.groups[i] = group{id: g.ID, name: g.Name}
		sitting[i] = c.seatsOf(&g)
		inside[i] = c.findAll(c.groupOf, g.Groups, "group %q contains group", g.ID)
		for _, n := range inside[i] {
			around[n] = append(around[n], int32(i))
		}
	}
	for i := range c.users {
		c.users[i].groups = newSet(len(c.groups))
	}
	for i := range c.groups {
		c.groups[i].owners = c.ownersOf(sitting, closure(int32(i), inside))
		c.join(sitting[i], closure(int32(i), around))
	}
}

func (c *compiler) seatsOf(g *Group) seats {
	return seats{
		users: c.findAll(c.userOf, g.Users, "group %q has user", g.ID),
		roles: c.findAll(c.roleOf, g.Roles, "group %q has role", g.ID),
		trees: c.findAll(c.roleOf, g.RoleTrees, "group %q has the role and those below", g.ID),
	}
}

// ownersOf returns the groups themselves and everybody who sits in one.
func (c *compiler) ownersOf(sitting []seats, groups set) set {
	owners := c.ownerSet()
	for g := range groups.all() {
		owners.add(int32(len(c.users)) + g)
		for _, u := range sitting[g].users {
			owners.add(u)
		}
		for _, r := range sitting[g].roles {
			owners.addAll(c.roles[r].members)
		}
		for _, r := range sitting[g].trees {
			owners.addAll(c.roles[r].tree)
		}
	}
	return owners
}

// join makes the users of the seats members of the groups. Unlike in ownersOf, a tree of roles is here what the paths
// say, whatever the quirks.
func (c *compiler) join(s seats, groups set) {
	for _, u := range s.users {
		c.users[u].groups.addAll(groups)
	}
	for i := range c.users {
		u := &c.users[i]
		if u.role == none {
			continue
		}
		above := func(r int32) bool { return slices.Contains(c.roles[u.role].line, r) }
		if slices.Contains(s.roles, u.role) || slices.ContainsFunc(s.trees, above) {
			u.groups.addAll(groups)
		}
	}
}

// closure returns start and everything that can be reached from it; circles end where they began.
func closure(start int32, edges [][]int32) set {
	reached := newSet(len(edges))
	reached.add(start)
	for queue := []int32{start}; len(queue) > 0; queue = queue[1:] {
		for _, next := range edges[queue[0]] {
			if !reached.has(next) {
				reached.add(next)
				queue = append(queue, next)
			}
		}
	}
	return reached
}
