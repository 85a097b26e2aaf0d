package vtenext_test

import (
	"database/sql"
	"strings"
	"testing"

	"github.com/mailconnector/mailconnector/vtenext"
)

func TestNewRefusesWhatCannotBeRight(t *testing.T) {
	db := new(sql.DB)
	for name, c := range map[string]vtenext.Config{
		"no database":               {},
		"a prefix that ends a name": {DB: db, TablePrefix: "vte`; DROP"},
		"a prefix with a brace":     {DB: db, TablePrefix: "{vte}"},
		"a prefix that is too long": {DB: db, TablePrefix: strings.Repeat("v", 21)},
		"the prefix of our tables":  {DB: db, TablePrefix: "MC"},
	} {
		if _, err := vtenext.New(c); err == nil {
			t.Errorf("%s was accepted", name)
		}
	}
}

func TestNewNeedsOnlyADatabase(t *testing.T) {
	if _, err := vtenext.New(vtenext.Config{DB: new(sql.DB)}); err != nil {
		t.Error(err)
	}
}
