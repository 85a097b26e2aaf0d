package sharing

// Quirks are the deviations of the CRM's own code from what its administration pages promise. Each is off in the zero
// value.
type Quirks struct {
	// UnlistedIsGranted takes a permission that no row lists as granted, because the CRM compares an absent value
	// loosely with zero. An operation allowed this way is allowed on every record, whoever owns it. Off, what is not
	// listed is refused.
	UnlistedIsGranted bool

	// FirstProfileLists merges the profiles of a role along what the first of them lists: what it does not list
	// stays unlisted whatever the others say, and what it refuses is granted if another profile grants it or does
	// not list it. Off, a permission is granted when any profile grants it.
	FirstProfileLists bool

	// GlobalOverridesProfile lets a profile that views or edits all records pass over a refused entity type or
	// operation. Off, it passes over ownership only.
	GlobalOverridesProfile bool

	// SiblingRoles takes every role whose path begins with the text of another's path as below it, where "a role and
	// all roles below" is the source of a rule or a member of a group: H4 includes its siblings H40 and H41. Who
	// belongs to a group when it owns records or gains from a rule is not affected, nor are superiors.
	SiblingRoles bool

	// UserRulesNeedPrivate ignores a rule from user to user for editing where the default is PublicReadOnly.
	UserRulesNeedPrivate bool

	// OpenDefaults leaves entity types whose default is Assigned or NoDefault open to everybody. Off, both count as
	// Private.
	OpenDefaults bool

	// ListsIgnoreProfiles shows in lists the records of entity types and operations that the profiles refuse, though
	// they cannot be opened. It matters to Engine.Listed only.
	ListsIgnoreProfiles bool
}

// AllQuirks returns what vtenext 20.04 answers.
func AllQuirks() Quirks {
	return Quirks{
		UnlistedIsGranted:      true,
		FirstProfileLists:      true,
		GlobalOverridesProfile: true,
		SiblingRoles:           true,
		UserRulesNeedPrivate:   true,
		OpenDefaults:           true,
		ListsIgnoreProfiles:    true,
	}
}
