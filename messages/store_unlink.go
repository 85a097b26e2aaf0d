package messages

import (
	"fmt"
	"slices"

	"gorm.io/gorm"

	"github.com/mailconnector/mailconnector/internal/database"
)

// takeLink removes the link that an event takes back, and returns it. It answers errNoRow.
func (s store) takeLink(tx *database.Tx, event eventRow) (linkRow, error) {
	var row linkRow
	err := tx.Gorm().Where("message_id = ? AND record_type = ? AND record_id = ? AND linked_by = ?",
		event.MessageID, event.RecordType, event.RecordID, event.Actor).Take(&row).Error
	if err != nil {
		return row, fmt.Errorf("find link: %w", noRow(err))
	}
	wait := tx.Gorm().Model(&hostMessageRow{}).Where("message_id = ? AND host_id = ?", row.MessageID, row.HostID).
		Update("version", gorm.Expr("version + 1"))
	if wait.Error != nil {
		return row, fmt.Errorf("wait for other links: %w", wait.Error)
	}
	if err := tx.Gorm().Where("id = ?", row.ID).Take(&row).Error; err != nil { // it may have changed while we waited
		return row, fmt.Errorf("find link: %w", noRow(err))
	}
	res := tx.Gorm().Where("id = ?", row.ID).Delete(&linkRow{})
	return row, changedOne("remove link", res)
}

// inheritLink makes another link of the same copy to the same record responsible for the relation in the CRM, and
// reports whether there is one.
func (s store) inheritLink(tx *database.Tx, link linkRow) (bool, error) {
	heirs := func() []any {
		return []any{link.MessageID, link.RecordType, link.RecordID, link.HostID}
	}
	const same = "message_id = ? AND record_type = ? AND record_id = ? AND host_id = ?"
	res := tx.Gorm().Model(&linkRow{}).Where(same+" AND wrote = ?", append(heirs(), false)...).Update("wrote", true)
	if res.Error != nil {
		return false, fmt.Errorf("hand link over: %w", res.Error)
	}
	if res.RowsAffected > 0 {
		return true, nil
	}
	var n int64
	if err := tx.Gorm().Model(&linkRow{}).Where(same, heirs()...).Count(&n).Error; err != nil {
		return false, fmt.Errorf("hand link over: %w", err)
	}
	return n > 0, nil
}

// takeDocuments removes what a link knows of documents, and returns those to be taken off the record: the ones that
// are on it because of this link and that no other link of ours has there. Another becomes responsible for the rest.
func (s store) takeDocuments(tx *database.Tx, link linkRow) ([]string, error) {
	var rows []linkDocumentRow
	wait := tx.Gorm().Model(&linkDocumentRow{}).Where("link_id = ?", link.ID).Update("version", gorm.Expr("version + 1")) // for links that count on a document
	if wait.Error != nil {
		return nil, fmt.Errorf("wait for other links: %w", wait.Error)
	}
	if err := tx.Gorm().Where("link_id = ?", link.ID).Order("document").Find(&rows).Error; err != nil {
		return nil, fmt.Errorf("read documents of link: %w", err)
	}
	if len(rows) == 0 {
		return nil, nil
	}
	if err := tx.Gorm().Where("link_id = ?", link.ID).Delete(&linkDocumentRow{}).Error; err != nil {
		return nil, fmt.Errorf("remove documents of link: %w", err)
	}
	var orphans []string
	for batch := range slices.Chunk(slices.DeleteFunc(rows, func(r linkDocumentRow) bool { return !r.Wrote }), maxRows) {
		needed, err := s.inheritDocuments(tx, link, batch)
		if err != nil {
			return nil, err
		}
		for _, row := range batch {
			if !needed[row.Document] {
				orphans = append(orphans, row.Document)
			}
		}
	}
	return orphans, nil
}

// inheritDocuments makes other links responsible for documents of a link that is gone, and returns those that they need.
func (s store) inheritDocuments(tx *database.Tx, link linkRow, rows []linkDocumentRow) (map[string]bool, error) {
	var ids []string
	var sums [][]byte
	for _, row := range rows {
		ids, sums = append(ids, row.Document), append(sums, row.SHA256)
	}
	on := func() *gorm.DB {
		return tx.Gorm().Model(&linkDocumentRow{}).
			Where("record_type = ? AND record_id = ? AND sha256 IN ? AND document IN ?", link.RecordType, link.RecordID, sums, ids)
	}
	if err := on().Where("wrote = ?", false).Update("wrote", true).Error; err != nil {
		return nil, fmt.Errorf("hand documents over: %w", err)
	}
	var needed []string
	if err := on().Distinct().Pluck("document", &needed).Error; err != nil {
		return nil, fmt.Errorf("hand documents over: %w", err)
	}
	return setOf(needed), nil
}
