package sharing_test

import (
	"fmt"

	"github.com/mailconnector/mailconnector/permissions"
	"github.com/mailconnector/mailconnector/permissions/sharing"
)

func Example() {
	sales := sharing.Profile{
		ID: "sales", ViewAll: sharing.Refused, EditAll: sharing.Refused,
		Types: map[string]sharing.TypeGrants{"Accounts": {
			Access:     sharing.Granted,
			Operations: map[sharing.Operation]sharing.Grant{sharing.DetailView: sharing.Granted, sharing.EditView: sharing.Granted},
		}},
	}
	engine, err := sharing.Compile(sharing.Policy{
		Users: []sharing.User{{ID: "17", Name: "Mia", Role: "H2"}, {ID: "18", Name: "Rob", Role: "H3"}, {ID: "19", Name: "Sue", Role: "H3"}},
		Roles: []sharing.Role{
			{ID: "H2", Name: "Sales manager", Path: "H2", Profiles: []string{"sales"}},
			{ID: "H3", Name: "Sales rep", Path: "H2::H3", Profiles: []string{"sales"}},
		},
		Profiles: []sharing.Profile{sales},
		Types:    []sharing.Type{{Name: "Accounts", Entity: true, Default: sharing.Private}},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	robs := sharing.Record{Owner: "18"}
	for _, user := range []string{"17", "19"} {
		decision := engine.Explain(user, "Accounts", permissions.View, robs)
		fmt.Println(decision.Outcome, decision.Reason.Code)
		fmt.Println(decision.Reason.Detail)
	}
	fmt.Println(engine.Scope("17", "Accounts").Owners)
	// Output:
	// allowed owner-in-subordinate-role
	// User Rob (18) owns the record and has role Sales rep (H3), below role Sales manager (H2) of user Mia (17).
	// denied not-shared
	// The organisation's default for Accounts is private, and no rule lets user Sue (19) view records of user Rob (18).
	// [17 18 19]
}
