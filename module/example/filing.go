package main

import (
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/mailconnector/mailconnector/messages"
	"github.com/mailconnector/mailconnector/permissions"
)

// filing is what Prepare hands to Apply.
type filing struct {
	mail      messages.Mail
	documents []document
}

type document struct {
	messages.FiledDocument
	name    string
	content []byte // none for a document that is there already
}

// Prepare implements messages.Filing. It writes no files: attachments become rows. A CRM that keeps files announces each
// one to the journal before it writes it.
func (c *crm) Prepare(ctx context.Context, m messages.Mail, _ messages.FileJournal) (messages.Plan, error) {
	f, hostID := filing{mail: m}, rand.Text()
	err := c.db.QueryRowContext(ctx, "SELECT id FROM messages WHERE id = ?", m.HostID).Scan(&hostID)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return messages.Plan{}, err
	}
	for _, a := range m.Attachments {
		if a.Inline || a.Keep {
			continue
		}
		d := document{messages.FiledDocument{Part: a.Part, Document: a.Document}, a.Name, nil}
		if d.Document == "" {
			d.Document = rand.Text()
			if d.content, err = read(ctx, a); err != nil {
				return messages.Plan{}, err
			}
		}
		f.documents = append(f.documents, d)
	}
	return messages.Plan{HostID: hostID, State: f}, nil
}

func read(ctx context.Context, a messages.Attachment) ([]byte, error) {
	r, err := a.Open(ctx)
	if err != nil {
		return nil, err
	}
	b, err := io.ReadAll(r)
	return b, errors.Join(err, r.Close())
}

// Apply implements messages.Filing. It uses the transaction only, stops at the first error, and may run again.
func (c *crm) Apply(ctx context.Context, tx *sql.Tx, p messages.Plan) (messages.Filed, error) {
	f, filed := p.State.(filing), messages.Filed{HostID: p.HostID}
	from := append(f.mail.From, messages.Participant{})[0]
	_, err := tx.ExecContext(ctx, "INSERT OR IGNORE INTO messages VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", p.HostID,
		f.mail.Actor.UserID, f.mail.Shared, f.mail.Date.UnixMicro(), f.mail.MessageID, f.mail.Subject, from.Name, from.Address,
		string(f.mail.Direction), f.mail.Text)
	if err != nil {
		return filed, err
	}
	items := []string{p.HostID}
	for _, d := range f.documents {
		if _, err := tx.ExecContext(ctx, "INSERT OR IGNORE INTO documents VALUES (?, ?, ?)", d.Document, d.name, d.content); err != nil {
			return filed, err
		}
		items, filed.Documents = append(items, d.Document), append(filed.Documents, d.FiledDocument)
	}
	for _, r := range f.mail.Targets {
		for i, item := range items {
			created, err := link(ctx, tx, item, r)
			if err != nil {
				return filed, err
			}
			if created && i == 0 { // the message itself
				filed.Created = append(filed.Created, r)
			}
		}
	}
	return filed, nil
}

// link puts a message or a document on a contact, and tells whether it was not there before.
func link(ctx context.Context, tx *sql.Tx, item string, r permissions.Record) (bool, error) {
	err := tx.QueryRowContext(ctx, "SELECT id FROM contacts WHERE NOT deleted AND ? = 'Contacts' AND id = ?", r.Type, r.ID).Scan(&r.ID)
	if errors.Is(err, sql.ErrNoRows) {
		return false, permissions.ErrNotFound
	}
	if err != nil {
		return false, err
	}
	res, err := tx.ExecContext(ctx, "INSERT OR IGNORE INTO links VALUES (?, ?)", item, r.ID)
	if err != nil {
		return false, err
	}
	n, err := res.RowsAffected()
	return n > 0, err
}

// Remove implements messages.Filing.
func (c *crm) Remove(ctx context.Context, tx *sql.Tx, r messages.Removal) error {
	for _, item := range append([]string{r.HostID}, r.Documents...) {
		if _, err := tx.ExecContext(ctx, "DELETE FROM links WHERE item = ? AND contact = ?", item, r.Record.ID); err != nil {
			return err
		}
	}
	return nil
}

// Linked implements messages.Filing. A cursor is the time and id of the last message.
func (c *crm) Linked(ctx context.Context, s permissions.Subject, r permissions.Record, p messages.Page) ([]messages.Native, string, error) {
	sent, id := int64(1<<62), ""
	_, _ = fmt.Sscan(p.After, &sent, &id) // nothing to read for the first page
	list, err := query(ctx, c.db, func(rows *sql.Rows, n *messages.Native) error {
		err := rows.Scan(&n.HostID, &n.Owner, &n.OwnerName, &sent, &n.MessageID, &n.Subject, &n.From.Name, &n.From.Address, &n.Direction, &n.Text)
		n.Date = time.UnixMicro(sent).UTC()
		return err
	}, `SELECT m.id, owner, full_name, sent, message_id, subject, from_name, from_address, direction, body
		FROM messages m JOIN links ON item = m.id JOIN users u ON u.id = owner
		WHERE contact = ? AND (shared OR owner = ?) AND (sent, m.id) < (?, ?) ORDER BY sent DESC, m.id DESC LIMIT ?`,
		r.ID, s.UserID, sent, id, p.Limit)
	if err != nil || len(list) < p.Limit {
		return list, "", err
	}
	return list, fmt.Sprint(sent, " ", list[p.Limit-1].HostID), nil
}

// Readable implements messages.Filing.
func (c *crm) Readable(ctx context.Context, s permissions.Subject, hostIDs []string) ([]bool, error) {
	may := make([]bool, len(hostIDs))
	for i, id := range hostIDs {
		err := c.db.QueryRowContext(ctx, "SELECT EXISTS (SELECT 1 FROM messages WHERE id = ? AND (shared OR owner = ?))", id, s.UserID).Scan(&may[i])
		if err != nil {
			return nil, err
		}
	}
	return may, nil
}

// Records implements messages.Filing.
func (c *crm) Records(ctx context.Context, hostIDs []string) (found [][]permissions.Record, err error) {
	for _, id := range hostIDs {
		records, err := query(ctx, c.db, func(rows *sql.Rows, r *permissions.Record) error { return rows.Scan(&r.Type, &r.ID) },
			"SELECT 'Contacts', contact FROM links WHERE item = ?", id)
		if err != nil {
			return nil, err
		}
		found = append(found, records)
	}
	return found, nil
}

// Discard implements messages.Filing: there are no files.
func (c *crm) Discard(context.Context, string) error { return nil }
