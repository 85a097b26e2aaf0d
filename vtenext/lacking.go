package vtenext

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/mailconnector/mailconnector/permissions"
)

// LackingError says that the installation lacks something that a part needs, so that the part does nothing. It is a
// [*permissions.DisabledError], which an administrator can mend.
type LackingError struct {
	Part   Part
	Table  string
	Detail string // what is missing
}

func (e *LackingError) Error() string {
	return string(e.Part) + " is disabled: " + e.what()
}

func (e *LackingError) what() string { return e.Table + ": " + e.Detail }

// Unwrap returns what others may know: which part it is.
func (e *LackingError) Unwrap() error { return &permissions.DisabledError{Part: string(e.Part)} }

// meets looks for tables and columns, and answers a *LackingError where one is missing.
func (c *CRM) meets(ctx context.Context, needs []need) error {
	lacks, err := c.unmet(ctx, needs)
	if err != nil || len(lacks) == 0 {
		return err
	}
	return lacks[0]
}

// unmet looks for tables and columns, and returns what is missing.
func (c *CRM) unmet(ctx context.Context, needs []need) (lacks []*LackingError, err error) {
	tables := make([]string, len(needs))
	for i, n := range needs {
		tables[i] = c.sql(n.table)
	}
	there, err := c.describe(ctx, c.db, tables)
	if err != nil {
		return nil, err
	}
	for _, n := range needs {
		if lacking := c.lacking(there, n); lacking != nil {
			lacks = append(lacks, lacking)
		}
	}
	return lacks, nil
}

// lacking holds a need against the tables that are there; nil says that it is met.
func (c *CRM) lacking(there catalog, n need) *LackingError {
	table := c.sql(n.table)
	if detail := there.missing(table, n.columns); detail != "" {
		return &LackingError{Part: n.part, Table: table, Detail: detail}
	}
	return nil
}

// gateAge is how long the tables of a part are taken to be as they were found.
const gateAge = time.Minute

// gate lets questions through to a part while the installation has what the part needs.
type gate struct {
	crm   *CRM
	needs []need
	mu    sync.Mutex
	until time.Time
	found error // nil or a *LackingError
}

func (g *gate) check(ctx context.Context) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	now := g.crm.now()
	if now.Before(g.until) {
		return g.found
	}
	err := g.crm.meets(ctx, g.needs)
	var lacking *LackingError
	if err == nil || errors.As(err, &lacking) {
		g.found, g.until = err, now.Add(gateAge)
	}
	return err
}
