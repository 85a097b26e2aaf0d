package vtenext_test

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/mailconnector/mailconnector/permissions"
	"github.com/mailconnector/mailconnector/permissions/search"
)

// card returns the one card of a record, or the zero card if the user does not see it.
func (l *library) card(t *testing.T, user int, r permissions.Record) search.Card {
	t.Helper()
	cards, err := l.Cards(t.Context(), permissions.Subject{UserID: fmt.Sprint(user)}, []permissions.Record{r})
	if err != nil {
		t.Fatal(err)
	}
	if len(cards) == 0 {
		return search.Card{}
	}
	return cards[0]
}

func cardsShow(t *testing.T, l *library) {
	id := l.id(t, `SELECT MIN(ticketid) FROM vte_troubletickets JOIN vte_crmentity ON crmid = ticketid WHERE deleted = 0`)
	contact := l.id(t, "SELECT MIN(crmid) FROM vte_crmentity WHERE setype = 'Contacts' AND deleted = 0")
	exec(t, l.db, `UPDATE vte_troubletickets SET title = 'Does not print', ticket_no = 'TT9', status = 'Open', parent_id = ?,
		email_from = '' WHERE ticketid = ?`, contact, id)
	exec(t, l.db, "UPDATE vte_contactdetails SET lastname = 'Rossi', firstname = 'Ada' WHERE contactid = ?", contact)
	got := l.card(t, 1, permissions.Record{Type: "HelpDesk", ID: fmt.Sprint(id)})
	got.Fields = slices.DeleteFunc(got.Fields, func(f search.CardField) bool { return f.Name != "ticketstatus" && f.Name != "ticket_no" })
	slices.SortFunc(got.Fields, func(a, b search.CardField) int { return cmp.Compare(a.Name, b.Name) })
	want := search.Card{
		Record: permissions.Record{Type: "HelpDesk", ID: fmt.Sprint(id)}, Label: "Does not print", Number: "TT9",
		Subtitle: "Open · Rossi Ada", Parents: []permissions.Record{{Type: "Contacts", ID: fmt.Sprint(contact)}},
		Fields: []search.CardField{{Name: "ticket_no", Label: "Ticket No", Value: "TT9"}, {Name: "ticketstatus", Label: "Status", Value: "Open"}},
		URL:    fmt.Sprintf("https://crm.example.com/index.php?module=HelpDesk&action=DetailView&record=%d", id),
	}
	if diff := gocmp.Diff(want, got); diff != "" {
		t.Errorf("card (-want +got):\n%s", diff)
	}
	for _, r := range []permissions.Record{
		{Type: "Contacts", ID: fmt.Sprint(id)}, {Type: "HelpDesk", ID: "0" + fmt.Sprint(id)}, {Type: "HelpDesk", ID: "999999"}, {Type: "x", ID: "1"},
	} {
		if c := l.card(t, 1, r); c.Label != "" {
			t.Errorf("%s has the card %+v", r, c)
		}
	}
}

// cardsHide compares every card of every user with what the real CRM answered for records, and for fields.
func cardsHide(t *testing.T, l *library) {
	exec(t, l.db, "UPDATE vte_contactdetails SET lastname = 'LASTNAME'")
	hidden, shown := l.fieldTruth(t, "Contacts", "lastname")
	if len(hidden) == 0 || len(hidden) == len(shown) {
		t.Fatalf("the field is hidden from %d users and shown to %d others", len(hidden), len(shown)-len(hidden))
	}
	rows, err := l.db.QueryContext(t.Context(), "SELECT crmid FROM vte_crmentity WHERE setype = 'Contacts' AND deleted = 0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = rows.Close() }()
	var all []permissions.Record
	for rows.Next() {
		r := permissions.Record{Type: "Contacts"}
		if err := rows.Scan(&r.ID); err != nil {
			t.Fatal(err)
		}
		all = append(all, r)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	seen := map[bool]int{} // cards of users who see the field, and of those who do not
	for user, visible := range shown {
		cards, err := l.Cards(t.Context(), permissions.Subject{UserID: user}, all)
		if err != nil {
			t.Fatal(err)
		}
		seen[visible] += len(cards)
		for _, c := range cards {
			if strings.Contains(fmt.Sprint(c), "LASTNAME") != visible {
				t.Errorf("user %s, field visible %t, card %+v", user, visible, c)
				break
			}
		}
	}
	if seen[true] == 0 || seen[false] == 0 {
		t.Errorf("%d cards with the field, %d without it", seen[true], seen[false])
	}
}

// fieldTruth tells who sees a field by the real CRM.
func (l *library) fieldTruth(t *testing.T, entityType, field string) (hiddenFrom []string, shown map[string]bool) {
	t.Helper()
	shown = make(map[string]bool)
	var at map[string]int
	for _, line := range truth(t, "truth-a", "fields.tsv.gz") {
		cells := strings.Split(line, "\t")
		if at == nil {
			at = make(map[string]int)
			for i, name := range cells {
				at[name] = i
			}
			continue
		}
		if cells[at["module"]] == entityType && cells[at["fieldname"]] == field {
			user := cells[at["userid"]]
			if shown[user] = cells[at["getFieldVisibilityPermission"]] == "1"; !shown[user] {
				hiddenFrom = append(hiddenFrom, user)
			}
		}
	}
	return hiddenFrom, shown
}

func cardsName(t *testing.T, l *library) {
	seen := 0
	docs, _ := l.changes(t, "", 5000)
	for user := 4; user < 30; user++ {
		subject := permissions.Subject{UserID: fmt.Sprint(user)}
		var deals []permissions.Record
		for _, d := range docs {
			if d.Record.Type == "Potentials" && len(d.Parents) > 0 {
				deals = append(deals, d.Record)
			}
		}
		cards, err := l.Cards(t.Context(), subject, deals)
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range cards {
			for _, d := range docs {
				if d.Record != c.Record {
					continue
				}
				parents, err := l.Cards(t.Context(), subject, d.Parents)
				if err != nil {
					t.Fatal(err)
				}
				if len(parents) == 0 && strings.Contains(c.Subtitle, " · ") {
					t.Errorf("user %d sees %q without seeing %v", user, c.Subtitle, d.Parents)
				}
				seen += len(parents)
			}
		}
	}
	if seen == 0 {
		t.Error("nobody sees anybody's company")
	}
}

func cardsNameByVisibleFields(t *testing.T, l *library) {
	docs, _ := l.changes(t, "", 5000)
	var deals []permissions.Record
	for _, d := range docs {
		if d.Record.Type == "Potentials" && len(d.Parents) > 0 {
			deals = append(deals, d.Record)
		}
	}
	parents := func() (named int) {
		for user := 4; user < 30; user++ {
			cards, err := l.Cards(t.Context(), permissions.Subject{UserID: fmt.Sprint(user)}, deals)
			if err != nil {
				t.Fatal(err)
			}
			for _, c := range cards {
				named += len(c.Parents)
			}
		}
		return named
	}
	keep(t, l.db, "vte_users", "vte_profile2globalperm", "vte_profile2field")
	exec(t, l.db, "UPDATE vte_users SET is_admin = 'off'") // who may see all sees every field
	exec(t, l.db, "UPDATE vte_profile2globalperm SET globalactionpermission = 1")
	l.now = l.now.Add(time.Hour)
	if parents() == 0 {
		t.Error("no card names a company")
	}
	exec(t, l.db, `UPDATE vte_profile2field SET visible = 1 WHERE fieldid IN (SELECT fieldid FROM vte_field
		WHERE fieldname = 'related_to' AND tabid = (SELECT tabid FROM vte_tab WHERE name = 'Potentials'))`)
	l.now = l.now.Add(time.Hour)
	if n := parents(); n > 0 {
		t.Errorf("%d companies are named by a field that every profile hides", n)
	}
}
