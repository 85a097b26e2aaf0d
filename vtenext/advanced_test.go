package vtenext_test

import (
	"database/sql"
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/mailconnector/mailconnector/permissions"
	"github.com/mailconnector/mailconnector/permissions/sharing"
	"github.com/mailconnector/mailconnector/vtenext"
)

var advancedTables = []string{"tbl_s_advancedrule", "tbl_s_advancedrule_rel", "tbl_s_advancedrulefilters"}

func testAdvancedRules(t *testing.T, db *sql.DB) {
	keep(t, db, advancedTables...)
	s := newStage(t, db, 2001,
		`INSERT INTO vte_account (accountid, accountname, industry, employees, rating, website, emailoptout)
			VALUES (9N0, 'Alpha 100%_Beta', 'Banking', 250, NULL, '', 1)`,
		"UPDATE vte_users SET department = 'Banking', title = NULL WHERE id = 9N1",
		"INSERT INTO tbl_s_advancedrule (advrule_id, module_name, title) VALUES (9N, 'Accounts', 'the rule')",
		"INSERT INTO tbl_s_advancedrule_rel VALUES (9N, 'Users', '9N1', 0)",
	)
	r := record("Accounts", s.record)
	const name, industry, employees = "accountname", "industry", "employees"
	for _, f := range []struct {
		it         string
		conditions [][3]string // column, comparator, value
		opens      bool
	}{
		{"equals", [][3]string{{industry, "e", "Banking"}}, true},
		{"equals in another case", [][3]string{{industry, "e", "BANKING"}}, true},
		{"equals something else", [][3]string{{industry, "e", "Trade"}}, false},
		{"equals one of several", [][3]string{{industry, "e", "Trade, Banking"}}, true},
		{"differs", [][3]string{{industry, "n", "Trade"}}, true},
		{"does not differ", [][3]string{{industry, "n", "Banking"}}, false},
		{"differs from nothing known", [][3]string{{"rating", "n", "Hot"}}, false},
		{"is empty", [][3]string{{"website", "e", ""}}, true},
		{"begins", [][3]string{{name, "s", "Alpha"}}, true},
		{"does not begin", [][3]string{{name, "s", "Beta"}}, false},
		{"ends", [][3]string{{name, "ew", "Beta"}}, true},
		{"contains", [][3]string{{name, "c", "pha 1"}}, true},
		{"contains a percent sign", [][3]string{{name, "c", "100%"}}, true},
		{"a percent sign is no wildcard", [][3]string{{name, "c", "A%a"}}, false},
		{"an underscore is no wildcard", [][3]string{{name, "s", "Alph_"}}, false},
		{"a bar stands for itself", [][3]string{{name, "c", "|"}}, false},
		{"contains not", [][3]string{{name, "k", "Gamma"}}, true},
		{"contains after all", [][3]string{{name, "k", "Beta"}}, false},
		{"less", [][3]string{{employees, "l", "1000"}}, true},
		{"not less", [][3]string{{employees, "l", "30"}}, false},
		{"greater", [][3]string{{employees, "g", "30"}}, true},
		{"at most", [][3]string{{employees, "m", "250"}}, true},
		{"at least", [][3]string{{employees, "h", "250"}}, true},
		{"all conditions hold", [][3]string{{industry, "e", "Banking"}, {name, "s", "Alpha"}}, true},
		{"one condition fails", [][3]string{{industry, "e", "Banking"}, {name, "s", "Beta"}}, false},
		{"a value of the user", [][3]string{{industry, "e", "$current_user->department"}}, true},
		{"a value the user has not", [][3]string{{name, "c", "$current_user->title"}}, false},
		{"a value nobody may compare with", [][3]string{{name, "n", "$current_user->user_password"}}, false},
		{"an unknown comparator", [][3]string{{industry, "bt", "A,Z"}}, false},
		{"an empty value to contain", [][3]string{{name, "c", ""}}, false},
		{"a number that is none", [][3]string{{employees, "h", "many"}}, false},
		{"a check box", [][3]string{{"emailoptout", "e", "1"}}, false},
		{"a column that is no field's", [][3]string{{"accountid", "g", "0"}}, false},
		{"a column that is a statement", [][3]string{{"accountname` OR 1=1 OR `accountname", "e", "x"}}, false},
		{"no condition", nil, false},
	} {
		s.run(t, db, "DELETE FROM tbl_s_advancedrulefilters WHERE advrule_id = 9N")
		for i, condition := range f.conditions {
			column := "vte_account:" + condition[0] + ":" + condition[0] + ":Accounts:V"
			exec(t, db, s.fill("INSERT INTO tbl_s_advancedrulefilters VALUES (9N, ?, ?, ?, ?)"), i, column, condition[1], condition[2])
		}
		p := permissionsOf(t, db)
		d := ask(t, p, s.user, permissions.View, r)
		if d.Allows() != f.opens || d.Allows() != (d.Reason.Code == sharing.CodeAdvanced) {
			t.Errorf("%s: %v, want it to open the record: %t", f.it, d, f.opens)
		}
		if ask(t, p, s.user, permissions.Edit, r).Allows() {
			t.Errorf("%s: a rule for viewing lets the user edit", f.it)
		}
	}
}

func testAdvancedRulesOnRecordsThatListsLeaveOut(t *testing.T, db *sql.DB) {
	keep(t, db, advancedTables...)
	s := newStage(t, db, 2002,
		"UPDATE vte_crmentity SET setype = 'Leads' WHERE crmid = 9N0",
		"INSERT INTO vte_profile2tab (profileid, tabid, permissions) VALUES (9N, 7, 0)",
		"INSERT INTO vte_profile2standardperm VALUES (9N, 7, 1, 0), (9N, 7, 2, 0), (9N, 7, 4, 0)",
		"INSERT INTO vte_leaddetails (leadid, lead_no, lastname, company, converted) VALUES (9N0, 'LEA', 'Rossi', 'Alpha', 0)",
		"INSERT INTO tbl_s_advancedrule (advrule_id, module_name, title) VALUES (9N, 'Leads', 'the rule')",
		"INSERT INTO tbl_s_advancedrule_rel VALUES (9N, 'Users', '9N1', 1)",
		"INSERT INTO tbl_s_advancedrulefilters VALUES (9N, 0, 'vte_leaddetails:company:company:Leads_Company:V', 'e', 'Alpha')",
	)
	p := permissionsOf(t, db)
	lead := record("Leads", s.record)
	if got := ask(t, p, s.user, permissions.Edit, lead); got.Reason.Code != sharing.CodeAdvanced {
		t.Fatalf("a lead that matches: %v", got)
	}
	s.run(t, db, "UPDATE vte_leaddetails SET converted = 1 WHERE leadid = 9N0")
	if got := ask(t, p, s.user, permissions.View, lead); got.Allows() {
		t.Errorf("a converted lead: %v", got)
	}
	s.run(t, db, "UPDATE vte_leaddetails SET converted = 0 WHERE leadid = 9N0")
	s.run(t, db, "UPDATE vte_crmentity SET deleted = 1 WHERE crmid = 9N0")
	got := written(t, func(w io.Writer) error {
		return p.WriteAccess(t.Context(), w, vtenext.AccessOptions{Users: []string{s.user}, Types: []string{"Leads"}})
	})
	if want := strings.Join([]string{s.user, "Leads", lead.ID, "1", "0", "0", "0", "0"}, "\t"); !slices.Contains(got, want) {
		t.Error("the CRM does not let a rule open a deleted lead")
	}
}
