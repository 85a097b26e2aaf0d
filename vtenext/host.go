package vtenext

import (
	"context"
	"iter"

	"github.com/mailconnector/mailconnector/api/sessions"
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
	records := &gate{crm: c.CRM, needs: recordNeeds()}
	return Host{
		Accounts:    gatedAccounts{NewAccounts(c.CRM), &gate{crm: c.CRM, needs: signInNeeds()}},
		Permissions: gatedPermissions{c.Permissions, records},
		Records:     gatedRecords{NewRecords(c.CRM, c.Permissions, c.SiteURL), records},
		Filing:      filing, // looks for its tables itself
	}, nil
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

// gatedPermissions is who may do what. What it lacks for that it says in each answer; only the names of entity types and
// fields come from tables of another part.
type gatedPermissions struct {
	*Permissions
	gate *gate
}

func (p gatedPermissions) Types(ctx context.Context, s permissions.Subject, lang string) ([]permissions.EntityType, error) {
	if err := p.gate.check(ctx); err != nil {
		return nil, err
	}
	return p.Permissions.Types(ctx, s, lang)
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

func (r gatedRecords) Exact(ctx context.Context, s permissions.Subject, values []string, limit int) ([]search.ExactMatch, error) {
	if err := r.gate.check(ctx); err != nil {
		return nil, err
	}
	return r.Records.Exact(ctx, s, values, limit)
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
