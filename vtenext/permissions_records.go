package vtenext

import (
	"context"
	"database/sql"
	"fmt"
	"slices"

	"github.com/mailconnector/mailconnector/permissions"
	"github.com/mailconnector/mailconnector/permissions/sharing"
)

// chunkSize is how many ids a statement names at most.
const chunkSize = 1000

// fact is what a decision depends on beside the policy, read from the tables when the question is asked.
type fact struct {
	id       string
	setype   string // the entity type of the record
	owner    string
	deleted  bool
	frozen   bool     // by a running process; read where it matters
	former   bool     // held by a process to former versions of profiles or roles
	matches  []string // advanced rules the record meets for the user
	activity activity
	message  *message // of Messages
}

// activity is what matters of a record of the calendar.
type activity struct {
	visibility string // "Public", "Private", or "Standard"
	invited    bool   // the user is
	shared     bool   // the owner shares the calendar with the user
}

// facts are those of the records of a question by the table they are in: Messages and Users have one of their own, whose
// ids come from other sequences.
type facts map[string]map[string]*fact

// The tables that records are in, as keys of facts.
const (
	inEntities = ""
	inMessages = "Messages"
	inUsers    = "Users"
)

func tableOfType(entityType string) string {
	switch entityType {
	case inMessages, inUsers:
		return entityType
	}
	return inEntities
}

// of returns nil for a record that does not exist or is of another type.
func (f facts) of(r permissions.Record) *fact {
	found := f[tableOfType(r.Type)][r.ID]
	if found == nil || found.setype != r.Type {
		return nil
	}
	return found
}

func (f facts) viewable(r permissions.Record) bool {
	found := f.of(r)
	return found != nil && !found.deleted
}

// read fetches the facts of records. Whether they are frozen matters to changes only.
func (q *inquiry) read(ctx context.Context, records []permissions.Record, changes bool) (facts, error) {
	ids := make(map[string][]string)
	for _, r := range records {
		if t := q.policy.typeOf[r.Type]; t != nil && isID(r.ID) {
			ids[tableOfType(r.Type)] = append(ids[tableOfType(r.Type)], r.ID)
		}
	}
	all := make(facts)
	for table, list := range ids {
		slices.Sort(list)
		found, err := q.readTable(ctx, table, slices.Compact(list), changes)
		if err != nil {
			return nil, fmt.Errorf("read records: %w", err)
		}
		all[table] = found
	}
	return all, nil
}

func (q *inquiry) readTable(ctx context.Context, table string, ids []string, changes bool) (map[string]*fact, error) {
	switch table {
	case inMessages:
		return q.readMessages(ctx, ids)
	case inUsers:
		return q.readFacts(ctx, `SELECT id, 'Users', id, deleted FROM {users} WHERE id IN `, ids)
	}
	found, err := q.readFacts(ctx, `SELECT crmid, setype, smownerid, deleted FROM {crmentity} WHERE crmid IN `, ids)
	if err != nil {
		return nil, err
	}
	if err := q.addProcesses(ctx, found, changes); err != nil {
		return nil, err
	}
	if err := q.addActivities(ctx, found); err != nil {
		return nil, err
	}
	return found, q.addMatches(ctx, found)
}

// readFacts runs a statement that reads id, entity type, owner and deleted flag of a list of ids.
func (q *inquiry) readFacts(ctx context.Context, statement string, ids []string) (map[string]*fact, error) {
	found := make(map[string]*fact, len(ids))
	err := q.each(ctx, statement, ids, nil, func(rows *sql.Rows) error {
		var f fact
		var deleted int
		if err := rows.Scan(&f.id, &f.setype, &f.owner, &deleted); err != nil {
			return err
		}
		f.deleted = deleted != 0
		found[f.id] = &f
		return nil
	})
	return found, err
}

// each runs a statement that ends with a list of ids and calls row for every row.
func (q *inquiry) each(ctx context.Context, statement string, ids []string, args []any, row func(*sql.Rows) error) error {
	for chunk := range slices.Chunk(ids, chunkSize) {
		list, numbered := in(numbers(chunk))
		rows, err := q.crm.db.QueryContext(ctx, q.crm.sql(statement+list), append(slices.Clone(args), numbered...)...)
		if err != nil {
			return err
		}
		if err := eachRow(rows, row); err != nil {
			return err
		}
	}
	return nil
}

func eachRow(rows *sql.Rows, row func(*sql.Rows) error) error {
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		if err := row(rows); err != nil {
			return err
		}
	}
	return rows.Err()
}

// addProcesses finds the records that processes hold. A record is frozen while an event of it, or of a record in the
// same process, waits to be worked off. A process that runs in a former version judges its records by the profiles and
// roles that were saved with that version.
func (q *inquiry) addProcesses(ctx context.Context, found map[string]*fact, changes bool) error {
	if changes && q.policy.can(PartProcesses) {
		mark := func(id string) { found[id].frozen = true }
		if err := q.mark(ctx, found, mark, `SELECT crmid FROM {trigger_queue} WHERE freeze = 1 AND crmid IN `); err != nil {
			return err
		}
		err := q.mark(ctx, found, mark, `SELECT DISTINCT own.crmid FROM {processmaker_rec} own
			JOIN {processmaker_rec} brother ON brother.running_process = own.running_process
			JOIN {trigger_queue} t ON t.crmid = brother.crmid AND t.freeze = 1 WHERE own.crmid IN `)
		if err != nil {
			return err
		}
	}
	if !q.policy.versions || !q.policy.can(PartProcesses) {
		return nil
	}
	return q.mark(ctx, found, func(id string) { found[id].former = true },
		`SELECT DISTINCT r.crmid FROM {processmaker_rec} r
			JOIN {running_processes} p ON p.id = r.running_process
			JOIN {processmaker_versions} v ON v.processmakerid = p.processmakerid
				AND v.xml_version = COALESCE(p.xml_version_forced, p.xml_version) AND v.system_versions <> ''
			WHERE r.crmid IN `)
}

// mark calls each with the ids a statement finds among those of found.
func (q *inquiry) mark(ctx context.Context, found map[string]*fact, each func(id string), statement string, args ...any) error {
	return q.each(ctx, statement, idsOf(found, nil), args, func(rows *sql.Rows) error {
		var id string
		if err := rows.Scan(&id); err != nil {
			return err
		}
		each(id)
		return nil
	})
}

// addActivities reads what matters of records of the calendar.
func (q *inquiry) addActivities(ctx context.Context, found map[string]*fact) error {
	if !q.policy.can(PartCalendar) {
		return nil
	}
	ids := idsOf(found, func(f *fact) bool { return ruleOf(f.setype) == calendarRule })
	statement := `SELECT a.activityid, a.visibility,
		EXISTS (SELECT 1 FROM {invitees} i WHERE i.activityid = a.activityid AND i.inviteeid = ?),
		EXISTS (SELECT 1 FROM {sharedcalendar} s JOIN {crmentity} e ON e.smownerid = s.userid
			WHERE e.crmid = a.activityid AND s.sharedid = ? AND s.only_occ = 0)
		FROM {activity} a WHERE a.activityid IN `
	return q.each(ctx, statement, ids, []any{q.user, q.user}, func(rows *sql.Rows) error {
		var id string
		var a activity
		if err := rows.Scan(&id, &a.visibility, &a.invited, &a.shared); err != nil {
			return err
		}
		found[id].activity = a
		return nil
	})
}

// addMatches evaluates the user's advanced rules for the records that nothing else opens.
func (q *inquiry) addMatches(ctx context.Context, found map[string]*fact) error {
	for name := range q.policy.advanced[q.user] {
		matches, err := q.matchesOf(ctx, q.policy.typeOf[name], found)
		if err != nil {
			return err
		}
		for id, met := range matches {
			found[id].matches = met
		}
	}
	return nil
}

// matchesOf returns the advanced rules that records of an entity type meet, where that could matter.
func (q *inquiry) matchesOf(ctx context.Context, t *entityType, found map[string]*fact) (map[string][]string, error) {
	rules := q.policy.advanced[q.user][t.name]
	if len(rules) == 0 {
		return nil, nil
	}
	ids := idsOf(found, func(f *fact) bool { return f.setype == t.name && q.depends(t, f) })
	return q.crm.matches(ctx, q.crm.db, q.user, rules, ids)
}

// depends reports whether an advanced rule could change the answer to any question about the record.
func (q *inquiry) depends(t *entityType, f *fact) bool {
	for _, op := range []sharing.Operation{sharing.DetailView, sharing.EditView} {
		d := q.policy.engine.Decide(q.user, t.name, op, sharing.Record{Owner: f.owner})
		if d.Reason.Code == sharing.CodeNotShared {
			return true
		}
	}
	return !q.policy.engine.Listed(q.user, t.name, sharing.Record{Owner: f.owner})
}

// idsOf returns the ids of the facts that are wanted, sorted.
func idsOf(found map[string]*fact, wanted func(*fact) bool) []string {
	ids := make([]string, 0, len(found))
	for id, f := range found {
		if wanted == nil || wanted(f) {
			ids = append(ids, id)
		}
	}
	slices.Sort(ids)
	return ids
}

// isID reports whether the CRM could have given the id out.
func isID(id string) bool {
	_, ok := parseID(id)
	return ok
}

// numbers reads ids; what is none is nobody's.
func numbers(ids []string) []int64 {
	list := make([]int64, len(ids))
	for i, id := range ids {
		list[i], _ = parseID(id)
	}
	return list
}
