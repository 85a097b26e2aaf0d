package sharing

import (
	"fmt"
	"strings"

	"github.com/mailconnector/mailconnector/permissions"
)

// Explain is Check with a sentence that names what decided. The sentence is for administrators: it names roles, groups
// and owners the user may not know of.
func (e *Engine) Explain(userID, entityType string, a permissions.Action, r Record) permissions.Decision {
	return e.explain(e.check(userID, entityType, a, &r), &r)
}

// ExplainType is CheckType with a sentence.
func (e *Engine) ExplainType(userID, entityType string, a permissions.Action) permissions.Decision {
	return e.explain(e.check(userID, entityType, a, nil), nil)
}

// ExplainOperation is Decide with a sentence.
func (e *Engine) ExplainOperation(userID, entityType string, op Operation, r Record) permissions.Decision {
	return e.explain(e.decide(userID, entityType, op, &r), &r)
}

// explain words a finding; the verdicts that look at the record come with one only.
func (e *Engine) explain(f finding, r *Record) permissions.Decision {
	d := decisions[f.verdict]
	d.Reason.Detail = e.sentence(&f, r)
	return d
}

func (e *Engine) sentence(f *finding, r *Record) string {
	switch f.verdict {
	case unknownUser:
		return "The policy does not know the user."
	case unknownType:
		return "The policy does not know the entity type."
	case unknownOperation:
		return "The action has no meaning to the CRM."
	case typeDisabled:
		return fmt.Sprintf("%s is switched off for everybody.", f.entityType.name)
	case frozen:
		return "A running process has frozen the record."
	case absentOperation:
		return fmt.Sprintf("%s has no page for %v.", f.entityType.name, f.op)
	case admin:
		return fmt.Sprintf("%s is an administrator.", upper(f.user.String()))
	case publicType:
		return fmt.Sprintf("%s is public: owners do not matter. %s", f.entityType.name, e.profileSentence(f))
	case isOwner, subordinate, inGroup:
		return e.ownerSentence(f, e.ownerOf(r))
	case shared, advanced, notShared, defaultGrants, defaultRefuses:
		return e.sharingSentence(f, r)
	}
	return e.profileSentence(f)
}

// profileSentence words what the profiles decided.
func (e *Engine) profileSentence(f *finding) string {
	u, t := f.user, f.entityType
	switch f.verdict {
	case noProfile:
		if u.role == none {
			return fmt.Sprintf("%s has no role, so no profile.", upper(u.String()))
		}
		return fmt.Sprintf("%s of %s has no profile.", upper(e.roleOf(u)), u)
	case viewAll:
		return e.permitSentence(u, "viewing all records", func(p *profile) Grant { return p.viewAll })
	case editAll:
		return e.permitSentence(u, "viewing and editing all records", func(p *profile) Grant { return p.editAll })
	case typeRefused:
		return fmt.Sprintf("No profile of %s opens %s.", e.roleOf(u), t.name)
	case operationRefused:
		return fmt.Sprintf("No profile of %s permits %v on %s.", e.roleOf(u), f.op, t.name)
	case operationUnlisted:
		return fmt.Sprintf("The profiles of %s do not list %v on %s, which the CRM takes as permitted on every record.",
			e.roleOf(u), f.op, t.name)
	}
	if f.op == Unnumbered {
		return e.permitSentence(u, "opening "+t.name, func(p *profile) Grant { return p.types[t.number].access })
	}
	what := fmt.Sprintf("%v on %s", f.op, t.name)
	return e.permitSentence(u, what, func(p *profile) Grant { return p.types[t.number].operations[f.op] })
}

// permitSentence names the profiles that grant. Where none does, it was a quirk.
func (e *Engine) permitSentence(u *user, what string, of func(*profile) Grant) string {
	var names []string
	for _, n := range e.roles[u.role].profiles {
		if p := &e.profiles[n]; of(p) == Granted {
			names = append(names, label("profile", p.name, p.id))
		}
	}
	if len(names) == 0 {
		return fmt.Sprintf("The profiles of %s do not all refuse %s, which the CRM takes as permission.", e.roleOf(u), what)
	}
	return fmt.Sprintf("%s of %s permits %s.", upper(strings.Join(names, " and ")), e.roleOf(u), what)
}

func (e *Engine) ownerSentence(f *finding, owner int32) string {
	switch f.verdict {
	case isOwner:
		return fmt.Sprintf("%s owns the record.", upper(f.user.String()))
	case inGroup:
		return fmt.Sprintf("%s belongs to %s, which owns the record.", upper(f.user.String()), e.ownerName(owner))
	}
	return fmt.Sprintf("%s owns the record and has %s, below %s of %s.", upper(e.ownerName(owner)),
		e.roleOf(&e.users[owner]), e.roleOf(f.user), f.user)
}

// sharingSentence words what the organisation's default and the rules decided.
func (e *Engine) sharingSentence(f *finding, r *Record) string {
	u, t := f.user, f.entityType
	what := "view"
	if f.op.edits() {
		what = "edit"
	}
	switch f.verdict {
	case shared:
		return e.ruleSentence(f, e.ownerOf(r))
	case advanced:
		a := u.advancedFor(t, r.Matches, f.op.edits())
		return fmt.Sprintf("The record matches %s of %s, which lets %s it.", label("advanced rule", a.Name, a.ID), u, what)
	case defaultGrants:
		return fmt.Sprintf("The organisation's default for %s is %v.", t.name, t.standard)
	case defaultRefuses:
		return fmt.Sprintf("The organisation's default for %s is %v, which leaves %v to owners and their superiors.",
			t.name, t.standard, f.op)
	}
	return fmt.Sprintf("The organisation's default for %s is %v, and no rule lets %s %s records of %s.",
		t.name, t.standard, u, what, e.ownerName(e.ownerOf(r)))
}

func (e *Engine) ruleSentence(f *finding, owner int32) string {
	for _, n := range e.sharingOf(f.user, f.entityType).rules {
		r := &e.rules[n]
		if !r.owners.has(owner) || f.op.edits() && !r.write {
			continue
		}
		scope := "viewing"
		if r.write {
			scope = "editing"
		}
		return fmt.Sprintf("Sharing rule %s opens the records of %s to %s for %s; %s owns the record.",
			r.id, e.partyName(r.from), e.partyName(r.to), scope, e.ownerName(owner))
	}
	return ""
}

func (e *Engine) partyName(p party) string {
	switch p.kind {
	case RoleParty:
		return e.roles[p.number].String()
	case RoleTreeParty:
		return e.roles[p.number].String() + " and all roles below"
	case GroupParty:
		return e.groups[p.number].String()
	default:
		return e.users[p.number].String()
	}
}

// roleOf names the role of a user who has one.
func (e *Engine) roleOf(u *user) string { return e.roles[u.role].String() }

func (e *Engine) ownerName(n int32) string {
	switch {
	case n == none:
		return "an unknown owner"
	case int(n) < len(e.users):
		return e.users[n].String()
	}
	return e.groups[int(n)-len(e.users)].String()
}

// String names the user in a sentence.
func (u *user) String() string { return label("user", u.name, u.id) }

// String names the role in a sentence.
func (r *role) String() string { return label("role", r.name, r.id) }

// String names the group in a sentence.
func (g *group) String() string { return label("group", g.name, g.id) }

func label(kind, name, id string) string {
	if name == "" {
		return kind + " " + id
	}
	return fmt.Sprintf("%s %s (%s)", kind, name, id)
}

// upper begins a sentence: the words it starts with are ASCII.
func upper(s string) string { return strings.ToUpper(s[:1]) + s[1:] }
