package sharing

// Policy is everything a decision depends on but the record: plain data, filled by a host. References between its
// parts are by id. One that leads nowhere grants nothing, and [Engine.Problems] names it.
type Policy struct {
	Users    []User // every owner of records, inactive and deleted users included
	Roles    []Role
	Profiles []Profile
	Groups   []Group
	Types    []Type
	Rules    []Rule
	Advanced []AdvancedRule
	Quirks   Quirks
}

// User is a person records can belong to.
type User struct {
	ID    string
	Name  string // for explanations only
	Role  string // a Role.ID; without one the user has no profile, so only an administrator may do anything
	Admin bool
}

// Role is a place in the organisation.
type Role struct {
	ID       string
	Name     string   // for explanations only
	Path     string   // role ids from the top of the tree down to this one, joined with "::"; empty means a top role
	Profiles []string // Profile.IDs; the order matters under Quirks.FirstProfileLists
}

// Profile is a set of permissions; a role's users hold those of all its profiles together.
type Profile struct {
	ID      string
	Name    string // for explanations only
	ViewAll Grant  // view every record of every entity type
	EditAll Grant  // view and edit every record of every entity type
	Types   map[string]TypeGrants
}

// TypeGrants is what a profile says about one entity type.
type TypeGrants struct {
	Access     Grant // open the entity type at all
	Operations map[Operation]Grant
	Fields     map[string]bool // by Field.Name: true shows the field; absent hides it
}

// Grant is one permission of a profile.
type Grant uint8

// The values of a Grant. What an unlisted permission means is a matter of Quirks.UnlistedIsGranted.
const (
	Unlisted Grant = iota
	Granted
	Refused
)

// Group is a named set of users that can own records. Users and groups share one space of ids.
type Group struct {
	ID        string
	Name      string   // for explanations only
	Users     []string // members by User.ID
	Roles     []string // the users of these roles
	RoleTrees []string // the users of these roles and of all roles below them
	Groups    []string // Group.IDs inside this group; their members belong to it too
}

// Type is an entity type.
type Type struct {
	Name     string
	Entity   bool        // a kind of record, rather than a page or a tool of the CRM
	Disabled bool        // switched off for everybody
	Hidden   bool        // on, but not shown as an entity type of its own (in vtenext Events)
	Public   bool        // owners do not matter
	Unshared bool        // sharing rules never apply
	Default  Sharing     // what the organisation lets everybody do; the zero value is Private
	Follows  string      // Type.Name whose default and sharing rules are used to share this one; empty for its own
	Absent   []Operation // operations the CRM has no page for
	Fields   []Field
}

// Sharing is the organisation's default for an entity type: what everybody may do with records of others.
type Sharing uint8

// The organisation-wide defaults.
const (
	Private               Sharing = iota // nothing, but for sharing rules
	PublicReadOnly                       // view; edit by sharing rules
	PublicReadWrite                      // view and edit
	PublicReadWriteDelete                // view, edit and delete
	Assigned                             // only what is assigned to oneself; see Quirks.OpenDefaults
	NoDefault                            // the CRM has none for the entity type; see Quirks.OpenDefaults
)

// String returns the default in words: "public read-only".
func (s Sharing) String() string {
	switch s {
	case PublicReadOnly:
		return "public read-only"
	case PublicReadWrite:
		return "public to view and edit"
	case PublicReadWriteDelete:
		return "public to view, edit and delete"
	case Assigned:
		return "assigned"
	case NoDefault:
		return "not set"
	default:
		return "private"
	}
}

// Field is a field of an entity type.
type Field struct {
	Name     string
	Inactive bool // switched off for everybody
	Hidden   bool // hidden by the organisation from all but those who view or edit all records
	Unlisted bool // not offered to searches and lists, whoever asks
}

// Rule is a sharing rule: the records of one party become visible to another.
type Rule struct {
	ID    string // for explanations only
	Type  string // a Type.Name
	From  Party  // whose records
	To    Party  // who gains
	Write bool   // for editing too
}

// Party is one side of a sharing rule.
type Party struct {
	Kind PartyKind
	ID   string // of a User, Role or Group
}

// PartyKind says what the id of a Party names.
type PartyKind uint8

// The kinds of parties. The CRM pairs the last three in all nine ways, and users with users only.
const (
	UserParty     PartyKind = iota
	RoleParty               // the users of a role
	RoleTreeParty           // the users of a role and of all roles below it
	GroupParty              // the members of a group; as a source, also the records of the group and of groups in it
)

// AdvancedRule opens the records that match a filter to one user. The host evaluates filters; a match is reported in
// [Record.Matches].
type AdvancedRule struct {
	ID    string
	Name  string // for explanations only
	Type  string // a Type.Name; Type.Follows does not apply
	User  string // a User.ID; the same ID may be listed for several users
	Write bool   // for editing too
}
