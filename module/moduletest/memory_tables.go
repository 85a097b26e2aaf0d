package moduletest

import (
	"context"
	"database/sql"
	"fmt"

	"github.com/mailconnector/mailconnector/internal/database"
	"github.com/mailconnector/mailconnector/messages"
	"github.com/mailconnector/mailconnector/permissions"
)

// tables are written so that MySQL, MariaDB and SQLite all take them.
func tables() []string {
	return []string{
		`CREATE TABLE IF NOT EXISTS host_messages (
			id VARCHAR(64) NOT NULL PRIMARY KEY,
			message_id TEXT NOT NULL,
			subject TEXT NOT NULL,
			sender_name TEXT NOT NULL,
			sender_address TEXT NOT NULL,
			sent BIGINT NOT NULL,
			direction VARCHAR(10) NOT NULL,
			owner VARCHAR(64) NOT NULL,
			shared INTEGER NOT NULL,
			body MEDIUMTEXT NOT NULL,
			attachments INTEGER NOT NULL
		)`,
		`CREATE TABLE IF NOT EXISTS host_links (
			message VARCHAR(64) NOT NULL,
			type VARCHAR(64) NOT NULL,
			record VARCHAR(64) NOT NULL,
			PRIMARY KEY (message, type, record)
		)`,
		`CREATE TABLE IF NOT EXISTS host_documents (
			id VARCHAR(64) NOT NULL PRIMARY KEY,
			message VARCHAR(64) NOT NULL,
			name TEXT NOT NULL,
			path VARCHAR(200) NOT NULL
		)`,
		`CREATE TABLE IF NOT EXISTS host_document_links (
			document VARCHAR(64) NOT NULL,
			type VARCHAR(64) NOT NULL,
			record VARCHAR(64) NOT NULL,
			PRIMARY KEY (document, type, record)
		)`,
	}
}

func (h *MemoryHost) createTables(ctx context.Context) error {
	for _, statement := range tables() {
		if _, err := h.db.ExecContext(ctx, statement); err != nil {
			return err
		}
	}
	return nil
}

func insertMessage(ctx context.Context, tx *sql.Tx, id string, m messages.Mail) error {
	var from messages.Participant
	if len(m.From) > 0 {
		from = m.From[0]
	}
	_, err := tx.ExecContext(ctx, `INSERT INTO host_messages
		(id, message_id, subject, sender_name, sender_address, sent, direction, owner, shared, body, attachments)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		id, m.MessageID, m.Subject, from.Name, from.Address, database.Micros(m.Date), string(m.Direction),
		m.Actor.UserID, m.Shared, bodyText(m), len(m.Attachments))
	return err
}

// insertNew relates something to a record and reports whether it was not related before.
func insertNew(ctx context.Context, tx *sql.Tx, table, column, id string, r permissions.Record) (bool, error) {
	var n int
	err := tx.QueryRowContext(ctx, "SELECT COUNT(*) FROM "+table+" WHERE "+column+" = ? AND type = ? AND record = ?",
		id, r.Type, r.ID).Scan(&n)
	if err != nil || n > 0 {
		return false, err
	}
	_, err = tx.ExecContext(ctx, "INSERT INTO "+table+" ("+column+", type, record) VALUES (?, ?, ?)", id, r.Type, r.ID)
	return err == nil, err
}

func insertDocument(ctx context.Context, tx *sql.Tx, message string, d newDocument, on []permissions.Record) error {
	if d.path != "" {
		_, err := tx.ExecContext(ctx, "INSERT INTO host_documents (id, message, name, path) VALUES (?, ?, ?, ?)",
			d.id, message, d.name, d.path)
		if err != nil {
			return err
		}
	}
	for _, r := range on {
		if _, err := insertNew(ctx, tx, "host_document_links", "document", d.id, r); err != nil {
			return err
		}
	}
	return nil
}

func (h *MemoryHost) hasMessage(ctx context.Context, id string) (bool, error) {
	var n int
	err := h.db.QueryRowContext(ctx, "SELECT COUNT(*) FROM host_messages WHERE id = ?", id).Scan(&n)
	return n > 0, err
}

func (h *MemoryHost) queryMessages(ctx context.Context, query string, args ...any) ([]messages.Native, error) {
	rows, err := h.db.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	defer func() { _ = rows.Close() }()
	var list []messages.Native
	for rows.Next() {
		var n messages.Native
		var sent int64
		err := rows.Scan(&n.HostID, &n.MessageID, &n.Subject, &n.From.Name, &n.From.Address, &sent, &n.Direction,
			&n.Owner, &n.Text, &n.Attachments)
		if err != nil {
			return nil, err
		}
		n.Date, n.OwnerName = database.Time(sent), h.fullName(n.Owner)
		list = append(list, n)
	}
	return list, rows.Err()
}

func (h *MemoryHost) fullName(user string) string {
	h.mu.RLock()
	defer h.mu.RUnlock()
	if u, ok := h.users[user]; ok {
		return u.FullName
	}
	return ""
}

func (h *MemoryHost) queryRecords(ctx context.Context, query string, args ...any) ([]permissions.Record, error) {
	rows, err := h.db.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	defer func() { _ = rows.Close() }()
	var records []permissions.Record
	for rows.Next() {
		var r permissions.Record
		if err := rows.Scan(&r.Type, &r.ID); err != nil {
			return nil, err
		}
		records = append(records, r)
	}
	return records, rows.Err()
}

func (h *MemoryHost) recordsOfDocument(ctx context.Context, id string) ([]permissions.Record, error) {
	return h.queryRecords(ctx, "SELECT type, record FROM host_document_links WHERE document = ?", id)
}

// Documents returns the documents on a record, with their bytes, in no order.
func (h *MemoryHost) Documents(ctx context.Context, r permissions.Record) ([]Document, error) {
	rows, err := h.db.QueryContext(ctx, `SELECT d.id, d.name, d.path
		FROM host_documents d JOIN host_document_links l ON l.document = d.id WHERE l.type = ? AND l.record = ?`, r.Type, r.ID)
	if err != nil {
		return nil, err
	}
	defer func() { _ = rows.Close() }()
	var list []Document
	for rows.Next() {
		var d Document
		var path string
		if err := rows.Scan(&d.ID, &d.Name, &path); err != nil {
			return nil, err
		}
		if d.Content, err = h.file(path); err != nil {
			return nil, err
		}
		list = append(list, d)
	}
	return list, rows.Err()
}

func (h *MemoryHost) file(path string) ([]byte, error) {
	h.mu.RLock()
	defer h.mu.RUnlock()
	b, ok := h.files[path]
	if !ok {
		return nil, fmt.Errorf("document file %s is gone", path)
	}
	return b, nil
}
