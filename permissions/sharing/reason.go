package sharing

import "github.com/mailconnector/mailconnector/permissions"

// The reason codes of decisions. They are stable.
const (
	CodeUnknownUser       = "unknown-user"
	CodeUnknownType       = "unknown-type"
	CodeUnknownOperation  = "unknown-operation"
	CodeTypeDisabled      = "type-disabled" // from Check only; Decide answers as if the entity type were on
	CodeFrozen            = "record-frozen"
	CodeAdmin             = "administrator"
	CodeAbsentOperation   = "operation-absent"
	CodeNoProfile         = "no-profile"
	CodeViewAll           = "profile-views-all"
	CodeEditAll           = "profile-edits-all"
	CodeTypeRefused       = "type-refused-by-profile"
	CodeOperationRefused  = "operation-refused-by-profile"
	CodeOperationUnlisted = "operation-unlisted"
	CodeTypeGranted       = "granted-on-type"
	CodePublicType        = "public-type"
	CodeOwner             = "owner"
	CodeSubordinate       = "owner-in-subordinate-role"
	CodeGroup             = "owner-is-own-group"
	CodeDefaultGrants     = "default-grants"
	CodeDefaultRefuses    = "default-refuses"
	CodeShared            = "shared-by-rule"
	CodeAdvanced          = "shared-by-advanced-rule"
	CodeNotShared         = "not-shared" // the only refusal that a match of an advanced rule can change
)

// verdict is a decision before it is put in words.
type verdict uint8

const (
	unknownUser verdict = iota
	unknownType
	unknownOperation
	typeDisabled
	frozen
	admin
	absentOperation
	noProfile
	viewAll
	editAll
	typeRefused
	operationRefused
	operationUnlisted
	typeGranted
	publicType
	isOwner
	subordinate
	inGroup
	defaultGrants
	defaultRefuses
	shared
	advanced
	notShared
)

// decisions maps verdicts to answers that are ready to be handed out without allocating.
var decisions = [...]permissions.Decision{
	unknownUser:       no(CodeUnknownUser),
	unknownType:       no(CodeUnknownType),
	unknownOperation:  no(CodeUnknownOperation),
	typeDisabled:      no(CodeTypeDisabled),
	frozen:            no(CodeFrozen),
	admin:             yes(CodeAdmin),
	absentOperation:   no(CodeAbsentOperation),
	noProfile:         no(CodeNoProfile),
	viewAll:           yes(CodeViewAll),
	editAll:           yes(CodeEditAll),
	typeRefused:       no(CodeTypeRefused),
	operationRefused:  no(CodeOperationRefused),
	operationUnlisted: yes(CodeOperationUnlisted),
	typeGranted:       yes(CodeTypeGranted),
	publicType:        yes(CodePublicType),
	isOwner:           yes(CodeOwner),
	subordinate:       yes(CodeSubordinate),
	inGroup:           yes(CodeGroup),
	defaultGrants:     yes(CodeDefaultGrants),
	defaultRefuses:    no(CodeDefaultRefuses),
	shared:            yes(CodeShared),
	advanced:          yes(CodeAdvanced),
	notShared:         no(CodeNotShared),
}

func yes(code string) permissions.Decision {
	return permissions.Decision{Outcome: permissions.Allowed, Reason: permissions.Reason{Code: code}}
}

func no(code string) permissions.Decision {
	return permissions.Decision{Outcome: permissions.Denied, Reason: permissions.Reason{Code: code}}
}

func (v verdict) allows() bool { return decisions[v].Allows() }
