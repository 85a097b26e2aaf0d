package moduletest

import (
	"context"
	"crypto/rand"
	"database/sql"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/mailconnector/mailconnector/module"
	"github.com/mailconnector/mailconnector/permissions"
	"github.com/mailconnector/mailconnector/permissions/search"
)

// MemoryHost is a CRM in memory. Its rule is short: an administrator sees and changes everything; anybody else sees and
// changes what he or somebody below him owns, and what is shared with him. Only messages and documents are in the
// database, in tables named host_…, because filing them takes part in the module's transactions.
//
// It is safe for concurrent use. What a test changes counts at once.
type MemoryHost struct {
	db *sql.DB

	mu      sync.RWMutex
	users   map[string]*User
	types   []permissions.EntityType
	records map[permissions.Record]*CRMRecord
	order   []permissions.Record // as last changed
	serial  int64                // of the last change
	shares  map[share]Access
	hidden  map[userField]bool
	barred  map[userType]bool
	files   map[string][]byte
}

// User is somebody who signs in to a MemoryHost.
type User struct {
	ID       string
	Name     string // to sign in with
	Password string
	FullName string
	Email    string
	Admin    bool
	Inactive bool
	Below    []string // ids of the users whose records this one sees and changes too
}

// CRMRecord is a record of a MemoryHost.
type CRMRecord struct {
	Record  permissions.Record
	Owner   string            // user id
	Values  map[string]string // by field name
	Parents []permissions.Record
	Open    bool // a deal or ticket that is not closed

	deleted  bool
	modified time.Time
	serial   int64
}

// Access is what a user may do with one record.
type Access struct {
	View, Edit, Link bool
}

type (
	share     struct{ user, entityType, record string }
	userField struct{ user, entityType, field string }
	userType  struct{ user, entityType string }
)

// Password is the password of every user that [NewMemoryHost] makes.
const Password = "demo"

// NewMemoryHost returns a host on a database, in which it creates its tables unless they are there. Four users and a
// handful of records come with it:
//
//	admin           sees everything
//	sales.manager   what sales.rep owns, and her own contact Brian Kay
//	sales.rep       his own company and contact, and may read Brian Kay
//	support.agent   her own ticket; may read the company and Brian Kay but link nothing to them; sees no phone numbers
//
// Contact Carla Reyes belongs to the administrator alone, contact Dora Gone is deleted. More than one host may share a
// database: they share messages and documents then.
func NewMemoryHost(ctx context.Context, db *sql.DB) (*MemoryHost, error) {
	h := &MemoryHost{
		db: db, users: make(map[string]*User), records: make(map[permissions.Record]*CRMRecord),
		shares: make(map[share]Access), hidden: make(map[userField]bool), barred: make(map[userType]bool),
		files: make(map[string][]byte), types: entityTypes(),
	}
	if err := h.createTables(ctx); err != nil {
		return nil, fmt.Errorf("create tables of the host: %w", err)
	}
	h.populate()
	return h, nil
}

// Host returns the ports, for [module.Config].
func (h *MemoryHost) Host() module.Host {
	return module.Host{
		Accounts: h, Permissions: h, Records: h, Filing: h,
		Product: func(context.Context) (module.Product, error) {
			return module.Product{Name: "Memory CRM", Version: "1.0"}, nil
		},
	}
}

func entityTypes() []permissions.EntityType {
	name := permissions.Field{Name: "name", Label: "Name", Kind: permissions.KindName}
	number := permissions.Field{Name: "number", Label: "Number", Kind: permissions.KindNumber}
	return []permissions.EntityType{
		{Name: "Accounts", Label: "Companies", Singular: "Company", Icon: "🏢", Fields: []permissions.Field{
			name, number, {Name: "website", Label: "Web site", Kind: permissions.KindDomain}}},
		{Name: "Contacts", Label: "Contacts", Singular: "Contact", Icon: "👤", Fields: []permissions.Field{
			name, number, {Name: "email", Label: "E-mail", Kind: permissions.KindEmail},
			{Name: "phone", Label: "Phone", Kind: permissions.KindPhone}}},
		{Name: "HelpDesk", Label: "Tickets", Singular: "Ticket", Icon: "🎫", Fields: []permissions.Field{name, number}},
	}
}

func (h *MemoryHost) populate() {
	h.PutUser(User{ID: "1", Name: "admin", FullName: "Alma Admin", Email: "admin@crm.example", Admin: true})
	h.PutUser(User{ID: "2", Name: "sales.manager", FullName: "Mira Manager", Email: "mira@crm.example", Below: []string{"3"}})
	h.PutUser(User{ID: "3", Name: "sales.rep", FullName: "Rolf Rep", Email: "rolf@crm.example"})
	h.PutUser(User{ID: "4", Name: "support.agent", FullName: "Ada Agent", Email: "ada@crm.example"})

	acme := h.Put(CRMRecord{Record: permissions.Record{Type: "Accounts", ID: "11"}, Owner: "3", Values: map[string]string{
		"name": "Acme Instruments", "number": "ACC11", "website": "https://www.acme.example/"}})
	nora := h.Put(CRMRecord{Record: permissions.Record{Type: "Contacts", ID: "12"}, Owner: "3", Parents: []permissions.Record{acme},
		Values: map[string]string{"name": "Nora Berg", "number": "CON12", "email": "nora@acme.example", "phone": "+47 22 12 34 56"}})
	brian := h.Put(CRMRecord{Record: permissions.Record{Type: "Contacts", ID: "13"}, Owner: "2", Values: map[string]string{
		"name": "Brian Kay", "number": "CON13", "email": "brian@kay.example", "phone": "+44 20 7946 0018"}})
	h.Put(CRMRecord{Record: permissions.Record{Type: "Contacts", ID: "14"}, Owner: "1", Values: map[string]string{
		"name": "Carla Reyes", "number": "CON14", "email": "carla@reyes.example"}})
	h.Put(CRMRecord{Record: permissions.Record{Type: "HelpDesk", ID: "15"}, Owner: "4", Open: true, Parents: []permissions.Record{nora},
		Values: map[string]string{"name": "Scale shows nothing", "number": "TT15"}})
	dora := h.Put(CRMRecord{Record: permissions.Record{Type: "Contacts", ID: "16"}, Owner: "3", Values: map[string]string{
		"name": "Dora Gone", "number": "CON16", "email": "dora@gone.example"}})
	h.Delete(dora)

	h.Share("3", brian, Access{View: true, Link: true})
	h.Share("4", acme, Access{View: true})
	h.Share("4", brian, Access{View: true})
	h.HideField("4", "Contacts", "phone")
}

// PutUser adds a user, or replaces the one with the same id. An empty password is [Password].
func (h *MemoryHost) PutUser(u User) {
	if u.Password == "" {
		u.Password = Password
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.users[u.ID] = &u
}

// Put adds a record or replaces it, and returns its address. A record without an id gets one.
func (h *MemoryHost) Put(r CRMRecord) permissions.Record {
	if r.Record.ID == "" {
		r.Record.ID = newID()
	}
	r.Values = maps.Clone(r.Values)
	h.mu.Lock()
	defer h.mu.Unlock()
	h.changed(&r)
	h.records[r.Record] = &r
	return r.Record
}

// Delete moves a record to the bin. A record that is not there stays so.
func (h *MemoryHost) Delete(r permissions.Record) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if rec, ok := h.records[r]; ok {
		rec.deleted = true
		h.changed(rec)
	}
}

// Transfer gives a record to another owner and leaves its modified time alone, as the vtiger family does.
func (h *MemoryHost) Transfer(r permissions.Record, owner string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if rec, ok := h.records[r]; ok {
		rec.Owner = owner
	}
}

// Share lets a user do something with one record; the zero Access ends that.
func (h *MemoryHost) Share(user string, r permissions.Record, a Access) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.shares[share{user, r.Type, r.ID}] = a
}

// HideField hides a field of an entity type from a user.
func (h *MemoryHost) HideField(user, entityType, field string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.hidden[userField{user, entityType, field}] = true
}

// Bar takes the right to create, edit and link records of a type from a user. Barred from "Documents", a user's
// attachments stay with the message.
func (h *MemoryHost) Bar(user, entityType string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.barred[userType{user, entityType}] = true
}

// changed numbers a change. The caller holds the lock.
func (h *MemoryHost) changed(r *CRMRecord) {
	h.order = slices.DeleteFunc(h.order, func(o permissions.Record) bool { return o == r.Record })
	h.order = append(h.order, r.Record)
	h.serial++
	r.modified, r.serial = time.Now().UTC(), h.serial
}

// doc is a record as the index sees it.
func (r *CRMRecord) doc(fields []permissions.Field) search.Doc {
	d := search.Doc{
		Record: r.Record, Owner: r.Owner, Label: r.Values["name"], Modified: r.modified, Deleted: r.deleted,
		Open: r.Open, Parents: r.Parents,
	}
	for _, f := range fields {
		if v := r.Values[f.Name]; v != "" {
			d.Entries = append(d.Entries, search.Entry{Field: f.Name, Kind: f.Kind, Value: v})
		}
	}
	return d
}

func newID() string { return strings.ToLower(rand.Text()) }
