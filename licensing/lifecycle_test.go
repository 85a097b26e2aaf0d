package licensing_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/mailconnector/mailconnector/licensing"
)

func TestReplacingKeepsTheHistory(t *testing.T) {
	each(t, func(t *testing.T, in installation) {
		first := in.activated(t, 5)
		in.clock.advance(time.Hour)
		if _, err := in.Activate(t.Context(), "someone", first.Document); err != nil {
			t.Fatal(err) // again: changes nothing
		}
		second := in.activated(t, 8)
		in.clock.advance(time.Hour)
		for range 2 { // the second time there is none to end
			if err := in.Deactivate(t.Context(), "boss"); err != nil {
				t.Fatal(err)
			}
		}
		want := []licensing.Activation{
			{Serial: second.Serial, Document: second.Document, ActivatedAt: noon.Add(time.Hour), ActivatedBy: "admin", EndedAt: noon.Add(2 * time.Hour), EndedBy: "boss"},
			{Serial: first.Serial, Document: first.Document, ActivatedAt: noon, ActivatedBy: "admin", EndedAt: noon.Add(time.Hour), EndedBy: "admin"},
		}
		if diff := cmp.Diff(want, must(in.History(t.Context()))(t)); diff != "" {
			t.Errorf("history (-want +got):\n%s", diff)
		}
		if err := in.Allow(t.Context(), "7"); !errors.Is(err, licensing.ErrRequired) {
			t.Errorf("after deactivation: %v, want ErrRequired", err)
		}
	})
}

func TestRevocationClosesTheGateEverywhere(t *testing.T) {
	each(t, func(t *testing.T, in installation) {
		l := in.activated(t, 5)
		in.seated(t, "7")
		other := in.another(t)
		if err := other.Allow(t.Context(), "7"); err != nil {
			t.Fatal(err)
		}
		list := must(in.vendor.Revoke([]string{l.Serial}, nil))(t)
		if err := in.ApplyRevocations(t.Context(), list.Document); err != nil {
			t.Fatal(err)
		}
		if err := in.Allow(t.Context(), "7"); !errors.Is(err, licensing.ErrRevoked) {
			t.Errorf("here: %v, want ErrRevoked at once", err)
		}
		if got := must(other.State(t.Context()))(t); got != licensing.Active {
			t.Errorf("elsewhere within the second: %s, want what it knew", got)
		}
		in.clock.advance(time.Second)
		if got := must(other.State(t.Context()))(t); got != licensing.Revoked {
			t.Errorf("elsewhere after a second: %s, want revoked", got)
		}
		if err := other.Allow(t.Context(), "7"); !errors.Is(err, licensing.ErrRevoked) {
			t.Errorf("elsewhere: %v, want ErrRevoked after a second", err)
		}
	})
}

func TestRevocationListsOnlyMoveForward(t *testing.T) {
	each(t, func(t *testing.T, in installation) {
		older := must(in.vendor.Revoke(nil, nil))(t)
		in.vendor.Now = func() time.Time { return noon.Add(time.Minute) }
		newer := must(in.vendor.Revoke([]string{"L1"}, nil))(t)
		for _, step := range []struct {
			document string
			want     error
		}{
			{older.Document, nil},
			{newer.Document, nil},
			{newer.Document, nil},
			{older.Document, licensing.ErrOutdated},
			{tamper(newer.Document), licensing.ErrNotGenuine},
			{in.license(t).Document, licensing.ErrWrongKind},
		} {
			if err := in.ApplyRevocations(t.Context(), step.document); !errors.Is(err, step.want) {
				t.Errorf("err = %v, want %v", err, step.want)
			}
		}
	})
}

func TestStoredLicenseIsVerifiedAgain(t *testing.T) {
	each(t, func(t *testing.T, in installation) {
		in.activated(t, 5)
		in.seated(t, "7")
		t.Run("under a new key only", func(t *testing.T) {
			s := in.another(t, func(c *licensing.Config) { c.VendorKeys = []licensing.PublicKey{newKey(t).Public()} })
			status := must(s.Status(t.Context()))(t)
			if status.State != licensing.None || !strings.Contains(status.Message, "can no longer be trusted") {
				t.Errorf("status = %+v", status)
			}
		})
		t.Run("after the address of the CRM changed", func(t *testing.T) {
			s := in.another(t, func(c *licensing.Config) { c.CRMURL = "https://new.example.com" })
			if err := s.Allow(t.Context(), "7"); !errors.Is(err, licensing.ErrMismatch) {
				t.Errorf("err = %v, want ErrMismatch", err)
			}
		})
		t.Run("after somebody wrote into the table", func(t *testing.T) {
			forged := forge(t, newKey(t), "license", claimsOf(t, in.license(t), func(c map[string]any) { c["users"] = 999 }))
			if _, err := in.db.SQL().ExecContext(t.Context(), "UPDATE mc_licenses SET document = ?", forged); err != nil {
				t.Fatal(err)
			}
			in.clock.advance(time.Second)
			if err := in.Allow(t.Context(), "7"); !errors.Is(err, licensing.ErrRequired) {
				t.Errorf("err = %v, want ErrRequired", err)
			}
		})
	})
}
