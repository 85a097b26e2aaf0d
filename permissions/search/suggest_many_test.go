package search_test

import (
	"database/sql"
	"fmt"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/mailconnector/mailconnector/internal/dbtest"
	"github.com/mailconnector/mailconnector/permissions"
	"github.com/mailconnector/mailconnector/permissions/search"
)

// TestNobodyIsCrowdedOut has one record of anna's, the oldest of all, behind hundreds that she may not view and that
// have the same address, number, domain and company.
func TestNobodyIsCrowdedOut(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *sql.DB) {
		c := newCRM()
		acme := c.put(company("1", "anna", "Acme", "www.acme.it"))
		person := c.put(contact("2", "anna", "Anna's Rossi", "office@acme.it", ""))
		c.put(ticket("3", "anna", "Anna's Printer", person))
		for i := range 300 {
			id := fmt.Sprint(1000 + i)
			d := contact(id, "boss", "Foreign "+id, "office@acme.it", "")
			d.Entries = append(d.Entries, search.Entry{Field: "number", Kind: permissions.KindNumber, Value: "CON2"})
			c.put(d)
			c.put(company("8"+id, "boss", "Foreign Acme "+id, "www.acme.it"))
			c.put(ticket("9"+id, "boss", "Foreign Printer "+id, person))
		}
		c.linked["<seen@acme.it>"] = []permissions.Record{acme}
		s := service(t, db, c)
		build(t, s)
		mail := search.Mail{Subject: "About CON2", InReplyTo: "<unknown@acme.it>", Participants: from("office@acme.it", "new@acme.it")}
		want := []string{"address: Anna's Rossi", "open: Anna's Printer", "domain: Acme"}

		var owners []string // besides anna, who own nothing: more than are read one by one
		for i := range 40 {
			owners = append(owners, fmt.Sprint("colleague", i))
			c.put(contact(fmt.Sprint(500+i), owners[i], "Colleague's", "", ""))
		}
		build(t, s)
		for name, scope := range map[string]struct {
			owners []string
			wide   bool
		}{
			"one who sees a few owners":                           {[]string{"anna"}, false},
			"one who sees many owners":                            {append(owners, "anna"), false},
			"one for whom the host cannot tell whose":             {nil, true},
			"one for whom the host can tell some of the owners":   {[]string{"anna"}, true},
			"one for whom the host can tell some of many, of all": {append(owners, "anna"), true},
		} {
			t.Run(name, func(t *testing.T) {
				c.wide, c.sees["anna"] = scope.wide, []string{"anna"}
				c.scope = scope.owners
				if diff := cmp.Diff(want, suggested(t, s, anna, mail)); diff != "" {
					t.Errorf("(-want +got):\n%s", diff)
				}
			})
		}
	})
}

// TestOpenTicketsOfOthersCrowdNobodyOut has more open tickets of one person than are looked at, all but the oldest of
// which anna may not view.
func TestOpenTicketsOfOthersCrowdNobodyOut(t *testing.T) {
	c := newCRM()
	person := c.put(contact("1", "anna", "Anna's Rossi", "rossi@acme.it", ""))
	c.put(ticket("2", "anna", "Anna's Printer", person))
	for i := range 1010 {
		c.put(ticket(fmt.Sprint(10+i), "boss", "Foreign Printer", person))
	}
	s := service(t, dbtest.SQLite(t), c)
	build(t, s)
	got := suggested(t, s, anna, search.Mail{Participants: from("rossi@acme.it")})
	if want := []string{"address: Anna's Rossi", "open: Anna's Printer"}; !slices.Equal(got, want) {
		t.Errorf("suggested %v, want %v", got, want)
	}
}

func build(t *testing.T, s *search.Service) {
	t.Helper()
	if err := s.Build(t.Context(), func(int) {}); err != nil {
		t.Fatal(err)
	}
}

// TestManyParticipantsTakeNoMoreStatements counts the statements of a suggestion on MariaDB.
func TestManyParticipantsTakeNoMoreStatements(t *testing.T) {
	db := dbtest.MariaDB(t)
	db.SetMaxOpenConns(1) // a session counts its own statements
	c := newCRM()
	c.put(company("1", "anna", "Acme", "www.acme.it"))
	var addresses []string
	for i := range 12 {
		addresses = append(addresses, fmt.Sprintf("person%d@firm%d.example", i, i))
		person := c.put(contact(fmt.Sprint(10+i), "anna", fmt.Sprint("Person ", i), addresses[i], ""))
		c.put(ticket(fmt.Sprint(50+i), "anna", fmt.Sprint("Ticket ", i), person))
	}
	s := service(t, db, c)
	build(t, s)
	for _, who := range []permissions.Subject{anna, boss} {
		suggested(t, s, who, search.Mail{Participants: from("nobody@acme.it")}) // refreshes, and reads names
		one := selects(t, db, func() { suggested(t, s, who, search.Mail{Subject: "CON10", Participants: from(addresses[0])}) })
		many := selects(t, db, func() {
			suggested(t, s, who, search.Mail{Subject: "CON10 CON11 TT50", Participants: from(addresses[:10]...)})
		})
		t.Logf("%s: %d statements for one participant, %d for ten", who.UserID, one, many)
		if many > one || many > 8 {
			t.Errorf("%s: %d statements for one participant, %d for ten, want as few", who.UserID, one, many)
		}
	}
}

// selects counts the SELECT statements of the database's only session.
func selects(t *testing.T, db *sql.DB, fn func()) int {
	t.Helper()
	count := func() (n int) {
		var name string
		if err := db.QueryRowContext(t.Context(), "SHOW SESSION STATUS LIKE 'Com_select'").Scan(&name, &n); err != nil {
			t.Fatal(err)
		}
		return n
	}
	before := count()
	fn()
	return count() - before
}

func TestReasonsSayWhatMatchedInTheLanguageAskedFor(t *testing.T) {
	c := newCRM()
	person := c.put(contact("7", "anna", "Nora Rossi", "nora@acme.example", ""))
	c.put(ticket("8", "anna", "Printer", person))
	c.put(company("9", "anna", "Acme", "www.acme.example"))
	s := service(t, dbtest.SQLite(t), c)
	if err := s.Touch(t.Context(), anna, person, search.Mail{Participants: from("other@elsewhere.example")}); err != nil {
		t.Fatal(err)
	}
	cases := []struct {
		lang string
		mail search.Mail
		want []string
	}{
		{"en", search.Mail{Subject: "Re: con7 and tt8", Participants: from("NORA@acme.example")}, []string{
			"Same e-mail address: Has the address nora@acme.example", "Number in the subject: Its number TT8 is in the subject",
			"Companies with this domain: Uses the domain acme.example"}},
		{"it-IT", search.Mail{Subject: "Re: Con7", Participants: from("new@acme.example")}, []string{
			"Numero nell'oggetto: Il numero CON7 è nell'oggetto", "Opportunità e ticket aperti: Aperto per Nora Rossi",
			"Aziende con questo dominio: Usa il dominio acme.example"}},
		{"fr", search.Mail{Participants: from("other@elsewhere.example")}, []string{
			"Chosen before: You linked it before for other@elsewhere.example",
			"Open deals and tickets: Open for Nora Rossi"}},
	}
	for _, tc := range cases {
		t.Run(tc.lang, func(t *testing.T) {
			answer, err := s.Suggest(t.Context(), anna, tc.mail, tc.lang)
			if err != nil {
				t.Fatal(err)
			}
			got := []string{}
			for _, g := range answer.Groups {
				for _, item := range g.Items {
					got = append(got, g.Label+": "+item.Reason.Text)
				}
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestWhatBecameAnotherIsNotLinkedTo(t *testing.T) {
	c := newCRM()
	person := c.put(contact("7", "anna", "Nora Rossi", "nora@acme.example", ""))
	lead := c.put(company("8", "anna", "Nora, once a lead", ""))
	c.linked["<first@acme.example>"] = []permissions.Record{lead}
	c.became = map[permissions.Record]permissions.Record{lead: person}
	c.readOnly = "Contacts"
	s := service(t, dbtest.SQLite(t), c)
	results, err := s.Search(t.Context(), anna, search.Query{Text: "once a lead"})
	if err != nil || len(results.Items) != 1 || results.Items[0].CanLink || *results.Items[0].Successor != person {
		t.Fatalf("search: %+v, %v; want the lead with its successor, and not to be linked to as that is not", results, err)
	}
	c.readOnly = "Accounts"
	answer, err := s.Suggest(t.Context(), anna, search.Mail{InReplyTo: "<first@acme.example>"}, "en")
	if err != nil || len(answer.Groups) != 1 {
		t.Fatalf("suggestions %+v, %v", answer, err)
	}
	if item := answer.Groups[0].Items[0]; !item.CanLink || *item.Successor != person || item.Record != lead {
		t.Errorf("suggested %+v, want the lead, whose successor may be linked to", item)
	}
	if !slices.Equal(answer.Partial, nil) {
		t.Errorf("partial %v", answer.Partial)
	}
}
