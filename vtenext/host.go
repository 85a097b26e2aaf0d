package vtenext

import (
	"context"
	"errors"
	"iter"
	"sync"
	"time"

	"github.com/mailconnector/mailconnector/api/sessions"
	"github.com/mailconnector/mailconnector/documents"
	"github.com/mailconnector/mailconnector/messages"
	"github.com/mailconnector/mailconnector/permissions"
	"github.com/mailconnector/mailconnector/permissions/search"
)

// HostConfig says how a CRM is given to the module. CRM and Permissions are required.
type HostConfig struct {
	CRM         *CRM
	Permissions *Permissions

	// SiteURL is $site_URL of config.inc.php, which leads from a card to the record's page. Without it cards lead nowhere.
	SiteURL string

	// BlockedExtensions is as in FilingConfig.
	BlockedExtensions []string
}

// Host is a CRM as the module meets it, by its ports. A part whose tables or columns the installation lacks refuses
// every question with a [*LackingError]; what was mended is seen within a minute.
type Host struct {
	Accounts    sessions.Accounts
	Permissions permissions.Checker
	Records     search.Source
	Filing      messages.Filing
}

// NewHost checks the configuration. It does no I/O.
func NewHost(c HostConfig) (Host, error) {
	filing, err := NewFiling(FilingConfig{CRM: c.CRM, Permissions: c.Permissions, BlockedExtensions: c.BlockedExtensions})
	if err != nil {
		return Host{}, err
	}
	return Host{
		Accounts:    gatedAccounts{NewAccounts(c.CRM), &gate{crm: c.CRM, needs: signInNeeds()}},
		Permissions: c.Permissions,
		Records:     gatedRecords{NewRecords(c.CRM, c.Permissions, c.SiteURL), &gate{crm: c.CRM, needs: recordNeeds()}},
		Filing:      filing, // looks for its tables itself, with the widths of their columns
	}, nil
}

// LackingError says that the installation lacks something that a part needs, so that the part does nothing. Of filing
// it is a [documents.ErrStoreReadOnly], of anything else a [permissions.ErrUnavailable]: an administrator can mend both.
type LackingError struct {
	Part   Part
	Table  string
	Detail string // what is missing
}

func (e *LackingError) Error() string {
	return string(e.Part) + " is disabled: " + e.Table + ": " + e.Detail
}

// Unwrap makes errors.Is find what kind of error it is.
func (e *LackingError) Unwrap() error {
	if e.Part == PartFiling {
		return documents.ErrStoreReadOnly
	}
	return permissions.ErrUnavailable
}

// meets looks for tables and columns, and answers a *LackingError where one is missing.
func (c *CRM) meets(ctx context.Context, needs []need) error {
	tables := make([]string, len(needs))
	for i, n := range needs {
		tables[i] = c.sql(n.table)
	}
	there, err := c.describe(ctx, c.db, tables)
	if err != nil {
		return err
	}
	for i, n := range needs {
		if lacking := there.missing(tables[i], n.columns); lacking != "" {
			return &LackingError{Part: n.part, Table: tables[i], Detail: lacking}
		}
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

// gatedAccounts is who may sign in, while that can be told.
type gatedAccounts struct {
	*Accounts
	gate *gate
}

func (a gatedAccounts) Verify(ctx context.Context, c sessions.Credentials) (sessions.Account, error) {
	if err := a.gate.check(ctx); err != nil {
		return sessions.Account{}, err
	}
	return a.Accounts.Verify(ctx, c)
}

func (a gatedAccounts) Account(ctx context.Context, userID string) (sessions.Account, error) {
	if err := a.gate.check(ctx); err != nil {
		return sessions.Account{}, err
	}
	return a.Accounts.Account(ctx, userID)
}

// gatedRecords is what can be found, while that can be told.
type gatedRecords struct {
	*Records
	gate *gate
}

func (r gatedRecords) Cards(ctx context.Context, s permissions.Subject, records []permissions.Record) ([]search.Card, error) {
	if err := r.gate.check(ctx); err != nil {
		return nil, err
	}
	return r.Records.Cards(ctx, s, records)
}

func (r gatedRecords) Changes(ctx context.Context, after string, limit int) (docs []search.Doc, next string, err error) {
	if err := r.gate.check(ctx); err != nil {
		return nil, "", err
	}
	return r.Records.Changes(ctx, after, limit)
}

func (r gatedRecords) Digest(ctx context.Context, entityType string) ([]search.OwnerDigest, error) {
	if err := r.gate.check(ctx); err != nil {
		return nil, err
	}
	return r.Records.Digest(ctx, entityType)
}

func (r gatedRecords) Owned(ctx context.Context, entityType, owner string) iter.Seq2[search.Doc, error] {
	if err := r.gate.check(ctx); err != nil {
		return func(yield func(search.Doc, error) bool) { yield(search.Doc{}, err) }
	}
	return r.Records.Owned(ctx, entityType, owner)
}
