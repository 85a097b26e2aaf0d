package sharing

import (
	"errors"
	"fmt"
	"maps"
	"slices"
)

// ErrInvalidPolicy says that a policy cannot be compiled: an id is empty or taken twice, or a value has no meaning.
var ErrInvalidPolicy = errors.New("invalid policy")

// Compile builds the engine of a policy, of which it keeps nothing. It fails with ErrInvalidPolicy only; references
// that lead nowhere and circles of groups are tolerated, see [Engine.Problems].
func Compile(p Policy) (*Engine, error) {
	c := &compiler{Engine: &Engine{quirks: p.Quirks}, policy: &p}
	if err := c.number(); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrInvalidPolicy, err)
	}
	c.addTypes()
	c.addProfiles()
	c.addUsers()
	c.addRoles()
	c.addGroups()
	c.addRules()
	c.addAdvanced()
	return c.Engine, nil
}

type compiler struct {
	*Engine
	policy    *Policy
	userOf    map[string]int32
	roleOf    map[string]int32
	profileOf map[string]int32
	groupOf   map[string]int32
}

// number gives every part of the policy its number and looks for what cannot be compiled.
func (c *compiler) number() error {
	var errs [6]error
	c.userOf, errs[0] = index(c.policy.Users, "user", func(u User) string { return u.ID })
	c.groupOf, errs[1] = index(c.policy.Groups, "group", func(g Group) string { return g.ID })
	c.roleOf, errs[2] = index(c.policy.Roles, "role", func(r Role) string { return r.ID })
	c.profileOf, errs[3] = index(c.policy.Profiles, "profile", func(p Profile) string { return p.ID })
	c.typeOf, errs[4] = index(c.policy.Types, "entity type", func(t Type) string { return t.Name })
	errs[5] = c.policy.checkValues()
	if err := errors.Join(errs[:]...); err != nil {
		return err
	}
	c.owners = maps.Clone(c.userOf)
	for i, g := range c.policy.Groups {
		if _, taken := c.userOf[g.ID]; taken {
			return fmt.Errorf("id %q names a user and a group", g.ID)
		}
		c.owners[g.ID] = int32(len(c.policy.Users) + i)
	}
	return nil
}

// index returns the position of each item by its id.
func index[T any](items []T, what string, id func(T) string) (map[string]int32, error) {
	numbers := make(map[string]int32, len(items))
	for i, item := range items {
		key := id(item)
		if key == "" {
			return nil, fmt.Errorf("%s without an id", what)
		}
		if _, taken := numbers[key]; taken {
			return nil, fmt.Errorf("%s %q is there twice", what, key)
		}
		numbers[key] = int32(i)
	}
	return numbers, nil
}

// find returns the number of id, or notes a problem and returns none.
func (c *compiler) find(numbers map[string]int32, id, format string, args ...any) int32 {
	if n, ok := numbers[id]; ok {
		return n
	}
	c.problems = append(c.problems, fmt.Sprintf(format, args...)+fmt.Sprintf(" %q, which does not exist", id))
	return none
}

// findAll returns the numbers of those ids that exist.
func (c *compiler) findAll(numbers map[string]int32, ids []string, format, of string) []int32 {
	var found []int32
	for _, id := range ids {
		if n := c.find(numbers, id, format, of); n != none {
			found = append(found, n)
		}
	}
	return found
}

func (c *compiler) addTypes() {
	c.types = make([]entityType, len(c.policy.Types))
	for i, t := range c.policy.Types {
		c.types[i] = entityType{
			number: int32(i), name: t.Name, slot: none, first: int32(c.fields),
			entity: t.Entity, disabled: t.Disabled, hidden: t.Hidden, public: t.Public,
			shared:   t.Entity && !t.Disabled && !t.Hidden && !t.Public && !t.Unshared,
			standard: t.Default,
			fields:   slices.Clone(t.Fields),
		}
		for _, op := range t.Absent {
			c.types[i].absent[op] = true
		}
		c.types[i].field, _ = index(t.Fields, "field", func(f Field) string { return f.Name })
		c.fields += len(t.Fields)
	}
}

func (c *compiler) addProfiles() {
	c.profiles = make([]profile, len(c.policy.Profiles))
	for i, p := range c.policy.Profiles {
		c.profiles[i] = profile{
			id: p.ID, name: p.Name, viewAll: p.ViewAll, editAll: p.EditAll,
			types: make([]typeGrants, len(c.types)),
			shown: newSet(c.fields),
		}
		for name, listed := range p.Types {
			if n := c.find(c.typeOf, name, "profile %q lists entity type", p.ID); n != none {
				c.profiles[i].list(&c.types[n], listed)
			}
		}
	}
	slices.Sort(c.problems) // maps have no order
}

func (p *profile) list(t *entityType, listed TypeGrants) {
	to := &p.types[t.number]
	to.access = listed.Access
	for op, grant := range listed.Operations {
		to.operations[op] = grant
	}
	for name, shown := range listed.Fields {
		if n, ok := t.field[name]; ok && shown {
			p.shown.add(t.first + n)
		}
	}
}

func (c *compiler) addUsers() {
	c.users = make([]user, len(c.policy.Users))
	for i, u := range c.policy.Users {
		to := &c.users[i]
		to.number, to.id, to.name, to.admin, to.role = int32(i), u.ID, u.Name, u.Admin, none
		if u.Role != "" {
			to.role = c.find(c.roleOf, u.Role, "user %q has role", u.ID)
		}
	}
}

func (c *compiler) ownerSet() set { return newSet(len(c.policy.Users) + len(c.policy.Groups)) }

func (c *compiler) addAdvanced() {
	for _, a := range c.policy.Advanced {
		n := c.find(c.userOf, a.User, "advanced rule %q is for user", a.ID)
		t := c.find(c.typeOf, a.Type, "advanced rule %q is about entity type", a.ID)
		if n != none && t != none {
			c.users[n].advanced = append(c.users[n].advanced, a)
		}
	}
}
