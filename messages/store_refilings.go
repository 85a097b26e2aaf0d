package messages

import (
	"context"
	"fmt"

	"github.com/mailconnector/mailconnector/internal/database"
)

// refilingRow is a link that waits for the documents of a copy which came later.
type refilingRow struct {
	LinkID    string `gorm:"primaryKey"`
	MessageID string
	Attempts  int   // that failed; with the last it is given up
	Due       int64 // when the next may begin
}

func (refilingRow) TableName() string { return "mc_refilings" }

// addRefilings lets every link of a message wait but those that the request renews itself.
func (s store) addRefilings(tx *database.Tx, w *work) error {
	var links []linkRow
	if err := tx.Gorm().Where("message_id = ?", w.message).Find(&links).Error; err != nil {
		return fmt.Errorf("read links: %w", err)
	}
	if err := tx.Gorm().Where("message_id = ?", w.message).Delete(&refilingRow{}).Error; err != nil {
		return fmt.Errorf("renew refilings: %w", err)
	}
	own := setOf(w.links)
	var rows []refilingRow
	for _, link := range links {
		if link.LinkedBy != w.sub.UserID || !own[link.record()] {
			rows = append(rows, refilingRow{LinkID: link.ID, MessageID: w.message})
		}
	}
	return insert(tx, "refilings", rows)
}

// refilings lists links that wait and are due, of one message or, for no message, of all, a batch at a time.
func (s store) refilings(ctx context.Context, message string) (rows []refilingRow, err error) {
	query := s.gorm(ctx).Where("due <= ? AND attempts < ?", s.now(), maxRefilings).Order("due, link_id").Limit(sweepBatch)
	if message != "" {
		query = query.Where("message_id = ?", message)
	}
	if err := query.Find(&rows).Error; err != nil {
		return nil, fmt.Errorf("read refilings: %w", err)
	}
	return rows, nil
}

// postponeRefiling notes a failed attempt, unless the link waits anew by now.
func (s store) postponeRefiling(ctx context.Context, row refilingRow) error {
	err := s.gorm(ctx).Model(&refilingRow{}).Where("link_id = ? AND attempts = ?", row.LinkID, row.Attempts-1).
		Updates(map[string]any{"attempts": row.Attempts, "due": row.Due}).Error
	if err != nil {
		return fmt.Errorf("postpone refiling: %w", err)
	}
	return nil
}

// endRefilings lets links wait no longer, as of the commit: their documents are filed in the same transaction, or they
// are taken back in it.
func (s store) endRefilings(tx *database.Tx, links []string) error {
	if len(links) == 0 {
		return nil
	}
	if err := tx.Gorm().Where("link_id IN ?", links).Delete(&refilingRow{}).Error; err != nil {
		return fmt.Errorf("end refilings: %w", err)
	}
	return nil
}

func (s store) dropRefiling(ctx context.Context, link string) error {
	if err := s.gorm(ctx).Where("link_id = ?", link).Delete(&refilingRow{}).Error; err != nil {
		return fmt.Errorf("drop refiling: %w", err)
	}
	return nil
}

// link reads one link. It answers errNoRow.
func (s store) link(ctx context.Context, id string) (row linkRow, err error) {
	if err := s.gorm(ctx).Where("id = ?", id).Take(&row).Error; err != nil {
		return linkRow{}, fmt.Errorf("read link: %w", noRow(err))
	}
	return row, nil
}
