package sharing_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/mailconnector/mailconnector/permissions"
	"github.com/mailconnector/mailconnector/permissions/sharing"
)

func TestScopeNarrowsToOwners(t *testing.T) {
	all, nothing := permissions.Scope{All: true}, permissions.Scope{}
	owners := func(ids ...string) permissions.Scope { return permissions.Scope{Owners: ids} }
	disabled := entityType("Accounts", func(t *sharing.Type) { t.Disabled = true })
	for _, c := range []struct {
		name     string
		change   change
		user, of string
		want     permissions.Scope
	}{
		{"an administrator looks everywhere", nil, "admin", "Accounts", all},
		{"who views all looks everywhere", profile(func(p *sharing.Profile) { p.ViewAll = sharing.Granted }), "rep", "Accounts", all},
		{"a public default opens everywhere", nil, "rep", "Tickets", all},
		{"a public entity type opens everywhere", nil, "rep", "Vendors", all},
		{"a user looks at the own records", nil, "rep", "Accounts", owners("rep")},
		{"a superior looks below", nil, "manager", "Accounts", owners("manager", "rep", "rival")},
		{"a member looks at groups", inTeam("agent"), "agent", "Accounts", owners("agent", "team", "club")},
		{"a sharing rule adds owners", read(role("field"), role("support")), "agent", "Accounts", owners("rep", "rival", "agent")},
		{"contacts follow accounts", read(role("field"), role("support")), "agent", "Contacts", owners("rep", "rival", "agent")},
		{"an advanced rule announces more", advancedRule("rep", false), "rep", "Accounts", permissions.Scope{More: true, Owners: []string{"rep"}}},
		{"another's advanced rule does not", advancedRule("rival", false), "rep", "Accounts", owners("rep")},
		{"a refused entity type leaves nothing", access(sharing.Refused), "rep", "Accounts", nothing},
		{"a disabled entity type leaves nothing", disabled, "admin", "Accounts", nothing},
		{"an unknown user sees nothing", nil, "nobody", "Accounts", nothing},
		{"an unknown entity type holds nothing", nil, "admin", "Ghosts", nothing},
	} {
		t.Run(c.name, func(t *testing.T) {
			var changes []change
			if c.change != nil {
				changes = append(changes, c.change)
			}
			got := compile(t, organisation(), changes...).Scope(c.user, c.of)
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}

func TestListedFollowsTheCRMsLists(t *testing.T) {
	public := entityType("Vendors", func(t *sharing.Type) { t.Default = sharing.Private })
	unlistedView := operation(sharing.DetailView, sharing.Unlisted)
	viewAll := profile(func(p *sharing.Profile) { p.ViewAll = sharing.Granted })
	for _, c := range []struct {
		name     string
		change   change
		user, of string
		record   sharing.Record
		want     bool
	}{
		{"the own record is listed", nil, "rep", "Accounts", sharing.Record{Owner: "rep"}, true},
		{"a subordinate's record is listed", nil, "manager", "Accounts", sharing.Record{Owner: "rep"}, true},
		{"a group's record is listed to members", inTeam("agent"), "agent", "Accounts", sharing.Record{Owner: "team"}, true},
		{"a stranger's record is not", nil, "agent", "Accounts", sharing.Record{Owner: "rep"}, false},
		{"a shared record is", read(role("field"), role("support")), "agent", "Accounts", sharing.Record{Owner: "rep"}, true},
		{"a matching record is", advancedRule("agent", false), "agent", "Accounts", sharing.Record{Owner: "rep", Matches: []string{"big"}}, true},
		{"an administrator's lists hold everything", nil, "admin", "Accounts", sharing.Record{Owner: "rep"}, true},
		{"so do those of who views all", viewAll, "agent", "Accounts", sharing.Record{Owner: "rep"}, true},
		{"lists of a public default hold everything", nil, "agent", "Tickets", sharing.Record{Owner: "rep"}, true},
		{"lists look at a private default even of a public entity type", public, "agent", "Vendors", sharing.Record{Owner: "rep"}, false},
		{"an unlisted operation opens records, not lists", unlistedView, "agent", "Accounts", sharing.Record{Owner: "rep"}, false},
		{"an unknown user has no lists", nil, "nobody", "Tickets", sharing.Record{Owner: "rep"}, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			changes := []change{func(p *sharing.Policy) { p.Quirks = sharing.AllQuirks() }}
			if c.change != nil {
				changes = append(changes, c.change)
			}
			if got := compile(t, organisation(), changes...).Listed(c.user, c.of, c.record); got != c.want {
				t.Errorf("got %t", got)
			}
		})
	}
}

func TestGroupsAndOwnership(t *testing.T) {
	engine := compile(t, organisation(), inTeam("agent"))
	if diff := cmp.Diff([]string{"team", "club"}, engine.Groups("agent")); diff != "" {
		t.Errorf("groups of the agent (-want +got)\n%s", diff)
	}
	if got := append(engine.Groups("rep"), engine.Groups("nobody")...); len(got) > 0 {
		t.Errorf("groups of outsiders: %v", got)
	}
	for user, owner := range map[string]string{"rep": "rep", "manager": "rep", "agent": "club"} {
		if !engine.OwnerGrants(user, owner) {
			t.Errorf("records of %s are not within reach of %s", owner, user)
		}
	}
	for user, owner := range map[string]string{"rep": "manager", "rival": "rep", "admin": "rep", "nobody": "nobody", "agent": ""} {
		if engine.OwnerGrants(user, owner) {
			t.Errorf("records of %s are within reach of %s", owner, user)
		}
	}
}

func TestTypesAndMenu(t *testing.T) {
	p := organisation()
	p.Types[1].Disabled, p.Types[2].Hidden = true, true
	p.Types = append(p.Types, sharing.Type{Name: "Reports", Public: true})
	engine := compile(t, p)
	for user, want := range map[string][]string{
		"admin": {"Accounts", "Vendors"}, "rep": {"Accounts", "Vendors"}, "clerk": nil, "nobody": nil,
	} {
		if diff := cmp.Diff(want, engine.Types(user)); diff != "" {
			t.Errorf("types of %s (-want +got)\n%s", user, diff)
		}
	}
	for _, c := range []struct {
		user, of string
		want     bool
	}{
		{"admin", "Accounts", true}, {"admin", "Contacts", false}, {"admin", "Tickets", false}, {"admin", "Reports", true},
		{"rep", "Accounts", true}, {"rep", "Reports", false}, {"rep", "Ghosts", false},
		{"clerk", "Accounts", false}, {"nobody", "Accounts", false},
	} {
		if got := engine.InMenu(c.user, c.of); got != c.want {
			t.Errorf("%s in the menu of %s: got %t", c.of, c.user, got)
		}
	}
}

func TestFieldsFollowProfilesAndOrganisation(t *testing.T) {
	field := func(set func(*sharing.Field)) change {
		return entityType("Accounts", func(t *sharing.Type) { set(&t.Fields[1]) })
	}
	hidePhone := profile(func(p *sharing.Profile) { p.Types["Accounts"].Fields["phone"] = false })
	showByRefusing := with(hidePhone, secondProfile(func(p *sharing.Profile) {
		listed := p.Types["Accounts"]
		listed.Access = sharing.Refused
		p.Types["Accounts"] = listed
	}))
	viewAll := profile(func(p *sharing.Profile) { p.ViewAll = sharing.Granted })
	inactive := field(func(f *sharing.Field) { f.Inactive = true })
	hidden := field(func(f *sharing.Field) { f.Hidden = true })
	for _, c := range []struct {
		name            string
		change          change
		user            string
		visible, listed bool
	}{
		{"a field is shown", with(), "rep", true, true},
		{"an inactive field is not, to anybody", inactive, "admin", false, false},
		{"a field the organisation hides is not", hidden, "rep", false, false},
		{"administrators see it", hidden, "admin", true, true},
		{"so does who views all", with(hidden, viewAll), "rep", true, true},
		{"a field the profile hides is not shown", hidePhone, "rep", false, false},
		{"one of the profiles is enough", with(hidePhone, secondProfile()), "rep", true, true},
		{"a profile that refuses the entity type shows fields on pages only", showByRefusing, "rep", true, false},
		{"an unlisted field is on pages only", field(func(f *sharing.Field) { f.Unlisted = true }), "rep", true, false},
		{"without a profile there are no fields", with(), "clerk", false, false},
		{"an unknown user sees no field", with(), "nobody", false, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			engine := compile(t, organisation(), c.change)
			if got := engine.FieldVisible(c.user, "Accounts", "phone"); got != c.visible {
				t.Errorf("visible: got %t", got)
			}
			listed := false
			for _, name := range engine.Fields(c.user, "Accounts") {
				listed = listed || name == "phone"
			}
			if listed != c.listed {
				t.Errorf("listed: got %t", listed)
			}
		})
	}
	engine := compile(t, organisation())
	if engine.FieldVisible("admin", "Accounts", "ghost") || engine.FieldVisible("admin", "Ghosts", "phone") || engine.Fields("admin", "Ghosts") != nil {
		t.Error("fields that do not exist are visible")
	}
}
