package vtenext

import (
	"context"
	"fmt"
	"strings"
)

// PartMenu is the entry in the CRM's settings.
const PartMenu Part = "menu"

const (
	// menuName is what the entry is called. The CRM shows a name that it has no translation of as it is.
	menuName        = "Outlook Mail Connector"
	menuDescription = "License, seats, sessions and activity of the Outlook add-in"
	menuIcon        = "email" // as the CRM's newer entries name icons
	menuBlock       = "LBL_OTHER_SETTINGS"

	// menuPage ends every address that the entry leads to. Pages of the CRM and of its extensions are named in a query.
	menuPage = "/admin/"

	// menuEntry is how the entry is found again: an extension may have given one of its own the same name.
	menuEntry = "name = '" + menuName + "' AND linkto LIKE 'http%" + menuPage + "'"
)

func menuNeeds() []need {
	return []need{
		needs(PartMenu, "{settings_blocks}", "blockid label"),
		needs(PartMenu, "{settings_field}", "fieldid blockid name iconpath description linkto sequence active"),
	}
}

// AddMenuEntry puts the module among the CRM's settings, as the last of "Other settings", or gives the entry that is
// there another address: that of the administrators' page, which ends with /admin/. The CRM shows it to administrators,
// at the latest when they sign in anew. An entry of another extension that has the same name stays as it is. Without the
// tables, or that group of settings, it answers a [*LackingError] and changes nothing.
func (c *CRM) AddMenuEntry(ctx context.Context, address string) error {
	if !strings.HasPrefix(address, "http") || !strings.HasSuffix(address, menuPage) {
		return fmt.Errorf("add the menu entry: %q is no address of the administrators' page, such as https://crm.example.com/mailconnector/admin/", address)
	}
	if err := c.meets(ctx, menuNeeds()); err != nil {
		return err
	}
	blocks, err := collect(ctx, c.db, scanOne[int64], c.sql("SELECT blockid FROM {settings_blocks} WHERE label = ?"), menuBlock)
	if err != nil {
		return fmt.Errorf("find the group of settings: %w", err)
	}
	if len(blocks) == 0 {
		return &LackingError{Part: PartMenu, Table: c.table("settings_blocks"), Detail: "there is no group " + menuBlock}
	}
	there, err := collect(ctx, c.db, scanOne[int64], c.sql("SELECT fieldid FROM {settings_field} WHERE "+menuEntry))
	if err != nil {
		return fmt.Errorf("look for the menu entry: %w", err)
	}
	if len(there) > 0 {
		_, err = c.db.ExecContext(ctx, c.sql("UPDATE {settings_field} SET linkto = ?, active = 0 WHERE "+menuEntry), address)
		return wrapped("change the menu entry", err)
	}
	id, err := c.next(ctx, "settings_field", 1)
	if err != nil {
		return err
	}
	_, err = c.db.ExecContext(ctx, c.sql(`INSERT INTO {settings_field} (fieldid, blockid, name, iconpath, description, linkto, sequence, active)
		SELECT ?, ?, ?, ?, ?, ?, COALESCE(MAX(sequence), 0) + 1, 0 FROM {settings_field} WHERE blockid = ?`),
		id, blocks[0], menuName, menuIcon, menuDescription, address, blocks[0])
	return wrapped("add the menu entry", err)
}

// RemoveMenuEntry takes the module out of the CRM's settings, and leaves what others put there. It reports whether it was
// there.
func (c *CRM) RemoveMenuEntry(ctx context.Context) (removed bool, err error) {
	if err := c.meets(ctx, menuNeeds()); err != nil {
		return false, err
	}
	removed, err = affected(c.db.ExecContext(ctx, c.sql("DELETE FROM {settings_field} WHERE "+menuEntry)))
	return removed, wrapped("remove the menu entry", err)
}

func wrapped(doing string, err error) error {
	if err != nil {
		return fmt.Errorf("%s: %w", doing, err)
	}
	return nil
}
