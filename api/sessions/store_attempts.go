package sessions

import (
	"context"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"github.com/mailconnector/mailconnector/internal/database"
)

type attemptRow struct {
	KeyHash   []byte `gorm:"primaryKey"`
	Failures  int
	LastTry   int64
	NotBefore int64
}

func (attemptRow) TableName() string { return "mc_sign_in_attempts" }

// countFailure adds a failure to every counter, or to none and answers a [*ThrottledError].
func (s store) countFailure(ctx context.Context, counters []counter, now time.Time, p ThrottlePolicy) error {
	return s.run(ctx, func(tx *gorm.DB) error {
		for _, c := range counters {
			if err := countOne(tx, c, now, p); err != nil {
				return err
			}
		}
		return nil
	})
}

// countOne begins with a write that changes nothing where the row exists. It holds the row until the transaction ends,
// so that what is read after it cannot change.
func countOne(tx *gorm.DB, c counter, now time.Time, p ThrottlePolicy) error {
	row := attemptRow{KeyHash: c.key[:]}
	if err := tx.Clauses(clause.OnConflict{DoNothing: true}).Create(&row).Error; err != nil {
		return err
	}
	if err := tx.Where("key_hash = ?", c.key[:]).Take(&row).Error; err != nil {
		return err
	}
	if wait := database.Time(row.NotBefore).Sub(now); row.NotBefore > 0 && wait > 0 {
		return &ThrottledError{RetryAfter: wait}
	}
	if row.LastTry < database.Micros(now.Add(-p.Forget)) {
		row.Failures = 0
	}
	row.Failures++
	row.LastTry = database.Micros(now)
	row.NotBefore = database.Micros(now.Add(p.wait(row.Failures, c.free)))
	return tx.Where("key_hash = ?", c.key[:]).Select("failures", "last_try", "not_before").Updates(&row).Error
}

// takeBack undoes one failure. The wait it brought ends too: there was none when the attempt was let through.
func (s store) takeBack(ctx context.Context, key [32]byte) error {
	return s.run(ctx, func(tx *gorm.DB) error {
		return tx.Model(&attemptRow{}).Where("key_hash = ? AND failures > 0", key[:]).Updates(map[string]any{
			"failures":   gorm.Expr("failures - 1"),
			"not_before": 0,
		}).Error
	})
}

// forget drops a counter.
func (s store) forget(ctx context.Context, key [32]byte) error {
	return s.run(ctx, func(tx *gorm.DB) error {
		return tx.Where("key_hash = ?", key[:]).Delete(&attemptRow{}).Error
	})
}
