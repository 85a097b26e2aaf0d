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

// exactLookUps asks a host that offers it for the addresses and numbers of all known records, in another case. Each user
// is to find what is visible, by visible fields.
func exactLookUps(t *testing.T, h HostUnderTest) {
	source, offered := h.Host.Records.(search.Exact)
	if !offered {
		return
	}
	told, _ := h.changes(t, "")
	for _, u := range h.Users {
		var values, want []string
		for _, r := range h.Records {
			for _, e := range told[r.Record].Entries {
				if value := strings.ToUpper(e.Value); exactlyFound(e) {
					values = append(values, value)
					if r.Access[u.UserName].View && !r.Deleted && h.shows(t, u, r.Record.Type, e.Field) {
						want = append(want, r.Record.String()+" "+value)
					}
				}
			}
		}
		found, err := source.Exact(t.Context(), u.subject(), append(values, "nobody@nowhere.example", "", "NOSUCH0"), search.MaxLimit)
		if err != nil {
			t.Fatalf("Exact for %s = %v", u.UserName, err)
		}
		visible, err := permissions.Visible(t.Context(), h.Host.Permissions, u.subject(), recordsOf(found))
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, m := range found {
			known := slices.ContainsFunc(h.Records, func(r KnownRecord) bool { return r.Record == m.Record })
			if known && slices.Contains(visible, m.Record) {
				got = append(got, m.Record.String()+" "+strings.ToUpper(m.Value))
			}
		}
		if diff := cmp.Diff(want, got, cmpopts.EquateEmpty(), cmpopts.SortSlices(strings.Compare)); diff != "" {
			t.Errorf("found exactly by %s (-want +got):\n%s", u.UserName, diff)
		}
	}
}

// exactlyFound tells whether a host that looks for exact values finds a record by the entry. What has no digit is no
// number, and need not be looked for.
func exactlyFound(e search.Entry) bool {
	return e.Kind == permissions.KindEmail || e.Kind == permissions.KindNumber && strings.ContainsAny(e.Value, "0123456789")
}

func recordsOf(found []search.ExactMatch) []permissions.Record {
	records := make([]permissions.Record, len(found))
	for i, m := range found {
		records[i] = m.Record
	}
	return records
}

// shows tells whether a user may see a field of an entity type.
func (h HostUnderTest) shows(t *testing.T, u Login, entityType, field string) bool {
	t.Helper()
	types, err := h.Host.Permissions.Types(t.Context(), u.subject(), "")
	if err != nil {
		t.Fatalf("Types for %s = %v", u.UserName, err)
	}
	for _, et := range types {
		if et.Name == entityType {
			return slices.ContainsFunc(et.Fields, func(f permissions.Field) bool { return f.Name == field })
		}
	}
	return false
}
