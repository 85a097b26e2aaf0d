package search_test

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"iter"
	"maps"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/mailconnector/mailconnector/internal/database"
	"github.com/mailconnector/mailconnector/permissions"
	"github.com/mailconnector/mailconnector/permissions/search"
)

var (
	anna  = permissions.Subject{UserID: "anna"}  // sees her own records
	boss  = permissions.Subject{UserID: "boss"}  // sees everything
	guest = permissions.Subject{UserID: "guest"} // sees anna's records, but no e-mail address
	clerk = permissions.Subject{UserID: "clerk"} // sees anna's records, but not whose tickets are
)

// crm is a host in memory: records, whose they are, and who sees whose.
type crm struct {
	clock   time.Time
	docs    map[permissions.Record]search.Doc
	log     []permissions.Record            // changes in order, as Changes tells them
	sees    map[string][]string             // user → owners
	allOf   map[string]string               // user → type of which that user sees all
	hidden  map[string]string               // user → field
	linked  map[string][]permissions.Record // message id → records
	failing string                          // entity type whose cards cannot be read
	wide    bool                            // Scope cannot say whose records a user sees
	scope   []string                        // whose records Scope says, where it is not the same as sees
	checked int                             // records that Check was asked about

	became   map[permissions.Record]permissions.Record
	readOnly string // entity type that mails cannot be linked to
}

func newCRM() *crm {
	return &crm{
		clock:  time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC),
		docs:   make(map[permissions.Record]search.Doc),
		sees:   map[string][]string{"anna": {"anna"}, "guest": {"anna"}, "clerk": {"anna"}},
		allOf:  make(map[string]string),
		hidden: map[string]string{"guest": "email", "clerk": "parent"},
		linked: make(map[string][]permissions.Record),
	}
}

func (c *crm) now() time.Time { return c.clock }

// put saves a record as its owner would: with a modified time that the next poll sees.
func (c *crm) put(d search.Doc) permissions.Record {
	c.clock = c.clock.Add(2 * time.Second)
	d.Modified = c.clock
	c.docs[d.Record] = d
	c.log = append(c.log, d.Record)
	return d.Record
}

func contact(id, owner, label, email, phone string) search.Doc {
	return search.Doc{Record: permissions.Record{Type: "Contacts", ID: id}, Owner: owner, Label: label, Entries: []search.Entry{
		{Field: "name", Kind: permissions.KindName, Value: label},
		{Field: "email", Kind: permissions.KindEmail, Value: email},
		{Field: "phone", Kind: permissions.KindPhone, Value: phone},
		{Field: "number", Kind: permissions.KindNumber, Value: "CON" + id},
	}}
}

func company(id, owner, label, site string) search.Doc {
	return search.Doc{Record: permissions.Record{Type: "Accounts", ID: id}, Owner: owner, Label: label, Entries: []search.Entry{
		{Field: "name", Kind: permissions.KindName, Value: label},
		{Field: "website", Kind: permissions.KindDomain, Value: site},
	}}
}

func ticket(id, owner, label string, parent permissions.Record) search.Doc {
	return search.Doc{Record: permissions.Record{Type: "HelpDesk", ID: id}, Owner: owner, Label: label, Open: true,
		Parents: []permissions.Record{parent}, Entries: []search.Entry{
			{Field: "name", Kind: permissions.KindName, Value: label},
			{Field: "number", Kind: permissions.KindNumber, Value: "TT" + id},
		}}
}

func (c *crm) Types(_ context.Context, s permissions.Subject, _ string) ([]permissions.EntityType, error) {
	kinds := map[string]permissions.FieldKind{"name": permissions.KindName, "email": permissions.KindEmail,
		"phone": permissions.KindPhone, "number": permissions.KindNumber, "website": permissions.KindDomain}
	fields := map[string][]string{"Contacts": {"name", "email", "phone", "number"}, "Accounts": {"name", "website"}, "HelpDesk": {"name", "number"}}
	var types []permissions.EntityType
	for _, name := range slices.Sorted(maps.Keys(fields)) {
		t := permissions.EntityType{Name: name, Label: name, CanLink: name != c.readOnly}
		for _, f := range fields[name] {
			if c.hidden[s.UserID] != f {
				t.Fields = append(t.Fields, permissions.Field{Name: f, Label: f, Kind: kinds[f]})
			}
		}
		types = append(types, t)
	}
	return types, nil
}

func (c *crm) Check(_ context.Context, s permissions.Subject, _ permissions.Action, records []permissions.Record) ([]permissions.Decision, error) {
	c.checked += len(records)
	decisions := make([]permissions.Decision, len(records))
	for i, r := range records {
		d, ok := c.docs[r]
		switch {
		case !ok || d.Deleted:
			decisions[i].Outcome = permissions.Missing
		case c.shows(s, d):
			decisions[i].Outcome = permissions.Allowed
		}
	}
	return decisions, nil
}

func (c *crm) shows(s permissions.Subject, d search.Doc) bool {
	return s == boss || c.allOf[s.UserID] == d.Record.Type || slices.Contains(c.sees[s.UserID], d.Owner)
}

func (c *crm) Scope(_ context.Context, s permissions.Subject, entityType string) (permissions.Scope, error) {
	owners := c.sees[s.UserID]
	if c.scope != nil {
		owners = c.scope
	}
	return permissions.Scope{All: s == boss || c.allOf[s.UserID] == entityType, More: c.wide, Owners: owners}, nil
}

func (c *crm) Cards(_ context.Context, s permissions.Subject, records []permissions.Record) ([]search.Card, error) {
	var cards []search.Card
	for _, r := range records {
		if r.Type == c.failing {
			return nil, errors.New("the table is being rebuilt")
		}
		card := search.Card{Record: r, Label: c.docs[r].Label}
		if c.hidden[s.UserID] != "parent" {
			card.Parents = c.docs[r].Parents
		}
		for _, e := range c.docs[r].Entries {
			if e.Kind == permissions.KindNumber {
				card.Number = e.Value
			}
		}
		if successor, ok := c.became[r]; ok {
			card.Successor = &successor
		}
		cards = append(cards, card)
	}
	return cards, nil
}

func (c *crm) Changes(_ context.Context, after string, limit int) ([]search.Doc, string, error) {
	from, _ := strconv.Atoi(after)
	to := min(from+limit, len(c.log))
	var docs []search.Doc
	for _, r := range c.log[from:to] {
		if d, there := c.docs[r]; there {
			docs = append(docs, d)
		}
	}
	return docs, strconv.Itoa(to), nil
}

func (c *crm) Digest(_ context.Context, entityType string) ([]search.OwnerDigest, error) {
	byOwner := make(map[string]search.OwnerDigest)
	for r, d := range c.docs {
		if r.Type == entityType && !d.Deleted {
			sum := byOwner[d.Owner]
			byOwner[d.Owner] = search.OwnerDigest{Owner: d.Owner, Count: sum.Count + 1, Sum: sum.Sum + search.Checksum(r.ID)}
		}
	}
	return slices.Collect(maps.Values(byOwner)), nil
}

func (c *crm) Owned(_ context.Context, entityType, owner string) iter.Seq2[search.Doc, error] {
	return func(yield func(search.Doc, error) bool) {
		for r, d := range c.docs {
			if r.Type == entityType && d.Owner == owner && !d.Deleted && !yield(d, nil) {
				return
			}
		}
	}
}

func (c *crm) LinkedTo(_ context.Context, _ permissions.Subject, ids []string) ([]permissions.Record, error) {
	var records []permissions.Record
	for _, id := range ids {
		records = append(records, c.linked[id]...)
	}
	return records, nil
}

// service opens the search over a host on a fresh database.
func service(t testing.TB, db *sql.DB, c *crm) *search.Service {
	t.Helper()
	return serviceOf(t, db, c, c)
}

func serviceOf(t testing.TB, db *sql.DB, c *crm, source search.Source) *search.Service {
	t.Helper()
	own, err := database.New(db, database.Options{Now: c.now})
	if err != nil {
		t.Fatal(err)
	}
	if err := own.Migrate(t.Context(), append(database.Migrations(), search.Migrations()...)); err != nil {
		t.Fatal(err)
	}
	s, err := search.New(search.Config{DB: own, Source: source, Permissions: c, Conversations: c})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func labels[T any](items []T, label func(T) string) []string {
	list := []string{}
	for _, item := range items {
		list = append(list, label(item))
	}
	return list
}

func find(t testing.TB, s *search.Service, who permissions.Subject, text string) []string {
	t.Helper()
	results, err := s.Search(t.Context(), who, search.Query{Text: text})
	if err != nil {
		t.Fatalf("search %q: %v", text, err)
	}
	return labels(results.Items, func(h search.Hit) string { return h.Label })
}

func sorted(list []string) []string {
	list = slices.Clone(list)
	slices.SortFunc(list, cmp.Compare[string])
	return list
}

// openHost is a host that also looks into its own tables.
type openHost struct{ *crm }

func (h openHost) Exact(_ context.Context, s permissions.Subject, values []string, _ int) ([]search.ExactMatch, error) {
	var found []search.ExactMatch
	for r, d := range h.docs {
		for _, e := range d.Entries {
			same := func(value string) bool { return strings.EqualFold(e.Value, value) }
			if h.hidden[s.UserID] != e.Field && slices.ContainsFunc(values, same) {
				found = append(found, search.ExactMatch{Record: r, Value: e.Value})
			}
		}
	}
	return found, nil
}
