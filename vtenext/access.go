package vtenext

import (
	"bufio"
	"context"
	"database/sql"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/mailconnector/mailconnector/permissions/sharing"
)

// AccessOptions narrow what is written about the CRM's decisions.
type AccessOptions struct {
	// Users are the ids of the users asked about. Defaults to all, inactive and deleted ones included.
	Users []string

	// Types are the entity types asked about, in the order they are written. Defaults to those that hold records and
	// are judged by the ordinary rules, the usual ones of the CRM first.
	Types []string
}

// usualTypes are the entity types that are written first.
func usualTypes() []string {
	return []string{
		"Accounts", "Contacts", "Leads", "Potentials", "HelpDesk", "Vendors", "Campaigns", "Documents", "Employees", "Products",
		"ProjectPlan", "JobOrder",
	}
}

// WriteAccess writes what the CRM answers about every record, tab separated and without a header: user, entity type,
// record, deleted, view, edit, delete, listed; 1 for yes. Only lists look at the deleted flag, as in the CRM. The rows
// are sorted by user, by entity type and by record.
func (p *Permissions) WriteAccess(ctx context.Context, w io.Writer, o AccessOptions) error {
	policy, err := p.fresh.policy(ctx)
	if err != nil {
		return err
	}
	types, err := p.accessTypes(ctx, policy, o.Types)
	if err != nil {
		return err
	}
	records, err := p.accessRecords(ctx, policy, types)
	if err != nil {
		return fmt.Errorf("read records: %w", err)
	}
	out := bufio.NewWriter(w)
	for _, user := range policy.usersOf(o.Users) {
		q := p.inquire(policy, user)
		records.listFor(append(policy.engine.Groups(user), user))
		for _, t := range types {
			if err := q.writeRecords(ctx, out, t, records); err != nil {
				return fmt.Errorf("write decisions: %w", err)
			}
		}
	}
	return out.Flush()
}

// accessRecords are the records that are written about, and what lists know of them beside the policy.
type accessRecords struct {
	ids       map[string][]string         // by entity type
	facts     map[string]map[string]*fact // by entity type
	converted map[string]bool             // leads, which lists leave out
	processes map[string][]string         // records that processes list, by user or group
	listed    map[string]bool             // those of the user who is written about
}

func (p *Permissions) accessRecords(ctx context.Context, policy *policy, types []*entityType) (*accessRecords, error) {
	all := &accessRecords{
		ids: make(map[string][]string), facts: make(map[string]map[string]*fact),
		converted: make(map[string]bool), processes: make(map[string][]string),
	}
	anybody := p.inquire(policy, "")
	for _, t := range types {
		ids, err := p.crm.strings(ctx, p.crm.db, "SELECT crmid FROM {crmentity} WHERE setype = ? ORDER BY crmid", t.name)
		if err != nil {
			return nil, err
		}
		if all.ids[t.name], all.facts[t.name] = ids, nil; len(ids) == 0 {
			continue
		}
		if all.facts[t.name], err = anybody.readTable(ctx, inEntities, ids, true); err != nil {
			return nil, err
		}
	}
	leads, err := p.crm.strings(ctx, p.crm.db, "SELECT leadid FROM {leaddetails} WHERE converted = 1")
	if err != nil {
		return nil, err
	}
	for _, id := range leads {
		all.converted[id] = true
	}
	rows, err := p.crm.db.QueryContext(ctx, p.crm.sql("SELECT resource, crmid FROM {process_adv_permissions}"))
	if err != nil {
		return nil, err
	}
	return all, eachRow(rows, func(rows *sql.Rows) error {
		var resource, id string
		err := rows.Scan(&resource, &id)
		all.processes[resource] = append(all.processes[resource], id)
		return err
	})
}

// listFor notes the records that processes list for any of the users and groups.
func (r *accessRecords) listFor(resources []string) {
	r.listed = make(map[string]bool)
	for _, resource := range resources {
		for _, id := range r.processes[resource] {
			r.listed[id] = true
		}
	}
}

// writeRecords writes the decisions about the records of one entity type.
func (q *inquiry) writeRecords(ctx context.Context, out *bufio.Writer, t *entityType, records *accessRecords) error {
	facts := records.facts[t.name]
	matches, err := q.matchesOf(ctx, t, facts)
	if err != nil {
		return err
	}
	for _, id := range records.ids[t.name] {
		shared, there := facts[id]
		if !there {
			continue // removed meanwhile
		}
		f := *shared
		f.matches = matches[id]
		listed := q.lists(t, &f) || records.listed[id]
		writeRow(out, q.user, t.name, id, flag(f.deleted),
			flag(q.judge(t, sharing.DetailView, &f).Allows()), flag(q.judge(t, sharing.EditView, &f).Allows()),
			flag(q.judge(t, sharing.Delete, &f).Allows()), flag(listed && !f.deleted && !records.converted[id]))
	}
	return nil
}

// lists reports whether the CRM's lists show the record, apart from what processes add and from deleted records.
func (q *inquiry) lists(t *entityType, f *fact) bool {
	if t.extended && !q.policy.users[q.user].admin {
		return false
	}
	return q.policy.engine.Listed(q.user, t.name, sharing.Record{Owner: f.owner, Matches: f.matches})
}

// WriteTypes writes what the CRM answers about entity types, tab separated with a header: is it on, does the menu offer
// it to the user, and which operations are permitted as far as no record matters.
func (p *Permissions) WriteTypes(ctx context.Context, w io.Writer, o AccessOptions) error {
	policy, err := p.fresh.policy(ctx)
	if err != nil {
		return err
	}
	types := policy.types
	if len(o.Types) > 0 {
		if types, err = policy.named(o.Types); err != nil {
			return err
		}
	}
	out := bufio.NewWriter(w)
	operations := []sharing.Operation{
		sharing.Index, sharing.DetailView, sharing.EditView, sharing.Delete, sharing.Import, sharing.Export,
	}
	writeRow(out, "userid", "module", "active", "inPermittedModuleNames", "index", "DetailView", "EditView", "Delete", "Import",
		"Export")
	for _, user := range policy.usersOf(o.Users) {
		q := p.inquire(policy, user)
		for _, t := range types {
			if t.name == "Home" || t.name == "Users" {
				continue // pages of everybody's own
			}
			row := []string{user, t.name, flag(t.presence != "1"), flag(policy.engine.InMenu(user, t.name))}
			for _, op := range operations {
				row = append(row, flag(q.judgeType(t, op).Allows()))
			}
			writeRow(out, row...)
		}
	}
	return out.Flush()
}

// WriteFields writes which fields users see, tab separated with a header: the field as the CRM describes it, whether
// its page shows it, whether searches and lists offer it, and where they do, whether it is read-only.
func (p *Permissions) WriteFields(ctx context.Context, w io.Writer, o AccessOptions) error {
	policy, err := p.fresh.policy(ctx)
	if err != nil {
		return err
	}
	types, err := p.accessTypes(ctx, policy, o.Types)
	if err != nil {
		return err
	}
	out := bufio.NewWriter(w)
	writeRow(out, "userid", "module", "fieldname", "uitype", "presence", "displaytype", "field_readonly",
		"getFieldVisibilityPermission", "inModuleFields(QueryGenerator)", "wsIsReadOnly")
	for _, user := range policy.usersOf(o.Users) {
		q := p.inquire(policy, user)
		for _, t := range types {
			q.writeFields(out, t)
		}
	}
	return out.Flush()
}

func (q *inquiry) writeFields(out *bufio.Writer, t *entityType) {
	offered := q.policy.engine.Fields(q.user, t.name)
	for _, f := range t.fields {
		readOnly, listed := "", slices.Contains(offered, f.name)
		if listed {
			readOnly = flag(f.readOnly == "99")
		}
		writeRow(out, q.user, t.name, f.name, f.uiType, f.presence, f.displayType, f.readOnly,
			flag(q.policy.engine.FieldVisible(q.user, t.name, f.name)), flag(listed), readOnly)
	}
}

// accessTypes returns the entity types asked for, or those that hold records. Only the ordinary rules are written about.
func (p *Permissions) accessTypes(ctx context.Context, policy *policy, names []string) ([]*entityType, error) {
	if len(names) > 0 {
		types, err := policy.named(names)
		for _, t := range types {
			if t.rule != ordinaryRule {
				return nil, fmt.Errorf("%s has rules of its own", t.name)
			}
		}
		return types, err
	}
	held, err := p.crm.strings(ctx, p.crm.db, "SELECT DISTINCT setype FROM {crmentity}")
	if err != nil {
		return nil, fmt.Errorf("read which entity types hold records: %w", err)
	}
	var types []*entityType
	for _, name := range append(usualTypes(), policy.namesOfTypes()...) {
		t := policy.typeOf[name]
		if t != nil && t.rule == ordinaryRule && slices.Contains(held, name) && !slices.Contains(types, t) {
			types = append(types, t)
		}
	}
	return types, nil
}

func writeRow(out *bufio.Writer, columns ...string) {
	_, _ = out.WriteString(strings.Join(columns, "\t")) // the writer keeps its first error for Flush
	_ = out.WriteByte('\n')
}

func flag(b bool) string {
	if b {
		return "1"
	}
	return "0"
}
