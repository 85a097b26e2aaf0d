package sharing_test

import (
	"errors"
	"testing"

	"github.com/mailconnector/mailconnector/permissions"
	"github.com/mailconnector/mailconnector/permissions/sharing"
)

// FuzzDecide holds the engine against the naive implementation, answer by answer.
func FuzzDecide(f *testing.F) {
	for seed := range uint64(40) {
		f.Add([]byte(*randomDice(seed)))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		d := dice(data)
		p := d.policy()
		engine, reference := compile(t, p), naive(p)
		for _, q := range questions() {
			compareAnswers(t, engine, &reference, q)
		}
		for _, user := range userIDs {
			for _, of := range typeNames {
				for _, field := range append(fieldNames, "ghost") {
					got, want := engine.FieldVisible(user, of, field), reference.fieldVisible(user, of, field)
					if got != want {
						t.Errorf("user %s sees field %s of %s: got %t, want %t", user, field, of, got, want)
					}
				}
			}
		}
	})
}

func compareAnswers(t *testing.T, engine *sharing.Engine, reference *naive, q question) {
	t.Helper()
	got, want := engine.Decide(q.user, q.of, q.op, q.record), reference.decide(q.user, q.of, q.op, &q.record)
	if got.Allows() != want {
		t.Errorf("%v: got %v (%s), want %t", q, got.Outcome, got.Reason.Code, want)
	}
	explained := engine.ExplainOperation(q.user, q.of, q.op, q.record)
	if explained.Outcome != got.Outcome || explained.Reason.Code != got.Reason.Code || explained.Reason.Detail == "" {
		t.Errorf("%v: decided %+v, explained %+v", q, got, explained)
	}
	if got, want := engine.Listed(q.user, q.of, q.record), reference.listed(q.user, q.of, &q.record); got != want {
		t.Errorf("%v: listed %t, want %t", q, got, want)
	}
	whole := engine.DecideType(q.user, q.of, q.op)
	if want := reference.decide(q.user, q.of, q.op, nil); whole.Allows() != want {
		t.Errorf("%v, as a whole: got %v (%s), want %t", q, whole.Outcome, whole.Reason.Code, want)
	}
	if got.Allows() && !whole.Allows() {
		t.Errorf("%v: allowed on a record but not on the type", q)
	}
}

// FuzzCompile takes policies that may be broken: they compile or are refused by ErrInvalidPolicy, and an engine answers
// whatever it is asked.
func FuzzCompile(f *testing.F) {
	for seed := range uint64(50) {
		f.Add([]byte(*randomDice(seed)))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		d := dice(data)
		breakage := d.roll(16)
		p := d.policy()
		damage(&p, breakage, d.pick([]string{"", "1", "g1", "H1", "::", "H1::H1", "p1", "Accounts"}), byte(d.roll(256)))
		engine, err := sharing.Compile(p)
		if err != nil {
			if !errors.Is(err, sharing.ErrInvalidPolicy) || engine != nil {
				t.Errorf("got %v and %v", engine, err)
			}
			return
		}
		for _, user := range append(userIDs, "", "g1") {
			for _, of := range append(typeNames, "") {
				for _, a := range []permissions.Action{permissions.View, permissions.Edit, permissions.Create, permissions.Delete, permissions.Link, ""} {
					engine.Explain(user, of, a, sharing.Record{Owner: "g1", Matches: matchIDs})
					engine.ExplainType(user, of, a)
				}
				engine.Decide(user, of, sharing.Operation(d.roll(256)), sharing.Record{})
				engine.Listed(user, of, sharing.Record{Owner: user})
				engine.Scope(user, of)
				engine.Fields(user, of)
				engine.InMenu(user, of)
			}
			engine.Types(user)
			engine.Groups(user)
		}
		engine.Problems()
	})
}

// damage breaks one part of the policy, or none.
func damage(p *sharing.Policy, part int, id string, value byte) {
	switch part {
	case 0:
		p.Users[0].ID = id
	case 1:
		p.Groups[0].ID = id
	case 2:
		p.Roles[0].ID = id
	case 3:
		p.Roles[1].Path = id
	case 4:
		p.Profiles[0].ID = id
	case 5:
		p.Types[0].Name = id
	case 6:
		p.Types[0].Default = sharing.Sharing(value)
	case 7:
		p.Types[0].Absent = append(p.Types[0].Absent, sharing.Operation(value))
	case 8:
		p.Types[0].Fields = append(p.Types[0].Fields, sharing.Field{Name: id})
	case 9:
		p.Profiles[0].Types["Accounts"].Operations[sharing.Operation(value)] = sharing.Granted
	case 10:
		p.Profiles[0].EditAll = sharing.Grant(value)
	case 11:
		p.Rules = append(p.Rules, sharing.Rule{From: sharing.Party{Kind: sharing.PartyKind(value), ID: id}})
	case 12:
		p.Profiles[0].Types[id] = sharing.TypeGrants{Access: sharing.Grant(value)}
	}
}
