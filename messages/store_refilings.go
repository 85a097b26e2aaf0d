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

// refilings lists links that wait, of one message or, for no message, of all, a batch at a time.
func (s store) refilings(ctx context.Context, message string) (rows []refilingRow, err error) {
	query := s.gorm(ctx).Order("link_id").Limit(sweepBatch)
	if message != "" {
		query = query.Where("message_id = ?", message)
	}
	if err := query.Find(&rows).Error; err != nil {
		return nil, fmt.Errorf("read refilings: %w", err)
	}
	return rows, nil
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
