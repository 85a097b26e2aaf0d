package crm

import (
	"context"
	"database/sql"
	"fmt"
	"os"
	"time"

	"github.com/mailconnector/mailconnector/permissions"
)

// Document is a file of this CRM.
type Document struct {
	ID          string
	Number      string
	Title       string
	ContentType string
	Size        int64 // in bytes
	SHA256      string
	Created     time.Time

	owner   string
	message int64 // the mail it came with
	path    string
}

const selectDocuments = `SELECT d.id, d.number, d.title, d.content_type, d.size, d.sha256, d.created, d.path
	FROM crm_documents d `

func scanDocument(rows *sql.Rows) (Document, error) {
	var d Document
	var created int64
	err := rows.Scan(&d.ID, &d.Number, &d.Title, &d.ContentType, &d.Size, &d.SHA256, &created, &d.path)
	d.Created = fromMicros(created)
	return d, err
}

// DocumentsOf lists the documents on a record, newest first, or ErrNotFound where the subject may not view the record.
func (c *CRM) DocumentsOf(ctx context.Context, s permissions.Subject, r permissions.Record) ([]Document, error) {
	if err := permissions.CheckOne(ctx, c, s, permissions.View, r); err != nil {
		return nil, err
	}
	return collect(ctx, c.db, scanDocument, selectDocuments+`JOIN crm_document_links l ON l.document_id = d.id
		WHERE l.record_id = ? ORDER BY d.id DESC`, r.ID)
}

// Documents lists every document the subject may view, newest first.
func (c *CRM) Documents(ctx context.Context, s permissions.Subject) ([]Document, error) {
	all, err := collect(ctx, c.db, scanDocument, selectDocuments+"ORDER BY d.id DESC")
	if err != nil {
		return nil, err
	}
	asked := make([]permissions.Record, len(all))
	for i, d := range all {
		asked[i] = permissions.Record{Type: documentsType, ID: d.ID}
	}
	decisions, err := c.Check(ctx, s, permissions.View, asked)
	if err != nil {
		return nil, err
	}
	visible := all[:0]
	for i, d := range all {
		if decisions[i].Allows() {
			visible = append(visible, d)
		}
	}
	return visible, nil
}

// OpenDocument opens the file of a document, or answers ErrNotFound where the subject may not view it.
func (c *CRM) OpenDocument(ctx context.Context, s permissions.Subject, id string) (Document, *os.File, error) {
	if err := permissions.CheckOne(ctx, c, s, permissions.View, permissions.Record{Type: documentsType, ID: id}); err != nil {
		return Document{}, nil, err
	}
	found, err := collect(ctx, c.db, scanDocument, selectDocuments+"WHERE d.id = ?", id)
	if err != nil || len(found) == 0 {
		return Document{}, nil, fmt.Errorf("read document %s: %w", id, err)
	}
	full, err := c.locate(found[0].path)
	if err != nil {
		return Document{}, nil, err
	}
	f, err := os.Open(full)
	return found[0], f, err
}
