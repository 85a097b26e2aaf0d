package sharing_test

import (
	"testing"

	"github.com/mailconnector/mailconnector/permissions/sharing"
)

func TestQuirkUnlistedIsGranted(t *testing.T) {
	view, edit := sharing.DetailView, sharing.EditView
	unlistedView := operation(view, sharing.Unlisted)
	global := profile(func(p *sharing.Profile) { p.EditAll = sharing.Unlisted })
	runDecideCases(t, sharing.Quirks{UnlistedIsGranted: true}, []decideCase{
		{"an unlisted operation is allowed on the record of a stranger", unlistedView, "agent", view, "", "rep", sharing.CodeOperationUnlisted},
		{"a refused entity type still refuses", with(unlistedView, access(sharing.Refused)), "agent", view, "", "rep", sharing.CodeTypeRefused},
		{"an unlisted entity type is open, with owners looked at", access(sharing.Unlisted), "rep", edit, "", "rep", sharing.CodeOwner},
		{"unlisted editing of all is granted", global, "agent", edit, "", "rep", sharing.CodeEditAll},
		{"a user without a profile gains nothing", unlistedView, "clerk", view, "", "clerk", sharing.CodeNoProfile},
	})
}

func TestQuirkFirstProfileLists(t *testing.T) {
	edit := sharing.EditView
	set := func(g sharing.Grant) func(*sharing.Profile) {
		return func(p *sharing.Profile) { p.Types["Accounts"].Operations[edit] = g }
	}
	refusedThen := func(g sharing.Grant) change { return with(operation(edit, sharing.Refused), secondProfile(set(g))) }
	unlistedThen := func(g sharing.Grant) change { return with(operation(edit, sharing.Unlisted), secondProfile(set(g))) }
	owner, refused := sharing.CodeOwner, sharing.CodeOperationRefused

	t.Run("on", func(t *testing.T) {
		runDecideCases(t, sharing.Quirks{FirstProfileLists: true}, []decideCase{
			{"refused, then granted, is granted", refusedThen(sharing.Granted), "rep", edit, "", "rep", owner},
			{"refused, then unlisted, is granted", refusedThen(sharing.Unlisted), "rep", edit, "", "rep", owner},
			{"refused twice is refused", refusedThen(sharing.Refused), "rep", edit, "", "rep", refused},
			{"granted, then refused, is granted", secondProfile(set(sharing.Refused)), "rep", edit, "", "rep", owner},
			{"unlisted, then granted, stays unlisted", unlistedThen(sharing.Granted), "rep", edit, "", "rep", refused},
		})
	})
	t.Run("off", func(t *testing.T) {
		runDecideCases(t, sharing.Quirks{}, []decideCase{
			{"refused, then granted, is granted", refusedThen(sharing.Granted), "rep", edit, "", "rep", owner},
			{"refused, then unlisted, is refused", refusedThen(sharing.Unlisted), "rep", edit, "", "rep", refused},
			{"granted, then refused, is granted", secondProfile(set(sharing.Refused)), "rep", edit, "", "rep", owner},
			{"unlisted, then granted, is granted", unlistedThen(sharing.Granted), "rep", edit, "", "rep", owner},
		})
	})
	t.Run("with UnlistedIsGranted", func(t *testing.T) {
		quirks := sharing.Quirks{FirstProfileLists: true, UnlistedIsGranted: true}
		runDecideCases(t, quirks, []decideCase{
			{"unlisted, then refused, is allowed on every record", unlistedThen(sharing.Refused), "rep", edit, "", "agent", sharing.CodeOperationUnlisted},
		})
	})
}

func TestQuirkGlobalOverridesProfile(t *testing.T) {
	view, edit := sharing.DetailView, sharing.EditView
	editAll := profile(func(p *sharing.Profile) { p.EditAll = sharing.Granted })
	refusedType, refusedOperation := with(editAll, access(sharing.Refused)), with(editAll, operation(edit, sharing.Refused))
	t.Run("on", func(t *testing.T) {
		runDecideCases(t, sharing.Quirks{GlobalOverridesProfile: true}, []decideCase{
			{"editing all passes over a refused entity type", refusedType, "agent", view, "", "rep", sharing.CodeEditAll},
			{"editing all passes over a refused operation", refusedOperation, "agent", edit, "", "rep", sharing.CodeEditAll},
			{"editing all does not pass for deleting", refusedType, "agent", sharing.Delete, "", "rep", sharing.CodeTypeRefused},
			{"unnumbered actions look at the entity type", refusedType, "agent", sharing.Unnumbered, "", "rep", sharing.CodeTypeRefused},
		})
	})
	t.Run("off", func(t *testing.T) {
		runDecideCases(t, sharing.Quirks{}, []decideCase{
			{"a refused entity type is refused", refusedType, "agent", view, "", "rep", sharing.CodeTypeRefused},
			{"a refused operation is refused", refusedOperation, "agent", edit, "", "rep", sharing.CodeOperationRefused},
		})
	})
}

// siblings adds the role "sales2" beside "sales", with the user "newcomer" in it.
func siblings(p *sharing.Policy) {
	p.Roles = append(p.Roles, sharing.Role{ID: "sales2", Path: "board::sales2", Profiles: []string{"all"}})
	p.Users = append(p.Users, sharing.User{ID: "newcomer", Role: "sales2"})
}

func TestQuirkSiblingRoles(t *testing.T) {
	view, shared, notShared := sharing.DetailView, sharing.CodeShared, sharing.CodeNotShared
	fromTree := with(siblings, read(tree("sales"), role("support")))
	toTree := with(siblings, read(role("support"), tree("sales")))
	inGroup := with(siblings, team(func(g *sharing.Group) { g.RoleTrees = []string{"sales"} }))
	fromGroup := with(inGroup, read(group("team"), role("support")))
	t.Run("on", func(t *testing.T) {
		runDecideCases(t, sharing.Quirks{SiblingRoles: true}, []decideCase{
			{"a tree as source takes the sibling along", fromTree, "agent", view, "", "newcomer", shared},
			{"a tree inside a source group takes the sibling along", fromGroup, "agent", view, "", "newcomer", shared},
			{"a tree as target does not", toTree, "newcomer", view, "", "agent", notShared},
			{"a tree inside a group does not make the sibling a member", inGroup, "newcomer", view, "", "team", notShared},
			{"a superior does not see the sibling's records", siblings, "manager", view, "", "newcomer", notShared},
		})
	})
	t.Run("off", func(t *testing.T) {
		runDecideCases(t, sharing.Quirks{}, []decideCase{
			{"a tree as source ends at the role", fromTree, "agent", view, "", "newcomer", notShared},
			{"a tree inside a source group ends at the role", fromGroup, "agent", view, "", "newcomer", notShared},
		})
	})
}

func TestQuirkUserRulesNeedPrivate(t *testing.T) {
	edit := sharing.EditView
	byUser := rule("Tickets", user("rep"), user("agent"), true)
	byRole := rule("Tickets", role("field"), role("support"), true)
	private := typeDefault("Tickets", sharing.Private)
	runDecideCases(t, sharing.Quirks{UserRulesNeedPrivate: true}, []decideCase{
		{"a user rule opens nothing public for editing", byUser, "agent", edit, "Tickets", "rep", sharing.CodeNotShared},
		{"a role rule does", byRole, "agent", edit, "Tickets", "rep", sharing.CodeShared},
		{"a user rule opens the private", with(byUser, private), "agent", edit, "Tickets", "rep", sharing.CodeShared},
	})
	runDecideCases(t, sharing.Quirks{}, []decideCase{
		{"without the quirk a user rule opens the public too", byUser, "agent", edit, "Tickets", "rep", sharing.CodeShared},
	})
}

func TestQuirkOpenDefaults(t *testing.T) {
	runDecideCases(t, sharing.Quirks{OpenDefaults: true}, []decideCase{
		{"assigned records are open", typeDefault("Accounts", sharing.Assigned), "agent", sharing.Delete, "", "rep", sharing.CodeDefaultGrants},
		{"records without a default are open", typeDefault("Accounts", sharing.NoDefault), "agent", sharing.Delete, "", "rep", sharing.CodeDefaultGrants},
		{"private records are not", nil, "agent", sharing.DetailView, "", "rep", sharing.CodeNotShared},
	})
}

func TestQuirkListsIgnoreProfiles(t *testing.T) {
	refused := with(access(sharing.Refused), read(role("field"), role("support")))
	for _, quirks := range []sharing.Quirks{{}, {ListsIgnoreProfiles: true}} {
		engine := compile(t, organisation(), refused, func(p *sharing.Policy) { p.Quirks = quirks })
		got := engine.Listed("agent", "Accounts", sharing.Record{Owner: "rep"})
		if got != quirks.ListsIgnoreProfiles {
			t.Errorf("%+v: a list shows records of a refused entity type: %t", quirks, got)
		}
	}
}
