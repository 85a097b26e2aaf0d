package documents

import (
	"context"
	"errors"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"github.com/mailconnector/mailconnector/internal/database"
)

// The states of a blob's row.
const (
	stateWriting  = "writing"  // bytes may be missing or incomplete
	stateReady    = "ready"    // bytes complete and durable; the hash is set
	stateDeleting = "deleting" // bytes may be missing; nobody may claim or reuse them
)

// parked is the touched of a blob whose claims the sweeper has seen: out of its way until somebody releases it.
const parked = int64(1) << 62

// blobRow has its hash only while it is ready, so that the hash is unique among those that can be reused.
type blobRow struct {
	BlobKey string `gorm:"primaryKey"`
	SHA256  []byte `gorm:"column:sha256"`
	Size    int64
	State   string
	Touched int64
}

func (blobRow) TableName() string { return "mc_blobs" }

type claimRow struct {
	Claimant string `gorm:"primaryKey"`
	BlobKey  string `gorm:"primaryKey"`
}

func (claimRow) TableName() string { return "mc_blob_claims" }

// rows is the database side of Blobs. Every method that takes a context changes all or nothing.
type rows struct{ db *database.DB }

// insert announces a blob. A run that meets its own row follows a COMMIT whose answer was lost: the key is random.
func (s rows) insert(ctx context.Context, key string) error {
	err := s.db.Alone(ctx, func(db *gorm.DB) error {
		return db.Create(&blobRow{BlobKey: key, State: stateWriting, Touched: s.now()}).Error
	})
	if database.IsDuplicate(err) {
		return nil
	}
	return err
}

// keepAlive postpones the sweeping of a blob that is being written. It answers ErrBlobGone when that is too late.
func (s rows) keepAlive(ctx context.Context, key string) error {
	return s.db.Tx(ctx, func(_ context.Context, tx *database.Tx) error {
		return s.touch(tx, "blob_key = ? AND state = ?", key, stateWriting)
	})
}

// ready makes a written blob one that can be claimed and reused. It fails with a duplicate when another blob holds the
// same bytes, and with ErrBlobGone when the sweeper has taken the row.
func (s rows) ready(ctx context.Context, b Blob) error {
	var changed int64
	err := s.db.Alone(ctx, func(db *gorm.DB) error {
		res := db.Model(&blobRow{}).Where("blob_key = ? AND state = ?", b.Key, stateWriting).
			Updates(map[string]any{"state": stateReady, "sha256": b.SHA256[:], "size": b.Size, "touched": s.now()})
		changed = res.RowsAffected
		return res.Error
	})
	if err != nil || changed > 0 {
		return err
	}
	return s.db.Tx(ctx, func(_ context.Context, tx *database.Tx) error {
		// Ready by now, where an earlier run counted although its answer was lost.
		return s.touch(tx, "blob_key = ? AND state = ?", b.Key, stateReady)
	})
}

// reuse finds the blob that holds the bytes of a hash, and keeps the sweeper off it as if it were written just now.
func (s rows) reuse(ctx context.Context, hash [32]byte) (b Blob, err error) {
	err = s.db.Tx(ctx, func(_ context.Context, tx *database.Tx) error {
		if err := s.touch(tx, "sha256 = ? AND state = ?", hash[:], stateReady); err != nil {
			return err
		}
		var row blobRow
		err := tx.Gorm().Where("sha256 = ?", hash[:]).Take(&row).Error
		b = Blob{Key: row.BlobKey, SHA256: hash, Size: row.Size}
		return err
	})
	return b, err
}

// claim first changes the blob's row. That locks it, so that a sweeper which is after the same blob finds it touched, or
// this transaction finds it gone.
func (s rows) claim(tx *database.Tx, key, claimant string) error {
	if err := s.touch(tx, "blob_key = ? AND state = ?", key, stateReady); err != nil {
		return err
	}
	claim := claimRow{Claimant: claimant, BlobKey: key}
	return tx.Gorm().Clauses(clause.OnConflict{DoNothing: true}).Create(&claim).Error
}

func (s rows) release(tx *database.Tx, claimant string) error {
	claimed := tx.Gorm().Model(&claimRow{}).Select("blob_key").Where("claimant = ?", claimant)
	err := s.touch(tx, "blob_key IN (?)", claimed)
	if errors.Is(err, ErrBlobGone) {
		return nil // no claims
	}
	if err != nil {
		return err
	}
	return tx.Gorm().Where("claimant = ?", claimant).Delete(&claimRow{}).Error
}

// touch starts the sweeper's waiting time anew for the rows of a condition, and answers ErrBlobGone when there are none.
// The value always changes: MySQL counts the rows changed, not those found.
func (s rows) touch(tx *database.Tx, where string, args ...any) error {
	now := s.now()
	changed := gorm.Expr("CASE WHEN touched = ? THEN ? ELSE ? END", now, now+1, now)
	res := tx.Gorm().Model(&blobRow{}).Where(where, args...).Update("touched", changed)
	if res.Error == nil && res.RowsAffected == 0 {
		return ErrBlobGone
	}
	return res.Error
}

func (s rows) usage(ctx context.Context) (u Usage, err error) {
	err = s.db.Gorm(ctx).Model(&blobRow{}).Where("state = ?", stateReady).
		Select("COUNT(*) AS blobs, COALESCE(SUM(size), 0) AS bytes").Scan(&u).Error
	return u, err
}

func (s rows) now() int64 { return database.Micros(s.db.Now()) }
