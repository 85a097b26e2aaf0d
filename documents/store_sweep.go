package documents

import (
	"context"
	"time"

	"github.com/mailconnector/mailconnector/internal/database"
)

// idle lists blobs in use by nobody known, not touched since before, the longest untouched first.
func (s rows) idle(ctx context.Context, before time.Time, limit int) (found []blobRow, err error) {
	err = s.db.Gorm(ctx).Where("state IN ? AND touched < ?", []string{stateWriting, stateReady}, database.Micros(before)).
		Order("touched").Limit(limit).Find(&found).Error
	return found, err
}

// condemn marks those blobs for deletion that are still as idle found them and that nobody claims; claimed ones it
// parks. Neither happens to a blob that was touched meanwhile. A claim is looked for only beside the touched that was
// seen: on MySQL the subquery may read a state older than the row it waited for.
func (s rows) condemn(ctx context.Context, blobs []blobRow) error {
	return s.db.Tx(ctx, func(_ context.Context, tx *database.Tx) error {
		unchanged := tx.Gorm()
		for _, b := range blobs {
			unchanged = unchanged.Or("blob_key = ? AND touched = ?", b.BlobKey, b.Touched)
		}
		claims := tx.Gorm().Model(&claimRow{}).Select("1").Where("mc_blob_claims.blob_key = mc_blobs.blob_key")
		free := tx.Gorm().Model(&blobRow{}).Where(unchanged).Where("NOT EXISTS (?)", claims)
		if err := free.Updates(doomed()).Error; err != nil {
			return err
		}
		held := tx.Gorm().Model(&blobRow{}).Where(unchanged).Where("EXISTS (?)", claims)
		return held.Update("touched", parked).Error
	})
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

// drop forgets blobs whose bytes are deleted.
func (s rows) drop(ctx context.Context, keys []string) error {
	return s.db.Tx(ctx, func(_ context.Context, tx *database.Tx) error {
		return tx.Gorm().Where("blob_key IN ? AND state = ?", keys, stateDeleting).Delete(&blobRow{}).Error
	})
}
