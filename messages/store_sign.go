package messages

import (
	"context"
	"fmt"

	"gorm.io/gorm/clause"
)

type keyRow struct {
	Name  string `gorm:"primaryKey"`
	Value []byte
}

func (keyRow) TableName() string { return "mc_message_keys" }

// signingKey returns the stored key. Where there is none, the given one is stored, unless another instance is quicker.
func (s store) signingKey(ctx context.Context, fresh []byte) ([]byte, error) {
	row := keyRow{Name: "content"}
	find := s.gorm(ctx).Where("name = ?", row.Name).Limit(1).Find(&row)
	if find.Error == nil && find.RowsAffected == 0 {
		fresh := keyRow{Name: row.Name, Value: fresh}
		if err := s.gorm(ctx).Clauses(clause.OnConflict{DoNothing: true}).Create(&fresh).Error; err != nil {
			return nil, fmt.Errorf("store signing key: %w", err)
		}
		find = s.gorm(ctx).Where("name = ?", row.Name).Take(&row)
	}
	if find.Error != nil {
		return nil, fmt.Errorf("read signing key: %w", find.Error)
	}
	return row.Value, nil
}
