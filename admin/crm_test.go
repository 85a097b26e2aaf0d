package admin_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"iter"
	"slices"
	"sync"

	"github.com/mailconnector/mailconnector/api/sessions"
	"github.com/mailconnector/mailconnector/messages"
	"github.com/mailconnector/mailconnector/permissions"
	"github.com/mailconnector/mailconnector/permissions/search"
)

// crm is a CRM of a few users and records: everybody sees every record but those hidden from him.
type crm struct {
	mu      sync.Mutex
	users   map[string]sessions.Account
	outcome map[string]error // of signing in with the right password, by user name
	labels  map[permissions.Record]string
	hidden  map[string][]permissions.Record // by user id
	filed   map[string][]permissions.Record // by host id
}

const password = "demo"

var (
	nora = permissions.Record{Type: "Contacts", ID: "12"}
	acme = permissions.Record{Type: "Accounts", ID: "11"}
	gone = permissions.Record{Type: "Contacts", ID: "16"}
)

func newCRM() *crm {
	c := &crm{
		users: map[string]sessions.Account{}, outcome: map[string]error{},
		labels: map[permissions.Record]string{nora: "Nora Berg", acme: "Acme <b>Instruments</b>"},
		hidden: map[string][]permissions.Record{}, filed: map[string][]permissions.Record{},
	}
	c.put(sessions.Account{UserID: "1", UserName: "admin", DisplayName: "Alma Admin", Language: "en", Admin: true})
	c.put(sessions.Account{UserID: "2", UserName: "sales.manager", DisplayName: "Mira Manager", Language: "it"})
	c.put(sessions.Account{UserID: "3", UserName: "sales.rep", DisplayName: "Rolf Rep", Language: "en"})
	c.put(sessions.Account{UserID: "4", UserName: "support.agent", DisplayName: "Ada Agent", Language: "en"})
	c.put(sessions.Account{UserID: "5", UserName: "capo", DisplayName: "Carla Capo", Language: "it", Admin: true})
	return c
}

func (c *crm) put(a sessions.Account) {
	c.mu.Lock()
	defer c.mu.Unlock()
	a.Active, a.CredentialStamp = true, "stamp"
	c.users[a.UserID] = a
}

func (c *crm) change(userID string, fn func(*sessions.Account)) {
	c.mu.Lock()
	defer c.mu.Unlock()
	a := c.users[userID]
	fn(&a)
	c.users[userID] = a
}

func (c *crm) hide(userID string, r permissions.Record) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.hidden[userID] = append(c.hidden[userID], r)
}

func (c *crm) Verify(_ context.Context, in sessions.Credentials) (sessions.Account, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, a := range c.users {
		if a.UserName == in.UserName && in.Password == password {
			return a, c.outcome[a.UserName]
		}
	}
	return sessions.Account{}, sessions.ErrInvalidCredentials
}

func (c *crm) Account(_ context.Context, userID string) (sessions.Account, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if a, ok := c.users[userID]; ok && a.Active {
		return a, nil
	}
	return sessions.Account{}, sessions.ErrInactive
}

func (c *crm) Types(context.Context, permissions.Subject, string) ([]permissions.EntityType, error) {
	return []permissions.EntityType{
		{Name: "Accounts", Label: "Companies", Singular: "Company"}, {Name: "Contacts", Label: "Contacts", Singular: "Contact"},
	}, nil
}

func (c *crm) Check(_ context.Context, s permissions.Subject, _ permissions.Action, records []permissions.Record) ([]permissions.Decision, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	decisions := make([]permissions.Decision, len(records))
	for i, r := range records {
		decisions[i].Outcome = permissions.Allowed
		if _, ok := c.labels[r]; r.ID != "" && (!ok || slices.Contains(c.hidden[s.UserID], r)) {
			decisions[i].Outcome = permissions.Missing
		}
	}
	return decisions, nil
}

func (c *crm) Scope(context.Context, permissions.Subject, string) (permissions.Scope, error) {
	return permissions.Scope{All: true}, nil
}

// Cards leaves the check to the caller, so that a page that forgets it shows.
func (c *crm) Cards(_ context.Context, _ permissions.Subject, records []permissions.Record) ([]search.Card, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	var cards []search.Card
	for _, r := range records {
		cards = append(cards, search.Card{Record: r, Label: c.labels[r], URL: "/records/" + r.Type + "/" + r.ID})
	}
	return cards, nil
}

func (c *crm) Changes(context.Context, string, int) ([]search.Doc, string, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	var docs []search.Doc
	for r, label := range c.labels {
		docs = append(docs, search.Doc{Record: r, Owner: "1", Label: label})
	}
	return docs, "end", nil
}

func (c *crm) Digest(context.Context, string) ([]search.OwnerDigest, error) { return nil, nil }

func (c *crm) Owned(context.Context, string, string) iter.Seq2[search.Doc, error] {
	return func(func(search.Doc, error) bool) {}
}

func (c *crm) Prepare(_ context.Context, m messages.Mail, _ messages.FileJournal) (messages.Plan, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	id := m.HostID
	if id == "" {
		id = fmt.Sprintf("mail-%d", len(c.filed)+1)
		c.filed[id] = nil
	}
	return messages.Plan{HostID: id, State: m.Targets}, nil
}

func (c *crm) Apply(_ context.Context, _ *sql.Tx, p messages.Plan) (messages.Filed, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	targets := p.State.([]permissions.Record)
	c.filed[p.HostID] = append(c.filed[p.HostID], targets...)
	return messages.Filed{HostID: p.HostID, Created: targets}, nil
}

func (c *crm) Remove(context.Context, *sql.Tx, messages.Removal) error {
	return errors.New("not asked for here")
}

func (c *crm) Linked(context.Context, permissions.Subject, permissions.Record, messages.Page) ([]messages.Native, string, error) {
	return nil, "", nil
}

func (c *crm) Readable(_ context.Context, _ permissions.Subject, hostIDs []string) ([]bool, error) {
	may := make([]bool, len(hostIDs))
	for i := range may {
		may[i] = true
	}
	return may, nil
}

func (c *crm) Records(_ context.Context, hostIDs []string) ([][]permissions.Record, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	on := make([][]permissions.Record, len(hostIDs))
	for i, id := range hostIDs {
		on[i] = slices.Clone(c.filed[id])
	}
	return on, nil
}

func (c *crm) Discard(context.Context, string) error { return nil }
