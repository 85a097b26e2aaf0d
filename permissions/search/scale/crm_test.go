package scale_test

import (
	"context"
	"database/sql"
	"fmt"
	"iter"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/mailconnector/mailconnector/permissions"
	"github.com/mailconnector/mailconnector/permissions/search"
	"github.com/mailconnector/mailconnector/permissions/sharing"
)

// types are the entity types by their number in the database.
var types = []string{"Contacts", "Accounts", "Leads", "Potentials", "HelpDesk"}

// crm is a host whose records are in a table of the database that the index is in, as a CRM's are, and whose policy
// decides who sees them.
type crm struct {
	db     *sql.DB
	engine *sharing.Engine
	all    map[string]string // user → entity type of which that user sees every record
}

func newCRM(t *testing.T, db *sql.DB) *crm {
	t.Helper()
	engine, err := sharing.Compile(organisation())
	if err != nil {
		t.Fatal(err)
	}
	if problems := engine.Problems(); len(problems) > 0 {
		t.Fatalf("the organisation is not sound: %v", problems)
	}
	return &crm{db, engine, make(map[string]string)}
}

// fields are the fields of an entity type.
func fields(entityType string) []permissions.Field {
	list := []permissions.Field{
		{Name: "first", Kind: permissions.KindName}, {Name: "last", Kind: permissions.KindName},
		{Name: "email", Kind: permissions.KindEmail}, {Name: "phone", Kind: permissions.KindPhone},
		{Name: "number", Kind: permissions.KindNumber},
	}
	if entityType == "Accounts" {
		list = append(list, permissions.Field{Name: "site", Kind: permissions.KindDomain})
	}
	return list
}

func (c *crm) Types(_ context.Context, s permissions.Subject, _ string) ([]permissions.EntityType, error) {
	var list []permissions.EntityType
	for _, name := range c.engine.Types(s.UserID) {
		shown := slices.DeleteFunc(fields(name), func(f permissions.Field) bool { return !c.engine.FieldVisible(s.UserID, name, f.Name) })
		list = append(list, permissions.EntityType{Name: name, Label: name, CanLink: true, Fields: shown})
	}
	return list, nil
}

func (c *crm) Scope(_ context.Context, s permissions.Subject, entityType string) (permissions.Scope, error) {
	if c.all[s.UserID] == entityType {
		return permissions.Scope{All: true}, nil
	}
	return c.engine.Scope(s.UserID, entityType), nil
}

// decide judges a record by its owner.
func (c *crm) decide(user, entityType string, a permissions.Action, owner string) permissions.Decision {
	if c.all[user] == entityType {
		return permissions.Decision{Outcome: permissions.Allowed}
	}
	return c.engine.Check(user, entityType, a, sharing.Record{Owner: owner})
}

// Check reads owner and deleted flag live.
func (c *crm) Check(
	ctx context.Context, s permissions.Subject, a permissions.Action, records []permissions.Record,
) ([]permissions.Decision, error) {
	found := make(map[string]row, len(records))
	err := c.each(ctx, func(r row) bool { found[strconv.FormatInt(r.id, 10)] = r; return true }, "deleted = 0 AND "+idIn(records), ids(records)...)
	if err != nil {
		return nil, err
	}
	decisions := make([]permissions.Decision, len(records))
	for i, record := range records {
		r, ok := found[record.ID]
		if !ok || types[r.kind] != record.Type {
			decisions[i].Outcome = permissions.Missing
			continue
		}
		decisions[i] = c.decide(s.UserID, record.Type, a, r.ownerID())
	}
	return decisions, nil
}

func (c *crm) Cards(ctx context.Context, _ permissions.Subject, records []permissions.Record) ([]search.Card, error) {
	cards := make([]search.Card, 0, len(records))
	err := c.each(ctx, func(r row) bool {
		cards = append(cards, search.Card{Record: r.record(), Label: r.label(), Number: r.number(), Subtitle: r.email, Parents: r.parents()})
		return true
	}, idIn(records), ids(records)...)
	return cards, err
}

func (c *crm) Changes(ctx context.Context, after string, limit int) (docs []search.Doc, next string, err error) {
	var last, lastID int64
	if after != "" {
		if _, err := fmt.Sscanf(after, "%d-%d", &last, &lastID); err != nil {
			return nil, "", err
		}
	}
	err = c.each(ctx, func(r row) bool {
		docs = append(docs, r.doc())
		last, lastID = r.modified, r.id
		return true
	}, "(modified, id) > (?, ?) AND modified >= ? ORDER BY modified, id LIMIT ?", last, lastID, last, limit)
	return docs, fmt.Sprintf("%d-%d", last, lastID), err
}

func (c *crm) Digest(ctx context.Context, entityType string) ([]search.OwnerDigest, error) {
	rows, err := c.db.QueryContext(ctx, `SELECT owner, COUNT(*), SUM(CRC32(id)) FROM crm_records
		WHERE kind = ? AND deleted = 0 GROUP BY owner`, kindOf(entityType))
	if err != nil {
		return nil, err
	}
	defer func() { _ = rows.Close() }()
	var digests []search.OwnerDigest
	for rows.Next() {
		var d search.OwnerDigest
		if err := rows.Scan(&d.Owner, &d.Count, &d.Sum); err != nil {
			return nil, err
		}
		digests = append(digests, d)
	}
	return digests, rows.Err()
}

func (c *crm) Owned(ctx context.Context, entityType, owner string) iter.Seq2[search.Doc, error] {
	return func(yield func(search.Doc, error) bool) {
		err := c.each(ctx, func(r row) bool { return yield(r.doc(), nil) },
			"kind = ? AND owner = ? AND deleted = 0", kindOf(entityType), owner)
		if err != nil {
			yield(search.Doc{}, err)
		}
	}
}

// row is a record as the CRM keeps it.
type row struct {
	id, modified, parent            int64
	kind, owner                     int
	deleted                         bool
	first, last, email, phone, site string
}

func (c *crm) each(ctx context.Context, take func(row) bool, where string, args ...any) error {
	rows, err := c.db.QueryContext(ctx, `SELECT id, modified, parent, kind, owner, deleted, first, last, email, phone, site
		FROM crm_records WHERE `+where, args...)
	if err != nil {
		return err
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		var r row
		if err := rows.Scan(&r.id, &r.modified, &r.parent, &r.kind, &r.owner, &r.deleted, &r.first, &r.last, &r.email, &r.phone, &r.site); err != nil {
			return err
		}
		if !take(r) {
			return nil
		}
	}
	return rows.Err()
}

func (r row) record() permissions.Record {
	return permissions.Record{Type: types[r.kind], ID: strconv.FormatInt(r.id, 10)}
}

func (r row) ownerID() string { return strconv.Itoa(r.owner) }
func (r row) label() string   { return strings.TrimSpace(r.first + " " + r.last) }
func (r row) number() string  { return strings.ToUpper(types[r.kind][:3]) + strconv.FormatInt(r.id, 10) }

func (r row) doc() search.Doc {
	d := search.Doc{
		Record: r.record(), Owner: r.ownerID(), Label: r.label(), Deleted: r.deleted,
		Modified: time.UnixMicro(r.modified), Open: r.kind >= 3 && r.id%3 == 0,
	}
	for _, e := range []search.Entry{
		{Field: "first", Kind: permissions.KindName, Value: r.first}, {Field: "last", Kind: permissions.KindName, Value: r.last},
		{Field: "email", Kind: permissions.KindEmail, Value: r.email}, {Field: "phone", Kind: permissions.KindPhone, Value: r.phone},
		{Field: "number", Kind: permissions.KindNumber, Value: r.number()}, {Field: "site", Kind: permissions.KindDomain, Value: r.site},
	} {
		if e.Value != "" {
			d.Entries = append(d.Entries, e)
		}
	}
	d.Parents = r.parents()
	return d
}

func (r row) parents() []permissions.Record {
	if r.parent == 0 {
		return nil
	}
	return []permissions.Record{row{id: r.parent, kind: kindAt(r.parent)}.record()}
}

func kindOf(entityType string) int { return slices.Index(types, entityType) }

func idIn(records []permissions.Record) string {
	return "id IN (?" + strings.Repeat(",?", len(records)-1) + ")"
}

func ids(records []permissions.Record) []any {
	list := make([]any, len(records))
	for i, r := range records {
		list[i] = r.ID
	}
	return list
}
