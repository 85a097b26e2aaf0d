package vtenext

import (
	"context"
	"database/sql"
	"fmt"
	"maps"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/mailconnector/mailconnector/permissions"
)

// ErrUnavailable says that the permissions could not be read in time, so that nothing is answered. It is a
// [permissions.ErrUnavailable].
var ErrUnavailable = fmt.Errorf("the CRM's permissions could not be read: %w", permissions.ErrUnavailable)

// A question that waits is answered late, and one that does not is refused: it waits through a backup's lock or a change of
// a table, and gives up before a proxy in front does (nginx after 60 s).
const (
	maxAge        = 2 * time.Second  // of the policy a question is answered by
	checkInterval = time.Second      // between the checks of Run
	patience      = 20 * time.Second // of a question for a policy that is fresh enough
	checkTimeout  = 30 * time.Second
)

// freshness keeps the policy no older than maxAge.
//
// A check reads the digest first and the rows, where it differs, after it, both in one snapshot of the database. Its
// time is taken before it begins, so whatever was committed by then counts.
type freshness struct {
	crm     *CRM
	latest  atomic.Pointer[checkedPolicy]
	mu      sync.Mutex
	running *check
	schema  catalog // of the tables of the policy; only the running check uses it
}

// checkedPolicy is a policy and when it was last known to be what the tables say.
type checkedPolicy struct {
	*policy
	asOf time.Time
}

// check is one comparison of the policy with the tables, which all who wait for one share.
type check struct {
	done chan struct{}
	err  error
}

// policy returns a policy that counts all changes committed more than maxAge ago. It waits for a check if need be.
func (f *freshness) policy(ctx context.Context) (*policy, error) {
	start := f.crm.now()
	if p := f.fresh(start); p != nil {
		return p, nil
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	for {
		if err := f.await(ctx, f.join(ctx)); err != nil {
			return nil, fmt.Errorf("%w: %w", ErrUnavailable, err)
		}
		if p := f.fresh(start); p != nil {
			return p, nil
		}
	}
}

// fresh returns nil if the policy is too old for a question asked at start.
func (f *freshness) fresh(start time.Time) *policy {
	p := f.latest.Load()
	if p == nil || start.Sub(p.asOf) > maxAge {
		return nil
	}
	return p.policy
}

// join returns the check that is running, or starts one. It runs on when the one who started it gives up.
func (f *freshness) join(ctx context.Context) *check {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.running != nil {
		return f.running
	}
	c := &check{done: make(chan struct{})}
	f.running = c
	go func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), checkTimeout)
		defer cancel()
		c.err = f.check(ctx)
		f.mu.Lock()
		f.running = nil
		f.mu.Unlock()
		close(c.done)
	}()
	return c
}

func (f *freshness) await(ctx context.Context, c *check) error {
	select {
	case <-c.done:
		return c.err
	case <-ctx.Done():
		return ctx.Err()
	}
}

// run checks every second until ctx ends.
func (f *freshness) run(ctx context.Context) {
	ticker := time.NewTicker(checkInterval)
	defer ticker.Stop()
	for {
		if err := f.await(ctx, f.join(ctx)); err != nil && ctx.Err() == nil {
			f.crm.logger.ErrorContext(ctx, "check permissions", "err", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
	}
}

// check compares the policy with the tables and reads it anew if they differ.
func (f *freshness) check(ctx context.Context) error {
	asOf := f.crm.now()
	tx, err := f.crm.db.BeginTx(ctx, &sql.TxOptions{Isolation: sql.LevelRepeatableRead, ReadOnly: true})
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }()
	sources, err := f.sources(ctx, tx)
	if err != nil {
		return err
	}
	latest, err := f.compare(ctx, tx, sources)
	if err != nil {
		f.schema = nil // it may have changed
		return err
	}
	f.latest.Store(&checkedPolicy{policy: latest, asOf: asOf})
	return nil
}

// compare returns the latest policy if the tables still say the same, or else a new one.
func (f *freshness) compare(ctx context.Context, tx *sql.Tx, sources []source) (*policy, error) {
	d, err := f.crm.readDigest(ctx, tx, sources)
	if err != nil {
		return nil, err
	}
	if latest := f.latest.Load(); latest != nil && latest.digest == d {
		return latest.policy, nil
	}
	begun := time.Now()
	rows, err := f.crm.readPolicy(ctx, tx, sources)
	if err != nil {
		return nil, err
	}
	filtered, err := f.crm.describe(ctx, tx, filteredTables(rows, f.crm.table("leaddetails")))
	if err != nil {
		return nil, err
	}
	maps.Copy(filtered, f.schema)
	p, err := f.crm.compile(rows, filtered)
	if err != nil {
		return nil, err
	}
	p.digest, f.schema = d, nil // a table an extension brought counts from the next check on
	f.crm.logger.InfoContext(ctx, "permissions read", "users", len(p.users), "took", time.Since(begun))
	return p, nil
}

// sources returns the sources the installation has. A table that has to be there and is not is an error.
func (f *freshness) sources(ctx context.Context, q querier) ([]source, error) {
	all := policySources()
	if f.schema == nil {
		schema, err := f.crm.describe(ctx, q, f.crm.policyTables(all))
		if err != nil {
			return nil, err
		}
		f.schema = schema
	}
	for _, n := range baseNeeds() {
		if err := f.meets(n); err != nil {
			return nil, err
		}
	}
	for i, s := range all {
		for _, p := range s.parts {
			if f.schema[f.crm.sql(p.table)] == nil {
				continue
			}
			if err := f.meets(need{PartPermissions, p.table, p.names()}); err != nil {
				return nil, err
			}
		}
		all[i].parts = slices.DeleteFunc(s.parts, func(p part) bool { return f.schema[f.crm.sql(p.table)] == nil })
	}
	return all, nil
}

// meets answers a *LackingError where the tables do not meet a need. They are looked at anew after that.
func (f *freshness) meets(n need) error {
	if lacking := f.crm.lacking(f.schema, n); lacking != nil {
		f.schema = nil
		return lacking
	}
	return nil
}

// policyTables lists the tables that the permissions depend on.
func (c *CRM) policyTables(sources []source) []string {
	tables := []string{c.table("crmentity")}
	for _, s := range sources {
		for _, p := range s.parts {
			tables = append(tables, c.sql(p.table))
		}
	}
	for _, n := range permissionNeeds() {
		tables = append(tables, c.sql(n.table))
	}
	return tables
}

// filteredTables lists the tables that the filters of advanced rules are about.
func filteredTables(rows policyRows, also string) []string {
	tables := []string{also}
	for _, row := range rows[filtersSource] {
		if table := tableOf(row[1]); !slices.Contains(tables, table) {
			tables = append(tables, table)
		}
	}
	return tables
}
