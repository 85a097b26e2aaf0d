package messages

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/mailconnector/mailconnector/internal/database"
)

type receiptRow struct {
	ID          string `gorm:"primaryKey"`
	Actor       string
	Idempotency []byte
	Fingerprint []byte
	MessageID   string
	Result      string
	Created     int64
}

func (receiptRow) TableName() string { return "mc_receipts" }

// openReceipt is the first statement of the transaction: whoever inserts the row does the work, whoever meets it
// answers errDone.
func (s store) openReceipt(tx *database.Tx, w *work) error {
	err := tx.Gorm().Create(&receiptRow{
		ID: w.receipt, Actor: w.sub.UserID, Idempotency: w.idempotency[:], Fingerprint: w.fingerprint[:],
		MessageID: w.message, Created: s.now(),
	}).Error
	if database.IsDuplicate(err) {
		return errDone
	}
	if err != nil {
		return fmt.Errorf("insert receipt: %w", err)
	}
	return nil
}

// closeReceipt stores what the request came to, at the end of the same transaction.
func (s store) closeReceipt(tx *database.Tx, id string, r result) error {
	res := tx.Gorm().Model(&receiptRow{}).Where("id = ?", id).Update("result", asJSON(r))
	return changedOne("store receipt", res)
}

// storedReceipt is a receipt as it was first given.
type storedReceipt struct {
	id          string
	fingerprint [32]byte
	message     string
	result      result
}

// hasReceipt reports whether a user's idempotency key was used.
func (s store) hasReceipt(ctx context.Context, actor string, key [32]byte) (bool, error) {
	var n int64
	err := s.gorm(ctx).Model(&receiptRow{}).Where("actor = ? AND idempotency = ?", actor, key[:]).Count(&n).Error
	if err != nil {
		return false, fmt.Errorf("find receipt: %w", err)
	}
	return n > 0, nil
}

// receiptOf finds what a user's idempotency key was used for. It answers errNoRow.
func (s store) receiptOf(ctx context.Context, actor string, key [32]byte) (storedReceipt, error) {
	var row receiptRow
	if err := s.gorm(ctx).Where("actor = ? AND idempotency = ?", actor, key[:]).Take(&row).Error; err != nil {
		return storedReceipt{}, fmt.Errorf("find receipt: %w", noRow(err))
	}
	stored := storedReceipt{id: row.ID, fingerprint: hash32(row.Fingerprint), message: row.MessageID}
	if err := json.Unmarshal([]byte(row.Result), &stored.result); err != nil {
		return storedReceipt{}, fmt.Errorf("read receipt %s: %w", row.ID, err)
	}
	return stored, nil
}

// dropReceipts forgets receipts made before a time.
func (s store) dropReceipts(ctx context.Context, before time.Time) error {
	err := s.gorm(ctx).Where("created < ?", database.Micros(before)).Delete(&receiptRow{}).Error
	if err != nil {
		return fmt.Errorf("drop receipts: %w", err)
	}
	return nil
}
