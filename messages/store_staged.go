package messages

import (
	"context"
	"fmt"
	"time"

	"github.com/mailconnector/mailconnector/internal/database"
)

// The states of a file that a host announced. Only a staged file can be kept, and only one being discarded is removed,
// so that the sweeper and a late transaction never both have their way.
const (
	fileStaged    = "staged"
	fileDiscarded = "discarded"
)

type stagedFileRow struct {
	ID        string `gorm:"primaryKey"`
	Plan      string
	Path      string
	State     string
	Announced int64
}

func (stagedFileRow) TableName() string { return "mc_staged_files" }

// stage records a path before the host writes to it. The statement commits by itself.
func (s store) stage(ctx context.Context, plan, path string) error {
	row := stagedFileRow{ID: newID(s.db.Now()), Plan: plan, Path: path, State: fileStaged, Announced: s.now()}
	if err := s.gorm(ctx).Create(&row).Error; err != nil {
		return fmt.Errorf("announce file: %w", err)
	}
	return nil
}

// keepStaged makes the files of a plan the host's for good, as of the commit. All of them must still be there.
func (s store) keepStaged(tx *database.Tx, plan string, files int) error {
	if files == 0 {
		return nil
	}
	res := tx.Gorm().Where("plan = ? AND state = ?", plan, fileStaged).Delete(&stagedFileRow{})
	if res.Error != nil {
		return fmt.Errorf("keep files: %w", res.Error)
	}
	if res.RowsAffected != int64(files) {
		return fmt.Errorf("keep files: %w", errRaced)
	}
	return nil
}

// condemnPlan marks the files of an abandoned plan, unless its transaction kept them after all.
func (s store) condemnPlan(ctx context.Context, plan string) error {
	return s.condemn(ctx, "plan = ? AND state = ?", plan, fileStaged)
}

// condemnOld marks files announced before a time.
func (s store) condemnOld(ctx context.Context, before time.Time) error {
	return s.condemn(ctx, "state = ? AND announced < ?", fileStaged, database.Micros(before))
}

func (s store) condemn(ctx context.Context, where string, args ...any) error {
	err := s.tx(ctx, func(_ context.Context, tx *database.Tx) error {
		return tx.Gorm().Model(&stagedFileRow{}).Where(where, args...).Update("state", fileDiscarded).Error
	})
	if err != nil {
		return fmt.Errorf("condemn files: %w", err)
	}
	return nil
}

// condemned lists marked files in their order, those of one plan or, for no plan, all after a given id.
func (s store) condemned(ctx context.Context, plan, after string, limit int) (rows []stagedFileRow, err error) {
	query := s.gorm(ctx).Where("state = ? AND id > ?", fileDiscarded, after).Order("id").Limit(limit)
	if plan != "" {
		query = query.Where("plan = ?", plan)
	}
	if err := query.Find(&rows).Error; err != nil {
		return nil, fmt.Errorf("list condemned files: %w", err)
	}
	return rows, nil
}

// forgetFile drops the row of a file that is gone.
func (s store) forgetFile(ctx context.Context, id string) error {
	if err := s.gorm(ctx).Where("id = ?", id).Delete(&stagedFileRow{}).Error; err != nil {
		return fmt.Errorf("forget file: %w", err)
	}
	return nil
}
