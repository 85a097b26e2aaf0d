package sharing_test

import (
	"testing"

	"github.com/mailconnector/mailconnector/permissions"
	"github.com/mailconnector/mailconnector/permissions/sharing"
)

// named gives names to some ids, to see both in sentences.
func named(p *sharing.Policy) {
	p.Users[3].Name = "Ada Rep"
	p.Roles[2].Name = "Field force"
	p.Groups[0].Name = "The team"
	p.Profiles[0].Name = "Everything"
}

func TestExplainNamesWhatDecided(t *testing.T) {
	view, edit := sharing.DetailView, sharing.EditView
	for _, c := range []struct {
		name   string
		change change
		user   string
		op     sharing.Operation
		of     string
		record sharing.Record
		want   string
	}{
		{"unknown user", named, "nobody", view, "Accounts", sharing.Record{}, "The policy does not know the user."},
		{"unknown type", named, "rep", view, "Ghosts", sharing.Record{}, "The policy does not know the entity type."},
		{"unknown operation", named, "rep", 99, "Accounts", sharing.Record{}, "The action has no meaning to the CRM."},
		{"frozen", named, "rep", edit, "Accounts", sharing.Record{Owner: "rep", Frozen: true}, "A running process has frozen the record."},
		{"administrator", named, "admin", view, "Accounts", sharing.Record{}, "User admin is an administrator."},
		{"no page", entityType("Accounts", func(t *sharing.Type) { t.Absent = []sharing.Operation{view} }), "rep", view, "Accounts", sharing.Record{},
			"Accounts has no page for DetailView."},
		{"no role", named, "stray", view, "Accounts", sharing.Record{}, "User stray has no role, so no profile."},
		{"no profile", named, "clerk", view, "Accounts", sharing.Record{}, "Role office of user clerk has no profile."},
		{"views all", with(named, profile(func(p *sharing.Profile) { p.ViewAll = sharing.Granted })), "rep", view, "Accounts", sharing.Record{},
			"Profile Everything (all) of role Field force (field) permits viewing all records."},
		{"edits all", with(named, profile(func(p *sharing.Profile) { p.EditAll = sharing.Granted })), "rep", view, "Accounts", sharing.Record{},
			"Profile Everything (all) of role Field force (field) permits viewing and editing all records."},
		{"views all by a quirk", with(profile(func(p *sharing.Profile) { p.ViewAll = sharing.Unlisted }), quirk(func(q *sharing.Quirks) { q.UnlistedIsGranted = true })),
			"rep", view, "Accounts", sharing.Record{}, "The profiles of role field do not all refuse viewing all records, which the CRM takes as permission."},
		{"type refused", access(sharing.Refused), "rep", view, "Accounts", sharing.Record{}, "No profile of role field opens Accounts."},
		{"operation refused", operation(edit, sharing.Refused), "rep", edit, "Accounts", sharing.Record{}, "No profile of role field permits EditView on Accounts."},
		{"operation unlisted", with(operation(edit, sharing.Unlisted), quirk(func(q *sharing.Quirks) { q.UnlistedIsGranted = true })), "rep", edit, "Accounts", sharing.Record{},
			"The profiles of role field do not list EditView on Accounts, which the CRM takes as permitted on every record."},
		{"unnumbered", named, "rep", sharing.Unnumbered, "Accounts", sharing.Record{}, "Profile Everything (all) of role Field force (field) permits opening Accounts."},
		{"public type", named, "rep", view, "Vendors", sharing.Record{},
			"Vendors is public: owners do not matter. Profile Everything (all) of role Field force (field) permits DetailView on Vendors."},
		{"owner", named, "rep", view, "Accounts", sharing.Record{Owner: "rep"}, "User Ada Rep (rep) owns the record."},
		{"subordinate", named, "manager", view, "Accounts", sharing.Record{Owner: "rep"},
			"User Ada Rep (rep) owns the record and has role Field force (field), below role sales of user manager."},
		{"group", with(named, inTeam("agent")), "agent", view, "Accounts", sharing.Record{Owner: "team"},
			"User agent belongs to group The team (team), which owns the record."},
		{"default grants", named, "agent", view, "Tickets", sharing.Record{Owner: "rep"}, "The organisation's default for Tickets is public read-only."},
		{"default refuses", named, "agent", sharing.Delete, "Tickets", sharing.Record{Owner: "rep"},
			"The organisation's default for Tickets is public read-only, which leaves Delete to owners and their superiors."},
		{"shared by tree", with(named, read(tree("sales"), role("support"))), "agent", view, "Accounts", sharing.Record{Owner: "rep"},
			"Sharing rule r opens the records of role sales and all roles below to role support for viewing; user Ada Rep (rep) owns the record."},
		{"shared by group", with(named, write(group("team"), user("agent"))), "agent", edit, "Accounts", sharing.Record{Owner: "team"},
			"Sharing rule r opens the records of group The team (team) to user agent for editing; group The team (team) owns the record."},
		{"shared by the second rule, which opens for editing", with(read(role("field"), role("support")), write(user("rep"), user("agent"))), "agent", edit, "Accounts",
			sharing.Record{Owner: "rep"}, "Sharing rule r opens the records of user rep to user agent for editing; user rep owns the record."},
		{"advanced", advancedRule("agent", true), "agent", edit, "Accounts", sharing.Record{Owner: "rep", Matches: []string{"big"}},
			"The record matches advanced rule Big deals (big) of user agent, which lets edit it."},
		{"not shared", named, "agent", view, "Accounts", sharing.Record{Owner: "rep"},
			"The organisation's default for Accounts is private, and no rule lets user agent view records of user Ada Rep (rep)."},
		{"an owner nobody knows", named, "agent", edit, "Accounts", sharing.Record{Owner: "ghost"},
			"The organisation's default for Accounts is private, and no rule lets user agent edit records of an unknown owner."},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := compile(t, organisation(), c.change).ExplainOperation(c.user, c.of, c.op, c.record)
			if got.Reason.Detail != c.want {
				t.Errorf("got  %s\nwant %s", got.Reason.Detail, c.want)
			}
		})
	}
}

func TestExplainAnswersAsCheck(t *testing.T) {
	disabled := entityType("Contacts", func(t *sharing.Type) { t.Disabled = true })
	engine := compile(t, organisation(), operation(sharing.EditView, sharing.Refused), disabled)
	record := sharing.Record{Owner: "rep"}

	linking := engine.Explain("rep", "Accounts", permissions.Link, record)
	if want := "No profile of role field permits EditView on Accounts."; linking.Allows() || linking.Reason.Detail != want {
		t.Errorf("linking: got %+v, want %s", linking, want)
	}
	off := engine.Explain("admin", "Contacts", permissions.View, record)
	if want := "Contacts is switched off for everybody."; off.Allows() || off.Reason.Detail != want {
		t.Errorf("a disabled type: got %+v, want %s", off, want)
	}
	whole := engine.ExplainType("rep", "Accounts", permissions.View)
	if want := "Profile all of role field permits DetailView on Accounts."; !whole.Allows() || whole.Reason.Detail != want {
		t.Errorf("the type as a whole: got %+v, want %s", whole, want)
	}
	if got := engine.Check("rep", "Accounts", permissions.Link, record); got.Reason.Detail != "" {
		t.Errorf("Check went to the trouble of a sentence: %s", got.Reason.Detail)
	}
}
