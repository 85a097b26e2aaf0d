package search_test

import (
	"database/sql"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/mailconnector/mailconnector/internal/dbtest"
	"github.com/mailconnector/mailconnector/permissions"
	"github.com/mailconnector/mailconnector/permissions/search"
)

func from(addresses ...string) []search.Participant {
	var list []search.Participant
	for _, a := range addresses {
		list = append(list, search.Participant{Role: "from", Address: a})
	}
	return list
}

// suggested lists "kind: label" in order.
func suggested(t *testing.T, s *search.Service, who permissions.Subject, m search.Mail) []string {
	t.Helper()
	answer, err := s.Suggest(t.Context(), who, m, "en")
	if err != nil {
		t.Fatal(err)
	}
	list := []string{}
	for _, g := range answer.Groups {
		for _, item := range g.Items {
			if item.Reason.Code != g.Kind || item.Reason.Text == "" {
				t.Errorf("reason %+v in group %s", item.Reason, g.Kind)
			}
			list = append(list, g.Kind+": "+item.Label)
		}
	}
	return list
}

func TestSuggestionsComeWithTheirReason(t *testing.T) {
	cases := []struct {
		name string
		mail search.Mail
		want []string
	}{
		{"the address of a contact, with the open ticket of that contact and the company of the domain",
			search.Mail{Participants: from("A.ROSSI@acme.it")},
			[]string{"address: Anna Rossi", "open: Printer", "domain: Acme"}},
		{"every participant in one call",
			search.Mail{Participants: from("a.rossi@acme.it", "twin@example.com")},
			[]string{"address: Anna Rossi", "address: Twin Two", "address: Twin One", "open: Printer", "domain: Acme"}},
		{"a tie is shown, the latest modified first",
			search.Mail{Participants: from("twin@example.com")},
			[]string{"address: Twin Two", "address: Twin One"}},
		{"a stranger from a known domain",
			search.Mail{Participants: from("new@mail.acme.it", "new@acme.it")},
			[]string{"domain: Acme"}},
		{"a free-mail domain names no company",
			search.Mail{Participants: from("new@gmail.com")},
			[]string{}},
		{"a record number in the subject",
			search.Mail{Subject: "Re: [TT5] printer again", Participants: from("x@nowhere.example")},
			[]string{"number: Printer"}},
		{"the conversation before the address",
			search.Mail{InReplyTo: "<first@acme.it>", Participants: from("a.rossi@acme.it")},
			[]string{"conversation: Acme", "address: Anna Rossi", "open: Printer"}},
		{"a conversation by any of its references",
			search.Mail{References: []string{"<first@acme.it>", "<other@x>"}},
			[]string{"conversation: Acme"}},
		{"never the user's own address",
			search.Mail{Participants: from("a.rossi@acme.it"), Own: []string{"A.Rossi@ACME.it"}},
			[]string{}},
		{"nothing for nothing", search.Mail{}, []string{}},
	}
	dbtest.Each(t, func(t *testing.T, db *sql.DB) {
		c := newCRM()
		rossi := c.put(contact("1", "anna", "Anna Rossi", "a.rossi@acme.it", ""))
		c.put(contact("2", "anna", "Twin One", "twin@example.com", ""))
		c.put(contact("3", "anna", "Twin Two", "twin@example.com", ""))
		acme := c.put(company("4", "anna", "Acme", "www.acme.it"))
		c.put(company("6", "anna", "Free Mailers", "gmail.com"))
		c.put(ticket("5", "anna", "Printer", rossi))
		c.put(contact("7", "boss", "Foreign Rossi", "a.rossi@acme.it", ""))
		c.linked["<first@acme.it>"] = []permissions.Record{acme}
		s := service(t, db, c)
		for _, tc := range cases {
			t.Run(tc.name, func(t *testing.T) {
				if diff := cmp.Diff(tc.want, suggested(t, s, anna, tc.mail)); diff != "" {
					t.Errorf("(-want +got):\n%s", diff)
				}
			})
		}
		t.Run("an address in a field the user may not see matches nothing", func(t *testing.T) {
			got := suggested(t, s, guest, search.Mail{Participants: from("a.rossi@acme.it")})
			if !slices.Equal(got, []string{"domain: Acme"}) {
				t.Errorf("guest is shown %v", got)
			}
		})
		t.Run("a ticket whose contact stands in a field the user may not see is not suggested for it", func(t *testing.T) {
			got := suggested(t, s, clerk, search.Mail{Participants: from("a.rossi@acme.it")})
			if !slices.Equal(got, []string{"address: Anna Rossi", "domain: Acme"}) {
				t.Errorf("clerk is shown %v", got)
			}
		})
	})
}

func TestTheUsersEarlierChoiceComesFirst(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *sql.DB) {
		c := newCRM()
		one := c.put(contact("2", "anna", "Twin One", "twin@example.com", ""))
		c.put(contact("3", "anna", "Twin Two", "twin@example.com", ""))
		s := service(t, db, c)
		mail := search.Mail{Participants: from("twin@example.com")}
		if err := s.Touch(t.Context(), anna, one, mail); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff([]string{"choice: Twin One", "address: Twin Two"}, suggested(t, s, anna, mail)); diff != "" {
			t.Errorf("anna (-want +got):\n%s", diff)
		}
		if got := suggested(t, s, boss, mail); slices.Contains(got, "choice: Twin One") {
			t.Errorf("boss is shown anna's choice: %v", got)
		}
		if got := find(t, s, anna, ""); !slices.Equal(got, []string{"Twin One"}) {
			t.Errorf("anna's last ten: %v", got)
		}
		c.sees["anna"] = nil
		if got := suggested(t, s, anna, mail); len(got) != 0 {
			t.Errorf("anna is shown %v after she lost her records", got)
		}
	})
}

func TestFreeMailDomainsCanBeEdited(t *testing.T) {
	c := newCRM()
	c.put(company("4", "anna", "Acme", "www.acme.it"))
	s := service(t, dbtest.SQLite(t), c)
	mail := search.Mail{Participants: from("new@acme.it")}
	if got := suggested(t, s, anna, mail); !slices.Equal(got, []string{"domain: Acme"}) {
		t.Fatalf("before: %v", got)
	}
	list, err := s.SetFreeMailDomains(t.Context(), []string{"# ours", "ACME.it", "not a domain", "acme.it"})
	if err != nil || !slices.Equal(list, []string{"acme.it"}) {
		t.Fatalf("list in force %v, %v", list, err)
	}
	if got := suggested(t, s, anna, mail); len(got) != 0 {
		t.Errorf("after: %v", got)
	}
	if list, err = s.FreeMailDomains(t.Context()); err != nil || !slices.Equal(list, []string{"acme.it"}) {
		t.Errorf("list read back %v, %v", list, err)
	}
}
