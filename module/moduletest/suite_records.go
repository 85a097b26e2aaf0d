package moduletest

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/mailconnector/mailconnector/permissions"
	"github.com/mailconnector/mailconnector/permissions/search"
)

func recordsTests() []hostTest {
	return []hostTest{
		{"cards show visible records, in the order asked", cards},
		{"cards hide hidden fields", cardsHideFields},
		{"changes tell of every record once there is one, and of each change", tellsChanges},
		{"digests sum up what owners have", digests},
		{"addresses and numbers are found exactly, where the host offers it", exactLookUps},
	}
}

func cards(t *testing.T, h HostUnderTest) {
	for _, u := range h.Users {
		var asked []permissions.Record
		var want []string
		for _, r := range slices.Backward(h.Records) {
			asked = append(asked, r.Record, permissions.Record{Type: r.Record.Type, ID: "no-such-id"})
			if r.Access[u.UserName].View && !r.Deleted {
				want = append(want, r.Record.String()+" "+r.Label)
			}
		}
		var got []string
		for _, c := range cardsOf(t, h, u, asked...) {
			got = append(got, c.Record.String()+" "+c.Label)
		}
		if diff := cmp.Diff(want, got, cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("cards for %s (-want +got):\n%s", u.UserName, diff)
		}
	}
}

func cardsOf(t *testing.T, h HostUnderTest, u Login, records ...permissions.Record) []search.Card {
	t.Helper()
	list, err := h.Host.Records.Cards(t.Context(), u.subject(), records)
	if err != nil {
		t.Fatalf("Cards for %s = %v", u.UserName, err)
	}
	return list
}

func cardsHideFields(t *testing.T, h HostUnderTest) {
	for _, name := range slices.Concat(h.Hidden.SeenBy, h.Hidden.HiddenFrom) {
		list := cardsOf(t, h, h.login(t, name), h.Hidden.Record)
		if len(list) != 1 {
			t.Fatalf("%s does not see %s, which has the hidden field", name, h.Hidden.Record)
		}
		seen := slices.Contains(h.Hidden.SeenBy, name)
		shown := slices.ContainsFunc(list[0].Fields, func(f search.CardField) bool {
			return f.Name == h.Hidden.Field && f.Value == h.Hidden.Value
		})
		if seen && h.Hidden.OnEveryCard && !shown {
			t.Errorf("the card for %s lacks field %s", name, h.Hidden.Field)
		}
		if !seen && strings.Contains(cardText(list[0]), h.Hidden.Value) {
			t.Errorf("the card for %s shows the hidden value of %s: %+v", name, h.Hidden.Field, list[0])
		}
	}
}

func cardText(c search.Card) string {
	text := c.Label + "\n" + c.Number + "\n" + c.Subtitle
	for _, f := range c.Fields {
		text += "\n" + f.Name + "\n" + f.Value
	}
	return text
}

func tellsChanges(t *testing.T, h HostUnderTest) {
	told, position := h.changes(t, "")
	for _, r := range h.Records {
		d, ok := told[r.Record]
		if r.Deleted {
			if ok && !d.Deleted {
				t.Errorf("deleted %s is told as if it were there", r.Record)
			}
			continue
		}
		if !ok {
			t.Errorf("%s (%s) is never told", r.Record, r.Label)
			continue
		}
		if d.Owner == "" || d.Label != r.Label || len(d.Entries) == 0 || d.Modified.IsZero() {
			t.Errorf("%s is told as %+v, want owner, label %q, modified time and entries", r.Record, d, r.Label)
		}
	}
	created, err := h.Create(t.Context(), h.Users[0])
	if err != nil {
		t.Fatalf("Create = %v", err)
	}
	told, position = h.changes(t, position)
	if d, ok := told[created]; !ok || d.Deleted {
		t.Errorf("new %s is not told after it was created: %+v", created, d)
	}
	if err := h.Delete(t.Context(), created); err != nil {
		t.Fatalf("Delete = %v", err)
	}
	told, _ = h.changes(t, position)
	if d, ok := told[created]; !ok || !d.Deleted {
		t.Errorf("deleted %s is not told: %+v", created, d)
	}
}

// changes reads on from a position in the smallest steps that can end, and returns the last that is told of each record.
func (h HostUnderTest) changes(t *testing.T, after string) (map[permissions.Record]search.Doc, string) {
	t.Helper()
	told := make(map[permissions.Record]search.Doc)
	for range 100_000 {
		const limit = 3
		docs, next, err := h.Host.Records.Changes(t.Context(), after, limit)
		if err != nil {
			t.Fatalf("Changes(%q) = %v", after, err)
		}
		if len(docs) > limit {
			t.Fatalf("Changes(%q) returned %d records, want at most %d", after, len(docs), limit)
		}
		for _, d := range docs {
			told[d.Record] = d
		}
		after = next
		if len(docs) < limit {
			return told, after
		}
	}
	t.Fatal("Changes never comes to an end")
	return nil, ""
}

func digests(t *testing.T, h HostUnderTest) {
	created, err := h.Create(t.Context(), h.Users[0])
	if err != nil {
		t.Fatalf("Create = %v", err)
	}
	told, _ := h.changes(t, "")
	owned := h.owners(t)
	if _, ok := owned[created]; !ok {
		t.Errorf("new %s belongs to nobody", created)
	}
	for r, d := range told {
		if _, ok := owned[r]; ok == d.Deleted {
			t.Errorf("%s: told as deleted = %t, owned = %t", r, d.Deleted, ok)
		}
		if !d.Deleted && owned[r] != d.Owner {
			t.Errorf("%s is told to belong to %q, but %q has it", r, d.Owner, owned[r])
		}
	}
	if len(owned) == 0 {
		t.Error("nobody owns anything")
	}
}

// owners reads who has what by Digest and Owned, and checks that the two agree.
func (h HostUnderTest) owners(t *testing.T) map[permissions.Record]string {
	t.Helper()
	owners := make(map[permissions.Record]string)
	for _, entityType := range h.typeNames() {
		list, err := h.Host.Records.Digest(t.Context(), entityType)
		if err != nil {
			t.Fatalf("Digest(%s) = %v", entityType, err)
		}
		for _, want := range list {
			got := search.OwnerDigest{Owner: want.Owner}
			for d, err := range h.Host.Records.Owned(t.Context(), entityType, want.Owner) {
				if err != nil {
					t.Fatalf("Owned(%s, %s) = %v", entityType, want.Owner, err)
				}
				if d.Record.Type != entityType || d.Owner != want.Owner || d.Deleted || len(d.Entries) == 0 {
					t.Errorf("Owned(%s, %s) has %+v", entityType, want.Owner, d)
				}
				got.Count++
				got.Sum += search.Checksum(d.Record.ID)
				owners[d.Record] = d.Owner
			}
			if got != want {
				t.Errorf("Digest of %s says %+v, Owned adds up to %+v", entityType, want, got)
			}
		}
	}
	return owners
}

func (h HostUnderTest) typeNames() []string {
	var names []string
	for _, r := range h.Records {
		names = append(names, r.Record.Type)
	}
	slices.Sort(names)
	return slices.Compact(names)
}
