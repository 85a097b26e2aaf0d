package vtenext

import (
	"context"
	"fmt"
	"strings"

	"github.com/mailconnector/mailconnector/permissions"
	"github.com/mailconnector/mailconnector/permissions/sharing"
)

// Explanation says how the CRM decides about a record, and why. It is for administrators: it names roles, groups and
// owners the user may not know of.
type Explanation struct {
	User    string
	Record  permissions.Record
	Answers []Answer
}

// Answer is one decision with its reason in words.
type Answer struct {
	Action   permissions.Action
	Decision permissions.Decision
}

// String returns the explanation as lines.
func (e Explanation) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "user %s, %s\n", e.User, e.Record)
	for _, a := range e.Answers {
		fmt.Fprintf(&b, "%-7s %-8s %-28s %s\n", a.Action, a.Decision.Outcome, a.Decision.Reason.Code, a.Decision.Reason.Detail)
	}
	return b.String()
}

// Explain answers, in words, what a user may do with a record, or with an entity type where the record has no id. For a
// deleted record or an inactive user it says so, and which rule would decide otherwise.
func (p *Permissions) Explain(ctx context.Context, s permissions.Subject, r permissions.Record) (Explanation, error) {
	policy, err := p.fresh.policy(ctx)
	if err != nil {
		return Explanation{}, err
	}
	q := p.inquire(policy, s.UserID)
	q.words = true
	e := Explanation{User: s.UserID, Record: r}
	facts, err := q.read(ctx, []permissions.Record{r}, true)
	if err != nil {
		return Explanation{}, err
	}
	for _, a := range []permissions.Action{
		permissions.View, permissions.Edit, permissions.Delete, permissions.Create, permissions.Link,
	} {
		e.Answers = append(e.Answers, Answer{a, q.explain(a, r, facts)})
	}
	return e, nil
}

// explain answers as check does, but goes on to the rules where check stops short.
func (q *inquiry) explain(a permissions.Action, r permissions.Record, facts facts) permissions.Decision {
	t, f := q.policy.typeOf[r.Type], facts.of(r)
	var d permissions.Decision
	switch {
	case t == nil:
		return missing(sharing.CodeUnknownType, "The CRM has no entity type "+r.Type+".")
	case r.ID == "":
		d = q.answerType(a, t)
	case f == nil:
		return missing("record-missing", q.absence(r, facts))
	default:
		d = q.answer(a, t, f)
	}
	if f != nil && f.deleted {
		d = missing("record-deleted", "The record is in the bin. Otherwise: "+d.Reason.Detail)
	}
	if u, known := q.policy.users[q.user]; known && !u.active {
		d = refuse(CodeInactiveUser, "The user may not sign in. Otherwise: "+d.Reason.Detail)
	}
	return d
}

// absence tells a record that is not there from one of another entity type.
func (q *inquiry) absence(r permissions.Record, facts facts) string {
	if f := facts[tableOfType(r.Type)][r.ID]; f != nil {
		return fmt.Sprintf("The record %s is one of %s.", r.ID, f.setype)
	}
	return fmt.Sprintf("The CRM has no record %s.", r.ID)
}

func missing(code, detail string) permissions.Decision {
	return permissions.Decision{Outcome: permissions.Missing, Reason: permissions.Reason{Code: code, Detail: detail}}
}
