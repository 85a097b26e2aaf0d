package crm

import (
	"context"
	"database/sql"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"github.com/mailconnector/mailconnector/documents"
	"github.com/mailconnector/mailconnector/messages"
	"github.com/mailconnector/mailconnector/permissions"
)

var _ messages.Filing = (*CRM)(nil)

// plan is what Prepare reserved for one mail.
type plan struct {
	message   int64
	isNew     bool // the message is not in the CRM yet
	mail      messages.Mail
	documents []document
}

// document is one part of the mail that becomes a document, or is one already.
type document struct {
	Document
	part  int
	isNew bool
}

// Prepare implements [messages.Filing]. Ids and numbers are taken in statements of their own, then the files are
// written, each announced before.
func (c *CRM) Prepare(ctx context.Context, m messages.Mail, files messages.FileJournal) (messages.Plan, error) {
	p := plan{mail: m}
	var err error
	if p.message, p.isNew, err = c.prepareMessage(ctx, m.HostID); err != nil {
		return messages.Plan{}, err
	}
	prepared := messages.Plan{HostID: formatID(p.message)}
	for _, a := range m.Attachments {
		if a.Inline || a.Keep {
			continue // stays with the message
		}
		d, err := c.prepareDocument(ctx, p.message, m, a, files)
		if err != nil {
			return messages.Plan{}, fmt.Errorf("prepare attachment %d: %w", a.Part, err)
		}
		p.documents = append(p.documents, d)
		if d.isNew {
			prepared.Files = append(prepared.Files, d.path)
		}
	}
	prepared.State = p
	return prepared, nil
}

// prepareMessage returns the id of the message, a new one if the CRM does not have it.
func (c *CRM) prepareMessage(ctx context.Context, hostID string) (id int64, isNew bool, err error) {
	if known, ok := parseID(hostID); ok {
		err := c.db.QueryRowContext(ctx, "SELECT id FROM crm_messages WHERE id = ?", known).Scan(&id)
		if !errors.Is(err, sql.ErrNoRows) {
			return id, false, err
		}
	}
	id, err = c.reserve(ctx, "ids", 1)
	return id, true, err
}

// prepareDocument reserves a document for an attachment and writes its file, unless the CRM has the bytes already.
func (c *CRM) prepareDocument(
	ctx context.Context, message int64, m messages.Mail, a messages.Attachment, files messages.FileJournal,
) (document, error) {
	if _, ok := parseID(a.Document); ok {
		return document{Document: Document{ID: a.Document}, part: a.Part}, nil
	}
	id, err := c.reserve(ctx, "ids", 1)
	if err != nil {
		return document{}, err
	}
	number, err := c.reserve(ctx, documentsType, 1)
	if err != nil {
		return document{}, err
	}
	d := document{part: a.Part, isNew: true, Document: Document{
		ID: formatID(id), Number: fmt.Sprintf("DOC%d", number), Title: a.Name, ContentType: a.ContentType,
		Created: c.now(), SHA256: hex.EncodeToString(a.SHA256[:]), owner: m.Actor.UserID, message: message,
	}}
	d.path = c.now().UTC().Format("2006/01/") + documents.SafeName(fmt.Sprintf("%d_%s", id, a.Name), a.ContentType, a.Part)
	if err := files.Announce(ctx, d.path); err != nil {
		return document{}, err
	}
	content, err := a.Open(ctx)
	if err != nil {
		return document{}, err
	}
	defer content.Close()
	d.Size, err = c.write(d.path, content)
	return d, err
}

// Apply implements [messages.Filing].
func (c *CRM) Apply(ctx context.Context, tx *sql.Tx, prepared messages.Plan) (messages.Filed, error) {
	p, ok := prepared.State.(plan)
	if !ok {
		return messages.Filed{}, fmt.Errorf("apply a plan of type %T", prepared.State)
	}
	for _, target := range sorted(p.mail.Targets) {
		if err := holdRecord(ctx, tx, target); err != nil {
			return messages.Filed{}, err
		}
	}
	if p.isNew {
		if err := insertMessage(ctx, tx, p); err != nil {
			return messages.Filed{}, fmt.Errorf("insert message: %w", err)
		}
	}
	filed := messages.Filed{HostID: prepared.HostID}
	for _, d := range p.documents {
		if d.isNew {
			if err := insertDocument(ctx, tx, d.Document); err != nil {
				return messages.Filed{}, fmt.Errorf("insert document: %w", err)
			}
		}
		filed.Documents = append(filed.Documents, messages.FiledDocument{Part: d.part, Document: d.ID})
	}
	var err error
	filed.Created, err = linkAll(ctx, tx, p)
	return filed, err
}

// sorted returns the records by id, so that two links to the same records wait for each other instead of deadlocking.
func sorted(records []permissions.Record) []permissions.Record {
	return slices.SortedFunc(slices.Values(records), func(a, b permissions.Record) int {
		idA, _ := parseID(a.ID)
		idB, _ := parseID(b.ID)
		return int(idA - idB)
	})
}

// holdRecord makes sure that the record is there and stays until the transaction ends: raising the revision locks its
// row, so that a deletion waits.
func holdRecord(ctx context.Context, tx *sql.Tx, r permissions.Record) error {
	id, _ := parseID(r.ID)
	found, err := affected(tx.ExecContext(ctx, `UPDATE crm_records SET revision = revision + 1
		WHERE id = ? AND entity_type = ? AND deleted = 0`, id, r.Type))
	if err != nil {
		return fmt.Errorf("hold record: %w", err)
	}
	if !found {
		return fmt.Errorf("%s: %w", r, permissions.ErrNotFound)
	}
	return nil
}

func insertMessage(ctx context.Context, tx *sql.Tx, p plan) error {
	m := p.mail
	recipients, err := json.Marshal(slices.Concat(m.To, m.Cc))
	if err != nil {
		return err
	}
	var from messages.Participant
	if len(m.From) > 0 {
		from = m.From[0]
	}
	_, err = tx.ExecContext(ctx, `INSERT INTO crm_messages (id, owner, message_id, subject, from_name, from_address,
		recipients, sent, direction, html, body_text, attachments) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		p.message, m.Actor.UserID, m.MessageID, m.Subject, from.Name, from.Address,
		string(recipients), micros(m.Date), string(m.Direction), m.HTML, m.Text, len(m.Attachments))
	return err
}

func insertDocument(ctx context.Context, tx *sql.Tx, d Document) error {
	_, err := tx.ExecContext(ctx, `INSERT INTO crm_documents (id, number, owner, message_id, title, path, content_type,
		size, sha256, created) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		d.ID, d.Number, d.owner, d.message, d.Title, d.path, d.ContentType, d.Size, d.SHA256, micros(d.Created))
	return err
}

// linkAll puts the message and its documents on every target and returns the targets the message was not on before.
func linkAll(ctx context.Context, tx *sql.Tx, p plan) (created []permissions.Record, err error) {
	for _, target := range p.mail.Targets {
		record, _ := parseID(target.ID)
		added, err := relate(ctx, tx, "crm_message_links", "message_id", p.message, record)
		if err != nil {
			return nil, fmt.Errorf("link message: %w", err)
		}
		if added {
			created = append(created, target)
		}
		for _, d := range p.documents {
			if _, err := relate(ctx, tx, "crm_document_links", "document_id", d.ID, record); err != nil {
				return nil, fmt.Errorf("link document: %w", err)
			}
		}
	}
	return created, nil
}

// relate adds a pair to a table of links and reports whether it was new.
func relate(ctx context.Context, tx *sql.Tx, table, column string, id any, record int64) (bool, error) {
	return affected(tx.ExecContext(ctx, `INSERT INTO `+table+` (`+column+`, record_id) SELECT ?, r.id FROM crm_records r
		WHERE r.id = ? AND NOT EXISTS (SELECT 1 FROM `+table+` l WHERE l.`+column+` = ? AND l.record_id = r.id)`,
		id, record, id))
}

// Remove implements [messages.Filing].
func (c *CRM) Remove(ctx context.Context, tx *sql.Tx, r messages.Removal) error {
	message, _ := parseID(r.HostID)
	record, _ := parseID(r.Record.ID)
	_, err := tx.ExecContext(ctx, "DELETE FROM crm_message_links WHERE message_id = ? AND record_id = ?", message, record)
	if err != nil {
		return fmt.Errorf("unlink message: %w", err)
	}
	for _, d := range r.Documents {
		document, _ := parseID(d)
		_, err := tx.ExecContext(ctx, "DELETE FROM crm_document_links WHERE document_id = ? AND record_id = ?", document, record)
		if err != nil {
			return fmt.Errorf("unlink document: %w", err)
		}
	}
	return nil
}
