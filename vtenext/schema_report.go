package vtenext

import (
	"context"
	"fmt"
	"slices"
)

// Inspect compares an installation with what this package knows of vtenext 20.04: the tables and columns in use, the
// values that have a meaning, and the CRM's extensions. It changes nothing. The error is the database's; what the
// installation lacks is in the report.
func (p *Permissions) Inspect(ctx context.Context) (Report, error) {
	findings, err := p.crm.findTables(ctx)
	if err != nil {
		return Report{}, fmt.Errorf("inspect tables: %w", err)
	}
	report := Report{Findings: findings}
	if _, disabled := report.Disabled(PartPermissions); !disabled {
		policy, err := p.fresh.policy(ctx)
		if err != nil {
			return Report{}, fmt.Errorf("inspect permissions: %w", err)
		}
		report.Findings = append(report.Findings, policy.findings...)
	}
	extensions, err := p.crm.findExtensions(ctx)
	if err != nil {
		return Report{}, fmt.Errorf("inspect extensions: %w", err)
	}
	report.Findings = append(report.Findings, extensions...)
	return report, nil
}

// findTables looks for tables and columns. The policy itself finds those of permissionNeeds.
func (c *CRM) findTables(ctx context.Context) ([]Finding, error) {
	lacks, err := c.unmet(ctx, slices.Concat(baseNeeds(), signInNeeds(), recordNeeds(), filingNeeds()))
	if err != nil {
		return nil, err
	}
	findings := make([]Finding, len(lacks))
	for i, lacking := range lacks {
		findings[i] = Finding{Part: lacking.Part, Disabled: true, Subject: lacking.Table, Detail: lacking.Detail}
	}
	return findings, nil
}

// extension is a table in which the CRM registers code, beside those that the policy reads.
type extension struct {
	table    string
	standard int // rows of a default installation
	part     Part
	does     string
}

func extensions() []extension {
	return []extension{
		{"sdk_presave", 0, PartFiling, "runs before the CRM saves a record, and does not when a mail is filed"},
		{"sdk_transitions", 0, PartPermissions, "may limit how users change records"},
		{"sdk_view", 7, PartRecords, "may change what a record's page shows"},
		{"sdk_popup_query", 4, PartRecords, "may change which records a picker offers"},
		{"sdk_file", 0, PartPermissions, "may replace pages of the CRM"},
		{"sdk_smarty", 0, PartRecords, "may change how pages look"},
		{"sdk_utils", 4, PartPermissions, "is loaded with every page"},
	}
}

// findExtensions names the code that a default installation has not. Whether it matters is for an administrator to say.
func (c *CRM) findExtensions(ctx context.Context) ([]Finding, error) {
	var findings []Finding
	list := extensions()
	tables := make([]string, len(list))
	for i, e := range list {
		tables[i] = e.table
	}
	there, err := c.describe(ctx, c.db, tables)
	if err != nil {
		return nil, err
	}
	for _, e := range list {
		if there[e.table] == nil {
			continue
		}
		counts, err := collect(ctx, c.db, scanOne[int], "SELECT COUNT(*) FROM "+e.table)
		if err != nil {
			return nil, err
		}
		if more := counts[0] - e.standard; more > 0 {
			detail := fmt.Sprintf("registers %d more than a default installation; this code %s", more, e.does)
			findings = append(findings, Finding{Part: e.part, Subject: e.table, Detail: detail})
		}
	}
	return findings, nil
}
