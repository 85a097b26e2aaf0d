package messages

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/mailconnector/mailconnector/documents"
	"github.com/mailconnector/mailconnector/messages/mail"
	"github.com/mailconnector/mailconnector/permissions"
)

// offer is a part as the host gets it.
type offer struct {
	part     part
	name     string // safe, and unique within the mail
	document string // one that holds these bytes already and that the subject may see
	existing bool   // that document is on every target already
	kept     string // why it stays with the message and becomes no document; empty where it may become one
}

// books is what our tables say about documents with the contents of a mail. There may be as many rows as a mail has
// attachments on as many records as one request names, so every question is one look-up.
type books struct {
	documents map[[32]byte][]string // by content, each once
	places    map[shelf]bool        // where documents are
	links     map[linkedDocument]bool
}

// shelf is a document on a record.
type shelf struct {
	record   permissions.Record
	document string
}

// linkedDocument is a document of a link.
type linkedDocument struct{ link, document string }

func newBooks(rows []linkDocumentRow) books {
	b := books{
		documents: make(map[[32]byte][]string), places: make(map[shelf]bool, len(rows)),
		links: make(map[linkedDocument]bool, len(rows)),
	}
	for _, row := range rows {
		sum := hash32(row.SHA256)
		if !slices.Contains(b.documents[sum], row.Document) {
			b.documents[sum] = append(b.documents[sum], row.Document)
		}
		b.places[shelf{row.record(), row.Document}] = true
		b.links[linkedDocument{row.LinkID, row.Document}] = true
	}
	return b
}

// on reports whether a document is on a record.
func (b books) on(r permissions.Record, document string) bool { return b.places[shelf{r, document}] }

// has reports whether a link has a document.
func (b books) has(link, document string) bool { return b.links[linkedDocument{link, document}] }

// best returns, of the documents with this content, the one that is on most of the records.
func (b books) best(sum [32]byte, records []permissions.Record, visible map[string]bool) (document string, everywhere bool) {
	most := -1
	for _, candidate := range b.documents[sum] {
		if !visible[candidate] {
			continue
		}
		n := 0
		for _, r := range records {
			if b.on(r, candidate) {
				n++
			}
		}
		if n > most {
			most, document = n, candidate
		}
	}
	return document, document != "" && most == len(records)
}

// offerParts decides for every part with bytes what the host is to make of it.
func (s *Service) offerParts(ctx context.Context, w *work) error {
	var names []string
	var hashes [][]byte
	for _, p := range w.shown.parts {
		if p.isBody() || p.blob == "" {
			continue
		}
		w.offers = append(w.offers, offer{part: p})
		names = append(names, documents.SafeName(p.Name, p.Sniffed, p.Number))
		hashes = append(hashes, p.SHA256[:])
	}
	if len(w.offers) == 0 {
		return nil
	}
	visible, err := s.openBooks(ctx, w, hashes)
	if err != nil {
		return err
	}
	permitted, err := s.mayCreateDocuments(ctx, w.sub)
	if err != nil {
		return err
	}
	attachments := 0
	for i, name := range documents.UniqueNames(names) {
		o := &w.offers[i]
		o.name = name
		if o.part.Role == mail.RoleInline {
			continue
		}
		o.document, o.existing = w.books.best(o.part.SHA256, w.links, visible)
		switch {
		case attachments == maxDocuments:
			o.kept = DetailAttachments
		case !permitted && !o.existing:
			o.kept = DetailDocuments
		default:
			attachments++
			continue
		}
		o.document, o.existing = "", false
	}
	return checkPlacements(attachments, len(w.links))
}

// checkPlacements bounds what one transaction of the host writes. One record always works.
func checkPlacements(attachments, records int) error {
	if records == 1 || attachments*records <= maxPlacements {
		return nil
	}
	return &InvalidError{Pointer: "/links", Detail: fmt.Sprintf("names %d records for a mail with %d attachments: name at most %d, "+
		"then link the message to others with more requests", records, attachments, max(1, maxPlacements/attachments))}
}

// mayCreateDocuments reports whether attachments may become documents.
func (s *Service) mayCreateDocuments(ctx context.Context, sub permissions.Subject) (bool, error) {
	err := permissions.CheckOne(ctx, s.c.Permissions, sub, permissions.Create, permissions.Record{Type: DocumentType})
	if errors.Is(err, permissions.ErrDenied) || errors.Is(err, permissions.ErrNotFound) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("check documents: %w", err)
	}
	return true, nil
}

// openBooks looks up the documents with these contents, and which of them the subject may see. A document it may not
// see is not used: its very id would tell that it exists.
func (s *Service) openBooks(ctx context.Context, w *work, hashes [][]byte) (map[string]bool, error) {
	message := ""
	if w.base != nil {
		message = w.message
	}
	rows, err := s.store.documentsOf(ctx, message, w.links, hashes)
	if err != nil {
		return nil, err
	}
	w.books = newBooks(rows)
	ids := make([]string, len(rows))
	for i, row := range rows {
		ids[i] = row.Document
	}
	return s.visibleDocuments(ctx, w.sub, ids)
}

// visibleDocuments returns which documents the subject may see now.
func (s *Service) visibleDocuments(ctx context.Context, sub permissions.Subject, ids []string) (map[string]bool, error) {
	var records []permissions.Record
	for _, id := range distinct(ids) {
		if id != "" {
			records = append(records, permissions.Record{Type: DocumentType, ID: id})
		}
	}
	visible, err := permissions.Visible(ctx, s.c.Permissions, sub, records)
	if err != nil {
		return nil, fmt.Errorf("check documents: %w", err)
	}
	seen := make(map[string]bool, len(visible))
	for _, r := range visible {
		seen[r.ID] = true
	}
	return seen, nil
}

// hostMail is the mail as the host is to file it.
func (s *Service) hostMail(ctx context.Context, w *work) (Mail, error) {
	if err := s.offerParts(ctx, w); err != nil {
		return Mail{}, err
	}
	l := w.shown
	m := Mail{
		HostID: w.hostID, MessageID: l.messageID, InReplyTo: l.threading.InReplyTo, References: l.threading.References,
		ThreadIndex: l.threading.ThreadIndex, Subject: l.subject, Date: l.date,
		From: l.in(roleFrom), To: l.in(roleTo), Cc: l.in(roleCc), ReplyTo: l.in(roleReplyTo),
		HTML: s.display.forHost(l), Text: l.text, Direction: w.direction(),
		Actor: w.sub, Targets: w.links, Shared: w.owner == "",
	}
	for _, o := range w.offers {
		m.Attachments = append(m.Attachments, s.attachment(o))
	}
	return m, nil
}

func (w *work) direction() Direction {
	if w.base != nil && w.base.direction != "" {
		return w.base.direction
	}
	return w.client.Direction
}

func (s *Service) attachment(o offer) Attachment {
	return Attachment{
		Part: o.part.Number, Name: o.name, ContentType: o.part.Sniffed, ContentID: o.part.ContentID, Size: o.part.Size,
		SHA256: o.part.SHA256, Inline: o.part.Role == mail.RoleInline, Document: o.document, Keep: o.kept != "",
		Open: func(ctx context.Context) (io.ReadCloser, error) { return s.open(ctx, o.part) },
	}
}
