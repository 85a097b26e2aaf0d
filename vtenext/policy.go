package vtenext

import (
	"cmp"
	"fmt"
	"maps"
	"slices"

	"github.com/mailconnector/mailconnector/permissions/sharing"
)

// policy is what the base tables say, ready to be asked. It never changes.
type policy struct {
	digest   digest
	engine   *sharing.Engine
	users    map[string]crmUser
	types    []*entityType // in the CRM's order
	typeOf   map[string]*entityType
	advanced map[string]map[string][]*advancedRule // by user and entity type
	messages sharing.Sharing                       // the organisation's default for Messages
	tables   bool                                  // the CRM computes lists in working tables, with rules that differ a little
	versions bool                                  // processes may hold records to former versions of profiles and roles
	lacks    map[Part]*LackingError                // why a part cannot be answered for
	findings []Finding
}

// crmUser is what matters of a user beside the role.
type crmUser struct {
	active, admin bool
}

// usersOf returns the users asked for, or all in the order of their ids.
func (p *policy) usersOf(ids []string) []string {
	if len(ids) > 0 {
		return ids
	}
	return slices.SortedFunc(maps.Keys(p.users), func(a, b string) int {
		return cmp.Or(cmp.Compare(len(a), len(b)), cmp.Compare(a, b))
	})
}

// named returns the entity types of these names.
func (p *policy) named(names []string) ([]*entityType, error) {
	types := make([]*entityType, len(names))
	for i, name := range names {
		if types[i] = p.typeOf[name]; types[i] == nil {
			return nil, fmt.Errorf("there is no entity type %q", name)
		}
	}
	return types, nil
}

// can reports whether the installation has what a part needs.
func (p *policy) can(part Part) bool { return p.lacks[part] == nil }

// namesOfTypes returns the names of all entity types in their order.
func (p *policy) namesOfTypes() []string {
	names := make([]string, len(p.types))
	for i, t := range p.types {
		names[i] = t.name
	}
	return names
}

// compile makes a policy of what was read; columns describes the tables it names.
func (c *CRM) compile(rows policyRows, columns catalog) (*policy, error) {
	b := &builder{crm: c, rows: rows, columns: columns}
	b.policy = &policy{
		users: make(map[string]crmUser), typeOf: make(map[string]*entityType), lacks: make(map[Part]*LackingError),
	}
	b.addNeeds()
	b.model.Quirks = sharing.AllQuirks()
	b.addTypes()
	b.addUsers()
	b.addRoles()
	b.addGroups()
	b.addProfiles()
	b.addRules()
	b.addAdvanced()
	b.addProperties()
	engine, err := sharing.Compile(b.model)
	if err != nil {
		return nil, err
	}
	b.engine = engine
	for _, problem := range engine.Problems() {
		b.find(PartPermissions, false, "policy", "%s", problem)
	}
	return b.policy, nil
}

// builder turns rows into a policy and into the model of the sharing engine.
type builder struct {
	*policy
	crm     *CRM
	rows    policyRows
	columns catalog
	model   sharing.Policy
	nameOf  map[string]string // entity types by tab id

	shownFields map[string]string // by field id, "0" for those the organisation shows
}

// find notes what an administrator should know.
func (b *builder) find(part Part, disabled bool, subject, format string, args ...any) {
	b.findings = append(b.findings, Finding{
		Part: part, Disabled: disabled, Subject: subject, Detail: fmt.Sprintf(format, args...),
	})
}

// unknown notes a value this package has no meaning for.
func (b *builder) unknown(subject, value, instead string) {
	b.find(PartPermissions, false, subject, "the value %q is unknown and read as %s", value, instead)
}

// addNeeds looks for the tables that questions are answered from, beside those of the policy.
func (b *builder) addNeeds() {
	for _, n := range permissionNeeds() {
		if lacking := b.crm.lacking(b.columns, n); lacking != nil {
			b.lacks[n.part] = lacking
			b.find(n.part, true, lacking.Table, "%s", lacking.Detail)
		}
	}
}

// addProperties reads the settings that matter. One that is overridden counts as such.
func (b *builder) addProperties() {
	b.versions = len(b.rows[versionsSource]) > 0
	for _, row := range b.rows[propertiesSource] {
		value := cmp.Or(row[2], row[1])
		switch {
		case row[0] == "performance.use_temp_tables":
			b.tables = value == "1"
		case row[0] == "performance.modcomments_parent_perm" && value == "1":
			b.find(PartPermissions, false, row[0], "records that the CRM opens to those who talk about them are not opened here")
		}
	}
}

// column maps the first column of a source to its second.
func (b *builder) column(source string) map[string]string {
	values := make(map[string]string, len(b.rows[source]))
	for _, row := range b.rows[source] {
		values[row[0]] = row[1]
	}
	return values
}

func (b *builder) addUsers() {
	roles := b.column(userRolesSource)
	for _, row := range b.rows[usersSource] {
		id, admin, status := row[0], row[2] == "on", row[3]
		if status != "Active" && status != "Inactive" {
			b.unknown("status of user "+id, status, "Inactive")
		}
		b.users[id] = crmUser{active: status == "Active" && row[4] == "0", admin: admin}
		b.model.Users = append(b.model.Users, sharing.User{ID: id, Name: row[1], Role: roles[id], Admin: admin})
	}
}

func (b *builder) addRoles() {
	profiles := make(map[string][]string)
	for _, row := range b.rows[roleProfilesSource] {
		if row[2] == "0" {
			profiles[row[0]] = append(profiles[row[0]], row[1])
		}
	}
	for _, row := range b.rows[rolesSource] {
		b.model.Roles = append(b.model.Roles, sharing.Role{ID: row[0], Name: row[1], Path: row[2], Profiles: profiles[row[0]]})
	}
}

func (b *builder) addGroups() {
	members := make(map[string]map[string][]string)
	for _, row := range b.rows[membersSource] {
		of := members[row[0]]
		if of == nil {
			of = make(map[string][]string)
			members[row[0]] = of
		}
		of[row[1]] = append(of[row[1]], row[2])
	}
	for _, row := range b.rows[groupsSource] {
		of := members[row[0]]
		b.model.Groups = append(b.model.Groups, sharing.Group{
			ID: row[0], Name: row[1], Users: of["user"], Roles: of["role"], RoleTrees: of["tree"], Groups: of["group"],
		})
	}
}

// grant reads a permission of a profile, where 0 grants.
func grant(permission string) sharing.Grant {
	if permission == "0" {
		return sharing.Granted
	}
	return sharing.Refused
}

// addRules reads the sharing rules. Rules with a permission that is neither reading nor writing are left out.
func (b *builder) addRules() {
	types := b.column(ruleTypesSource)
	kinds := map[string]sharing.PartyKind{
		"role": sharing.RoleParty, "rs": sharing.RoleTreeParty, "grp": sharing.GroupParty, "group": sharing.GroupParty,
		"usr": sharing.UserParty,
	}
	for _, row := range b.rows[rulesSource] {
		id, permission := row[0], row[5]
		name, known := b.nameOf[types[id]]
		if !known {
			continue // of an entity type that is gone
		}
		if !slices.Contains([]string{"0", "1"}, permission) {
			b.unknown("permission of sharing rule "+id, permission, "none")
			continue
		}
		b.model.Rules = append(b.model.Rules, sharing.Rule{
			ID: id, Type: name, Write: permission == "1",
			From: sharing.Party{Kind: kinds[row[1]], ID: row[2]}, To: sharing.Party{Kind: kinds[row[3]], ID: row[4]},
		})
	}
}
