package crm_test

import (
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/mailconnector/mailconnector/permissions"
	"github.com/mailconnector/mailconnector/permissions/search"
)

func TestCards(t *testing.T) {
	onBoth(t, func(t *testing.T, s *sample) {
		owner := s.find(t, "Contacts", "Jürgen Müller")
		hidden := s.find(t, "Accounts", "Fromagerie Lefèvre")
		cards, err := s.Cards(t.Context(), rep, []permissions.Record{hidden, owner, {Type: "Contacts", ID: "999999"}})
		if err != nil {
			t.Fatal(err)
		}
		want := []search.Card{{
			Record: owner, Label: "Jürgen Müller", Number: "CON1001", Subtitle: "Owner · Brauhaus Müller",
			Parents: []permissions.Record{s.find(t, "Accounts", "Brauhaus Müller")},
			URL:     "https://crm.example/records/Contacts/" + owner.ID,
			Fields: []search.CardField{
				{Name: "contact_no", Label: "Contact no.", Value: "CON1001"},
				{Name: "firstname", Label: "First name", Value: "Jürgen"},
				{Name: "lastname", Label: "Last name", Value: "Müller"},
				{Name: "title", Label: "Title", Value: "Owner"},
				{Name: "email", Label: "E-mail", Value: "juergen.mueller@brauhaus-mueller.example"},
				{Name: "phone", Label: "Phone", Value: "+49 89 400100-10"},
				{Name: "mobile", Label: "Mobile", Value: "+49 171 1234567"},
			},
		}}
		if diff := cmp.Diff(want, cards); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
		cards, err = s.Cards(t.Context(), agent, []permissions.Record{owner})
		if err != nil || len(cards) != 1 {
			t.Fatalf("%d cards, %v", len(cards), err)
		}
		if slices.ContainsFunc(cards[0].Fields, func(f search.CardField) bool { return f.Name == "mobile" }) {
			t.Error("the agent sees mobile numbers")
		}
	})
}

func TestACardNamesNothingTheSubjectMayNotSee(t *testing.T) {
	onBoth(t, func(t *testing.T, s *sample) {
		lead, contact := s.find(t, "Leads", "Sabine Oßwald"), s.find(t, "Contacts", "Sabine Oßwald")
		successor := func() *permissions.Record {
			cards, err := s.Cards(t.Context(), rep, []permissions.Record{lead})
			if err != nil || len(cards) != 1 {
				t.Fatalf("%d cards, %v", len(cards), err)
			}
			return cards[0].Successor
		}
		if got := successor(); got == nil || *got != contact {
			t.Errorf("the converted lead points to %v", got)
		}
		if err := s.SetOwner(t.Context(), admin, contact, "u1"); err != nil {
			t.Fatal(err)
		}
		if got := successor(); got != nil {
			t.Errorf("the lead points to %v, which she may not see", got)
		}
	})
}

func TestChangesTellEverythingOnce(t *testing.T) {
	onBoth(t, func(t *testing.T, s *sample) {
		s.now = s.now.Add(time.Hour)
		seen := map[permissions.Record]int{}
		position := readChanges(t, s, "", func(d search.Doc) { seen[d.Record]++ })
		if len(seen) != 60+150+17+48+40+42 {
			t.Errorf("%d records", len(seen))
		}
		for record, times := range seen {
			if times != 1 {
				t.Errorf("%s was told %d times", record, times)
			}
		}
		brewery := s.find(t, "Accounts", "Brauhaus Müller")
		if err := s.Delete(t.Context(), admin, brewery); err != nil {
			t.Fatal(err)
		}
		for range 2 { // a change is told again while one beside it may still be uncommitted
			var told []search.Doc
			position = readChanges(t, s, position, func(d search.Doc) { told = append(told, d) })
			if len(told) != 1 || told[0].Record != brewery || !told[0].Deleted {
				t.Errorf("told %+v", told)
			}
		}
		if _, _, err := s.Changes(t.Context(), "yesterday", 10); err == nil {
			t.Error("a position of somebody else's was taken")
		}
	})
}

// readChanges tells every change after a position and returns the next.
func readChanges(t *testing.T, s *sample, position string, tell func(search.Doc)) string {
	t.Helper()
	const limit = 50
	for {
		docs, next, err := s.Changes(t.Context(), position, limit)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range docs {
			tell(d)
		}
		if position = next; len(docs) < limit {
			return position
		}
	}
}

func TestDigestSumsUpWhatOwnedLists(t *testing.T) {
	onBoth(t, func(t *testing.T, s *sample) {
		digests, err := s.Digest(t.Context(), "Contacts")
		if err != nil {
			t.Fatal(err)
		}
		var total int64
		for _, digest := range digests {
			listed := search.OwnerDigest{Owner: digest.Owner}
			for doc, err := range s.Owned(t.Context(), "Contacts", digest.Owner) {
				if err != nil {
					t.Fatal(err)
				}
				listed.Count++
				listed.Sum += search.Checksum(doc.Record.ID)
			}
			if diff := cmp.Diff(digest, listed); diff != "" {
				t.Errorf("(-digest +owned):\n%s", diff)
			}
			total += digest.Count
		}
		if total != 150 {
			t.Errorf("%d contacts", total)
		}
	})
}

func TestDocs(t *testing.T) {
	onBoth(t, func(t *testing.T, s *sample) {
		company, owner := s.find(t, "Accounts", "Brauhaus Müller"), s.find(t, "Contacts", "Jürgen Müller")
		for doc, err := range s.Owned(t.Context(), "Contacts", rep.UserID) {
			if err != nil {
				t.Fatal(err)
			}
			if doc.Record != owner {
				continue
			}
			if diff := cmp.Diff([]permissions.Record{company}, doc.Parents); diff != "" {
				t.Errorf("parents (-want +got):\n%s", diff)
			}
			number := search.Entry{Field: "contact_no", Kind: permissions.KindNumber, Value: "CON1001"}
			if doc.Label != "Jürgen Müller" || !slices.Contains(doc.Entries, number) {
				t.Errorf("doc %+v", doc)
			}
			return
		}
		t.Error("the owner of the brewery is not among her contacts")
	})
}
