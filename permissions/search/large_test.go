package search_test

import (
	"database/sql"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/mailconnector/mailconnector/internal/dbtest"
	"github.com/mailconnector/mailconnector/permissions"
	"github.com/mailconnector/mailconnector/permissions/search"
)

// TestLargeIndexesEqualReadingEverything asks what goes beyond the bounds of a single reading: more terms of one owner
// than are read at once, more words with a fragment in their middle than are listed for one request, several words of
// which one is in all records, and subjects who see all of one type and little of another.
func TestLargeIndexesEqualReadingEverything(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *sql.DB) {
		c := largeCRM()
		s := service(t, db, c)
		if err := s.Build(t.Context(), func(int) {}); err != nil {
			t.Fatal(err)
		}
		for _, text := range []string{"keller", "ell zet", "zeta eller", "ann zeta", "eller 1299", "eller"} {
			for _, user := range []string{"owner0", "many", "aside", "mixed", "boss"} {
				if text == "keller" && user != "owner0" || text == "eller" && user != "aside" {
					continue // pages and pages of the same
				}
				who := permissions.Subject{UserID: user}
				if diff := cmp.Diff(c.matching(who, text, ""), findAllOf(t, s, who, text, "")); diff != "" {
					t.Errorf("%s searches %q (-want +got):\n%s", user, text, diff)
				}
			}
		}
	})
}

// largeCRM has a word "keller" in front of everybody's name, in the middle of thousands of other words, and "zeta"
// behind few.
func largeCRM() *crm {
	c := newCRM()
	for i := range 4650 {
		label := fmt.Sprintf("Keller Q%dkeller", i)
		if i%800 == 799 {
			label += " Zeta"
		}
		if owner := "owner0"; i%10 > 0 {
			c.put(contact(fmt.Sprint(i), owner, label, "", ""))
		} else {
			c.put(company(fmt.Sprint(i), fmt.Sprint("owner", i/10%40), label, "https://www.acme.example/x"))
		}
	}
	c.sees["owner0"], c.sees["aside"] = []string{"owner0"}, []string{"owner1"}
	for i := range 35 { // more than are read one by one, who have nothing of it
		owner := fmt.Sprint("colleague", i)
		c.put(contact(fmt.Sprint(9000+i), owner, "Colleague", "", ""))
		c.sees["aside"] = append(c.sees["aside"], owner)
	}
	for i := range 40 {
		c.sees["many"] = append(c.sees["many"], fmt.Sprint("owner", i))
	}
	c.allOf["mixed"], c.sees["mixed"] = "Accounts", []string{"owner7"}
	return c
}

// TestAPageStaysShortWhereWordsAreMany finds what only a word behind more than a thousand others leads to.
func TestAPageStaysShortWhereWordsAreMany(t *testing.T) {
	c := newCRM()
	for i := range 2100 {
		c.put(contact(fmt.Sprint(i), "boss", fmt.Sprintf("Q%04dkeller", i), "", ""))
	}
	c.put(contact("9999", "boss", "Zzkeller Alt", "", ""))
	s := service(t, dbtest.SQLite(t), c)
	if err := s.Build(t.Context(), func(int) {}); err != nil {
		t.Fatal(err)
	}
	q := search.Query{Text: "ell alt"}
	pages := 0
	for {
		results, err := s.Search(t.Context(), boss, q)
		if err != nil {
			t.Fatal(err)
		}
		pages++
		if len(results.Items) > 0 {
			break
		}
		if q.Cursor = results.Next; q.Cursor == "" {
			t.Fatal("not found at all")
		}
	}
	if pages != 3 {
		t.Errorf("found on page %d, want 3: a request lists 1,024 words", pages)
	}
}

// TestAPageStaysShortWhereTwoWordsSeldomMeet looks for two common words that few records have both of, among records
// whose letters tell nothing about it.
func TestAPageStaysShortWhereTwoWordsSeldomMeet(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *sql.DB) {
		c := newCRM()
		for i := range 1300 {
			label := "Maria Zoral Bran" // as good as Zoran, letter by letter
			switch {
			case i%260 == 0:
				label = "Maria Zoran"
			case i > 600:
				label = "Otto Zoran"
			}
			c.put(contact(fmt.Sprint(i), "anna", label, "", ""))
		}
		s := service(t, db, c)
		if err := s.Build(t.Context(), func(int) {}); err != nil {
			t.Fatal(err)
		}
		for _, who := range []permissions.Subject{anna, boss} {
			if diff := cmp.Diff(c.matching(who, "maria zoran", ""), findAllOf(t, s, who, "maria zoran", "")); diff != "" {
				t.Errorf("%s (-want +got):\n%s", who.UserID, diff)
			}
			first, err := s.Search(t.Context(), who, search.Query{Text: "maria zoran", Limit: 10})
			if err != nil || len(first.Items) >= 5 || first.Next == "" {
				t.Errorf("%s: %d of 5 at once, next %q, %v; want a pause", who.UserID, len(first.Items), first.Next, err)
			}
		}
		c.wide = true
		if all, err := s.Search(t.Context(), anna, search.Query{Text: "maria zoran", Limit: 10}); err != nil || len(all.Items) != 5 || all.Next != "" {
			t.Errorf("%d of 5, next %q, %v; want no pause, which would tell of records that may be hidden", len(all.Items), all.Next, err)
		}
	})
}
