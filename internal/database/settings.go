package database

import (
	"context"
	"encoding/json"
	"fmt"

	"gorm.io/gorm/clause"
)

type settingRow struct {
	Name    string `gorm:"primaryKey"`
	Value   string
	Updated int64
}

// TableName tells gorm the table.
func (settingRow) TableName() string { return "mc_settings" }

// Setting reads the setting of a name into the value that into points to, as JSON does, and reports whether it is set.
// Where it is not set, into keeps what it held: the default.
func (d *DB) Setting(ctx context.Context, name string, into any) (bool, error) {
	var value string
	found, err := d.row(ctx, []any{&value}, "SELECT value FROM mc_settings WHERE name = ?", name)
	if err != nil {
		return false, fmt.Errorf("read setting %q: %w", name, err)
	}
	if !found {
		return false, nil
	}
	if err := json.Unmarshal([]byte(value), into); err != nil {
		return false, fmt.Errorf("read setting %q: %w", name, err)
	}
	return true, nil
}

// SetSetting stores a value as JSON under a name of at most 100 bytes, replacing what was there. The last writer wins.
func (d *DB) SetSetting(ctx context.Context, name string, value any) error {
	if err := checkName("name of a setting", name); err != nil {
		return err
	}
	text, err := json.Marshal(value)
	if err != nil {
		return fmt.Errorf("write setting %q: %w", name, err)
	}
	row := settingRow{Name: name, Value: string(text), Updated: Micros(d.Now())}
	err = retry(ctx, func() error {
		return d.Gorm(ctx).Clauses(clause.OnConflict{UpdateAll: true}).Create(&row).Error
	})
	if err != nil {
		return fmt.Errorf("write setting %q: %w", name, err)
	}
	return nil
}
