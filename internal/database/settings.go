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

// maxRevisions is how often a revision begins anew, each time because another one was quicker.
const maxRevisions = 100

// Revise replaces the value of a setting by what revise makes of it, as one step: where another run changed it in
// between, revise is asked again with the value that is there now. The zero value stands for one that is not set. Where
// revise reports false, nothing changes. The row is changed by statements that name the value they replace, which
// excludes on every database, a Galera cluster included.
func Revise[T any](ctx context.Context, d *DB, name string, revise func(old T) (revised T, changed bool)) error {
	if err := checkName("name of a setting", name); err != nil {
		return err
	}
	for range maxRevisions {
		done, err := reviseOnce(ctx, d, name, revise)
		if err != nil {
			return fmt.Errorf("revise setting %q: %w", name, err)
		}
		if done {
			return nil
		}
	}
	return fmt.Errorf("revise setting %q: others changed it each of %d times", name, maxRevisions)
}

func reviseOnce[T any](ctx context.Context, d *DB, name string, revise func(T) (T, bool)) (done bool, err error) {
	var text string
	found, err := d.row(ctx, []any{&text}, "SELECT value FROM mc_settings WHERE name = ?", name)
	if err != nil {
		return false, err
	}
	var old T
	if found {
		if err := json.Unmarshal([]byte(text), &old); err != nil {
			return false, err
		}
	}
	value, changed := revise(old)
	if !changed {
		return true, nil
	}
	revised, err := json.Marshal(value)
	if err != nil || found && string(revised) == text {
		return err == nil, err
	}
	if found {
		return d.changed(ctx, "UPDATE mc_settings SET value = ?, updated = ? WHERE name = ? AND value = ?",
			string(revised), Micros(d.Now()), name, text)
	}
	_, err = d.exec(ctx, "INSERT INTO mc_settings (name, value, updated) VALUES (?, ?, ?)", name, string(revised), Micros(d.Now()))
	if IsDuplicate(err) {
		return false, nil
	}
	return err == nil, err
}

// SetSetting stores a value as JSON under a name of at most 100 bytes, replacing what was there. The last writer wins;
// [Revise] is for a value that is made of the one before.
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
