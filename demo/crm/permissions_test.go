package crm_test

import (
	"database/sql"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/mailconnector/mailconnector/permissions"
)

func TestFourUsersSeeDifferentThings(t *testing.T) {
	onBoth(t, func(t *testing.T, s *sample) {
		type counts struct{ Accounts, Contacts, Leads, Potentials, HelpDesk, Machines int }
		for _, row := range []struct {
			name string
			who  permissions.Subject
			want counts
		}{
			{"the admin everything", admin, counts{60, 150, 17, 48, 40, 42}},
			{"the manager all but the admin's and the group's", manager, counts{48, 120, 16, 38, 40, 42}},
			{"the representative her own and the group's", rep, counts{24, 60, 8, 19, 40, 42}},
			{"the agent the representatives' and the group's", agent, counts{48, 120, 0, 0, 27, 42}},
		} {
			var got counts
			for entityType, n := range map[string]*int{
				"Accounts": &got.Accounts, "Contacts": &got.Contacts, "Leads": &got.Leads,
				"Potentials": &got.Potentials, "HelpDesk": &got.HelpDesk, "Machines": &got.Machines,
			} {
				cards, err := s.List(t.Context(), row.who, entityType)
				if err != nil {
					t.Fatal(err)
				}
				*n = len(cards)
			}
			if diff := cmp.Diff(row.want, got); diff != "" {
				t.Errorf("%s (-want +got):\n%s", row.name, diff)
			}
		}
	})
}

func TestCheck(t *testing.T) {
	onBoth(t, func(t *testing.T, s *sample) {
		brewery := s.find(t, "Accounts", "Brauhaus Müller")          // the representative's
		pasta := s.find(t, "Accounts", "Fromagerie Lefèvre")         // her colleague's
		cosmetics := s.find(t, "Accounts", "Nordlicht Kosmetik")     // the group's
		machine := s.find(t, "Machines", "Alpina F2 flow packer")    // somebody's of the service
		gone := permissions.Record{Type: "Contacts", ID: brewery.ID} // not a contact
		for _, row := range []struct {
			name   string
			who    permissions.Subject
			action permissions.Action
			record permissions.Record
			want   permissions.Outcome
		}{
			{"she opens what is hers", rep, permissions.View, brewery, permissions.Allowed},
			{"she does not open her colleague's", rep, permissions.View, pasta, permissions.Denied},
			{"her manager opens both", manager, permissions.View, pasta, permissions.Allowed},
			{"she changes what her group has", rep, permissions.Edit, cosmetics, permissions.Allowed},
			{"the agent sees companies by a sharing rule", agent, permissions.View, brewery, permissions.Allowed},
			{"but does not change them", agent, permissions.Edit, brewery, permissions.Denied},
			{"nor links mails to them", agent, permissions.Link, brewery, permissions.Denied},
			{"everybody sees machines", rep, permissions.View, machine, permissions.Allowed},
			{"only the service links to machines", rep, permissions.Link, machine, permissions.Denied},
			{"the agent does", agent, permissions.Link, machine, permissions.Allowed},
			{"another type is missing", admin, permissions.View, gone, permissions.Missing},
			{"an id of another spelling is missing", admin, permissions.View,
				permissions.Record{Type: "Accounts", ID: "0" + brewery.ID}, permissions.Missing},
			{"an id that is no number is missing", admin, permissions.View,
				permissions.Record{Type: "Accounts", ID: "1 OR 1=1"}, permissions.Missing},
			{"an unknown user may nothing", permissions.Subject{UserID: "u99"}, permissions.View, brewery, permissions.Denied},
			{"sales creates documents", rep, permissions.Create, permissions.Record{Type: "Documents"}, permissions.Allowed},
			{"the agent creates no deals", agent, permissions.Create, permissions.Record{Type: "Potentials"}, permissions.Denied},
			{"nobody links to documents", admin, permissions.Link, permissions.Record{Type: "Documents"}, permissions.Denied},
		} {
			if got := s.may(t, row.who, row.action, row.record); got.Outcome != row.want {
				t.Errorf("%s: %s (%s), want %s", row.name, got.Outcome, got.Reason.Detail, row.want)
			}
		}
	})
}

func TestChangesOfThePolicyCountAtOnce(t *testing.T) {
	onBoth(t, func(t *testing.T, s *sample) {
		brewery := s.find(t, "Accounts", "Brauhaus Müller")
		steps := []struct {
			statement string
			agentSees bool
		}{
			{"UPDATE crm_groups SET name = 'Key customers'", true},
			{"DELETE FROM crm_sharing_rules WHERE entity_type = 'Accounts'", false},
			{"UPDATE crm_defaults SET access = 'read' WHERE entity_type = 'Accounts'", true},
			{"DELETE FROM crm_profile_rights WHERE profile_id = 'Support' AND entity_type = 'Accounts'", false},
			{"UPDATE crm_users SET is_admin = 1 WHERE id = 'u4'", true},
		}
		for _, step := range steps {
			err := s.ChangePolicy(t.Context(), func(tx *sql.Tx) error {
				_, err := tx.ExecContext(t.Context(), step.statement)
				return err
			})
			if err != nil {
				t.Fatal(err)
			}
			if got := s.may(t, agent, permissions.View, brewery).Allows(); got != step.agentSees {
				t.Errorf("after %s: agent sees the brewery = %v", step.statement, got)
			}
		}
	})
}

func TestOwnerAndDeletionCountAtOnce(t *testing.T) {
	onBoth(t, func(t *testing.T, s *sample) {
		brewery := s.find(t, "Accounts", "Brauhaus Müller")
		if err := s.SetOwner(t.Context(), rep, brewery, "u2"); err != nil {
			t.Fatal(err)
		}
		if s.may(t, rep, permissions.View, brewery).Allows() {
			t.Error("she sees what she gave away")
		}
		if err := s.SetOwner(t.Context(), rep, brewery, "u3"); err == nil {
			t.Error("she took it back")
		}
		if err := s.Delete(t.Context(), manager, brewery); err != nil {
			t.Fatal(err)
		}
		if got := s.may(t, admin, permissions.View, brewery).Outcome; got != permissions.Missing {
			t.Errorf("deleted record is %s", got)
		}
	})
}

func TestTypes(t *testing.T) {
	onBoth(t, func(t *testing.T, s *sample) {
		types, err := s.Types(t.Context(), agent, "it-IT")
		if err != nil {
			t.Fatal(err)
		}
		var labels, linkable []string
		for _, entityType := range types {
			labels = append(labels, entityType.Label)
			if entityType.CanLink {
				linkable = append(linkable, entityType.Name)
			}
			for _, hidden := range []string{"mobile", "annual_revenue"} {
				if slices.ContainsFunc(entityType.Fields, func(f permissions.Field) bool { return f.Name == hidden }) {
					t.Errorf("%s shows %s", entityType.Name, hidden)
				}
			}
		}
		if diff := cmp.Diff([]string{"Aziende", "Contatti", "Ticket", "Macchine"}, labels); diff != "" {
			t.Errorf("labels (-want +got):\n%s", diff)
		}
		if diff := cmp.Diff([]string{"Contacts", "HelpDesk", "Machines"}, linkable); diff != "" {
			t.Errorf("linkable (-want +got):\n%s", diff)
		}
	})
}
