package documents

import (
	"context"
	"time"

	"gorm.io/gorm"

	"github.com/mailconnector/mailconnector/internal/database"
)

// idle lists blobs in use by nobody known, not touched since before, the longest untouched first.
func (s rows) idle(ctx context.Context, before time.Time, limit int) (found []blobRow, err error) {
	err = s.db.Gorm(ctx).Where("state IN ? AND touched < ?", []string{stateWriting, stateReady}, database.Micros(before)).
		Order("touched").Limit(limit).Find(&found).Error
	return found, err
}

// condemn marks a blob for deletion if it is still as idle found it and nobody claims it; a claimed one it parks.
// Neither happens to a blob that was touched meanwhile.
func (s rows) condemn(ctx context.Context, b blobRow) error {
	return s.db.Tx(ctx, func(_ context.Context, tx *database.Tx) error {
		claims := tx.Gorm().Model(&claimRow{}).Select("1").Where("mc_blob_claims.blob_key = mc_blobs.blob_key")
		res := s.unchanged(tx, b).Where("NOT EXISTS (?)", claims).Updates(doomed())
		if res.Error != nil || res.RowsAffected > 0 {
			return res.Error
		}
		return s.unchanged(tx, b).Where("EXISTS (?)", claims).Update("touched", parked).Error
	})
}

func (s rows) unchanged(tx *database.Tx, b blobRow) *gorm.DB {
	return tx.Gorm().Model(&blobRow{}).
		Where("blob_key = ? AND state = ? AND touched = ?", b.BlobKey, b.State, b.Touched)
}

// condemnWriting marks a blob for deletion that its writer gave up.
func (s rows) condemnWriting(ctx context.Context, key string) error {
	return s.db.Tx(ctx, func(_ context.Context, tx *database.Tx) error {
		return tx.Gorm().Model(&blobRow{}).Where("blob_key = ? AND state = ?", key, stateWriting).Updates(doomed()).Error
	})
}

// doomed frees the hash: the same bytes may be written anew at once, under another key.
func doomed() map[string]any { return map[string]any{"state": stateDeleting, "sha256": nil} }

// condemned lists keys marked for deletion in their order, from the one after a given key on.
func (s rows) condemned(ctx context.Context, after string, limit int) (keys []string, err error) {
	err = s.db.Gorm(ctx).Model(&blobRow{}).Where("state = ? AND blob_key > ?", stateDeleting, after).
		Order("blob_key").Limit(limit).Pluck("blob_key", &keys).Error
	return keys, err
}

// drop forgets a blob whose bytes are deleted.
func (s rows) drop(ctx context.Context, key string) error {
	return s.db.Tx(ctx, func(_ context.Context, tx *database.Tx) error {
		return tx.Gorm().Where("blob_key = ? AND state = ?", key, stateDeleting).Delete(&blobRow{}).Error
	})
}
