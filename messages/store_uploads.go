package messages

import (
	"context"
	"errors"
	"fmt"

	"gorm.io/gorm"

	"github.com/mailconnector/mailconnector/documents"
	"github.com/mailconnector/mailconnector/internal/database"
	"github.com/mailconnector/mailconnector/permissions"
)

type uploadRow struct {
	ID       string `gorm:"primaryKey"`
	Owner    string
	Slot     int
	Length   int64
	Received int64
	Chunks   int
	Metadata string
	Expires  int64
}

func (uploadRow) TableName() string { return "mc_uploads" }

func (r uploadRow) upload() StagedUpload {
	return StagedUpload{ID: r.ID, Length: r.Length, Offset: r.Received, Metadata: r.Metadata, Expires: timeOf(r.Expires)}
}

// chunkRow is a piece of an upload. Its own id tells a run after a lost COMMIT from another chunk for the same place.
type chunkRow struct {
	Upload  string `gorm:"primaryKey"`
	Start   int64  `gorm:"primaryKey;autoIncrement:false"`
	ID      string
	BlobKey string
	Size    int64
}

func (chunkRow) TableName() string { return "mc_upload_chunks" }

// claimantOf names an upload to the blobs it claims.
func claimantOf(upload string) string { return "upload:" + upload }

// slotTries is how often a slot is looked for because others of the same user were quicker.
const slotTries = 20

// addUpload puts an upload into a free slot of its owner. It answers ErrUploads where there is none.
func (s store) addUpload(ctx context.Context, row uploadRow, slots int) error {
	for range slotTries {
		var taken []uploadRow
		if err := s.gorm(ctx).Select("id", "slot").Where("owner = ?", row.Owner).Find(&taken).Error; err != nil {
			return fmt.Errorf("read uploads: %w", err)
		}
		free := make(map[int]bool, slots)
		for slot := range slots {
			free[slot] = true
		}
		for _, other := range taken {
			if other.ID == row.ID { // the answer to an INSERT was lost
				return nil
			}
			delete(free, other.Slot)
		}
		err := s.takeSlot(ctx, row, free)
		if !errors.Is(err, errRaced) {
			return err
		}
	}
	return ErrBusy
}

func (s store) takeSlot(ctx context.Context, row uploadRow, free map[int]bool) error {
	for slot := range free { // in any order, so that two requests seldom want the same
		row.Slot = slot
		return s.tx(ctx, func(_ context.Context, tx *database.Tx) error {
			return insert(tx, "upload", []uploadRow{row})
		})
	}
	return ErrUploads
}

// upload reads a user's upload. It answers errNoRow.
func (s store) upload(ctx context.Context, id, owner string) (row uploadRow, err error) {
	if err := s.gorm(ctx).Where("id = ? AND owner = ?", id, owner).Take(&row).Error; err != nil {
		return uploadRow{}, fmt.Errorf("read upload: %w", noRow(err))
	}
	return row, nil
}

// chunks lists the pieces of an upload in their order.
func (s store) chunks(ctx context.Context, id string) (rows []chunkRow, err error) {
	if err := s.gorm(ctx).Where("upload = ?", id).Order("start").Find(&rows).Error; err != nil {
		return nil, fmt.Errorf("read chunks: %w", err)
	}
	return rows, nil
}

// addChunk appends a chunk to an upload that ends where it begins. It answers ErrOffset where another was quicker, and
// permissions.ErrNotFound where the upload is gone meanwhile.
func (s store) addChunk(ctx context.Context, blobs *documents.Blobs, chunk chunkRow, expires int64) error {
	err := s.tx(ctx, func(_ context.Context, tx *database.Tx) error {
		if err := insert(tx, "chunk", []chunkRow{chunk}); err != nil {
			return err
		}
		res := tx.Gorm().Model(&uploadRow{}).Where("id = ? AND received = ?", chunk.Upload, chunk.Start).Updates(map[string]any{
			"received": gorm.Expr("received + ?", chunk.Size), "chunks": gorm.Expr("chunks + 1"), "expires": expires,
		})
		if err := changedOne("advance upload", res); err != nil {
			return err
		}
		return blobs.Claim(tx, chunk.BlobKey, claimantOf(chunk.Upload))
	})
	if errors.Is(err, errRaced) {
		return s.whyNot(ctx, chunk)
	}
	return err
}

// whyNot finds out what a chunk met: itself, another, or an upload that is gone.
func (s store) whyNot(ctx context.Context, chunk chunkRow) error {
	chunks, err := s.chunks(ctx, chunk.Upload)
	if err != nil {
		return err
	}
	for _, c := range chunks {
		if c.ID == chunk.ID {
			return nil
		}
		if c.Start >= chunk.Start {
			return ErrOffset
		}
	}
	return permissions.ErrNotFound
}

// dropUpload forgets an upload and gives its bytes to the sweeper.
func (s store) dropUpload(ctx context.Context, blobs *documents.Blobs, id string) error {
	return s.tx(ctx, func(_ context.Context, tx *database.Tx) error { return s.consume(tx, blobs, id) })
}

// consume is dropUpload within a transaction: that which links what was uploaded.
func (s store) consume(tx *database.Tx, blobs *documents.Blobs, id string) error {
	if err := tx.Gorm().Where("id = ?", id).Delete(&uploadRow{}).Error; err != nil {
		return fmt.Errorf("drop upload: %w", err)
	}
	if err := tx.Gorm().Where("upload = ?", id).Delete(&chunkRow{}).Error; err != nil {
		return fmt.Errorf("drop chunks: %w", err)
	}
	return blobs.Release(tx, claimantOf(id))
}

// expiredUploads lists uploads that have expired, of one user or, for no user, of all.
func (s store) expiredUploads(ctx context.Context, owner string) (ids []string, err error) {
	query := s.gorm(ctx).Model(&uploadRow{}).Where("expires <= ?", s.now())
	if owner != "" {
		query = query.Where("owner = ?", owner)
	}
	if err := query.Pluck("id", &ids).Error; err != nil {
		return nil, fmt.Errorf("list expired uploads: %w", err)
	}
	return ids, nil
}

// dropExpired drops an upload unless a chunk has arrived meanwhile.
func (s store) dropExpired(ctx context.Context, blobs *documents.Blobs, id string) error {
	err := s.tx(ctx, func(_ context.Context, tx *database.Tx) error {
		res := tx.Gorm().Where("id = ? AND expires <= ?", id, s.now()).Delete(&uploadRow{})
		if err := changedOne("drop expired upload", res); err != nil {
			return err
		}
		return s.consume(tx, blobs, id)
	})
	if errors.Is(err, errRaced) {
		return nil
	}
	return err
}
