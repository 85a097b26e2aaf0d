package vtenext_test

import (
	"database/sql"
	"strings"
	"testing"

	"github.com/mailconnector/mailconnector/vtenext"
)

// settingsOf loads of an organisation only what its menu of settings is made of.
func settingsOf(t *testing.T, name string) *sql.DB {
	t.Helper()
	return load(t, name, func(statement string) string {
		if strings.Contains(statement, "`vte_settings_") {
			return statement
		}
		return "DO 0"
	})
}

func TestTheMenuEntryIsToldFromThoseOfOthers(t *testing.T) {
	db := settingsOf(t, organisationA)
	crm, err := vtenext.New(vtenext.Config{DB: db})
	if err != nil {
		t.Fatal(err)
	}
	others := map[string]string{
		"a page of the CRM":               "index.php?module=OutlookMailConnector&action=index&parenttab=Settings",
		"a page of ours that is no entry": "https://crm.example.com/mailconnector/me",
		"no address":                      "",
	}
	for what, address := range others {
		exec(t, db, "INSERT INTO vte_settings_field (fieldid, blockid, name, linkto, sequence, active) "+
			"SELECT MAX(fieldid) + 100, 6, 'Outlook Mail Connector', ?, 1, 1 FROM vte_settings_field", address)
		if err := crm.AddMenuEntry(t.Context(), address); err == nil {
			t.Errorf("%s was taken for the administrators' page", what)
		}
	}
	rows := func(where string) string {
		t.Helper()
		return text(t, db, "SELECT COALESCE(GROUP_CONCAT(CONCAT_WS(' ', fieldid, blockid, linkto, sequence, active) ORDER BY fieldid), 'none') "+
			"FROM vte_settings_field WHERE name = 'Outlook Mail Connector' AND "+where)
	}
	before := rows("fieldid > 100")
	for _, address := range []string{"https://crm.example.com/mailconnector/admin/", "http://127.0.0.1:8080/other/admin/"} {
		if err := crm.AddMenuEntry(t.Context(), address); err != nil {
			t.Fatal(err)
		}
		if got, want := rows("fieldid < 100"), "53 6 "+address+" 19 0"; got != want {
			t.Errorf("the entry is %s, want %s", got, want)
		}
	}
	for _, want := range []bool{true, false} {
		if removed, err := crm.RemoveMenuEntry(t.Context()); err != nil || removed != want {
			t.Errorf("RemoveMenuEntry = %t, %v, want %t", removed, err, want)
		}
	}
	if got := rows("fieldid < 100"); got != "none" {
		t.Errorf("the entry is still there: %s", got)
	}
	if got := rows("fieldid > 100"); got != before || before == "none" {
		t.Errorf("the entries of others became %s, want %s", got, before)
	}
}
