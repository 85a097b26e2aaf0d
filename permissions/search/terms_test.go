package search_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/mailconnector/mailconnector/internal/dbtest"
	"github.com/mailconnector/mailconnector/permissions/search"
)

// TestNumbersAndAddressesAreFoundAsTheyArePasted searches for what stands in a mail.
func TestNumbersAndAddressesAreFoundAsTheyArePasted(t *testing.T) {
	c := newCRM()
	c.put(contact("9-77", "anna", "Nina Nove", "nina@nove.example", ""))
	c.put(contact("9", "anna", "Otto Otto", "77@otto.example", ""))
	s := service(t, dbtest.SQLite(t), c)
	for _, text := range []string{
		"con9-77", "CON9-7", "[CON9-77]", "977", "con9-77 nove", "nina con9-77",
		"<Nina@Nove.example>", "nina@nove.example;", "Nina Nove <nina@nove.example>,",
	} {
		if got := find(t, s, anna, text); !slices.Equal(got, []string{"Nina Nove"}) {
			t.Errorf("search %q finds %v", text, got)
		}
	}
}

// TestANovelIsFoundByItsAddress indexes a record with more words than are kept of one.
func TestANovelIsFoundByItsAddress(t *testing.T) {
	c := newCRM()
	var novel strings.Builder
	for i := range 700 {
		_, _ = fmt.Fprintf(&novel, "word%d ", i)
	}
	c.put(contact("1", "anna", novel.String(), "author@novel.example", "+39 02 5550 1234"))
	s := service(t, dbtest.SQLite(t), c)
	for _, text := range []string{"author@novel.example", "@novel.example", "con1", "0255501234", "word1"} {
		if got := find(t, s, anna, text); len(got) != 1 {
			t.Errorf("search %q finds %v", text, got)
		}
	}
}

// TestOfACommonWordOnlyTheBeginningIsRead looks for the middle of a word that all records have.
func TestOfACommonWordOnlyTheBeginningIsRead(t *testing.T) {
	const records = 1500
	db := dbtest.MariaDB(t)
	db.SetMaxOpenConns(1) // a session counts its own rows
	c := newCRM()
	for i := range records {
		c.put(contact(fmt.Sprint(i), "anna", "Quelltal", "", ""))
	}
	s := service(t, db, c)
	build(t, s)
	find(t, s, boss, "uelltal") // refreshes, and reads names
	before := rowsRead(t, db)
	if got := find(t, s, boss, "uelltal"); len(got) != search.DefaultLimit {
		t.Errorf("found %v", got)
	}
	if n := rowsRead(t, db) - before; n >= records {
		t.Errorf("the database read %d rows to find the first of %d", n, records)
	}
}
