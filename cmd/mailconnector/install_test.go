package main

import (
	"strings"
	"testing"
)

// leavesTablesOfAnotherCRM runs beside tables that are noted as those of a CRM with another prefix.
func leavesTablesOfAnotherCRM(t *testing.T, b *beside) {
	name := text(t, b.db, "SELECT DATABASE()") + ".vte_"
	if noted := text(t, b.db, "SELECT value FROM mc_settings WHERE name = 'database.owner'"); noted != `"`+name+`"` {
		t.Errorf("the tables are noted as those of %s, want %s", noted, name)
	}
	b.exec(t, "UPDATE mc_settings SET value = '\"crm.other_\"' WHERE name = 'database.owner'")
	want := "they serve crm.other_, and this is " + name
	for _, command := range []string{"migrate", "serve", "index build", "license status", "license deactivate"} {
		wantFailure(t, want, b.args(command)...)
	}
	wantFailure(t, want, "uninstall", "--tables")
	wantLines(t, b.doctor(t, 1), `^FAIL  module .*`+want, `→ mend that first`)
	b.exec(t, "DELETE FROM mc_settings WHERE name = 'database.owner'") // as the error says
	wantLines(t, b.doctor(t, 1), `→ run mailconnector migrate`)
	must(t, "", b.args("migrate")...)
	b.doctor(t, 0)
}

// comesAndGoes installs and uninstalls beside a CRM in which mails were linked.
func comesAndGoes(t *testing.T, b *beside) {
	const entry = `SELECT COALESCE(GROUP_CONCAT(CONCAT_WS(' ', fieldid, blockid, name, linkto, sequence, active)), 'none')
		FROM vte_settings_field WHERE name LIKE 'Outlook%' AND fieldid <> 900`
	crm := []string{"--crm-url", "https://crm.example.com/vte"}
	want := func(what string, value string) {
		t.Helper()
		if got := text(t, b.db, entry); got != value {
			t.Errorf("%s: the menu entry is %s, want %s", what, got, value)
		}
	}
	mails := text(t, b.db, "SELECT COUNT(*) FROM vte_messages")
	const others = "7 Outlook Mail Connector index.php?module=OutlookMailConnector&action=index 9 1"
	b.exec(t, "INSERT INTO vte_settings_field (fieldid, blockid, name, linkto, sequence, active) VALUES (900, "+
		"7, 'Outlook Mail Connector', 'index.php?module=OutlookMailConnector&action=index', 9, 1)")
	wantLines(t, must(t, "", append([]string{"install"}, crm...)...), `leads to https://crm.example.com/mailconnector/admin/$`)
	want("installed", "53 6 Outlook Mail Connector https://crm.example.com/mailconnector/admin/ 19 0")
	must(t, "", append([]string{"install", "--prefix", "/other/"}, crm...)...)
	want("installed anew", "53 6 Outlook Mail Connector https://crm.example.com/other/admin/ 19 0")

	wantLines(t, must(t, "", "uninstall"), `^the menu entry is gone$`)
	want("uninstalled", "none")
	if code, _, problems := mailconnector(t, "", "install", "--crm-url", "http://crm.intranet/vte"); code != exitUsage ||
		!strings.Contains(problems, "give --crm-url https://crm.intranet/vte") {
		t.Errorf("install for a CRM without https: exit %d, problems %q", code, problems)
	}
	wantLines(t, must(t, "", "uninstall"), `^the menu entry was not there$`)
	if got := text(t, b.db, "SELECT CONCAT_WS(' ', blockid, name, linkto, sequence, active) FROM vte_settings_field WHERE fieldid = 900"); got != others {
		t.Errorf("the entry of another extension is %s, want %s", got, others)
	}
	for _, answer := range []string{"", "yes\n"} {
		if code, _, problems := mailconnector(t, answer, "uninstall", "--tables"); code != exitFailed || !strings.Contains(problems, "no table was removed") {
			t.Errorf("the answer %q: exit %d, %s", answer, code, problems)
		}
	}
	must(t, "", b.args("migrate")...) // nothing is missing yet
	b.exec(t, "CREATE TABLE mc_of_others (id INT)")
	wantLines(t, must(t, text(t, b.db, "SELECT DATABASE()")+"\n", "uninstall", "--tables"), `tables are gone; every mail stays`)
	wantLines(t, must(t, "", "uninstall", "--tables"), `^there are no tables of the module$`)
	if got := text(t, b.db, "SELECT COUNT(*) FROM vte_messages"); got != mails || mails == "0" {
		t.Errorf("the CRM has %s mails after all, want %s", got, mails)
	}
	if got := text(t, b.db, "SELECT GROUP_CONCAT(table_name) FROM information_schema.tables WHERE table_schema = DATABASE() AND table_name LIKE 'mc%'"); got != "mc_of_others" {
		t.Errorf("tables left: %s, want that of others", got)
	}
	b.exec(t, "DELETE FROM vte_settings_blocks WHERE label = 'LBL_OTHER_SETTINGS'")
	wantFailure(t, "menu is disabled: vte_settings_blocks: there is no group", append([]string{"install"}, crm...)...)
	b.exec(t, "DROP TABLE vte_settings_field")
	wantFailure(t, "vte_settings_field: the table does not exist", "uninstall")
}
