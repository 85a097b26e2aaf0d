package moduletest

import (
	"context"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/mailconnector/mailconnector/permissions"
)

// freshness is how old an answer may be: what a change forbids that was committed longer ago is a leak.
const freshness = 2 * time.Second

func permissionsTests() []hostTest {
	return []hostTest{
		{"each user may do with each record what is said", checksAccess},
		{"answers come in the order asked, types mixed", keepsOrder},
		{"deleted, unknown and wrongly typed records are missing", missing},
		{"entity types are those of the records a user sees", listsTypes},
		{"a hidden field is not listed", hidesField},
		{"the scope leaves out nothing visible", coversVisible},
		{"a grant and its end count within two seconds", countsAtOnce},
		{"an unknown subject may do nothing", unknownSubject},
	}
}

// question is one thing to ask about a record, with the answer.
type question struct {
	user   Login
	action permissions.Action
	record KnownRecord
	allow  bool
}

func (h HostUnderTest) questions() []question {
	var all []question
	for _, u := range h.Users {
		for _, r := range h.Records {
			a := r.Access[u.UserName]
			all = append(all,
				question{u, permissions.View, r, a.View && !r.Deleted},
				question{u, permissions.Edit, r, a.Edit && !r.Deleted},
				question{u, permissions.Link, r, a.Link && !r.Deleted})
		}
	}
	return all
}

func checksAccess(t *testing.T, h HostUnderTest) {
	for _, q := range h.questions() {
		d := check(t, h, q.user, q.action, q.record.Record)[0]
		if d.Allows() != q.allow {
			t.Errorf("%s may %s %s (%s): %s, want allowed = %t", q.user.UserName, q.action, q.record.Record, q.record.Label,
				d.Outcome, q.allow)
		}
	}
}

func check(t *testing.T, h HostUnderTest, u Login, a permissions.Action, records ...permissions.Record) []permissions.Decision {
	t.Helper()
	decisions, err := h.Host.Permissions.Check(t.Context(), u.subject(), a, records)
	if err != nil {
		t.Fatalf("Check(%s, %s, %v) = %v", u.UserName, a, records, err)
	}
	if len(decisions) != len(records) {
		t.Fatalf("Check of %d records has %d answers", len(records), len(decisions))
	}
	return decisions
}

func keepsOrder(t *testing.T, h HostUnderTest) {
	for _, u := range h.Users {
		known := slices.Concat(h.Records, h.Records, h.Records) // also the same record more than once
		rand.Shuffle(len(known), func(i, j int) { known[i], known[j] = known[j], known[i] })
		records := make([]permissions.Record, len(known))
		for i, r := range known {
			records[i] = r.Record
			if i%5 == 4 {
				records[i].ID = "no-such-id"
			}
		}
		for i, d := range check(t, h, u, permissions.View, records...) {
			want := known[i].Access[u.UserName].View && !known[i].Deleted && i%5 != 4
			if d.Allows() != want {
				t.Errorf("%s: answer %d of %d, on %s, is %s, want allowed = %t", u.UserName, i, len(records), records[i], d.Outcome, want)
			}
		}
	}
	if got, err := h.Host.Permissions.Check(t.Context(), h.Users[0].subject(), permissions.View, nil); len(got) != 0 || err != nil {
		t.Errorf("Check of nothing = %v, %v, want no answers", got, err)
	}
}

func missing(t *testing.T, h HostUnderTest) {
	var asked []permissions.Record
	for _, r := range h.Records {
		if r.Deleted {
			asked = append(asked, r.Record)
		}
		asked = append(asked, permissions.Record{Type: "NoSuchType", ID: r.Record.ID})
		for _, other := range h.Records {
			if other.Record.Type != r.Record.Type {
				asked = append(asked, permissions.Record{Type: other.Record.Type, ID: r.Record.ID})
			}
		}
	}
	known := h.Records[0].Record
	for _, id := range []string{"0", "-1", "no-such-id", known.ID + " ", known.ID + "x", "0" + known.ID, "1 OR 1=1", "99999999999999999999"} {
		asked = append(asked, permissions.Record{Type: known.Type, ID: id})
	}
	for _, u := range h.Users {
		for _, action := range []permissions.Action{permissions.View, permissions.Edit, permissions.Link, permissions.Delete} {
			for i, d := range check(t, h, u, action, asked...) {
				if d.Outcome != permissions.Missing {
					t.Errorf("%s of %s by %s is %s, want missing", action, asked[i], u.UserName, d.Outcome)
				}
			}
		}
	}
}

func listsTypes(t *testing.T, h HostUnderTest) {
	for _, u := range h.Users {
		types := typesOf(t, h, u)
		for _, r := range h.Records {
			a := r.Access[u.UserName]
			et, listed := types[r.Record.Type]
			if a.View && !listed {
				t.Errorf("%s sees %s but not its type", u.UserName, r.Record)
			}
			if a.Link && !et.CanLink {
				t.Errorf("%s may link to %s, but the type says it may not", u.UserName, r.Record)
			}
		}
		for name, et := range types {
			if et.Label == "" || et.Singular == "" || len(et.Fields) == 0 {
				t.Errorf("type %s lacks a label, a singular or fields: %+v", name, et)
			}
		}
	}
}

func typesOf(t *testing.T, h HostUnderTest, u Login) map[string]permissions.EntityType {
	t.Helper()
	list, err := h.Host.Permissions.Types(t.Context(), u.subject(), "en")
	if err != nil {
		t.Fatalf("Types(%s) = %v", u.UserName, err)
	}
	types := make(map[string]permissions.EntityType, len(list))
	for _, et := range list {
		if _, twice := types[et.Name]; twice {
			t.Errorf("Types(%s) lists %s twice", u.UserName, et.Name)
		}
		types[et.Name] = et
	}
	return types
}

func hidesField(t *testing.T, h HostUnderTest) {
	listed := func(userName string) bool {
		fields := typesOf(t, h, h.login(t, userName))[h.Hidden.Record.Type].Fields
		return slices.ContainsFunc(fields, func(f permissions.Field) bool { return f.Name == h.Hidden.Field })
	}
	for _, name := range h.Hidden.SeenBy {
		if !listed(name) {
			t.Errorf("field %s of %s is not listed for %s", h.Hidden.Field, h.Hidden.Record.Type, name)
		}
	}
	for _, name := range h.Hidden.HiddenFrom {
		if listed(name) {
			t.Errorf("field %s of %s is listed for %s", h.Hidden.Field, h.Hidden.Record.Type, name)
		}
	}
}

func coversVisible(t *testing.T, h HostUnderTest) {
	owners := h.owners(t)
	for _, u := range h.Users {
		for _, r := range h.Records {
			if !r.Access[u.UserName].View {
				continue
			}
			scope, err := h.Host.Permissions.Scope(t.Context(), u.subject(), r.Record.Type)
			if err != nil {
				t.Fatalf("Scope(%s, %s) = %v", u.UserName, r.Record.Type, err)
			}
			if !scope.All && !scope.More && !slices.Contains(scope.Owners, owners[r.Record]) {
				t.Errorf("%s sees %s of owner %q, who is outside the scope %+v", u.UserName, r.Record, owners[r.Record], scope)
			}
		}
	}
}

func countsAtOnce(t *testing.T, h HostUnderTest) {
	u := h.login(t, h.Sharing.UserName)
	visible := func() bool { return check(t, h, u, permissions.View, h.Sharing.Record)[0].Allows() }
	if visible() {
		t.Fatalf("%s sees %s before it is granted", u.UserName, h.Sharing.Record)
	}
	for range 2 {
		act(t, "Grant", h.Sharing.Grant)
		if !within(freshness, visible) {
			t.Errorf("%s does not see %s two seconds after the grant", u.UserName, h.Sharing.Record)
		}
		act(t, "Revoke", h.Sharing.Revoke)
		if !within(freshness, func() bool { return !visible() }) {
			t.Errorf("%s still sees %s two seconds after the grant ended", u.UserName, h.Sharing.Record)
		}
	}
}

func act(t *testing.T, what string, do func(context.Context) error) {
	t.Helper()
	if err := do(t.Context()); err != nil {
		t.Fatalf("%s = %v", what, err)
	}
}

// within waits for a condition, asking often.
func within(d time.Duration, ok func() bool) bool {
	for end := time.Now().Add(d); !ok(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(end) {
			return ok()
		}
	}
	return true
}

func unknownSubject(t *testing.T, h HostUnderTest) {
	for _, id := range []string{"", "no-such-user"} {
		nobody := Login{UserID: id, UserName: "nobody"}
		for _, r := range h.Records {
			if check(t, h, nobody, permissions.View, r.Record)[0].Allows() {
				t.Errorf("user id %q sees %s", id, r.Record)
			}
		}
	}
}
