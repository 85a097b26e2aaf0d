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
				for _, only := range []string{"", "Accounts"} {
					if diff := cmp.Diff(c.matching(who, text, only), findAll(t, s, who, text, only)); diff != "" {
						t.Errorf("%s searches %q in %q (-want +got):\n%s", user, text, only, diff)
					}
				}
			}
		}
		many, err := s.Search(t.Context(), permissions.Subject{UserID: "owner0"}, search.Query{Text: "keller q", Limit: 50})
		if err != nil || len(many.Items) != 50 || many.Next == "" {
			t.Errorf("of two words in all records %d are found at first, next %q, %v", len(many.Items), many.Next, err)
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
	build(t, s)
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
	if pages != 4 {
		t.Errorf("found on page %d, want 4: a request for several words looks at about 600 with a fragment in their middle", pages)
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
			if diff := cmp.Diff(c.matching(who, "maria zoran", ""), findAll(t, s, who, "maria zoran", "")); diff != "" {
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

// TestHiddenRecordsAreCheckedAThousandAtATime searches where the host cannot say whose records may be viewed.
func TestHiddenRecordsAreCheckedAThousandAtATime(t *testing.T) {
	c := newCRM()
	for i := range 2600 {
		c.put(contact(fmt.Sprint(i), "boss", "Keller Hidden", "", ""))
	}
	c.put(contact("9999", "anna", "Kellermann Mine", "", ""))
	c.wide = true
	s := service(t, dbtest.SQLite(t), c)
	build(t, s)
	for _, text := range []string{"keller", "ell"} {
		q, found := search.Query{Text: text}, 0
		for {
			c.checked = 0
			results, err := s.Search(t.Context(), anna, q)
			if err != nil {
				t.Fatal(err)
			}
			if c.checked > 1300 {
				t.Errorf("%q: one request checked %d records", text, c.checked)
			}
			found += len(results.Items)
			if q.Cursor = results.Next; q.Cursor == "" {
				break
			}
		}
		if found != 1 {
			t.Errorf("%q: found %d records, want mine", text, found)
		}
	}
}

// TestOnlyWhatIsInScopeIsRead counts the rows that MariaDB reads of an index in which others have thousands of records
// with the words in question.
func TestOnlyWhatIsInScopeIsRead(t *testing.T) {
	db := dbtest.MariaDB(t)
	db.SetMaxOpenConns(1) // a session counts its own rows
	c := newCRM()
	for i := range 20 {
		c.put(ticket(fmt.Sprint(i), "boss", "Keller Rosso", permissions.Record{Type: "Contacts", ID: "1"}))
		c.put(contact(fmt.Sprint(7000+i), "anna", "Keller Verde", "", ""))
	}
	c.allOf["desk"], c.sees["desk"] = "HelpDesk", []string{"anna"}
	for i := range 40 { // more owners than are read one by one from the start
		c.sees["many"] = append(c.sees["many"], fmt.Sprint("owner", i))
		c.put(company(fmt.Sprint(i), fmt.Sprint("owner", i), "Keller Bianco", ""))
	}
	c.allOf["many"] = "HelpDesk"
	for i := range 6000 {
		c.put(contact(fmt.Sprint(i), "boss", "Keller Nero", "", ""))
	}
	s := service(t, db, c)
	build(t, s)
	for _, tc := range []struct {
		name  string
		user  string
		only  string
		text  string
		found int
	}{
		{"a rare type among all", "boss", "HelpDesk", "keller", 20},
		{"a rare type, two words", "boss", "HelpDesk", "ke ros", 20},
		{"a rare type, the middle of a word", "boss", "HelpDesk", "ell", 20},
		{"all of a rare type and few owners", "desk", "", "keller", 40},
		{"all of a rare type and few owners, two words", "desk", "", "keller ve", 20},
		{"all of a rare type and few owners, the middle of a word", "desk", "", "ell", 40},
		{"all of a rare type and many owners", "many", "", "keller", 60},
		{"all of a rare type and many owners, the middle of a word", "many", "", "elle", 60},
	} {
		t.Run(tc.name, func(t *testing.T) {
			find(t, s, permissions.Subject{UserID: tc.user}, "nothing") // refreshes, and reads names
			before := rowsRead(t, db)
			results, err := s.Search(t.Context(), permissions.Subject{UserID: tc.user}, search.Query{Text: tc.text, Type: tc.only, Limit: 50})
			if err != nil {
				t.Fatal(err)
			}
			if read := rowsRead(t, db) - before; read > 1000 {
				t.Errorf("read %d rows", read)
			}
			if len(results.Items) != min(tc.found, 50) {
				t.Errorf("found %d, want %d", len(results.Items), min(tc.found, 50))
			}
		})
	}
}

// rowsRead returns the number of rows that the only connection of a database has read of indexes.
func rowsRead(t *testing.T, db *sql.DB) (n int) {
	t.Helper()
	err := db.QueryRowContext(t.Context(), `SELECT CAST(SUM(variable_value) AS SIGNED) FROM information_schema.session_status
		WHERE variable_name IN ('Handler_read_first', 'Handler_read_key', 'Handler_read_next', 'Handler_read_prev', 'Handler_icp_attempts')`).Scan(&n)
	if err != nil {
		t.Fatal(err)
	}
	return n
}
