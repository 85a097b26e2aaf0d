package sharing

import (
	"slices"
	"strings"
)

const separator = "::" // between the role ids of a path

// addRoles links the roles and gathers who is in and below each.
func (c *compiler) addRoles() {
	c.roles = make([]role, len(c.policy.Roles))
	for i, r := range c.policy.Roles {
		c.roles[i] = role{
			id: r.ID, name: r.Name, path: r.Path,
			members: c.ownerSet(), tree: c.ownerSet(), subordinates: c.ownerSet(),
		}
		if r.Path == "" {
			c.roles[i].path = r.ID
		}
		c.roles[i].line = c.lineOf(int32(i))
		for _, id := range r.Profiles {
			if n := c.find(c.profileOf, id, "role %q has profile", r.ID); n != none {
				c.roles[i].profiles = append(c.roles[i].profiles, n)
			}
		}
	}
	for i := range c.users {
		if u := &c.users[i]; u.role != none {
			c.roles[u.role].members.add(u.number)
		}
	}
	c.gatherTrees()
	c.mergeProfiles()
}

// lineOf returns the role and those above it, once each.
func (c *compiler) lineOf(n int32) []int32 {
	line := []int32{n}
	for id := range strings.SplitSeq(c.roles[n].path, separator) {
		above := c.find(c.roleOf, id, "the path of role %q names role", c.roles[n].id)
		if above != none && !slices.Contains(line, above) {
			line = append(line, above)
		}
	}
	return line
}

func (c *compiler) gatherTrees() {
	for i := range c.roles {
		top := &c.roles[i]
		for j := range c.roles {
			r := &c.roles[j]
			below := strings.HasPrefix(r.path, top.path+separator)
			if below {
				top.subordinates.addAll(r.members)
			}
			if below || i == j || c.quirks.SiblingRoles && strings.HasPrefix(r.path, top.path) {
				top.tree.addAll(r.members)
			}
		}
	}
}

// mergeProfiles merges once for all roles with the same profiles.
func (c *compiler) mergeProfiles() {
	merged := make(map[string]*grants)
	for i := range c.roles {
		key := strings.Join(c.policy.Roles[i].Profiles, "\x00")
		g, ok := merged[key]
		if !ok {
			g = c.merge(c.roles[i].profiles)
			merged[key] = g
		}
		c.roles[i].merged = g
	}
}
