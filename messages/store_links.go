package messages

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"gorm.io/gorm"

	"github.com/mailconnector/mailconnector/internal/database"
	"github.com/mailconnector/mailconnector/permissions"
)

type hostMessageRow struct {
	MessageID string `gorm:"primaryKey"`
	Owner     string `gorm:"primaryKey"` // user id; empty for a copy that everybody shares
	HostID    string
	Version   int64 // changes with every link and unlink, which therefore wait for each other
}

func (hostMessageRow) TableName() string { return "mc_host_messages" }

// linkRow is one user's link of a message to a record.
type linkRow struct {
	ID           string `gorm:"primaryKey"`
	MessageID    string
	RecordType   string
	RecordID     string
	LinkedBy     string
	LinkedAt     int64
	HostID       string
	Wrote        bool // the relation in the CRM is ours: it goes with the last link
	Origin       string
	Direction    string
	Mailbox      string
	ItemID       string
	Platform     string
	AddinVersion string
}

func (linkRow) TableName() string { return "mc_links" }

func (r linkRow) record() permissions.Record {
	return permissions.Record{Type: r.RecordType, ID: r.RecordID}
}

func (r linkRow) client() Client {
	return Client{Direction: Direction(r.Direction), Mailbox: r.Mailbox, ItemID: r.ItemID, Platform: r.Platform, AddinVersion: r.AddinVersion}
}

// linkDocumentRow says that a link put a document on its record, or met it there.
type linkDocumentRow struct {
	LinkID     string `gorm:"primaryKey"`
	Document   string `gorm:"primaryKey"`
	MessageID  string
	RecordType string
	RecordID   string
	SHA256     []byte `gorm:"column:sha256"`
	Wrote      bool   // the document is on the record because of us
	Version    int64  // changes when another link counts on the document being there
}

func (linkDocumentRow) TableName() string { return "mc_link_documents" }

func (r linkDocumentRow) record() permissions.Record {
	return permissions.Record{Type: r.RecordType, ID: r.RecordID}
}

// hostCopy returns the host's id of a user's copy, or of the shared one for no user; empty when there is none.
func (s store) hostCopy(ctx context.Context, message, owner string) (string, error) {
	var ids []string
	err := s.gorm(ctx).Model(&hostMessageRow{}).Where("message_id = ? AND owner = ?", message, owner).
		Pluck("host_id", &ids).Error
	if err != nil || len(ids) == 0 {
		return "", err
	}
	return ids[0], nil
}

// linksBy returns a user's own links of a message, by record.
func (s store) linksBy(ctx context.Context, message, user string) (map[permissions.Record]linkRow, error) {
	var rows []linkRow
	if err := s.gorm(ctx).Where("message_id = ? AND linked_by = ?", message, user).Find(&rows).Error; err != nil {
		return nil, fmt.Errorf("read links: %w", err)
	}
	links := make(map[permissions.Record]linkRow, len(rows))
	for _, row := range rows {
		links[row.record()] = row
	}
	return links, nil
}

// documentsOf returns what is known of documents with these hashes, on the records or from the message (if any).
func (s store) documentsOf(ctx context.Context, message string, records []permissions.Record, hashes [][]byte) ([]linkDocumentRow, error) {
	var rows, more []linkDocumentRow
	err := s.gorm(ctx).Where("(record_type, record_id) IN ? AND sha256 IN ?", pairs(records), hashes).Find(&rows).Error
	if err == nil && message != "" {
		err = s.gorm(ctx).Where("message_id = ? AND sha256 IN ?", message, hashes).Find(&more).Error
	}
	if err != nil {
		return nil, fmt.Errorf("look for documents: %w", err)
	}
	return append(rows, more...), nil
}

func pairs(records []permissions.Record) [][]any {
	list := make([][]any, len(records))
	for i, r := range records {
		list[i] = []any{r.Type, r.ID}
	}
	return list
}

// setHostCopy records under which id the host has the message. It makes links and unlinks of one copy wait for each
// other: otherwise an unlink could take away the relation that a link found there.
func (s store) setHostCopy(tx *database.Tx, w *work) error {
	if w.plan.HostID == "" {
		return fmt.Errorf("host reserved no id for message %s", w.message)
	}
	if w.hostID == "" {
		return insert(tx, "host message", []hostMessageRow{{MessageID: w.message, Owner: w.owner, HostID: w.plan.HostID}})
	}
	res := tx.Gorm().Model(&hostMessageRow{}).
		Where("message_id = ? AND owner = ? AND host_id = ?", w.message, w.owner, w.hostID).
		Updates(map[string]any{"host_id": w.plan.HostID, "version": gorm.Expr("version + 1")})
	return changedOne("renew host message", res)
}

// holdDocuments keeps the documents that the plan counts on where they are: an unlink that takes one off its record
// meanwhile either waits, and finds it needed, or was quicker.
func (s store) holdDocuments(tx *database.Tx, w *work) error {
	for _, r := range w.links {
		held := make(map[string][]byte)
		for _, o := range w.offers {
			if o.document != "" && w.books.on(r, o.document) {
				held[o.document] = o.part.SHA256[:]
			}
		}
		for batch := range slices.Chunk(slices.Sorted(maps.Keys(held)), maxRows) {
			if err := s.hold(tx, r, batch, held); err != nil {
				return err
			}
		}
	}
	return nil
}

// hold keeps some documents on a record. The hashes let it use the index.
func (s store) hold(tx *database.Tx, r permissions.Record, documents []string, hashes map[string][]byte) error {
	var sums [][]byte
	for _, d := range documents {
		sums = append(sums, hashes[d])
	}
	on := func() *gorm.DB {
		return tx.Gorm().Model(&linkDocumentRow{}).
			Where("record_type = ? AND record_id = ? AND sha256 IN ? AND document IN ?", r.Type, r.ID, sums, documents)
	}
	if err := on().Update("version", gorm.Expr("version + 1")).Error; err != nil {
		return fmt.Errorf("hold documents: %w", err)
	}
	var n int64
	if err := on().Distinct("document").Count(&n).Error; err != nil {
		return fmt.Errorf("hold documents: %w", err)
	}
	if n != int64(len(documents)) {
		return fmt.Errorf("hold documents: %w", errRaced)
	}
	return nil
}

// addLinks records the links of a request, and renews those whose relation the CRM had dropped meanwhile.
func (s store) addLinks(tx *database.Tx, w *work, filed Filed) (map[permissions.Record]string, error) {
	created := setOf(filed.Created)
	ids := make(map[permissions.Record]string, len(w.links))
	var fresh []linkRow
	var renewed []string
	for _, r := range w.links {
		row := w.linkRow(r, created[r], s.now())
		if old, linked := w.linked[r]; linked {
			ids[r], renewed = old.ID, append(renewed, old.ID)
			if err := s.renewLink(tx, old, row); err != nil {
				return nil, err
			}
			continue
		}
		row.ID = newID(s.db.Now())
		ids[r] = row.ID
		fresh = append(fresh, row)
	}
	if err := s.endRefilings(tx, renewed); err != nil {
		return nil, err
	}
	return ids, insert(tx, "links", fresh)
}

func (w *work) linkRow(r permissions.Record, wrote bool, now int64) linkRow {
	return linkRow{
		MessageID: w.message, RecordType: r.Type, RecordID: r.ID, LinkedBy: w.sub.UserID, LinkedAt: now,
		HostID: w.plan.HostID, Wrote: wrote, Origin: string(w.origin), Direction: string(w.client.Direction),
		Mailbox: w.client.Mailbox, ItemID: w.client.ItemID, Platform: w.client.Platform, AddinVersion: w.client.AddinVersion,
	}
}

// renewLink leaves a link alone whose relation was still there.
func (s store) renewLink(tx *database.Tx, old, row linkRow) error {
	if !row.Wrote && old.HostID == row.HostID {
		return s.wantLink(tx, old.ID)
	}
	row.ID, row.Wrote = old.ID, row.Wrote || old.Wrote
	res := tx.Gorm().Model(&linkRow{}).Where("id = ? AND linked_at = ?", old.ID, old.LinkedAt).Select("*").Omit("id").Updates(row)
	return changedOne("renew link", res)
}

// wantLink makes sure that a link was not taken back meanwhile. Whoever does waits for this transaction, or was quicker.
func (s store) wantLink(tx *database.Tx, id string) error {
	var n int64
	if err := tx.Gorm().Model(&linkRow{}).Where("id = ?", id).Count(&n).Error; err != nil {
		return fmt.Errorf("look for link: %w", err)
	}
	if n == 0 {
		return fmt.Errorf("look for link: %w", errRaced)
	}
	return nil
}

// addDocuments records the documents that the links put on their records.
func (s store) addDocuments(tx *database.Tx, w *work, ids map[permissions.Record]string, filed Filed) error {
	var rows []linkDocumentRow
	seen, hashes := make(map[linkedDocument]bool), w.hashes()
	for _, r := range w.links {
		for _, d := range filed.Documents {
			sum, known := hashes[d.Part]
			key := linkedDocument{ids[r], d.Document}
			if !known || seen[key] || w.books.has(ids[r], d.Document) {
				continue
			}
			seen[key] = true
			rows = append(rows, linkDocumentRow{
				LinkID: ids[r], Document: d.Document, MessageID: w.message, RecordType: r.Type, RecordID: r.ID,
				SHA256: sum[:], Wrote: !w.books.on(r, d.Document),
			})
		}
	}
	return insert(tx, "documents of links", rows)
}

func setOf[T comparable](list []T) map[T]bool {
	set := make(map[T]bool, len(list))
	for _, v := range list {
		set[v] = true
	}
	return set
}
