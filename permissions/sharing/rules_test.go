package sharing_test

import (
	"testing"

	"github.com/mailconnector/mailconnector/permissions/sharing"
)

func TestSharingRulesOpenPrivateRecords(t *testing.T) {
	view, edit, remove := sharing.DetailView, sharing.EditView, sharing.Delete
	shared, notShared := sharing.CodeShared, sharing.CodeNotShared
	repInTeam, agentInTeam := inTeam("rep"), inTeam("agent")
	runDecideCases(t, sharing.Quirks{}, []decideCase{
		{"role to role", read(role("field"), role("support")), "agent", view, "", "rep", shared},
		{"role to role does not reach the roles below", read(role("support"), role("sales")), "rep", view, "", "agent", notShared},
		{"role to role does not open the roles below", read(role("sales"), role("support")), "agent", view, "", "rep", notShared},
		{"role to tree reaches the top", read(role("support"), tree("sales")), "manager", view, "", "agent", shared},
		{"role to tree reaches the roles below", read(role("support"), tree("sales")), "rep", view, "", "agent", shared},
		{"role to tree does not reach the roles above", read(role("support"), tree("field")), "manager", view, "", "agent", notShared},
		{"role to group reaches members", with(agentInTeam, read(role("field"), group("team"))), "agent", view, "", "rep", shared},
		{"role to group reaches members of groups inside", with(agentInTeam, read(role("field"), group("club"))),
			"agent", view, "", "rep", shared},
		{"tree to role opens the top", read(tree("sales"), role("support")), "agent", view, "", "manager", shared},
		{"tree to role opens the roles below", read(tree("sales"), role("support")), "agent", view, "", "rep", shared},
		{"tree to tree opens below to below", read(tree("sales"), tree("support")), "agent", view, "", "rep", shared},
		{"tree to group opens below to members", with(agentInTeam, read(tree("sales"), group("team"))), "agent", view, "", "rep", shared},
		{"group to role opens the records of members", with(repInTeam, read(group("team"), role("support"))), "agent", view, "", "rep", shared},
		{"group to role opens the group's own records", read(group("team"), role("support")), "agent", view, "", "team", shared},
		{"group to role opens the records of groups inside", read(group("club"), role("support")), "agent", view, "", "team", shared},
		{"group to role opens members of groups inside", with(repInTeam, read(group("club"), role("support"))),
			"agent", view, "", "rep", shared},
		{"group to role does not open groups around", read(group("team"), role("support")), "agent", view, "", "club", notShared},
		{"group to tree opens members to below", with(agentInTeam, read(group("team"), tree("sales"))), "rep", view, "", "agent", shared},
		{"group to itself opens members to each other", with(inTeam("rep", "agent"), read(group("team"), group("team"))),
			"agent", view, "", "rep", shared},
		{"user to user", read(user("rep"), user("agent")), "agent", view, "", "rep", shared},
		{"user to user is a one-way street", read(user("rep"), user("agent")), "rep", view, "", "agent", notShared},
		{"a rule for viewing does not open for editing", read(user("rep"), user("agent")), "agent", edit, "", "rep", notShared},
		{"a rule for editing opens for editing", write(user("rep"), user("agent")), "agent", edit, "", "rep", shared},
		{"a rule for editing opens for saving", write(user("rep"), user("agent")), "agent", sharing.Save, "", "rep", shared},
		{"a rule for editing opens for viewing", write(user("rep"), user("agent")), "agent", view, "", "rep", shared},
		{"no rule opens for deleting", write(user("rep"), user("agent")), "agent", remove, "", "rep", sharing.CodeDefaultRefuses},
		{"a rule does not pass over the profile", with(write(user("rep"), user("agent")), operation(edit, sharing.Refused)),
			"agent", edit, "", "rep", sharing.CodeOperationRefused},
		{"a rule is about one entity type", rule("Tickets", user("rep"), user("agent"), true), "agent", view, "", "rep", notShared},
	})
}

func TestSharingRulesRefineDefaults(t *testing.T) {
	view, edit, shared, notShared := sharing.DetailView, sharing.EditView, sharing.CodeShared, sharing.CodeNotShared
	ticketRule := rule("Tickets", role("field"), role("support"), true)
	unshared := entityType("Accounts", func(t *sharing.Type) { t.Unshared = true })
	hidden := entityType("Accounts", func(t *sharing.Type) { t.Hidden = true })
	followed := write(role("field"), role("support"))
	ownRule := rule("Contacts", role("field"), role("support"), true)
	open := typeDefault("Accounts", sharing.PublicReadWrite)
	runDecideCases(t, sharing.Quirks{}, []decideCase{
		{"a public read-only record is opened for editing", ticketRule, "agent", edit, "Tickets", "rep", shared},
		{"a public read-only record needs no rule for viewing", ticketRule, "agent", view, "Tickets", "rep", sharing.CodeDefaultGrants},
		{"a rule for viewing opens no public record for editing", rule("Tickets", role("field"), role("support"), false),
			"agent", edit, "Tickets", "rep", notShared},
		{"contacts follow the rules of accounts", followed, "agent", edit, "Contacts", "rep", shared},
		{"contacts have no rules of their own", ownRule, "agent", edit, "Contacts", "rep", notShared},
		{"contacts gain nothing from the rules of public accounts", with(followed, open), "agent", view, "Contacts", "rep", notShared},
		{"an unshared entity type ignores rules", with(followed, unshared), "agent", view, "", "rep", notShared},
		{"a hidden entity type ignores rules", with(followed, hidden), "agent", view, "", "rep", notShared},
		{"a rule from an unknown role opens nothing", read(tree("ghost"), role("support")), "agent", view, "", "rep", notShared},
		{"a rule to an unknown group opens nothing", read(role("field"), group("ghost")), "agent", view, "", "rep", notShared},
	})
}

func TestAdvancedRulesOpenMatchingRecords(t *testing.T) {
	matching := sharing.Record{Owner: "rep", Matches: []string{"other", "big"}}
	for _, c := range []struct {
		name   string
		change change
		user   string
		of     string
		op     sharing.Operation
		record sharing.Record
		want   string
	}{
		{"a match opens for viewing", advancedRule("agent", false), "agent", "Accounts", sharing.DetailView, matching, sharing.CodeAdvanced},
		{"a match for viewing does not open for editing", advancedRule("agent", false), "agent", "Accounts", sharing.EditView, matching, sharing.CodeNotShared},
		{"a match for editing opens for editing", advancedRule("agent", true), "agent", "Accounts", sharing.EditView, matching, sharing.CodeAdvanced},
		{"a match does not open for deleting", advancedRule("agent", true), "agent", "Accounts", sharing.Delete, matching, sharing.CodeDefaultRefuses},
		{"another's rule does not count", advancedRule("rival", true), "agent", "Accounts", sharing.DetailView, matching, sharing.CodeNotShared},
		{"a rule without a match does not count", advancedRule("agent", true), "agent", "Accounts", sharing.DetailView,
			sharing.Record{Owner: "rep"}, sharing.CodeNotShared},
		{"contacts do not follow the advanced rules of accounts", advancedRule("agent", true), "agent", "Contacts", sharing.DetailView, matching, sharing.CodeNotShared},
		{"an unshared entity type ignores matches", with(advancedRule("agent", true), entityType("Accounts", func(t *sharing.Type) { t.Unshared = true })),
			"agent", "Accounts", sharing.DetailView, matching, sharing.CodeNotShared},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := compile(t, organisation(), c.change).Decide(c.user, c.of, c.op, c.record)
			if got.Reason.Code != c.want {
				t.Errorf("got %s, want %s", got.Reason.Code, c.want)
			}
		})
	}
}
