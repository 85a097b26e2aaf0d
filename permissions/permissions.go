// Package permissions names who asks, about what, and what the CRM answers.
//
// It holds the vocabulary every other package shares and the one port, [Checker], through which the CRM decides.
// The package decides nothing itself and imports nothing of this module: the rules of the vtiger family live in the
// sharing package, the record search in the search package, and each host brings its own Checker.
//
// # Guarantees asked of a Checker
//
// Answers are live: a change of permission counts at the latest two seconds after it was committed. A record the
// subject may not view and a record that does not exist look the same to the subject.
package permissions

import (
	"context"
	"errors"
	"fmt"
)

// ErrNotFound says that a record does not exist, is deleted, is of another type, or may not be viewed by the subject.
// The four cases are one error on purpose: telling them apart would reveal that a record exists.
var ErrNotFound = errors.New("record not found")

// ErrDenied says that the subject may view the record but not do what was asked. Test with errors.Is; the
// [*DeniedError] behind it carries the details.
var ErrDenied = errors.New("permission denied")

// ErrUnavailable says that the host cannot tell right now, and answers nothing rather than something old. The same
// question may be answered later.
var ErrUnavailable = errors.New("permissions cannot be told right now")

// DisabledError is an [ErrUnavailable] that lasts until an administrator mends the CRM: a part of the host is switched
// off, because it needs something there that is missing. Its text may be shown to anybody.
type DisabledError struct {
	Part string // in the words of the host's own report: "sign-in"
}

func (e *DisabledError) Error() string { return e.Part + " is disabled" }

// Unwrap makes errors.Is(err, ErrUnavailable) true.
func (e *DisabledError) Unwrap() error { return ErrUnavailable }

// DeniedError is an [ErrDenied] that names the action and the record it was refused on.
type DeniedError struct {
	Action Action
	Record Record
}

func (e *DeniedError) Error() string {
	return fmt.Sprintf("%s %s: permission denied", e.Action, e.Record)
}

// Unwrap makes errors.Is(err, ErrDenied) true.
func (e *DeniedError) Unwrap() error { return ErrDenied }

// Subject is the CRM user on whose behalf a question is asked.
type Subject struct {
	UserID string // the CRM's own id, opaque, at most 64 bytes
}

// Record addresses one record of the CRM.
type Record struct {
	Type string // entity type, in the CRM's own spelling: "Contacts"
	ID   string // opaque, at most 64 bytes; empty asks about the entity type as a whole
}

// String returns the form used in logs and in the query parameter of a link: "Contacts:42".
func (r Record) String() string { return r.Type + ":" + r.ID }

// Action is what a subject wants to do.
type Action string

// The actions a Checker knows.
const (
	// View is opening a record's page. A deleted record is never viewable.
	View Action = "view"
	// Edit is changing a record.
	Edit Action = "edit"
	// Create is adding a record of a type; [Record.ID] is empty.
	Create Action = "create"
	// Delete is moving a record to the CRM's bin.
	Delete Action = "delete"
	// Link is attaching a message to a record. It asks for View on the record and for whatever else the CRM's own
	// picker asks for; vtenext wants the edit permission on the entity type and a Messages relation on it.
	Link Action = "link"
)

// Outcome is the answer to one question.
type Outcome uint8

// The outcomes. The zero value denies, so that a forgotten answer never grants.
const (
	Denied  Outcome = iota // the record is there, the action is refused
	Missing                // no such record, another type, or deleted
	Allowed
)

// String returns "denied", "missing" or "allowed".
func (o Outcome) String() string {
	switch o {
	case Allowed:
		return "allowed"
	case Missing:
		return "missing"
	default:
		return "denied"
	}
}

// Reason says in words which rule decided. It is for administrators: it may name roles, groups and owners that the
// subject may not know of, so it never reaches the subject.
type Reason struct {
	Code   string // stable, lower case, dashes: "owner-in-subordinate-role"
	Detail string // one sentence
}

// Decision is the CRM's answer for one record.
type Decision struct {
	Outcome Outcome
	Reason  Reason // may be empty where the host cannot tell
}

// Allows reports whether the action may go ahead.
func (d Decision) Allows() bool { return d.Outcome == Allowed }

// FieldKind says how the value of a field is matched.
type FieldKind string

// The kinds a search index tells apart.
const (
	KindText   FieldKind = "text"
	KindName   FieldKind = "name"   // part of the record's display name
	KindEmail  FieldKind = "email"  // an e-mail address
	KindPhone  FieldKind = "phone"  // matched by its digits
	KindDomain FieldKind = "domain" // a web site or mail domain
	KindNumber FieldKind = "number" // the record's own number, "CON123"
)

// Field is one field of an entity type that the subject may see.
type Field struct {
	Name  string // the CRM's field name
	Label string // in the language asked for
	Kind  FieldKind
}

// EntityType is a kind of record the subject may see, as the CRM would present it to that subject.
type EntityType struct {
	Name     string // the CRM's own name: "Contacts"
	Label    string // plural, in the language asked for
	Singular string
	Icon     string // a hint: a single letter, an emoji or an icon name of the CRM; may be empty
	CanLink  bool   // the subject may link messages to records of this type that it sees
	Fields   []Field
}

// Scope narrows where to look for records a subject may see. It never decides: every candidate still passes Check.
type Scope struct {
	All    bool     // every record of the type is a candidate; Owners is empty
	More   bool     // records of other owners may be visible too (advanced rules): look wider when too few are found
	Owners []string // the user and group ids whose records are candidates
}

// Checker is the port through which the CRM decides who may do what. Implementations are safe for concurrent use. An
// error that is an [ErrUnavailable] says that the question may be asked again later.
type Checker interface {
	// Types lists the entity types the subject may see, each with the fields the subject may see, labelled in the
	// language lang (BCP 47; empty for the CRM's default).
	Types(ctx context.Context, s Subject, lang string) ([]EntityType, error)

	// Check answers for many records at once, of mixed types, in the order asked. A record that is gone, or whose
	// type is another than the one asked for, is Missing. A record without an id asks about the type as a whole.
	// Owner and deleted flag are read live.
	Check(ctx context.Context, s Subject, a Action, records []Record) ([]Decision, error)

	// Scope says whose records of the type the subject may see.
	Scope(ctx context.Context, s Subject, entityType string) (Scope, error)
}

// CheckOne asks about a single record and answers as an error: nil when allowed, [ErrNotFound] when the record is
// missing or not viewable, a [*DeniedError] when it may be viewed but not acted upon.
func CheckOne(ctx context.Context, c Checker, s Subject, a Action, r Record) error {
	decisions, err := c.Check(ctx, s, a, []Record{r})
	if err != nil {
		return err
	}
	switch {
	case decisions[0].Allows():
		return nil
	case decisions[0].Outcome == Missing || a == View:
		return ErrNotFound
	case r.ID == "":
		return &DeniedError{Action: a, Record: r}
	}
	if err := CheckOne(ctx, c, s, View, r); err != nil {
		return err
	}
	return &DeniedError{Action: a, Record: r}
}

// Visible returns the records of the list that the subject may view, in their order.
func Visible(ctx context.Context, c Checker, s Subject, records []Record) ([]Record, error) {
	if len(records) == 0 {
		return nil, nil
	}
	decisions, err := c.Check(ctx, s, View, records)
	if err != nil {
		return nil, err
	}
	visible := make([]Record, 0, len(records))
	for i, d := range decisions {
		if d.Allows() {
			visible = append(visible, records[i])
		}
	}
	return visible, nil
}
