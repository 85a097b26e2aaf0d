package sharing_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/mailconnector/mailconnector/permissions/sharing"
)

func TestCompileRefusesWhatHasNoMeaning(t *testing.T) {
	for _, c := range []struct {
		name   string
		change change
		want   string
	}{
		{"a user without an id", func(p *sharing.Policy) { p.Users[0].ID = "" }, "user without an id"},
		{"a user there twice", func(p *sharing.Policy) { p.Users[0].ID = "rep" }, `user "rep" is there twice`},
		{"a role there twice", func(p *sharing.Policy) { p.Roles[0].ID = "sales" }, `role "sales" is there twice`},
		{"a profile there twice", func(p *sharing.Policy) { p.Profiles = append(p.Profiles, p.Profiles[0]) }, `profile "all" is there twice`},
		{"an entity type there twice", func(p *sharing.Policy) { p.Types[0].Name = "Contacts" }, `entity type "Contacts" is there twice`},
		{"a group with the id of a user", func(p *sharing.Policy) { p.Groups[0].ID = "rep" }, `id "rep" names a user and a group`},
		{"an unknown default", typeDefault("Accounts", 99), `entity type "Accounts": unknown default 99`},
		{"an unknown absent operation", entityType("Accounts", func(t *sharing.Type) { t.Absent = []sharing.Operation{77} }),
			`entity type "Accounts": unknown operation 77`},
		{"a field there twice", entityType("Accounts", func(t *sharing.Type) { t.Fields[0].Name = "phone" }),
			`entity type "Accounts": field "phone" is there twice`},
		{"an unknown global grant", profile(func(p *sharing.Profile) { p.ViewAll = 3 }), `profile "all": unknown grant`},
		{"an unknown grant", access(9), `profile "all", entity type "Accounts": unknown grant`},
		{"an unknown operation", operation(50, sharing.Granted), `profile "all", entity type "Accounts", operation 50: unknown operation or grant`},
		{"an unknown party", read(sharing.Party{Kind: 7}, role("sales")), `rule "r": unknown kind of party`},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := organisation()
			c.change(&p)
			engine, err := sharing.Compile(p)
			if !errors.Is(err, sharing.ErrInvalidPolicy) || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want %s", err, c.want)
			}
			if engine != nil {
				t.Error("got an engine all the same")
			}
		})
	}
}

func TestProblemsNameReferencesThatLeadNowhere(t *testing.T) {
	p := organisation()
	p.Users[1].Role = "gone"
	p.Roles[1].Profiles = append(p.Roles[1].Profiles, "gone")
	p.Roles[2].Path = "gone::field"
	p.Profiles[0].Types["Gone"] = sharing.TypeGrants{}
	p.Groups[0] = sharing.Group{ID: "team", Users: []string{"gone"}, Roles: []string{"gone"}, RoleTrees: []string{"gone"}, Groups: []string{"gone"}}
	p.Types[1].Follows = "Gone"
	p.Rules = []sharing.Rule{{ID: "r1", Type: "Gone", From: group("gone"), To: user("team")}}
	p.Advanced = []sharing.AdvancedRule{{ID: "a1", Type: "Gone", User: "gone"}}
	want := []string{
		`profile "all" lists entity type "Gone", which does not exist`,
		`user "director" has role "gone", which does not exist`,
		`role "sales" has profile "gone", which does not exist`,
		`the path of role "field" names role "gone", which does not exist`,
		`group "team" has user "gone", which does not exist`,
		`group "team" has role "gone", which does not exist`,
		`group "team" has the role and those below "gone", which does not exist`,
		`group "team" contains group "gone", which does not exist`,
		`sharing rule "r1" is about entity type "Gone", which does not exist`,
		`sharing rule "r1" shares the records of group "gone", which does not exist`,
		`sharing rule "r1" shares with user "team", which does not exist`,
		`entity type "Contacts" follows "Gone", which does not exist`,
		`advanced rule "a1" is for user "gone", which does not exist`,
		`advanced rule "a1" is about entity type "Gone", which does not exist`,
	}
	if diff := cmp.Diff(want, compile(t, p).Problems()); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	if got := compile(t, organisation()).Problems(); len(got) > 0 {
		t.Errorf("a sound policy has problems: %v", got)
	}
}

func TestAnEngineKeepsNothingOfItsPolicy(t *testing.T) {
	p := organisation()
	engine := compile(t, p)
	p.Users[3].Admin, p.Types[0].Default = true, sharing.PublicReadWriteDelete
	p.Types[0].Fields[1].Hidden = true
	p.Profiles[0].Types["Accounts"].Operations[sharing.DetailView] = sharing.Refused
	if got := engine.Decide("rep", "Accounts", sharing.DetailView, sharing.Record{Owner: "agent"}).Reason.Code; got != sharing.CodeNotShared {
		t.Errorf("a policy changed later decides %s", got)
	}
	if !engine.FieldVisible("rep", "Accounts", "phone") {
		t.Error("a field hidden later is gone")
	}
}
