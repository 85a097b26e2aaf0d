package sharing

import (
	"slices"
	"sync/atomic"

	"github.com/mailconnector/mailconnector/permissions"
)

// Engine answers questions about one Policy. It never changes and is safe for concurrent use; a changed policy is
// compiled anew. What follows from sharing rules is worked out for a user at the first question that needs it.
type Engine struct {
	quirks   Quirks
	users    []user
	groups   []group
	roles    []role
	profiles []profile
	types    []entityType
	rules    []rule
	owners   map[string]int32 // users by position, then groups by len(users) + position
	typeOf   map[string]int32
	targets  targets
	slots    []Sharing // entity types with sharing rules: their defaults
	fields   int       // of all entity types together
	problems []string
}

type user struct {
	number   int32
	id, name string
	role     int32 // or none
	admin    bool
	groups   set // of groups: direct, by role, and those around them
	advanced []AdvancedRule
	reach    atomic.Pointer[[]sharing] // by slot
}

type role struct {
	id, name     string
	path         string
	line         []int32 // this role and those above it
	profiles     []int32
	members      set     // of owners: the users in this role
	tree         set     // of owners: the users in this role and below, as rules and groups see it
	subordinates set     // of owners: the users in the roles below
	merged       *grants // nil without a profile
}

type group struct {
	id, name string
	owners   set // members, this group, and the groups in it
}

type entityType struct {
	number   int32
	name     string
	entity   bool
	disabled bool
	hidden   bool
	public   bool
	shared   bool // by sharing rules and advanced rules
	standard Sharing
	slot     int32 // its own sharing rules, or those of the type it follows; or none
	absent   [operations]bool
	fields   []Field
	field    map[string]int32
	first    int32 // number of its first field
}

// none stands for a reference that leads nowhere.
const none = -1

// Record is what a decision depends on beside the policy.
type Record struct {
	Owner   string   // id of the user or group the record belongs to; an unknown one is nobody's owner
	Frozen  bool     // locked by a running process of the CRM
	Matches []string // AdvancedRule.IDs whose filter this record meets for the asking user
}

// Check answers whether the user may act on the record. Linking asks for viewing the record and editing its entity
// type; whether the CRM relates messages to the entity type is the host's knowledge. A disabled entity type is refused.
func (e *Engine) Check(userID, entityType string, a permissions.Action, r Record) permissions.Decision {
	return decisions[e.check(userID, entityType, a, &r).verdict]
}

// CheckType is Check about the entity type as a whole: may the user do this to any record of it?
func (e *Engine) CheckType(userID, entityType string, a permissions.Action) permissions.Decision {
	return decisions[e.check(userID, entityType, a, nil).verdict]
}

// Decide answers one of the CRM's own permission questions about a record, as the CRM itself does.
func (e *Engine) Decide(userID, entityType string, op Operation, r Record) permissions.Decision {
	return decisions[e.decide(userID, entityType, op, &r).verdict]
}

// DecideType is Decide about the entity type as a whole.
func (e *Engine) DecideType(userID, entityType string, op Operation) permissions.Decision {
	return decisions[e.decide(userID, entityType, op, nil).verdict]
}

// finding is a verdict and what it was reached on.
type finding struct {
	user       *user       // nil if unknown
	entityType *entityType // nil if unknown
	op         Operation
	verdict    verdict
}

func (e *Engine) check(userID, entityType string, a permissions.Action, r *Record) finding {
	op, ok := operationOf(a)
	if !ok {
		return finding{verdict: unknownOperation}
	}
	if a == permissions.Create {
		r = nil
	}
	f := e.decide(userID, entityType, op, r)
	if f.entityType != nil && f.entityType.disabled {
		f.verdict = typeDisabled
	}
	if a == permissions.Link && f.verdict.allows() {
		return e.decide(userID, entityType, EditView, nil)
	}
	return f
}

// decide resolves names and judges; a nil record asks about the entity type as a whole.
func (e *Engine) decide(userID, entityType string, op Operation, r *Record) finding {
	f := finding{op: op}
	f.user, f.verdict = e.user(userID), unknownUser
	if f.user == nil {
		return f
	}
	f.entityType, f.verdict = e.entityType(entityType), unknownType
	if f.entityType == nil {
		return f
	}
	f.verdict = e.judge(f.user, f.entityType, op, r)
	return f
}

// user returns nil for an unknown id.
func (e *Engine) user(id string) *user {
	n, ok := e.owners[id]
	if !ok || int(n) >= len(e.users) {
		return nil
	}
	return &e.users[n]
}

// entityType returns nil for an unknown name.
func (e *Engine) entityType(name string) *entityType {
	n, ok := e.typeOf[name]
	if !ok {
		return nil
	}
	return &e.types[n]
}

// Problems names the references of the policy that lead nowhere, in words for an administrator.
func (e *Engine) Problems() []string { return slices.Clone(e.problems) }
