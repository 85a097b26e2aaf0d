package moduletest

import (
	"context"

	"github.com/mailconnector/mailconnector/permissions"
)

// UnderTest describes the host as [NewMemoryHost] made it, for [RunHostTests] and as a fixture: who may do what with
// which record.
func (h *MemoryHost) UnderTest() HostUnderTest {
	all, read, link := Access{View: true, Edit: true, Link: true}, Access{View: true}, Access{View: true, Link: true}
	acme := permissions.Record{Type: "Accounts", ID: "11"}
	nora := permissions.Record{Type: "Contacts", ID: "12"}
	agent := Login{UserID: "4", UserName: "support.agent", Password: Password}
	return HostUnderTest{
		Host: h.Host(),
		DB:   h.db,
		Users: []Login{
			{UserID: "1", UserName: "admin", Password: Password},
			{UserID: "2", UserName: "sales.manager", Password: Password},
			{UserID: "3", UserName: "sales.rep", Password: Password},
			agent,
		},
		Records: []KnownRecord{
			{Record: nora, Label: "Nora Berg", Access: map[string]Access{"admin": all, "sales.manager": all, "sales.rep": all}},
			{Record: acme, Label: "Acme Instruments", Access: map[string]Access{
				"admin": all, "sales.manager": all, "sales.rep": all, "support.agent": read}},
			{Record: permissions.Record{Type: "Contacts", ID: "13"}, Label: "Brian Kay", Access: map[string]Access{
				"admin": all, "sales.manager": all, "sales.rep": link, "support.agent": read}},
			{Record: permissions.Record{Type: "Contacts", ID: "14"}, Label: "Carla Reyes", Access: map[string]Access{"admin": all}},
			{Record: permissions.Record{Type: "HelpDesk", ID: "15"}, Label: "Scale shows nothing", Access: map[string]Access{
				"admin": all, "support.agent": all}},
			{Record: permissions.Record{Type: "Contacts", ID: "16"}, Label: "Dora Gone", Deleted: true},
		},
		Hidden: HiddenField{
			Record: permissions.Record{Type: "Contacts", ID: "13"}, Field: "phone", Value: "+44 20 7946 0018",
			SeenBy: []string{"admin", "sales.manager", "sales.rep"}, HiddenFrom: []string{"support.agent"}, OnEveryCard: true,
		},
		Sharing: Sharing{
			UserName: agent.UserName, Record: nora,
			Grant:  func(context.Context) error { h.Share(agent.UserID, nora, all); return nil },
			Revoke: func(context.Context) error { h.Share(agent.UserID, nora, Access{}); return nil },
		},
		Create: func(_ context.Context, owner Login) (permissions.Record, error) {
			return h.Put(CRMRecord{Record: permissions.Record{Type: "Contacts"}, Owner: owner.UserID,
				Values: map[string]string{"name": "Newly Made", "email": "new@made.example"}}), nil
		},
		Delete:    func(_ context.Context, r permissions.Record) error { h.Delete(r); return nil },
		Unlink:    h.Unlink,
		Documents: h.Documents,
		HasFile:   h.HasFile,
	}
}
