package vtenext

import (
	"github.com/mailconnector/mailconnector/permissions"
	"github.com/mailconnector/mailconnector/permissions/sharing"
)

// judge answers one of the CRM's own questions about a record. It does not look at the deleted flag, as the CRM does not.
func (q *inquiry) judge(t *entityType, op sharing.Operation, f *fact) permissions.Decision {
	if part := q.lacking(t, op); part != "" {
		return refuse(CodeLacking, "The "+string(part)+" of this CRM cannot be read: "+q.policy.lacks[part].what()+".")
	}
	switch t.rule {
	case messagesRule:
		return q.judgeMessage(op, f)
	case usersRule:
		return q.judgeUser(op, f)
	case closedRule:
		return refuseOwnRules(t)
	}
	d := q.decide(t, op, f)
	switch {
	case !d.Allows() && t.rule != calendarRule, d.Reason.Code == sharing.CodeAdmin:
		return d
	case t.extended:
		return refuseExtended(t)
	case t.rule == adminRule:
		return refuseOwnRules(t)
	case f.former:
		return refuse(CodeFormerVersion, "A process judges the record by a former version of profiles or roles.")
	case t.rule == calendarRule:
		return q.judgeActivity(op, f, d)
	}
	return d
}

// lacking returns the part without whose tables the question cannot be answered.
func (q *inquiry) lacking(t *entityType, op sharing.Operation) Part {
	part := Part("")
	switch {
	case t.rule == messagesRule:
		part = PartMessages
	case t.rule == calendarRule:
		part = PartCalendar
	case q.policy.versions || op <= sharing.Delete: // frozen records, and those held to former versions
		part = PartProcesses
	}
	if q.policy.can(part) {
		return ""
	}
	return part
}

// judgeType answers one of the CRM's own questions about an entity type.
func (q *inquiry) judgeType(t *entityType, op sharing.Operation) permissions.Decision {
	if t.rule == messagesRule && op > sharing.DetailView {
		return refuse(CodeMessagePrivate, "Messages are neither imported, exported nor merged.")
	}
	d := q.decideType(t, op)
	if d.Allows() && t.extended && d.Reason.Code != sharing.CodeAdmin {
		return refuseExtended(t)
	}
	return d
}

func refuseExtended(t *entityType) permissions.Decision {
	return refuse(CodeExtended, "The CRM is extended with code that may change the permissions of "+t.name+".")
}

func refuseOwnRules(t *entityType) permissions.Decision {
	return refuse(CodeOwnRules, t.name+" has rules of its own, which cannot be evaluated here.")
}

// decide asks the sharing engine.
func (q *inquiry) decide(t *entityType, op sharing.Operation, f *fact) permissions.Decision {
	r := sharing.Record{Owner: f.owner, Frozen: f.frozen, Matches: f.matches}
	if q.words {
		return q.policy.engine.ExplainOperation(q.user, t.name, op, r)
	}
	return q.policy.engine.Decide(q.user, t.name, op, r)
}

// decideType asks the sharing engine about an entity type.
func (q *inquiry) decideType(t *entityType, op sharing.Operation) permissions.Decision {
	if !q.words {
		return q.policy.engine.DecideType(q.user, t.name, op)
	}
	action := permissions.View
	switch op {
	case sharing.Save, sharing.EditView:
		action = permissions.Edit
	case sharing.Delete:
		action = permissions.Delete
	}
	return q.policy.engine.ExplainType(q.user, t.name, action)
}

// judgeUser answers about the record of a user, which only administrators and that user open.
func (q *inquiry) judgeUser(op sharing.Operation, f *fact) permissions.Decision {
	switch {
	case q.policy.users[q.user].admin:
		return allow(sharing.CodeAdmin, "Administrators may do everything.")
	case f.owner == q.user && (op <= sharing.EditView || op == sharing.DetailView):
		return allow(CodeOneself, "It is the user's own record.")
	}
	return refuse(sharing.CodeNotShared, "Users see no other users' records.")
}

// judgeActivity refines the engine's answer about an activity: visibility, invitations and shared calendars. Those open
// it for viewing only.
func (q *inquiry) judgeActivity(op sharing.Operation, f *fact, d permissions.Decision) permissions.Decision {
	views := op == sharing.Index || op == sharing.DetailView
	_, ofUser := q.policy.users[f.owner]
	switch d.Reason.Code {
	case sharing.CodeOwner:
		if f.activity.invited && !views {
			return refuse(CodeNotOrganizer, "The user was invited to the activity and did not organise it.")
		}
		return d
	case sharing.CodeSubordinate, sharing.CodeDefaultGrants, sharing.CodeDefaultRefuses, sharing.CodeNotShared:
	default: // decided by profiles or by a group
		return d
	}
	switch {
	case ofUser && views && f.activity.visibility == "Public":
		return allow(CodePublicVisible, "The activity is public.")
	case views && f.activity.invited:
		return allow(CodeInvited, "The user is invited to the activity.")
	case ofUser && f.activity.visibility == "Private":
		return refuse(CodePrivateVisible, "The activity is private.")
	case !d.Allows() && views && f.activity.shared:
		return allow(CodeSharedCalendar, "The owner shares the calendar with the user.")
	}
	return d
}
