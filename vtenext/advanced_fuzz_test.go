package vtenext_test

import (
	"regexp"
	"strings"
	"testing"

	"github.com/mailconnector/mailconnector/vtenext"
)

// filterStatement is all a filter can become, whatever is in its rows.
var filterStatement = regexp.MustCompile("^JOIN `vte_things` ON `vte_things`.`thingid` = e.crmid " +
	"\\(`vte_things`.`(name|size|due)` [-A-Z<>=?'|%_, ()]+( OR `vte_things`.`(name|size|due)` [-A-Z<>=?'|%_, ()]+)*\\)$")

func FuzzFilters(f *testing.F) {
	f.Add("vte_things:name:name:Things_Name:V", "c", "Alpha")
	f.Add("vte_things:size:size:Things_Size:I", "h", "12,13")
	f.Add("vte_things:due:due:Things_Due:D", "l", "2026-01-01")
	f.Add("vte_things:name:name:Things_Name:V", "e", "$current_user->department")
	f.Add("vte_things:name` OR 1=1 -- :x:y:V", "e", "x")
	f.Add("vte_things", "n", "' OR ''='")
	f.Add("a:b:c", "bt", "")
	f.Fuzz(func(t *testing.T, columnName, comparator, value string) {
		statement, args, err := vtenext.CompileFilter(columnName, comparator, value)
		if err != nil {
			if statement != "" {
				t.Errorf("both a statement and the error %v", err)
			}
			return
		}
		if !filterStatement.MatchString(statement) {
			t.Errorf("the statement is %q", statement)
		}
		if placeholders := strings.Count(statement, "?"); placeholders != len(args) {
			t.Errorf("%d placeholders and %d arguments", placeholders, len(args))
		}
	})
}
