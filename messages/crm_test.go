package messages_test

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/mailconnector/mailconnector/messages"
	"github.com/mailconnector/mailconnector/permissions"
)

// crm is a small host: its rows are in tables of its own beside ours, its files and permissions in memory.
type crm struct {
	db *sql.DB

	mu     sync.Mutex
	files  map[string][]byte
	next   int
	gone   map[permissions.Record]bool            // deleted
	hidden map[string]map[permissions.Record]bool // by user
	denied map[string]map[permissions.Action]bool // by user: never allowed

	// The hooks run where their names say; an error stops the step.
	onPrepare, onPrepared, onApply, onApplied, onRemove func() error
	onTargets                                           func([]permissions.Record) error
}

var (
	_ messages.Filing     = (*crm)(nil)
	_ permissions.Checker = (*crm)(nil)
)

// newCRM makes a CRM with its tables.
func newCRM(ctx context.Context, db *sql.DB) (*crm, error) {
	for _, table := range []string{
		"host_messages (id VARCHAR(64) PRIMARY KEY, message_id TEXT, subject TEXT, owner VARCHAR(64), html MEDIUMTEXT, sent BIGINT, shared INT NOT NULL DEFAULT 1)",
		"host_links (message VARCHAR(64), type VARCHAR(64), record VARCHAR(64), PRIMARY KEY (message, type, record))",
		"host_documents (id VARCHAR(64) PRIMARY KEY, message VARCHAR(64), path VARCHAR(100), name TEXT)",
		"host_document_links (document VARCHAR(64), type VARCHAR(64), record VARCHAR(64), PRIMARY KEY (document, type, record))",
	} {
		if _, err := db.ExecContext(ctx, "CREATE TABLE "+table); err != nil {
			return nil, err
		}
	}
	return &crm{
		db: db, files: make(map[string][]byte), gone: make(map[permissions.Record]bool),
		hidden: make(map[string]map[permissions.Record]bool), denied: make(map[string]map[permissions.Action]bool),
	}, nil
}

// crmPlan is what Prepare hands to Apply.
type crmPlan struct {
	mail      messages.Mail
	fresh     bool
	documents map[int]string // by part
	paths     map[string]string
}

func (c *crm) id(prefix string) string {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.next++
	return prefix + strconv.Itoa(c.next)
}

func run(hook func() error) error {
	if hook == nil {
		return nil
	}
	return hook()
}

// Prepare implements messages.Filing.
func (c *crm) Prepare(ctx context.Context, m messages.Mail, files messages.FileJournal) (messages.Plan, error) {
	if err := run(c.onPrepare); err != nil {
		return messages.Plan{}, err
	}
	if c.onTargets != nil {
		if err := c.onTargets(m.Targets); err != nil {
			return messages.Plan{}, err
		}
	}
	var there int
	if err := c.db.QueryRowContext(ctx, "SELECT COUNT(*) FROM host_messages WHERE id = ?", m.HostID).Scan(&there); err != nil {
		return messages.Plan{}, err
	}
	p := crmPlan{mail: m, fresh: there == 0, documents: make(map[int]string), paths: make(map[string]string)}
	plan := messages.Plan{HostID: m.HostID, State: p}
	if p.fresh {
		plan.HostID = c.id("m")
	}
	for _, a := range m.Attachments {
		if a.Inline || a.Keep {
			continue
		}
		p.documents[a.Part] = a.Document
		if a.Document == "" {
			d := c.id("d")
			p.documents[a.Part], p.paths[d] = d, "storage/"+d
			plan.Files = append(plan.Files, p.paths[d])
			if err := c.keep(ctx, p.paths[d], a, files); err != nil {
				return messages.Plan{}, err
			}
		}
	}
	return plan, run(c.onPrepared)
}

func (c *crm) keep(ctx context.Context, path string, a messages.Attachment, files messages.FileJournal) error {
	if err := files.Announce(ctx, path); err != nil {
		return err
	}
	r, err := a.Open(ctx)
	if err != nil {
		return err
	}
	defer func() { _ = r.Close() }()
	content, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	if sha256.Sum256(content) != a.SHA256 || int64(len(content)) != a.Size {
		return fmt.Errorf("part %d is not what was announced", a.Part)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.files[path] = content
	return nil
}

// Apply implements messages.Filing.
func (c *crm) Apply(ctx context.Context, tx *sql.Tx, plan messages.Plan) (filed messages.Filed, err error) {
	if err := run(c.onApply); err != nil {
		return filed, err
	}
	p := plan.State.(crmPlan)
	filed.HostID = plan.HostID
	exec := func(query string, args ...any) (n int64) {
		if err == nil {
			var res sql.Result
			if res, err = tx.ExecContext(ctx, query, args...); err == nil {
				n, _ = res.RowsAffected()
			}
		}
		return n
	}
	if p.fresh {
		exec("INSERT INTO host_messages (id, message_id, subject, owner, html, sent, shared) VALUES (?, ?, ?, ?, ?, ?, ?)",
			plan.HostID, p.mail.MessageID, p.mail.Subject, p.mail.Actor.UserID, p.mail.HTML, p.mail.Date.Unix(), p.mail.Shared)
	}
	for _, r := range p.mail.Targets {
		if c.isGone(r) {
			return filed, permissions.ErrNotFound
		}
		if exec(insertNew("host_links", "message"), plan.HostID, r.Type, r.ID, plan.HostID, r.Type, r.ID) > 0 {
			filed.Created = append(filed.Created, r)
		}
	}
	for _, part := range slices.Sorted(maps.Keys(p.documents)) {
		d := p.documents[part]
		if path, fresh := p.paths[d]; fresh {
			exec("INSERT INTO host_documents (id, message, path, name) VALUES (?, ?, ?, ?)", d, plan.HostID, path, "")
		}
		for _, r := range p.mail.Targets {
			exec(insertNew("host_document_links", "document"), d, r.Type, r.ID, d, r.Type, r.ID)
		}
		filed.Documents = append(filed.Documents, messages.FiledDocument{Part: part, Document: d})
	}
	return filed, errors.Join(err, run(c.onApplied))
}

// insertNew inserts a row that is not there yet, on every database.
func insertNew(table, column string) string {
	return "INSERT INTO " + table + " (" + column + ", type, record) SELECT ?, ?, ? FROM (SELECT 1) one WHERE NOT EXISTS " +
		"(SELECT 1 FROM " + table + " WHERE " + column + " = ? AND type = ? AND record = ?)"
}

// Remove implements messages.Filing.
func (c *crm) Remove(ctx context.Context, tx *sql.Tx, r messages.Removal) error {
	if err := run(c.onRemove); err != nil {
		return err
	}
	_, err := tx.ExecContext(ctx, "DELETE FROM host_links WHERE message = ? AND type = ? AND record = ?", r.HostID, r.Record.Type, r.Record.ID)
	for _, d := range r.Documents {
		if err == nil {
			_, err = tx.ExecContext(ctx, "DELETE FROM host_document_links WHERE document = ? AND type = ? AND record = ?",
				d, r.Record.Type, r.Record.ID)
		}
	}
	return err
}

// Linked implements messages.Filing.
func (c *crm) Linked(ctx context.Context, s permissions.Subject, r permissions.Record, p messages.Page) (list []messages.Native, next string, err error) {
	rows, err := c.db.QueryContext(ctx, "SELECT m.id, m.message_id, m.subject, m.owner, m.sent FROM host_messages m "+
		"JOIN host_links l ON l.message = m.id WHERE l.type = ? AND l.record = ? AND m.id > ? AND (m.shared = 1 OR m.owner = ?) "+
		"ORDER BY m.sent DESC, m.id LIMIT ?", r.Type, r.ID, p.After, s.UserID, p.Limit)
	if err != nil {
		return nil, "", err
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		var n messages.Native
		var sent int64
		if err := rows.Scan(&n.HostID, &n.MessageID, &n.Subject, &n.Owner, &sent); err != nil {
			return nil, "", err
		}
		n.Date, n.Text = time.Unix(sent, 0).UTC(), "as the CRM has it"
		if list = append(list, n); len(list) == p.Limit {
			next = n.HostID
		}
	}
	return list, next, rows.Err()
}

// Readable implements messages.Filing.
func (c *crm) Readable(ctx context.Context, s permissions.Subject, hostIDs []string) ([]bool, error) {
	may := make([]bool, len(hostIDs))
	for i, id := range hostIDs {
		err := c.db.QueryRowContext(ctx, "SELECT COUNT(*) > 0 FROM host_messages WHERE id = ? AND (shared = 1 OR owner = ?)", id, s.UserID).
			Scan(&may[i])
		if err != nil {
			return nil, err
		}
	}
	return may, nil
}

// Records implements messages.Filing.
func (c *crm) Records(ctx context.Context, hostIDs []string) ([][]permissions.Record, error) {
	found := make([][]permissions.Record, len(hostIDs))
	for i, id := range hostIDs {
		var err error
		if found[i], err = c.on(ctx, "host_links", "message", id); err != nil {
			return nil, err
		}
	}
	return found, nil
}

func (c *crm) on(ctx context.Context, table, column, id string) (found []permissions.Record, err error) {
	rows, err := c.db.QueryContext(ctx, "SELECT type, record FROM "+table+" WHERE "+column+" = ? ORDER BY type, record", id)
	if err != nil {
		return nil, err
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		var r permissions.Record
		if err := rows.Scan(&r.Type, &r.ID); err != nil {
			return nil, err
		}
		found = append(found, r)
	}
	return found, rows.Err()
}

// Discard implements messages.Filing.
func (c *crm) Discard(_ context.Context, path string) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.files, path)
	return nil
}
