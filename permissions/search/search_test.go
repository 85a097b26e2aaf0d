package search_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/mailconnector/mailconnector/internal/dbtest"
	"github.com/mailconnector/mailconnector/permissions"
	"github.com/mailconnector/mailconnector/permissions/search"
)

func TestSearchMatches(t *testing.T) {
	cases := []struct {
		name, query string
		want        []string
	}{
		{"a word from its beginning", "ros", []string{"Anna Rossi", "Rosario Bianchi"}},
		{"whatever its case", "ROSSI", []string{"Anna Rossi"}},
		{"without accents", "muller", []string{"Jörg Müller"}},
		{"and with them", "Müller", []string{"Jörg Müller"}},
		{"a sharp s typed as two", "strasse", []string{"Straße & Co"}},
		{"two words in any order", "rossi anna", []string{"Anna Rossi"}},
		{"all words, not some", "anna bianchi", []string{}},
		{"the middle of a word", "ossi", []string{"Anna Rossi"}},
		{"a middle too short to look for", "nn", []string{}},
		{"an umlaut spelled as two letters", "mueller", []string{"Jörg Müller"}},
		{"an umlaut typed for what was spelled as two letters", "Schröder", []string{"Schroeder GmbH"}},
		{"the middle of a word beside another word", "ossi an", []string{"Anna Rossi"}},
		{"the digits of a record number", "2", []string{"Jörg Müller"}},
		{"the domain of an address", "@acme", []string{"Acme", "Anna Rossi"}},
		{"an e-mail address from its beginning", "j.muller@", []string{"Jörg Müller"}},
		{"a part of an e-mail address", "acme", []string{"Acme", "Anna Rossi"}},
		{"a telephone number as written", "+39 02 5550-1234", []string{"Anna Rossi"}},
		{"a telephone number without its country code", "0255501234", []string{"Anna Rossi"}},
		{"the beginning of one as it is dialled within the country", "02 555", []string{"Anna Rossi"}},
		{"a telephone number as it is dialled from abroad", "0039 02 5550", []string{"Anna Rossi"}},
		{"a number noted without country code, by one with it", "+49 89 400 100", []string{"Jörg Müller"}},
		{"the beginning of one in a country without zeros in front", "0171 123", []string{"Rosario Bianchi"}},
		{"a number of another country", "+44 171 1234567", []string{}},
		{"a record number", "con2", []string{"Jörg Müller"}},
		{"a record number with a space", "Con 2", []string{"Jörg Müller"}},
		{"an exact number first", "tt1", []string{"Printer", "Scanner"}},
		{"a wildcard is only a character", "%", []string{}},
		{"an underscore too", "_n_a", []string{}},
		{"a quote is harmless", "o'neill", []string{"Siân O'Neill"}},
		{"a letter from another script", "山田", []string{"山田 太郎"}},
	}
	dbtest.Each(t, func(t *testing.T, db *sql.DB) {
		c := newCRM()
		rossi := c.put(contact("1", "anna", "Anna Rossi", "a.rossi@acme.it", "+39 02 5550 1234"))
		c.put(contact("2", "anna", "Jörg Müller", "j.muller@example.de", "(089) 400100"))
		c.put(contact("3", "anna", "Rosario Bianchi", "bianchi@example.it", "+49 171 1234567"))
		c.put(contact("4", "anna", "Siân O'Neill", "sian@example.ie", ""))
		c.put(contact("5", "anna", "山田 太郎", "yamada@example.jp", ""))
		c.put(company("6", "anna", "Acme", "https://www.acme.it/home"))
		c.put(company("7", "anna", "Straße & Co", ""))
		c.put(company("8", "anna", "Schroeder GmbH", ""))
		c.put(ticket("11", "anna", "Scanner", rossi))
		c.put(ticket("1", "anna", "Printer", rossi))
		s := service(t, db, c)
		for _, tc := range cases {
			t.Run(tc.name, func(t *testing.T) {
				got := find(t, s, anna, tc.query)
				if tc.query != "tt1" {
					got = sorted(got)
				}
				if diff := cmp.Diff(tc.want, got); diff != "" {
					t.Errorf("search %q (-want +got):\n%s", tc.query, diff)
				}
			})
		}
	})
}

func TestSearchNeverShowsMoreThanTheCRM(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *sql.DB) {
		c := newCRM()
		c.put(contact("1", "anna", "Carla Verdi", "carla@secret.example", ""))
		foreign := c.put(contact("2", "boss", "Carlo Neri", "carlo@example.com", ""))
		s := service(t, db, c)

		if got := find(t, s, anna, "car"); !slices.Equal(got, []string{"Carla Verdi"}) {
			t.Errorf("anna finds %v", got)
		}
		if got := sorted(find(t, s, boss, "car")); !slices.Equal(got, []string{"Carla Verdi", "Carlo Neri"}) {
			t.Errorf("boss finds %v", got)
		}
		if got := find(t, s, guest, "secret"); len(got) != 0 {
			t.Errorf("guest finds %v by an address that guest may not read", got)
		}
		if _, err := s.Card(t.Context(), anna, foreign); !errors.Is(err, permissions.ErrNotFound) {
			t.Errorf("anna's card of a foreign record: %v", err)
		}
		c.sees["anna"] = nil
		if got := find(t, s, anna, "car"); len(got) != 0 {
			t.Errorf("anna finds %v after she lost her records", got)
		}
	})
}

func TestSearchFollowsTheCRM(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *sql.DB) {
		c := newCRM()
		r := c.put(contact("1", "anna", "Dora Gallo", "dora@example.com", ""))
		s := service(t, db, c)
		find(t, s, anna, "dora")

		t.Run("a record saved a moment ago is found", func(t *testing.T) {
			c.put(contact("2", "anna", "Dora Nuova", "nuova@example.com", ""))
			if got := find(t, s, anna, "nuova"); len(got) != 1 {
				t.Errorf("found %v", got)
			}
		})
		t.Run("a renamed record is found by its new name only", func(t *testing.T) {
			c.put(contact("1", "anna", "Dora Moretti", "dora@example.com", ""))
			if got := find(t, s, anna, "moretti"); len(got) != 1 {
				t.Errorf("by the new name: %v", got)
			}
			if got := find(t, s, anna, "gallo"); len(got) != 0 {
				t.Errorf("by the old name: %v", got)
			}
		})
		t.Run("a transfer that left the modified time alone is found by the digest", func(t *testing.T) {
			d := c.docs[r]
			d.Owner = "carl"
			c.docs[r], c.sees["carl"] = d, []string{"carl"}
			if got := find(t, s, anna, "moretti"); len(got) != 0 {
				t.Errorf("anna still finds %v", got)
			}
			if err := s.Reconcile(t.Context()); err != nil {
				t.Fatal(err)
			}
			if got := find(t, s, permissions.Subject{UserID: "carl"}, "moretti"); len(got) != 1 {
				t.Errorf("carl finds %v", got)
			}
		})
		t.Run("a record that vanished without a trace leaves the index", func(t *testing.T) {
			delete(c.docs, r)
			if err := s.Reconcile(t.Context()); err != nil {
				t.Fatal(err)
			}
			if status, err := s.Status(t.Context()); err != nil || status.Records != 1 || !status.Built {
				t.Errorf("status %+v, %v", status, err)
			}
		})
		t.Run("a deleted record is gone at once", func(t *testing.T) {
			d := c.docs[permissions.Record{Type: "Contacts", ID: "2"}]
			d.Deleted = true
			c.put(d)
			if got := find(t, s, boss, "dora"); len(got) != 0 {
				t.Errorf("found %v", got)
			}
		})
	})
}

// TestAnEndedSearchLeavesTheIndexFresh ends searches at once, as typing ahead does.
func TestAnEndedSearchLeavesTheIndexFresh(t *testing.T) {
	c := newCRM()
	s := service(t, dbtest.SQLite(t), c)
	for i := range 20 {
		c.put(contact(fmt.Sprint(i), "anna", "Elena", "", ""))
		ended, end := context.WithCancel(t.Context())
		end()
		_, _ = s.Search(ended, anna, search.Query{Text: "elena"})
	}
	c.put(contact("99", "anna", "Zora", "", ""))
	if got := find(t, s, anna, "zora"); len(got) != 1 {
		t.Errorf("found %v", got)
	}
}

func TestPagingRepeatsNothing(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *sql.DB) {
		c := newCRM()
		const records = 237
		for i := range records {
			owner := "anna"
			if i%5 == 0 {
				owner = "boss"
			}
			c.put(contact(fmt.Sprint(i), owner, fmt.Sprintf("Elena N%d", i), "", ""))
		}
		s := service(t, db, c)
		for _, tc := range []struct {
			who  permissions.Subject
			want int
		}{{boss, records}, {anna, records - 48}} {
			who, seen := tc.who, make(map[string]bool)
			q := search.Query{Text: "elena", Limit: 20}
			for {
				results, err := s.Search(t.Context(), who, q)
				if err != nil {
					t.Fatal(err)
				}
				for _, hit := range results.Items {
					if seen[hit.Label] {
						t.Fatalf("%s is shown twice to %s", hit.Label, who.UserID)
					}
					seen[hit.Label] = true
				}
				if results.Next == "" {
					break
				}
				q.Cursor = results.Next
				c.put(contact(fmt.Sprint(1000+len(seen)), "boss", "Elena Later", "", "")) // while paging
			}
			if len(seen) != tc.want {
				t.Errorf("%s paged through %d records, want %d", who.UserID, len(seen), tc.want)
			}
		}
	})
}

// TestCursorsTellNothingOfHiddenRecords pages through records between which, and behind which, hidden ones rank.
func TestCursorsTellNothingOfHiddenRecords(t *testing.T) {
	c := newCRM()
	c.wide = true
	var hidden []permissions.Record
	for i := range 60 {
		owner := "boss"
		if i%20 == 10 {
			owner = "anna"
		}
		if r := c.put(contact(fmt.Sprint(i), owner, fmt.Sprintf("Elena N%d", i), "", "")); owner == "boss" {
			hidden = append(hidden, r)
		}
	}
	s := service(t, dbtest.SQLite(t), c)
	pages := func() (found []search.Results) {
		for cursor := ""; ; {
			results, err := s.Search(t.Context(), anna, search.Query{Text: "elena", Limit: 1, Cursor: cursor})
			if err != nil {
				t.Fatal(err)
			}
			cursor, results.Next = results.Next, strings.Repeat("x", len(results.Next)) // what is in a cursor is sealed
			found = append(found, results)
			if cursor == "" {
				return found
			}
		}
	}
	among := pages()
	for _, r := range hidden {
		d := c.docs[r]
		d.Deleted = true
		c.put(d)
	}
	if diff := cmp.Diff(pages(), among); diff != "" || len(among) != 3 {
		t.Errorf("%d pages, want 3; hidden records change them (-without +with):\n%s", len(among), diff)
	}
}

func TestBadQueriesSayHowToMendThem(t *testing.T) {
	c := newCRM()
	for i := range 30 {
		c.put(contact(fmt.Sprint(i), "anna", fmt.Sprintf("Fabio %d", i), "", ""))
	}
	s := service(t, dbtest.SQLite(t), c)
	first, err := s.Search(t.Context(), anna, search.Query{Text: "fabio", Limit: 5})
	if err != nil || first.Next == "" {
		t.Fatalf("first page: %v, next %q", err, first.Next)
	}
	cases := []struct {
		name      string
		who       permissions.Subject
		query     search.Query
		parameter string
	}{
		{"a limit below one", anna, search.Query{Text: "a", Limit: -1}, "limit"},
		{"a limit of a million", anna, search.Query{Text: "a", Limit: 1_000_000}, "limit"},
		{"ten kilobytes of text", anna, search.Query{Text: strings.Repeat("x", 10_000)}, "q"},
		{"bytes that are no text", anna, search.Query{Text: "\xff\xfe"}, "q"},
		{"an unknown module", anna, search.Query{Text: "a", Type: "Nonsense"}, "module"},
		{"a cursor that is none", anna, search.Query{Text: "fabio", Cursor: "zzz"}, "cursor"},
		{"a cursor of another query", anna, search.Query{Text: "fab", Cursor: first.Next}, "cursor"},
		{"a cursor of another user", boss, search.Query{Text: "fabio", Cursor: first.Next}, "cursor"},
	}
	for _, tc := range cases {
		t.Run(tc.name, func(t *testing.T) {
			_, err := s.Search(t.Context(), tc.who, tc.query)
			var bad *search.QueryError
			if !errors.As(err, &bad) || bad.Parameter != tc.parameter || !errors.Is(err, search.ErrInvalidQuery) {
				t.Errorf("got %v, want an error about %q", err, tc.parameter)
			}
		})
	}
}

func TestAFailingTypeGivesAPartialAnswer(t *testing.T) {
	c := newCRM()
	c.put(contact("1", "anna", "Gina Riva", "", ""))
	c.put(company("2", "anna", "Gina Textiles", ""))
	c.failing = "Accounts"
	s := service(t, dbtest.SQLite(t), c)
	results, err := s.Search(t.Context(), anna, search.Query{Text: "gina"})
	if err != nil {
		t.Fatal(err)
	}
	got := labels(results.Items, func(h search.Hit) string { return h.Label })
	if !slices.Equal(got, []string{"Gina Riva"}) || !slices.Equal(results.Partial, []string{"Accounts"}) {
		t.Errorf("items %v, partial %v", got, results.Partial)
	}
}

func FuzzSearch(f *testing.F) {
	c := newCRM()
	c.put(contact("1", "anna", "Irma Conti", "irma@example.com", "+39 055 123456"))
	c.put(contact("2", "boss", "Irma Segreta", "segreta@example.com", ""))
	s := service(f, dbtest.SQLite(f), c)
	for _, seed := range []string{"irma", "irma@", "+39055", "con1", "% _ '", "\xff", "ﷺ", strings.Repeat("a ", 300)} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		results, err := s.Search(t.Context(), anna, search.Query{Text: text})
		if err != nil && !errors.Is(err, search.ErrInvalidQuery) {
			t.Fatalf("search %q: %v", text, err)
		}
		for _, hit := range results.Items {
			if hit.Label != "Irma Conti" {
				t.Fatalf("search %q shows %q", text, hit.Label)
			}
		}
	})
}
