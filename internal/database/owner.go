package database

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
)

// ErrTaken says that tables with the names of ours are not there for us: they are another program's, or serve another
// CRM. The error that wraps it says which, and how to mend it.
var ErrTaken = errors.New("the tables mc_… of this database are taken")

const (
	// ownerSetting keeps [Options.Owner].
	ownerSetting = "database.owner"
	// ownerStep stands for noting the owner among the steps that are pending.
	ownerStep = "database-owner"
)

// CheckOwner answers [ErrTaken] where the tables serve another owner than that of the options. It changes nothing.
func (d *DB) CheckOwner(ctx context.Context) error {
	_, err := d.ownerNoted(ctx)
	return err
}

// ownerNoted reports whether the owner of the options, if there is one, is noted as the one of the tables.
func (d *DB) ownerNoted(ctx context.Context) (bool, error) {
	if d.owner == "" {
		return true, nil
	}
	var noted string
	found, err := d.Setting(ctx, ownerSetting, &noted)
	switch {
	case noSuchTable(err):
		return false, nil
	case err != nil || !found:
		return false, err
	case noted != d.owner:
		return false, fmt.Errorf("%w: they serve %s, and this is %s. Give this CRM a database of its own; or, where it is the same one, "+
			"moved, renamed or copied, run DELETE FROM mc_settings WHERE name = '%s' and then the command migrate", ErrTaken, noted, d.owner, ownerSetting)
	}
	return true, nil
}

// noteOwner notes the owner; of several at once the first.
func (d *DB) noteOwner(ctx context.Context) error {
	value, err := json.Marshal(d.owner)
	if err != nil {
		return err
	}
	_, err = d.exec(ctx, "INSERT INTO mc_settings (name, value, updated) VALUES (?, ?, ?)", ownerSetting, string(value), Micros(d.Now()))
	if IsDuplicate(err) {
		return d.CheckOwner(ctx)
	}
	return err
}
