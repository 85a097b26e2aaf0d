package vtenext

import (
	"context"

	"github.com/mailconnector/mailconnector/permissions"
	"github.com/mailconnector/mailconnector/permissions/sharing"
)

// Permissions answers who may do what in a CRM, as the CRM itself would: the port [permissions.Checker]. It is safe for
// concurrent use.
//
// Answers may be at most two seconds behind the CRM's tables, and owners and deleted flags are read live. Without
// [Permissions.Run] every question that finds the policy older than that waits for it to be checked. Where that takes
// too long or fails, the answer is [ErrUnavailable].
type Permissions struct {
	crm    *CRM
	fresh  freshness
	labels labels
}

// NewPermissions makes the checker of a CRM. It does no I/O.
func NewPermissions(c *CRM) *Permissions {
	return &Permissions{crm: c, fresh: freshness{crm: c}, labels: labels{crm: c}}
}

// Run keeps the policy fresh until ctx ends, so that no question waits.
func (p *Permissions) Run(ctx context.Context) { p.fresh.run(ctx) }

// Check answers for many records at once, of mixed types, in the order asked. Nobody who may not sign in is permitted
// anything.
func (p *Permissions) Check(
	ctx context.Context, s permissions.Subject, a permissions.Action, records []permissions.Record,
) ([]permissions.Decision, error) {
	if len(records) == 0 {
		return nil, nil
	}
	policy, err := p.fresh.policy(ctx)
	if err != nil {
		return nil, err
	}
	return p.inquire(policy, s.UserID).check(ctx, a, records)
}

// Scope says whose records of the type the subject may see. Where another rule than the sharing engine's decides, it is
// wide, and every record has to be checked.
func (p *Permissions) Scope(ctx context.Context, s permissions.Subject, entityType string) (permissions.Scope, error) {
	policy, err := p.fresh.policy(ctx)
	if err != nil {
		return permissions.Scope{}, err
	}
	t, q := policy.typeOf[entityType], p.inquire(policy, s.UserID)
	if t == nil || !q.active() || !q.answerType(permissions.View, t).Allows() {
		return permissions.Scope{}, nil
	}
	scope := policy.engine.Scope(s.UserID, entityType)
	if t.rule == calendarRule && !scope.All {
		scope.More = true // invitations and shared calendars
	}
	return scope, nil
}

func (p *Permissions) inquire(policy *policy, user string) *inquiry {
	return &inquiry{crm: p.crm, policy: policy, user: user}
}

// inquiry is one user asking under one policy.
type inquiry struct {
	crm    *CRM
	policy *policy
	user   string
	words  bool // explain decisions
}

// active reports whether the user exists and may sign in.
func (q *inquiry) active() bool { return q.policy.users[q.user].active }

// The reason codes that this package adds to those of the sharing package. They are stable.
const (
	CodeInactiveUser   = "inactive-user"
	CodeNoRelation     = "no-messages-relation"     // messages cannot be linked to records of the entity type
	CodeExtended       = "extended-by-code"         // an extension may decide otherwise and cannot be evaluated
	CodeOwnRules       = "own-rules"                // the entity type has rules of its own that cannot be evaluated
	CodeLacking        = "tables-lacking"           // the installation lacks what the answer depends on
	CodeFormerVersion  = "held-by-former-version"   // a process judges the record by a former version of the profiles
	CodePublicVisible  = "public-visibility"        // of an activity or a message
	CodePrivateVisible = "private-visibility"       // of an activity
	CodeInvited        = "invited"                  // to an activity
	CodeNotOrganizer   = "invited-not-organizer"    // so not permitted to change the activity
	CodeSharedCalendar = "shared-calendar"          // of the owner
	CodeTalk           = "mentioned-in-talk"        // about a message
	CodeRelated        = "related-record-permitted" // of a message
	CodeMessagePrivate = "message-of-others"        // and nothing opens it
	CodeOneself        = "oneself"                  // a user's own record
)

// check answers for records as [Permissions.Check] does.
func (q *inquiry) check(
	ctx context.Context, a permissions.Action, records []permissions.Record,
) ([]permissions.Decision, error) {
	decisions := make([]permissions.Decision, len(records))
	if !q.active() {
		for i := range decisions {
			decisions[i] = refuse(CodeInactiveUser, "The user does not exist or may not sign in.")
		}
		return decisions, nil
	}
	facts, err := q.read(ctx, records, a == permissions.Edit || a == permissions.Delete)
	if err != nil {
		return nil, err
	}
	for i, r := range records {
		t := q.policy.typeOf[r.Type]
		switch {
		case r.ID == "" && t != nil:
			decisions[i] = q.answerType(a, t)
		case t == nil || !facts.viewable(r):
			decisions[i] = permissions.Decision{Outcome: permissions.Missing}
		default:
			decisions[i] = q.answer(a, t, facts.of(r))
		}
	}
	return decisions, nil
}

// answer tells whether the user may act on a record.
func (q *inquiry) answer(a permissions.Action, t *entityType, f *fact) permissions.Decision {
	op, known := operationOf(a)
	switch {
	case !known || a == permissions.Create:
		return q.answerType(a, t)
	case t.presence == "1":
		return refuse(sharing.CodeTypeDisabled, t.name+" is switched off for everybody.")
	}
	d := q.judge(t, op, f)
	if a == permissions.Link && d.Allows() {
		return q.answerType(a, t)
	}
	return d
}

// answerType tells whether the user may act on records of an entity type as far as no record matters.
func (q *inquiry) answerType(a permissions.Action, t *entityType) permissions.Decision {
	op, known := operationOf(a)
	switch {
	case !known:
		return refuse(sharing.CodeUnknownOperation, "The action has no meaning to the CRM.")
	case t.presence == "1":
		return refuse(sharing.CodeTypeDisabled, t.name+" is switched off for everybody.")
	case t.rule == closedRule, t.rule == adminRule && !q.policy.users[q.user].admin:
		return refuseOwnRules(t)
	case a == permissions.Link && !t.linkable():
		return refuse(CodeNoRelation, "Messages cannot be linked to records of "+t.name+".")
	case a == permissions.Link:
		op = sharing.EditView
	}
	return q.judgeType(t, op)
}

// operationOf returns the operation an action asks for on the record itself.
func operationOf(a permissions.Action) (sharing.Operation, bool) {
	switch a {
	case permissions.View, permissions.Link:
		return sharing.DetailView, true
	case permissions.Edit, permissions.Create:
		return sharing.EditView, true
	case permissions.Delete:
		return sharing.Delete, true
	}
	return 0, false
}

// linkable reports whether the CRM's own picker offers the entity type.
func (t *entityType) linkable() bool {
	switch t.name {
	case "Documents", "ModComments", "Myfiles", "MyNotes", "Events":
		return false
	}
	return t.messages
}

func refuse(code, detail string) permissions.Decision {
	return permissions.Decision{Outcome: permissions.Denied, Reason: permissions.Reason{Code: code, Detail: detail}}
}

func allow(code, detail string) permissions.Decision {
	return permissions.Decision{Outcome: permissions.Allowed, Reason: permissions.Reason{Code: code, Detail: detail}}
}
