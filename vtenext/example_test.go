package vtenext_test

import (
	"database/sql"
	"fmt"

	"github.com/mailconnector/mailconnector/permissions"
	"github.com/mailconnector/mailconnector/vtenext"
)

func ExampleNew() {
	db := new(sql.DB) // opened with the settings of the CRM's config.inc.php
	_, err := vtenext.New(vtenext.Config{DB: db, TablePrefix: "vte; DROP TABLE"})
	fmt.Println(err)
	// Output: vtenext: table prefix "vte; DROP TABLE": want at most 20 letters, digits and underscores
}

func ExampleExplanation_String() {
	e := vtenext.Explanation{
		User: "12", Record: permissions.Record{Type: "Accounts", ID: "59"},
		Answers: []vtenext.Answer{{
			Action: permissions.View,
			Decision: permissions.Decision{Outcome: permissions.Allowed, Reason: permissions.Reason{
				Code: "owner", Detail: "User nora (12) owns the record.",
			}},
		}},
	}
	fmt.Print(e)
	// Output:
	// user 12, Accounts:59
	// view    allowed  owner                        User nora (12) owns the record.
}
