package vtenext

import (
	"context"
	"fmt"
	"iter"
	"slices"
	"strings"
	"time"

	"github.com/mailconnector/mailconnector/permissions"
	"github.com/mailconnector/mailconnector/permissions/search"
)

// Records is what can be found in a CRM: the port [search.Source], over every entity type that people search, custom
// ones included. It is safe for concurrent use.
type Records struct {
	crm         *CRM
	permissions *Permissions
	url         string
	shapes      shapes
}

var _ search.Source = (*Records)(nil)

// NewRecords returns the records of a CRM. The address of the CRM, $site_URL of its config.inc.php, leads from a card
// to the record's page; without it cards have none. It does no I/O.
func NewRecords(c *CRM, p *Permissions, siteURL string) *Records {
	return &Records{crm: c, permissions: p, url: strings.TrimRight(siteURL, "/"), shapes: shapes{crm: c}}
}

const (
	// commitDelay is how much later than its modified time a change may become visible: the CRM writes the time first and
	// the fields after, each in a statement that counts by itself. Changes repeats that much.
	commitDelay = 30 * time.Second
	// clockDelay is how long after clocks were set back Changes repeats the time around it, because local times of an
	// hour then mean two moments.
	clockDelay = 3 * time.Hour
	// ownedBatch is how many records Owned reads at once.
	ownedBatch = 500
	// firstTime is before any time the CRM has written. Records without a time are told ahead of it.
	firstTime = "1971-01-01 00:00:00"
)

// Changes implements [search.Source]. A position is the modified time and the id of the last record told; before the
// records that have a time come those that have none, by id.
func (r *Records) Changes(ctx context.Context, after string, limit int) (docs []search.Doc, next string, err error) {
	at, err := parsePosition(after)
	if err != nil {
		return nil, "", err
	}
	_, shapes, err := r.current(ctx)
	if err != nil {
		return nil, "", err
	}
	if at.end { // clocks may have been set back since
		at = at.before(r.settled())
	}
	heads, err := r.heads(ctx, shapes, at, limit)
	if err != nil {
		return nil, "", fmt.Errorf("read changes: %w", err)
	}
	if docs, err = r.docs(ctx, shapes, heads); err != nil {
		return nil, "", fmt.Errorf("read changed records: %w", err)
	}
	if n := len(heads); n > 0 {
		at = position{time: heads[n-1].modified, id: heads[n-1].id}
	}
	if at.end = len(heads) < limit; at.end {
		at = at.before(r.settled())
	}
	return docs, at.String(), nil
}

// position is a place in the order of changes.
type position struct {
	time string // local, as stored; empty among the records that have none
	id   int64
	end  bool // there was no more
}

// endMark ends a position at which there was no more.
const endMark = "."

func (p position) String() string {
	s := p.time + "/" + formatID(p.id)
	if p.end {
		s += endMark
	}
	return s
}

// before goes back to a time, if that is earlier.
func (p position) before(settled string) position {
	if p.time > settled {
		return position{time: settled, end: p.end}
	}
	return p
}

func parsePosition(s string) (p position, err error) {
	if s == "" {
		return position{}, nil
	}
	stamp, id, _ := strings.Cut(s, "/")
	id, p.end = strings.CutSuffix(id, endMark)
	if stamp != "" {
		if _, err := time.Parse(localTime, stamp); err != nil {
			return position{}, fmt.Errorf("position %q: %w", s, err)
		}
	}
	n, ok := parseID(id)
	if !ok && id != "0" {
		return position{}, fmt.Errorf("position %q is none", s)
	}
	p.time, p.id = stamp, n
	return p, nil
}

// settled is the local time up to which no more changes become visible.
func (r *Records) settled() string {
	now := r.crm.now().In(r.crm.timeZone)
	before := now.Add(-clockDelay)
	_, offset := now.Zone()
	if _, earlier := before.Zone(); earlier > offset { // clocks were set back in between
		return before.Format(localTime)
	}
	return now.Add(-commitDelay).Format(localTime)
}

// head is where a record is in the order of changes.
type head struct {
	id         int64
	entityType string
	modified   string // empty for a record without a time
}

// heads reads the next records in the order of changes.
func (r *Records) heads(ctx context.Context, shapes shapeSet, at position, limit int) (heads []head, err error) {
	names := shapes.names()
	if at.time == "" {
		heads, err = r.readHeads(ctx, names, "crmid > ? AND (modifiedtime IS NULL OR modifiedtime < '"+firstTime+"') ORDER BY crmid",
			limit, at.id)
		for i := range heads {
			heads[i].modified = ""
		}
		at = position{time: firstTime}
	}
	if err != nil || len(heads) == limit {
		return heads, err
	}
	// The rest of a second, and what came later: each is a range of the index, where both in one condition would read a
	// second of a hundred thousand records from its beginning for every page.
	same, err := r.readHeads(ctx, names, "modifiedtime = ? AND crmid > ? ORDER BY crmid", limit-len(heads), at.time, at.id)
	if heads = append(heads, same...); err != nil || len(heads) == limit {
		return heads, err
	}
	later, err := r.readHeads(ctx, names, "modifiedtime > ? ORDER BY modifiedtime, crmid", limit-len(heads), at.time)
	return append(heads, later...), err
}

func (r *Records) readHeads(ctx context.Context, names []string, condition string, limit int, args ...any) ([]head, error) {
	types, typeArgs := in(names)
	return collect(ctx, r.crm.db, scanHead, r.crm.sql(`SELECT crmid, setype, COALESCE(CAST(modifiedtime AS CHAR), '')
		FROM {crmentity} WHERE setype IN `+types+` AND `+condition+` LIMIT ?`), slices.Concat(typeArgs, args, []any{limit})...)
}

// docs reads the records of a list, in its order. One that is gone meanwhile is told as deleted.
func (r *Records) docs(ctx context.Context, shapes shapeSet, heads []head) ([]search.Doc, error) {
	ids := make(map[string][]int64)
	for _, h := range heads {
		ids[h.entityType] = append(ids[h.entityType], h.id)
	}
	found := make(map[int64]row, len(heads))
	for name, list := range ids {
		rows, err := r.read(ctx, shapes[name], list)
		if err != nil {
			return nil, err
		}
		for _, row := range rows {
			found[row.id] = row
		}
	}
	parents, err := r.parents(ctx, found)
	if err != nil {
		return nil, err
	}
	docs := make([]search.Doc, len(heads))
	for i, h := range heads {
		row, there := found[h.id]
		if !there {
			row = rowGone(h)
		}
		docs[i] = row.doc(r.crm, parents)
	}
	return docs, nil
}

// Digest implements [search.Source]. It groups by a sum and not by the column, because servers walk the index of that
// column else, across the records of every entity type: eight times slower where there are many.
func (r *Records) Digest(ctx context.Context, entityType string) ([]search.OwnerDigest, error) {
	digests, err := collect(ctx, r.crm.db, scanDigest, r.crm.sql(`SELECT smownerid + 0, COUNT(*), CAST(SUM(CRC32(crmid)) AS CHAR)
		FROM {crmentity} WHERE setype = ? AND deleted = 0 GROUP BY smownerid + 0`), entityType)
	if err != nil {
		return nil, fmt.Errorf("sum up owners of %s: %w", entityType, err)
	}
	return digests, nil
}

// Owned implements [search.Source]. It holds no more than a few hundred records at a time.
func (r *Records) Owned(ctx context.Context, entityType, owner string) iter.Seq2[search.Doc, error] {
	return func(yield func(search.Doc, error) bool) {
		if err := r.eachOwned(ctx, entityType, owner, func(d search.Doc) bool { return yield(d, nil) }); err != nil {
			yield(search.Doc{}, fmt.Errorf("read %s of owner %s: %w", entityType, owner, err))
		}
	}
}

func (r *Records) eachOwned(ctx context.Context, entityType, owner string, each func(search.Doc) bool) error {
	_, shapes, err := r.current(ctx)
	if err != nil || shapes[entityType] == nil {
		return err
	}
	for last := int64(0); ; {
		heads, err := collect(ctx, r.crm.db, scanHead, r.crm.sql(`SELECT crmid, setype, '' FROM {crmentity}
			WHERE smownerid = ? AND setype = ? AND deleted = 0 AND crmid > ? ORDER BY crmid LIMIT ?`),
			owner, entityType, last, ownedBatch)
		if err != nil || len(heads) == 0 {
			return err
		}
		docs, err := r.docs(ctx, shapes, heads)
		if err != nil {
			return err
		}
		for _, d := range docs {
			if !d.Deleted && d.Owner == owner && !each(d) { // others took it, or put it into the bin, meanwhile
				return nil
			}
		}
		last = heads[len(heads)-1].id
	}
}

// current returns the policy as it is now, and the shapes of all entity types that are searched.
func (r *Records) current(ctx context.Context) (*policy, shapeSet, error) {
	policy, err := r.permissions.fresh.policy(ctx)
	if err != nil {
		return nil, nil, err
	}
	shapes, err := r.shapes.of(ctx, policy)
	return policy, shapes, err
}

func (r *Records) pageURL(record permissions.Record) string {
	if r.url == "" {
		return ""
	}
	return r.url + "/index.php?module=" + record.Type + "&action=DetailView&record=" + record.ID
}
