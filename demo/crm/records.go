package crm

import (
	"context"
	"database/sql"
	"fmt"
	"iter"
	"time"

	"github.com/mailconnector/mailconnector/permissions"
	"github.com/mailconnector/mailconnector/permissions/search"
)

var _ search.Source = (*CRM)(nil)

// commitDelay is how much later than its modified time a change may become visible. Changes repeats that much.
const commitDelay = 10 * time.Second

// Changes implements [search.Source]. A position is the modified time and the id of the last record told.
func (c *CRM) Changes(ctx context.Context, after string, limit int) (docs []search.Doc, next string, err error) {
	var last, lastID int64
	if after != "" {
		if _, err := fmt.Sscanf(after, "%d-%d", &last, &lastID); err != nil {
			return nil, "", fmt.Errorf("position %q: %w", after, err)
		}
	}
	changed, err := c.rows(ctx, "modified > ? OR modified = ? AND id > ? ORDER BY modified, id LIMIT ?", last, last, lastID, limit)
	if err != nil {
		return nil, "", err
	}
	for _, r := range changed {
		docs = append(docs, r.doc())
		last, lastID = micros(r.modified), r.id
	}
	if settled := micros(c.now().Add(-commitDelay)); len(docs) < limit && last > settled {
		last, lastID = settled, 0
	}
	return docs, fmt.Sprintf("%d-%d", last, lastID), nil
}

// doc returns the record as the index keeps it.
func (r row) doc() search.Doc {
	d := search.Doc{
		Record: r.record(), Owner: r.owner, Modified: r.modified, Deleted: r.deleted, Open: r.open(), Parents: r.parents(),
		Label: r.label(func(string) bool { return true }),
	}
	if r.became != 0 {
		d.Successor = &permissions.Record{Type: "Contacts", ID: formatID(r.became)}
	}
	for _, f := range r.kind.Fields {
		if value := r.values[f.Name]; value != "" {
			d.Entries = append(d.Entries, search.Entry{Field: f.Name, Kind: f.Kind, Value: value})
		}
	}
	return d
}

// parents returns the person and the company the record belongs to.
func (r row) parents() []permissions.Record {
	var parents []permissions.Record
	if r.contact != 0 {
		parents = append(parents, permissions.Record{Type: "Contacts", ID: formatID(r.contact)})
	}
	if r.account != 0 {
		parents = append(parents, permissions.Record{Type: "Accounts", ID: formatID(r.account)})
	}
	return parents
}

// Digest implements [search.Source]. A CRM with many records sums up in the database; see [search.Checksum].
func (c *CRM) Digest(ctx context.Context, entityType string) ([]search.OwnerDigest, error) {
	var digests []search.OwnerDigest
	_, err := collect(ctx, c.db, func(rows *sql.Rows) (struct{}, error) {
		var owner, id string
		if err := rows.Scan(&owner, &id); err != nil {
			return struct{}{}, err
		}
		if n := len(digests); n == 0 || digests[n-1].Owner != owner {
			digests = append(digests, search.OwnerDigest{Owner: owner})
		}
		d := &digests[len(digests)-1]
		d.Count, d.Sum = d.Count+1, d.Sum+search.Checksum(id)
		return struct{}{}, nil
	}, "SELECT owner, id FROM crm_records WHERE entity_type = ? AND deleted = 0 ORDER BY owner", entityType)
	return digests, err
}

// Owned implements [search.Source].
func (c *CRM) Owned(ctx context.Context, entityType, owner string) iter.Seq2[search.Doc, error] {
	return func(yield func(search.Doc, error) bool) {
		owned, err := c.rows(ctx, "entity_type = ? AND owner = ? AND deleted = 0", entityType, owner)
		if err != nil {
			yield(search.Doc{}, err)
			return
		}
		for _, r := range owned {
			if !yield(r.doc(), nil) {
				return
			}
		}
	}
}
