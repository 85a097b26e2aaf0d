package crm

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"

	"github.com/mailconnector/mailconnector/permissions/sharing"
)

// policyCache keeps the latest compiled policy.
type policyCache struct{ atomic.Pointer[compiledPolicy] }

type compiledPolicy struct {
	version int64
	*sharing.Engine
}

// engine returns the engine of the policy as it is now. Each question reads the version, which is one row by its key,
// and reads it before the policy: one that changes in between is loaded once too often, never used for too long.
func (c *CRM) engine(ctx context.Context) (*sharing.Engine, error) {
	var version int64
	if err := c.db.QueryRowContext(ctx, "SELECT value FROM crm_sequences WHERE name = 'policy'").Scan(&version); err != nil {
		return nil, fmt.Errorf("read policy version: %w", err)
	}
	if cached := c.policy.Load(); cached != nil && cached.version == version {
		return cached.Engine, nil
	}
	policy, err := c.loadPolicy(ctx)
	if err != nil {
		return nil, fmt.Errorf("load policy: %w", err)
	}
	engine, err := sharing.Compile(policy)
	if err != nil {
		return nil, err
	}
	c.policy.Store(&compiledPolicy{version, engine})
	return engine, nil
}

// ChangePolicy runs fn in a transaction that changes users, roles, profiles, groups, defaults or sharing rules. The
// next question anybody asks is answered by the changed policy.
func (c *CRM) ChangePolicy(ctx context.Context, fn func(*sql.Tx) error) error {
	return c.inTx(ctx, func(tx *sql.Tx) error {
		if err := fn(tx); err != nil {
			return err
		}
		_, err := tx.ExecContext(ctx, "UPDATE crm_sequences SET value = value + 1 WHERE name = 'policy'")
		return err
	})
}

// loadPolicy reads the tables into the form the sharing engine takes.
func (c *CRM) loadPolicy(ctx context.Context) (sharing.Policy, error) {
	l := policyLoader{ctx: ctx, db: c.db, profiles: map[string]*sharing.Profile{}}
	types := l.each("SELECT entity_type, access FROM crm_defaults ORDER BY entity_type")
	for _, row := range types {
		l.policy.Types = append(l.policy.Types, c.policyType(row[0], row[1]))
	}
	for _, row := range l.each("SELECT id, display_name, role_id, is_admin FROM crm_users") {
		l.policy.Users = append(l.policy.Users, sharing.User{ID: row[0], Name: row[1], Role: row[2], Admin: row[3] == "1"})
	}
	l.loadRoles()
	l.loadProfiles(c.catalog)
	l.loadGroups()
	for _, row := range l.each("SELECT name, entity_type, from_kind, from_id, to_kind, to_id, writable FROM crm_sharing_rules") {
		l.policy.Rules = append(l.policy.Rules, sharing.Rule{
			ID: row[0], Type: row[1], Write: row[6] == "1",
			From: sharing.Party{Kind: partyKinds[row[2]], ID: row[3]},
			To:   sharing.Party{Kind: partyKinds[row[4]], ID: row[5]},
		})
	}
	return l.policy, l.err
}

// What the words in the tables mean to the engine. An unknown word is the strictest.
var (
	defaults = map[string]sharing.Sharing{
		"private": sharing.Private, "read": sharing.PublicReadOnly, "write": sharing.PublicReadWrite,
	}
	partyKinds = map[string]sharing.PartyKind{
		"user": sharing.UserParty, "role": sharing.RoleParty, "roles": sharing.RoleTreeParty, "group": sharing.GroupParty,
	}
	operations = map[string][]sharing.Operation{
		"view": {sharing.Index, sharing.DetailView}, "edit": {sharing.EditView, sharing.Save}, "delete": {sharing.Delete},
	}
)

// policyType describes an entity type to the engine. Contacts are shared as the companies they work for.
func (c *CRM) policyType(name, access string) sharing.Type {
	t := sharing.Type{Name: name, Entity: true, Default: defaults[access]}
	if name == "Contacts" {
		t.Follows = "Accounts"
	}
	if known := c.catalog.find(name); known != nil {
		for _, f := range known.Fields {
			t.Fields = append(t.Fields, sharing.Field{Name: f.Name})
		}
	}
	return t
}

type policyLoader struct {
	ctx      context.Context
	db       *sql.DB
	policy   sharing.Policy
	profiles map[string]*sharing.Profile
	err      error // the first one; after it nothing more is read
}

// each returns the rows of a query as text.
func (l *policyLoader) each(query string) [][]string {
	if l.err != nil {
		return nil
	}
	var all [][]string
	all, l.err = collect(l.ctx, l.db, func(rows *sql.Rows) ([]string, error) {
		columns, err := rows.Columns()
		if err != nil {
			return nil, err
		}
		values, into := make([]string, len(columns)), make([]any, len(columns))
		for i := range values {
			into[i] = &values[i]
		}
		return values, rows.Scan(into...)
	}, query)
	return all
}

func (l *policyLoader) loadRoles() {
	profiles := map[string][]string{}
	for _, row := range l.each("SELECT role_id, profile_id FROM crm_role_profiles ORDER BY role_id, profile_id") {
		profiles[row[0]] = append(profiles[row[0]], row[1])
	}
	for _, row := range l.each("SELECT id, name, path FROM crm_roles") {
		l.policy.Roles = append(l.policy.Roles, sharing.Role{ID: row[0], Name: row[1], Path: row[2], Profiles: profiles[row[0]]})
	}
}

// loadProfiles reads what profiles allow. A field is visible unless the profile hides it.
func (l *policyLoader) loadProfiles(types catalog) {
	hidden := l.each("SELECT profile_id, entity_type, field FROM crm_hidden_fields")
	for _, row := range l.each("SELECT profile_id, entity_type, actions FROM crm_profile_rights ORDER BY profile_id") {
		id, entityType := row[0], row[1]
		if l.profiles[id] == nil {
			l.profiles[id] = &sharing.Profile{ID: id, Name: id, Types: map[string]sharing.TypeGrants{}}
		}
		l.profiles[id].Types[entityType] = grants(strings.Fields(row[2]), types.find(entityType), func(name string) bool {
			return slices.ContainsFunc(hidden, func(h []string) bool { return slices.Equal(h, []string{id, entityType, name}) })
		})
	}
	for _, profile := range l.profiles {
		l.policy.Profiles = append(l.policy.Profiles, *profile)
	}
}

func grants(actions []string, t *entityType, hidden func(field string) bool) sharing.TypeGrants {
	g := sharing.TypeGrants{
		Access: sharing.Granted, Operations: map[sharing.Operation]sharing.Grant{}, Fields: map[string]bool{},
	}
	for _, action := range actions {
		for _, operation := range operations[action] {
			g.Operations[operation] = sharing.Granted
		}
	}
	if t != nil {
		for _, f := range t.Fields {
			g.Fields[f.Name] = !hidden(f.Name)
		}
	}
	return g
}

func (l *policyLoader) loadGroups() {
	members := map[string]*sharing.Group{}
	for _, row := range l.each("SELECT id, name FROM crm_groups") {
		members[row[0]] = &sharing.Group{ID: row[0], Name: row[1]}
	}
	for _, row := range l.each("SELECT group_id, member_kind, member_id FROM crm_group_members") {
		switch g := members[row[0]]; {
		case g == nil:
		case row[1] == "user":
			g.Users = append(g.Users, row[2])
		case row[1] == "role":
			g.Roles = append(g.Roles, row[2])
		}
	}
	for _, g := range members {
		l.policy.Groups = append(l.policy.Groups, *g)
	}
}
