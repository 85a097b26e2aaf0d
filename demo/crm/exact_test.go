package crm_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/mailconnector/mailconnector/permissions"
)

func TestExactFindsAddressesAndNumbersThatOneMaySee(t *testing.T) {
	onBoth(t, func(t *testing.T, s *sample) {
		for name, tt := range map[string]struct {
			who    permissions.Subject
			values []string
			want   []string
		}{
			"an address in another case":            {rep, []string{"Juergen.Mueller@Brauhaus-Mueller.example"}, []string{"Jürgen Müller"}},
			"a number and an address":               {rep, []string{"opp1001", "juergen.mueller@brauhaus-mueller.example"}, []string{"Bottling line for Brauhaus Müller", "Jürgen Müller"}},
			"a deal that the agent may not see":     {agent, []string{"OPP1001"}, []string{}},
			"no part of an address":                 {admin, []string{"brauhaus-mueller.example", "juergen", "", "%"}, []string{}},
			"a telephone, a name: neither is exact": {admin, []string{"+49 171 1234567", "Jürgen"}, []string{}},
		} {
			t.Run(name, func(t *testing.T) {
				found, err := s.Exact(t.Context(), tt.who, tt.values, 10)
				if err != nil {
					t.Fatal(err)
				}
				got := []string{}
				for _, m := range found {
					cards, err := s.Cards(t.Context(), tt.who, []permissions.Record{m.Record})
					if err != nil || len(cards) != 1 {
						t.Fatalf("%s: %d cards, %v", m.Record, len(cards), err)
					}
					got = append(got, cards[0].Label)
				}
				if diff := cmp.Diff(tt.want, got); diff != "" {
					t.Errorf("(-want +got):\n%s", diff)
				}
			})
		}
		if found, err := s.Exact(t.Context(), admin, []string{"info@brauhaus-mueller.example"}, 0); err != nil || len(found) != 0 {
			t.Errorf("with a limit of none: %v, %v", found, err)
		}
		if err := s.Delete(t.Context(), admin, s.find(t, "Contacts", "Jürgen Müller")); err != nil {
			t.Fatal(err)
		}
		if found, err := s.Exact(t.Context(), admin, []string{"CON1001"}, 10); err != nil || len(found) != 0 {
			t.Errorf("a deleted record is found: %v, %v", found, err)
		}
	})
}
