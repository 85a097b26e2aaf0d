package sharing_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/mailconnector/mailconnector/permissions"
	"github.com/mailconnector/mailconnector/permissions/sharing"
)

// decideCase asks whether the user may do the operation on a record of the owner.
type decideCase struct {
	name   string
	change change // nothing if nil
	user   string
	op     sharing.Operation
	of     string // entity type; Accounts if empty
	owner  string
	want   string // reason code
}

func runDecideCases(t *testing.T, quirks sharing.Quirks, cases []decideCase) {
	t.Helper()
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			p := organisation()
			p.Quirks = quirks
			if c.change != nil {
				c.change(&p)
			}
			if c.of == "" {
				c.of = "Accounts"
			}
			got := compile(t, p).Decide(c.user, c.of, c.op, sharing.Record{Owner: c.owner})
			if got.Reason.Code != c.want {
				t.Errorf("got %s (%v), want %s", got.Reason.Code, got.Outcome, c.want)
			}
		})
	}
}

func TestProfilesDecideBeforeOwners(t *testing.T) {
	view, edit, remove := sharing.DetailView, sharing.EditView, sharing.Delete
	viewAll := profile(func(p *sharing.Profile) { p.ViewAll = sharing.Granted })
	editAll := profile(func(p *sharing.Profile) { p.EditAll = sharing.Granted })
	runDecideCases(t, sharing.Quirks{}, []decideCase{
		{"an unknown user may nothing", nil, "nobody", view, "", "rep", sharing.CodeUnknownUser},
		{"a group is no user", nil, "team", view, "", "team", sharing.CodeUnknownUser},
		{"an unknown entity type is refused to an administrator too", nil, "admin", view, "Ghosts", "rep", sharing.CodeUnknownType},
		{"an operation without meaning is refused", nil, "admin", 99, "", "rep", sharing.CodeUnknownOperation},
		{"an administrator may delete records of others", nil, "admin", remove, "", "rep", sharing.CodeAdmin},
		{"a user without a role may nothing", nil, "stray", view, "", "stray", sharing.CodeNoProfile},
		{"a user in a role without a profile may nothing", nil, "clerk", view, "", "clerk", sharing.CodeNoProfile},
		{"who views all views records of others", viewAll, "agent", view, "", "rep", sharing.CodeViewAll},
		{"who views all does not edit records of others", viewAll, "agent", edit, "", "rep", sharing.CodeNotShared},
		{"who edits all views records of others", editAll, "agent", view, "", "rep", sharing.CodeEditAll},
		{"who edits all edits records of others", editAll, "agent", edit, "", "rep", sharing.CodeEditAll},
		{"who edits all saves records of others", editAll, "agent", sharing.Save, "", "rep", sharing.CodeEditAll},
		{"who edits all does not delete records of others", editAll, "agent", remove, "", "rep", sharing.CodeDefaultRefuses},
		{"a refused entity type is refused to the owner", access(sharing.Refused), "rep", view, "", "rep", sharing.CodeTypeRefused},
		{"an unlisted entity type is refused", access(sharing.Unlisted), "rep", view, "", "rep", sharing.CodeTypeRefused},
		{"a refused operation is refused to the owner", operation(edit, sharing.Refused), "rep", edit, "", "rep", sharing.CodeOperationRefused},
		{"a refused operation leaves others alone", operation(edit, sharing.Refused), "rep", view, "", "rep", sharing.CodeOwner},
		{"an unlisted operation is refused", operation(edit, sharing.Unlisted), "rep", edit, "", "rep", sharing.CodeOperationRefused},
		{"an unnumbered action needs only the entity type", nil, "agent", sharing.Unnumbered, "", "rep", sharing.CodeTypeGranted},
		{"an unnumbered action is refused with the entity type", access(sharing.Refused), "rep", sharing.Unnumbered, "", "rep", sharing.CodeTypeRefused},
		{"a public entity type has no owners", nil, "agent", remove, "Vendors", "rep", sharing.CodePublicType},
	})
}

func TestOwnersDecideBeforeDefaults(t *testing.T) {
	view, remove := sharing.DetailView, sharing.Delete
	byRole := team(func(g *sharing.Group) { g.Roles = []string{"sales"} })
	byTree := team(func(g *sharing.Group) { g.RoleTrees = []string{"sales"} })
	circle := with(inTeam("agent"), team(func(g *sharing.Group) { g.Groups = []string{"club"} }))
	runDecideCases(t, sharing.Quirks{}, []decideCase{
		{"an owner views the own record", nil, "rep", view, "", "rep", sharing.CodeOwner},
		{"an owner deletes the own record", nil, "rep", remove, "", "rep", sharing.CodeOwner},
		{"a superior views the record of a role below", nil, "manager", view, "", "rep", sharing.CodeSubordinate},
		{"a superior deletes the record of a role below", nil, "manager", remove, "", "rep", sharing.CodeSubordinate},
		{"a superior's superior does too", nil, "director", remove, "", "rep", sharing.CodeSubordinate},
		{"a colleague in the same role does not", nil, "rival", view, "", "rep", sharing.CodeNotShared},
		{"a superior in another branch does not", nil, "agent", view, "", "rep", sharing.CodeNotShared},
		{"a subordinate does not view the superior's record", nil, "rep", view, "", "manager", sharing.CodeNotShared},
		{"a member views the group's record", inTeam("agent"), "agent", view, "", "team", sharing.CodeGroup},
		{"a member deletes the group's record", inTeam("agent"), "agent", remove, "", "team", sharing.CodeGroup},
		{"an outsider does not view the group's record", inTeam("agent"), "rep", view, "", "team", sharing.CodeNotShared},
		{"the superior of a member is an outsider", inTeam("rep"), "manager", view, "", "team", sharing.CodeNotShared},
		{"a role brings its users into the group", byRole, "manager", view, "", "team", sharing.CodeGroup},
		{"a role does not bring the roles below", byRole, "rep", view, "", "team", sharing.CodeNotShared},
		{"a tree of roles brings the roles below", byTree, "rep", view, "", "team", sharing.CodeGroup},
		{"a tree of roles brings its top", byTree, "manager", view, "", "team", sharing.CodeGroup},
		{"a tree of roles does not bring the roles above", byTree, "director", view, "", "team", sharing.CodeNotShared},
		{"a member belongs to the groups around its group", inTeam("agent"), "agent", view, "", "club", sharing.CodeGroup},
		{"a member does not belong to the groups inside", func(p *sharing.Policy) { p.Groups[1].Users = []string{"agent"} },
			"agent", view, "", "team", sharing.CodeNotShared},
		{"groups in a circle are one", circle, "agent", view, "", "club", sharing.CodeGroup},
		{"nobody owns the record of an unknown owner", nil, "rep", view, "", "ghost", sharing.CodeNotShared},
		{"nobody owns the record without an owner", nil, "rep", view, "", "", sharing.CodeNotShared},
	})
}

func TestDefaultsDecideForRecordsOfOthers(t *testing.T) {
	view, list, edit, save, remove := sharing.DetailView, sharing.Index, sharing.EditView, sharing.Save, sharing.Delete
	grants, refuses, notShared := sharing.CodeDefaultGrants, sharing.CodeDefaultRefuses, sharing.CodeNotShared
	readWrite := typeDefault("Accounts", sharing.PublicReadWrite)
	readWriteDelete := typeDefault("Accounts", sharing.PublicReadWriteDelete)
	runDecideCases(t, sharing.Quirks{}, []decideCase{
		{"private records are not viewed", nil, "agent", view, "", "rep", notShared},
		{"private records are not listed", nil, "agent", list, "", "rep", notShared},
		{"private records are not edited", nil, "agent", edit, "", "rep", notShared},
		{"private records are not saved", nil, "agent", save, "", "rep", notShared},
		{"private records are not deleted", nil, "agent", remove, "", "rep", refuses},
		{"private records are exported by who may export", nil, "agent", sharing.Export, "", "rep", grants},
		{"public read-only records are viewed", nil, "agent", view, "Tickets", "rep", grants},
		{"public read-only records are not edited", nil, "agent", edit, "Tickets", "rep", notShared},
		{"public read-only records are not deleted", nil, "agent", remove, "Tickets", "rep", refuses},
		{"public read-write records are edited", readWrite, "agent", edit, "", "rep", grants},
		{"public read-write records are not deleted", readWrite, "agent", remove, "", "rep", refuses},
		{"fully public records are deleted", readWriteDelete, "agent", remove, "", "rep", grants},
		{"assigned records are private", typeDefault("Accounts", sharing.Assigned), "agent", view, "", "rep", notShared},
		{"without a default records are private", typeDefault("Accounts", sharing.NoDefault), "agent", view, "", "rep", notShared},
	})
}

func TestRecordFactsDecide(t *testing.T) {
	engine := compile(t, organisation())
	frozen := sharing.Record{Owner: "rep", Frozen: true}
	for op, want := range map[sharing.Operation]string{
		sharing.EditView:   sharing.CodeFrozen,
		sharing.Save:       sharing.CodeFrozen,
		sharing.Delete:     sharing.CodeFrozen,
		sharing.DetailView: sharing.CodeAdmin,
		sharing.Index:      sharing.CodeAdmin,
	} {
		if got := engine.Decide("admin", "Accounts", op, frozen).Reason.Code; got != want {
			t.Errorf("an administrator asks for %v on a frozen record: got %s, want %s", op, got, want)
		}
	}
}

func TestDecideTypeLooksAtProfilesOnly(t *testing.T) {
	absent := entityType("Accounts", func(t *sharing.Type) { t.Absent = []sharing.Operation{sharing.Import} })
	engine := compile(t, organisation(), operation(sharing.Export, sharing.Refused), absent)
	for _, c := range []struct {
		name, user string
		op         sharing.Operation
		want       string
	}{
		{"the profile permits viewing", "rep", sharing.DetailView, sharing.CodeTypeGranted},
		{"the profile refuses exporting", "rep", sharing.Export, sharing.CodeOperationRefused},
		{"there is no page to import on", "rep", sharing.Import, sharing.CodeAbsentOperation},
		{"an administrator passes", "admin", sharing.Import, sharing.CodeAdmin},
		{"a user without a profile does not", "clerk", sharing.DetailView, sharing.CodeNoProfile},
	} {
		if got := engine.DecideType(c.user, "Accounts", c.op).Reason.Code; got != c.want {
			t.Errorf("%s: got %s, want %s", c.name, got, c.want)
		}
	}
}

func TestCheckTranslatesActions(t *testing.T) {
	disabled := entityType("Contacts", func(t *sharing.Type) { t.Disabled = true })
	engine := compile(t, organisation(), operation(sharing.EditView, sharing.Refused), disabled)
	for _, c := range []struct {
		name, user, of string
		action         permissions.Action
		owner          string
		want           permissions.Outcome
	}{
		{"an owner views", "rep", "Tickets", permissions.View, "rep", permissions.Allowed},
		{"an owner edits", "rep", "Tickets", permissions.Edit, "rep", permissions.Allowed},
		{"an owner deletes", "rep", "Tickets", permissions.Delete, "rep", permissions.Allowed},
		{"a colleague edits nothing of others", "rival", "Tickets", permissions.Edit, "rep", permissions.Denied},
		{"a colleague links what it may only view", "rival", "Tickets", permissions.Link, "rep", permissions.Allowed},
		{"nobody links what it may not view", "rival", "Accounts", permissions.Link, "rep", permissions.Denied},
		{"nobody links to a type it may not edit", "rep", "Accounts", permissions.Link, "rep", permissions.Denied},
		{"creating does not ask for an owner", "rival", "Tickets", permissions.Create, "rep", permissions.Allowed},
		{"creating asks for editing the type", "rep", "Accounts", permissions.Create, "rep", permissions.Denied},
		{"a disabled type is refused to administrators", "admin", "Contacts", permissions.View, "rep", permissions.Denied},
		{"an unknown action is refused", "admin", "Tickets", "dance", "rep", permissions.Denied},
	} {
		got := engine.Check(c.user, c.of, c.action, sharing.Record{Owner: c.owner})
		if got.Outcome != c.want {
			t.Errorf("%s: got %v (%s), want %v", c.name, got.Outcome, got.Reason.Code, c.want)
		}
	}
}

func TestCheckTypeAsksAboutTheTypeAsAWhole(t *testing.T) {
	engine := compile(t, organisation(), operation(sharing.EditView, sharing.Refused))
	got := make(map[permissions.Action]permissions.Outcome)
	for _, a := range []permissions.Action{permissions.View, permissions.Edit, permissions.Create, permissions.Delete, permissions.Link} {
		got[a] = engine.CheckType("rep", "Accounts", a).Outcome
	}
	want := map[permissions.Action]permissions.Outcome{
		permissions.View: permissions.Allowed, permissions.Delete: permissions.Allowed,
		permissions.Edit: permissions.Denied, permissions.Create: permissions.Denied, permissions.Link: permissions.Denied,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}
