package moduletest

import (
	"context"
	"database/sql"
	"testing"

	"github.com/mailconnector/mailconnector/module"
	"github.com/mailconnector/mailconnector/permissions"
)

// HostUnderTest is a host with what [RunHostTests] must know of it.
type HostUnderTest struct {
	Host    module.Host
	DB      *sql.DB
	Dialect string // as in module.Config

	// Users are four people who may sign in. What one of them may do must differ from what another may.
	Users []Login

	// Records are records that exist when the test begins, with what each user may do with them. Among them, for some
	// user: one to link to, one that is visible but not to be linked or edited, one that is hidden, and a deleted one.
	Records []KnownRecord

	// Hidden is a field that some see and some do not.
	Hidden HiddenField

	// Sharing is a record that a user sees only once somebody allowed it.
	Sharing Sharing

	// Create adds a record, as a user does in the CRM who then owns it and may link to it.
	Create func(ctx context.Context, owner Login) (permissions.Record, error)
	// Delete moves a record to the CRM's bin.
	Delete func(ctx context.Context, r permissions.Record) error
	// Unlink takes a message off a record in the CRM itself, past this module.
	Unlink func(ctx context.Context, hostID string, r permissions.Record) error
	// Documents reads the documents on a record as the CRM holds them.
	Documents func(ctx context.Context, r permissions.Record) ([]Document, error)
	// HasFile reports whether a file that a plan announced is in the CRM's storage. Nil for a host without files.
	HasFile func(path string) bool
}

// Login is a user of the host.
type Login struct {
	UserID   string
	UserName string
	Password string
}

func (l Login) subject() permissions.Subject { return permissions.Subject{UserID: l.UserID} }

// KnownRecord is a record of the host and who may do what with it.
type KnownRecord struct {
	Record  permissions.Record
	Label   string // as its card shows it to those who see it
	Deleted bool
	Access  map[string]Access // by user name; a user left out may do nothing
}

// HiddenField is a field of a record whose value some users see and others do not.
type HiddenField struct {
	Record      permissions.Record // visible to all these users
	Field       string             // by the CRM's name
	Value       string
	SeenBy      []string // user names
	HiddenFrom  []string
	OnEveryCard bool // the field is among the fields of a card, for those who see it
}

// Sharing is how a record is shown to a user and hidden again.
type Sharing struct {
	UserName string
	Record   permissions.Record // hidden from the user at first
	Grant    func(ctx context.Context) error
	Revoke   func(ctx context.Context) error
}

// Document is a document of the host.
type Document struct {
	ID      string
	Name    string
	Content []byte
}

// RunHostTests checks that a host keeps the promises of its ports, as subtests, each on a host of its own from newHost.
// The last of them mount the module on the host and work with it over HTTP.
func RunHostTests(t *testing.T, newHost func(t *testing.T) HostUnderTest) {
	t.Helper()
	groups := []struct {
		name  string
		tests []hostTest
	}{
		{"Accounts", accountsTests()},
		{"Permissions", permissionsTests()},
		{"Records", recordsTests()},
		{"Filing", filingTests()},
		{"Module", moduleTests()},
	}
	for _, g := range groups {
		t.Run(g.name, func(t *testing.T) {
			for _, tt := range g.tests {
				t.Run(tt.name, func(t *testing.T) {
					h := newHost(t)
					h.check(t)
					tt.run(t, h)
				})
			}
		})
	}
}

type hostTest struct {
	name string
	run  func(t *testing.T, h HostUnderTest)
}

// check refuses a description with which the tests would prove nothing.
func (h HostUnderTest) check(t *testing.T) {
	t.Helper()
	if len(h.Users) != 4 {
		t.Fatalf("HostUnderTest has %d users, want 4", len(h.Users))
	}
	for what, missing := range map[string]bool{
		"DB": h.DB == nil, "Create": h.Create == nil, "Delete": h.Delete == nil, "Unlink": h.Unlink == nil,
		"Documents": h.Documents == nil, "Sharing": h.Sharing.Grant == nil || h.Sharing.Revoke == nil,
		"a hidden field": len(h.Hidden.SeenBy) == 0 || len(h.Hidden.HiddenFrom) == 0,
	} {
		if missing {
			t.Fatalf("HostUnderTest lacks %s", what)
		}
	}
	for what, is := range map[string]func(KnownRecord, Access) bool{
		"to link to":             func(_ KnownRecord, a Access) bool { return a.Link },
		"to see but not to edit": func(_ KnownRecord, a Access) bool { return a.View && !a.Edit },
		"to see but not to link": func(_ KnownRecord, a Access) bool { return a.View && !a.Link },
		"hidden from somebody":   func(r KnownRecord, a Access) bool { return !r.Deleted && !a.View },
		"deleted":                func(r KnownRecord, _ Access) bool { return r.Deleted },
	} {
		if _, _, found := h.find(is); !found {
			t.Fatalf("HostUnderTest has no record %s", what)
		}
	}
}

// find returns the first user and record for which a condition on the user's access holds.
func (h HostUnderTest) find(is func(KnownRecord, Access) bool) (Login, KnownRecord, bool) {
	for _, u := range h.Users {
		for _, r := range h.Records {
			if is(r, r.Access[u.UserName]) {
				return u, r, true
			}
		}
	}
	return Login{}, KnownRecord{}, false
}

// linkable returns a user and records it may link to, two if there are as many.
func (h HostUnderTest) linkable() (Login, []permissions.Record) {
	var user Login
	var most []permissions.Record
	for _, u := range h.Users {
		var records []permissions.Record
		for _, r := range h.Records {
			if r.Access[u.UserName].Link {
				records = append(records, r.Record)
			}
		}
		if len(records) > len(most) {
			user, most = u, records
		}
	}
	return user, most[:min(len(most), 2)]
}

func (h HostUnderTest) login(t *testing.T, userName string) Login {
	t.Helper()
	for _, u := range h.Users {
		if u.UserName == userName {
			return u
		}
	}
	t.Fatalf("HostUnderTest names user %q, who is not among its Users", userName)
	return Login{}
}
