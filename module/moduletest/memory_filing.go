package moduletest

import (
	"context"
	"database/sql"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/mailconnector/mailconnector/internal/database"
	"github.com/mailconnector/mailconnector/messages"
	"github.com/mailconnector/mailconnector/permissions"
)

var _ messages.Filing = (*MemoryHost)(nil)

// documentType is the entity type of documents in permission questions.
const documentType = messages.DocumentType

// filing is what Prepare hands to Apply.
type filing struct {
	mail      messages.Mail
	fresh     bool // the message is not in the database yet
	documents []newDocument
}

type newDocument struct {
	part           int
	id, name, path string // path is empty for a document that is there already
}

// Prepare implements [messages.Filing].
func (h *MemoryHost) Prepare(ctx context.Context, m messages.Mail, files messages.FileJournal) (messages.Plan, error) {
	f := &filing{mail: m}
	there, err := h.hasMessage(ctx, m.HostID)
	if err != nil {
		return messages.Plan{}, err
	}
	plan := messages.Plan{HostID: m.HostID, State: f}
	if !there {
		f.fresh, plan.HostID = true, newID()
	}
	for _, a := range m.Attachments {
		if a.Inline || a.Keep {
			continue
		}
		d := newDocument{part: a.Part, id: a.Document, name: a.Name}
		if d.id == "" {
			d.id = newID()
			d.path = "documents/" + d.id
			plan.Files = append(plan.Files, d.path)
			if err := h.store(ctx, d.path, a, files); err != nil {
				return messages.Plan{}, fmt.Errorf("store part %d: %w", a.Part, err)
			}
		}
		f.documents = append(f.documents, d)
	}
	return plan, nil
}

func (h *MemoryHost) store(ctx context.Context, path string, a messages.Attachment, files messages.FileJournal) error {
	if err := files.Announce(ctx, path); err != nil {
		return err
	}
	r, err := a.Open(ctx)
	if err != nil {
		return err
	}
	defer func() { _ = r.Close() }()
	b, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.files[path] = b
	return nil
}

// Apply implements [messages.Filing].
func (h *MemoryHost) Apply(ctx context.Context, tx *sql.Tx, p messages.Plan) (messages.Filed, error) {
	f := p.State.(*filing)
	if !h.allThere(f.mail.Targets) {
		return messages.Filed{}, permissions.ErrNotFound
	}
	filed := messages.Filed{HostID: p.HostID}
	if f.fresh {
		if err := insertMessage(ctx, tx, p.HostID, f.mail); err != nil {
			return messages.Filed{}, err
		}
	}
	for _, r := range f.mail.Targets {
		created, err := insertNew(ctx, tx, "host_links", "message", p.HostID, r)
		if err != nil {
			return messages.Filed{}, err
		}
		if created {
			filed.Created = append(filed.Created, r)
		}
	}
	for _, d := range f.documents {
		if err := insertDocument(ctx, tx, p.HostID, d, f.mail.Targets); err != nil {
			return messages.Filed{}, err
		}
		filed.Documents = append(filed.Documents, messages.FiledDocument{Part: d.part, Document: d.id})
	}
	return filed, nil
}

func (h *MemoryHost) allThere(records []permissions.Record) bool {
	h.mu.RLock()
	defer h.mu.RUnlock()
	return !slices.ContainsFunc(records, func(r permissions.Record) bool {
		rec, ok := h.records[r]
		return !ok || rec.deleted
	})
}

// Remove implements [messages.Filing].
func (h *MemoryHost) Remove(ctx context.Context, tx *sql.Tx, r messages.Removal) error {
	_, err := tx.ExecContext(ctx, "DELETE FROM host_links WHERE message = ? AND type = ? AND record = ?",
		r.HostID, r.Record.Type, r.Record.ID)
	if err != nil {
		return err
	}
	for _, d := range r.Documents {
		_, err := tx.ExecContext(ctx, "DELETE FROM host_document_links WHERE document = ? AND type = ? AND record = ?",
			d, r.Record.Type, r.Record.ID)
		if err != nil {
			return err
		}
	}
	return nil
}

// Linked implements [messages.Filing].
func (h *MemoryHost) Linked(ctx context.Context, s permissions.Subject, r permissions.Record, p messages.Page) ([]messages.Native, string, error) {
	sent, id, err := readCursor(p.After)
	if err != nil {
		return nil, "", err
	}
	h.mu.RLock()
	u := h.users[s.UserID]
	admin := u != nil && u.Admin
	h.mu.RUnlock()
	list, err := h.queryMessages(ctx, `SELECT m.id, m.message_id, m.subject, m.sender_name, m.sender_address, m.sent, m.direction,
			m.owner, m.body, m.attachments
		FROM host_messages m JOIN host_links l ON l.message = m.id
		WHERE l.type = ? AND l.record = ? AND (m.shared = 1 OR m.owner = ? OR ?) AND (m.sent < ? OR m.sent = ? AND m.id < ?)
		ORDER BY m.sent DESC, m.id DESC LIMIT ?`,
		r.Type, r.ID, s.UserID, admin, sent, sent, id, p.Limit)
	if err != nil || len(list) < p.Limit {
		return list, "", err
	}
	last := list[len(list)-1]
	return list, fmt.Sprintf("%d %s", database.Micros(last.Date), last.HostID), nil
}

func readCursor(after string) (sent int64, id string, err error) {
	if after == "" {
		return 1 << 62, "", nil
	}
	if _, err := fmt.Sscanf(after, "%d %s", &sent, &id); err != nil {
		return 0, "", fmt.Errorf("read cursor %q: %w", after, err)
	}
	return sent, id, nil
}

// Readable implements [messages.Filing]: a message that is not shared is its owner's, and administrators'.
func (h *MemoryHost) Readable(ctx context.Context, s permissions.Subject, hostIDs []string) ([]bool, error) {
	h.mu.RLock()
	u := h.users[s.UserID]
	admin := u != nil && u.Admin
	h.mu.RUnlock()
	may := make([]bool, len(hostIDs))
	for i, id := range hostIDs {
		var found int
		err := h.db.QueryRowContext(ctx, "SELECT COUNT(*) FROM host_messages WHERE id = ? AND (shared = 1 OR owner = ? OR ?)",
			id, s.UserID, admin).Scan(&found)
		if err != nil {
			return nil, fmt.Errorf("ask who reads a message: %w", err)
		}
		may[i] = found > 0
	}
	return may, nil
}

// Records implements [messages.Filing].
func (h *MemoryHost) Records(ctx context.Context, hostIDs []string) ([][]permissions.Record, error) {
	found := make([][]permissions.Record, len(hostIDs))
	for i, id := range hostIDs {
		var err error
		if found[i], err = h.queryRecords(ctx, "SELECT type, record FROM host_links WHERE message = ?", id); err != nil {
			return nil, err
		}
	}
	return found, nil
}

// Discard implements [messages.Filing].
func (h *MemoryHost) Discard(_ context.Context, path string) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	delete(h.files, path)
	return nil
}

// HasFile reports whether a file that a plan announced is there.
func (h *MemoryHost) HasFile(path string) bool {
	h.mu.RLock()
	defer h.mu.RUnlock()
	_, ok := h.files[path]
	return ok
}

// Unlink takes a message off a record as a person does in the CRM itself.
func (h *MemoryHost) Unlink(ctx context.Context, hostID string, r permissions.Record) error {
	_, err := h.db.ExecContext(ctx, "DELETE FROM host_links WHERE message = ? AND type = ? AND record = ?", hostID, r.Type, r.ID)
	return err
}

// Receive puts a message on records that this module knows nothing of, as the CRM's own mail client would.
func (h *MemoryHost) Receive(ctx context.Context, m messages.Mail) (hostID string, err error) {
	tx, err := h.db.BeginTx(ctx, nil)
	if err != nil {
		return "", err
	}
	defer func() { _ = tx.Rollback() }()
	filed, err := h.Apply(ctx, tx, messages.Plan{HostID: newID(), State: &filing{mail: m, fresh: true}})
	if err != nil {
		return "", err
	}
	return filed.HostID, tx.Commit()
}

// bodyText is what a list shows of a message that this module has no copy of.
func bodyText(m messages.Mail) string { return strings.ToValidUTF8(m.Text, "�") }
