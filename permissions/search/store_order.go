package search

import (
	"context"
	"fmt"
	"time"

	"github.com/mailconnector/mailconnector/internal/database"
)

// order is an order in which mc_search_terms is kept besides that of the documents: the name of an index that has all
// a reading needs.
type order string

const (
	byOwner order = "mc_search_terms_owner"
	byType  order = "mc_search_terms_type"
	byTerm  order = "mc_search_terms_term"
)

// orders are those a first pass may take away while it writes.
func orders() []order { return []order{byOwner, byType, byTerm} }

// create returns the statement that brings the order about, for every dialect.
func (o order) create() string {
	columns := map[order]string{
		byOwner: "owner, kind, term, doc, field, pairs",
		byType:  "type, kind, term, doc, field, owner, pairs",
		byTerm:  "kind, term, doc, field, owner, pairs",
	}
	return "CREATE INDEX " + string(o) + " ON mc_search_terms (" + columns[o] + ")"
}

// sortable tells whether the orders may be taken away and brought about again by one sorting. A Galera cluster holds
// all writers up while an index is created, and so does SQLite: there the orders stay.
func (s store) sortable(ctx context.Context) (bool, error) {
	if s.db.Dialect() == database.SQLite {
		return false, nil
	}
	var cluster []struct{ Value string }
	err := s.db.Gorm(ctx).Raw("SHOW VARIABLES WHERE Variable_name = 'wsrep_on' AND Value = 'ON'").Scan(&cluster).Error
	return len(cluster) == 0, wrap("ask for a cluster", err)
}

// drop returns the statement that takes the order away, for MariaDB and MySQL.
func (o order) drop() string { return "DROP INDEX " + string(o) + " ON mc_search_terms" }

// drop takes away the orders that are there.
func (s store) drop(ctx context.Context) error { return s.eachOrder(ctx, false, order.drop) }

// sort brings about the orders that are not there, which takes long on a filled table. Readers and writers go on.
func (s store) sort(ctx context.Context) error { return s.eachOrder(ctx, true, order.create) }

func (s store) eachOrder(ctx context.Context, there bool, statement func(order) string) error {
	for _, o := range orders() {
		if err := s.bring(ctx, o, there, statement(o)); err != nil {
			return fmt.Errorf("%s: %w", statement(o), err)
		}
	}
	return nil
}

// lookAgain is the time between two looks at a statement that the server is at.
const lookAgain = time.Second

// bring runs the statement after which an order is there or not, unless it is so. A server goes on with such a statement
// when its client was killed, or gave up because no answer came for as long as it waits for one: then bring waits for it.
func (s store) bring(ctx context.Context, o order, there bool, statement string) error {
	var failed error
	for {
		if err := s.await(ctx, o); err != nil {
			return err
		}
		if is, err := s.has(ctx, o); err != nil || is == there {
			return err
		}
		if failed != nil {
			return failed
		}
		failed = s.db.Gorm(ctx).Exec(statement).Error
	}
}

func (s store) has(ctx context.Context, o order) (bool, error) {
	var n int64
	err := s.db.Gorm(ctx).Raw(`SELECT COUNT(*) FROM information_schema.statistics
		WHERE table_schema = DATABASE() AND table_name = 'mc_search_terms' AND index_name = ?`, string(o)).Scan(&n).Error
	return n > 0, wrap("look for an order of terms", err)
}

// await waits while the server brings an order about or takes it away. Without further rights it sees what its own user
// does.
func (s store) await(ctx context.Context, o order) error {
	for {
		var n int64
		err := s.db.Gorm(ctx).Raw(`SELECT COUNT(*) FROM information_schema.processlist
			WHERE id <> CONNECTION_ID() AND db = DATABASE() AND info IN (?, ?)`, o.create(), o.drop()).Scan(&n).Error
		if err != nil || n == 0 {
			return wrap("look for a running statement", err)
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(lookAgain):
		}
	}
}
