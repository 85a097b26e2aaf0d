package licensing_test

import (
	"context"
	"database/sql"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/mailconnector/mailconnector/internal/database"
	"github.com/mailconnector/mailconnector/licensing"
)

func TestNothingWorksBeforeActivation(t *testing.T) {
	each(t, func(t *testing.T, in installation) {
		status := must(in.Status(t.Context()))(t)
		if status.State != licensing.None || status.License != nil || status.SeatsTotal != 0 {
			t.Errorf("status = %+v, want none", status)
		}
		for name, call := range map[string]func() error{
			"Allow":      func() error { return in.Allow(t.Context(), "7") },
			"TakeSeat":   func() error { return in.TakeSeat(t.Context(), "7") },
			"AssignSeat": func() error { return in.AssignSeat(t.Context(), "admin", "7") },
		} {
			var state *licensing.StateError
			if err := call(); !errors.Is(err, licensing.ErrRequired) || !errors.As(err, &state) || state.Message == "" {
				t.Errorf("%s: err = %v, want ErrRequired with a message", name, err)
			}
		}
		if seats := must(in.Seats(t.Context()))(t); len(seats) != 0 {
			t.Errorf("seats = %v, want none", seats)
		}
	})
}

func TestActivationOpensTheGate(t *testing.T) {
	each(t, func(t *testing.T, in installation) {
		l := in.license(t)
		status, err := in.Activate(t.Context(), "admin", licensing.Wrap(l.Document))
		if err != nil {
			t.Fatal(err)
		}
		want := licensing.Status{State: licensing.Active, License: &l, SeatsTotal: 5, Message: "Licensed until 2027-11-02."}
		if diff := cmp.Diff(want, status); diff != "" {
			t.Errorf("status (-want +got):\n%s", diff)
		}
		if err := in.Allow(t.Context(), "7"); !errors.Is(err, licensing.ErrSeatLimit) {
			t.Errorf("without a seat: err = %v, want ErrSeatLimit", err)
		}
		in.seated(t, "7")
		if err := in.Allow(t.Context(), "7"); err != nil {
			t.Errorf("with a seat: %v", err)
		}
		if err := in.another(t).Allow(t.Context(), "7"); err != nil {
			t.Errorf("on another instance: %v", err)
		}
	})
}

func TestActivateRefusesWhatIsNotInForceHere(t *testing.T) {
	each(t, func(t *testing.T, in installation) {
		good := in.activated(t, 5)
		elsewhere := in.world
		elsewhere.order.CRMURL = "https://other.example.com"
		stranger := newWorld(t)
		revoked := in.license(t)
		list := must(in.vendor.Revoke([]string{revoked.Serial}, nil))(t)
		if err := in.ApplyRevocations(t.Context(), list.Document); err != nil {
			t.Fatal(err)
		}
		ends := func(to time.Time) func(*licensing.Terms) {
			return func(terms *licensing.Terms) { terms.ValidFrom, terms.ValidTo = noon.Add(-90*day), to }
		}
		for name, tt := range map[string]struct {
			document string
			want     error
			says     string
		}{
			"mistyped":             {good.Document[:40] + "x" + good.Document[40:], licensing.ErrArmour, "copy the document once more"},
			"forged":               {tamper(good.Document), licensing.ErrNotGenuine, "none of the trusted keys"},
			"of another vendor":    {stranger.license(t).Document, licensing.ErrNotGenuine, "none of the trusted keys"},
			"a request":            {in.request(t).Document, licensing.ErrWrongKind, "this is a license request, not a license"},
			"for another address":  {elsewhere.license(t).Document, licensing.ErrMismatch, "https://other.example.com"},
			"expired":              {in.license(t, ends(noon.Add(-10*day))).Document, licensing.ErrExpired, "expired on 2026-11-02"},
			"revoked":              {revoked.Document, licensing.ErrRevoked, revoked.Serial},
			"beginning later":      {in.license(t, func(terms *licensing.Terms) { terms.ValidFrom = noon.Add(5 * day) }).Document, licensing.ErrRequired, "begins on 2026-11-07"},
			"issued in the future": {future(t, in.world).Document, licensing.ErrClock, "clock"},
		} {
			_, err := in.Activate(t.Context(), "admin", tt.document)
			if !errors.Is(err, tt.want) || !strings.Contains(err.Error(), tt.says) {
				t.Errorf("%s: err = %v, want %v saying %q", name, err, tt.want, tt.says)
			}
		}
		if status := must(in.Status(t.Context()))(t); status.License == nil || status.License.Serial != good.Serial {
			t.Errorf("after the refusals the license is %+v, want the first", status.License)
		}
	})
}

// future is a license of a vendor whose date is two days ahead.
func future(t *testing.T, w world) licensing.License {
	w.vendor.Now = func() time.Time { return noon.Add(2 * day) }
	return w.license(t)
}

func TestALicenseLivesAndEnds(t *testing.T) {
	each(t, func(t *testing.T, in installation) {
		l := in.activated(t, 5)
		in.seated(t, "7")
		for _, step := range []struct {
			now  time.Time
			want licensing.State
			err  error
			says string
		}{
			{l.ValidTo.Add(-31 * day), licensing.Active, nil, "Licensed until 2027-11-02"},
			{l.ValidTo.Add(-30 * day), licensing.Expiring, nil, "ends on 2027-11-02"},
			{l.ValidTo, licensing.Grace, nil, "works until 2027-11-12"},
			{l.ValidTo.Add(10 * day), licensing.Expired, licensing.ErrExpired, "expired on 2027-11-12"},
			{l.ValidTo.Add(9 * day), licensing.Grace, nil, ""}, // within the tolerance of the latest moment seen
			{l.ValidTo.Add(5 * day), licensing.Clock, licensing.ErrClock, "2027-11-12 has already passed"},
		} {
			in.clock.set(step.now)
			status := must(in.Status(t.Context()))(t)
			if status.State != step.want || !strings.Contains(status.Message, step.says) {
				t.Errorf("at %s: %s %q, want %s saying %q", step.now, status.State, status.Message, step.want, step.says)
			}
			if err := in.Allow(t.Context(), "7"); !errors.Is(err, step.err) {
				t.Errorf("at %s: Allow = %v, want %v", step.now, err, step.err)
			}
			if status.SeatsUsed != 1 {
				t.Errorf("at %s: %d seats, want the one to stay", step.now, status.SeatsUsed)
			}
		}
	})
}

func TestANewLicenseMendsAClockThatRanAhead(t *testing.T) {
	each(t, func(t *testing.T, in installation) {
		old := in.activated(t, 5)
		in.clock.set(noon.Add(200 * day)) // somebody set the wrong year for a moment
		in.state(t)
		in.clock.set(noon.Add(day))
		if got := in.state(t); got != licensing.Clock {
			t.Fatalf("state = %s, want clock", got)
		}
		if _, err := in.Activate(t.Context(), "admin", old.Document); !errors.Is(err, licensing.ErrClock) {
			t.Errorf("the same license again: err = %v, want ErrClock", err)
		}
		in.activated(t, 5)
		if got := in.state(t); got != licensing.Active {
			t.Errorf("after a newly issued license: %s, want active", got)
		}
	})
}

func TestAllowReadsAtMostOnceASecondAndNeverWrites(t *testing.T) {
	each(t, func(t *testing.T, in installation) {
		in.activated(t, 5)
		in.seated(t, "7")
		if err := in.Allow(t.Context(), "7"); err != nil {
			t.Fatal(err)
		}
		_ = in.db.SQL().Close() // from here on every statement fails
		in.clock.advance(time.Second - time.Microsecond)
		if err := in.Allow(t.Context(), "7"); err != nil {
			t.Errorf("within the second: %v", err)
		}
		in.clock.advance(time.Microsecond)
		if err := in.Allow(t.Context(), "7"); err == nil || errors.Is(err, licensing.ErrRequired) {
			t.Errorf("after it: %v, want the error of the database", err)
		}
	})
}

func TestAWaitingCallerCanGiveUp(t *testing.T) {
	each(t, func(t *testing.T, in installation) {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if err := in.Allow(ctx, "7"); !errors.Is(err, context.Canceled) {
			t.Errorf("err = %v, want context.Canceled", err)
		}
	})
}

func TestConfigurationIsCheckedWithoutTouchingTheDatabase(t *testing.T) {
	w := newWorld(t)
	raw := must(sql.Open("sqlite", "file:/nonexistent/folder/x.db"))(t)
	good := licensing.Config{
		DB: must(database.New(raw, database.Options{}))(t), VendorKeys: []licensing.PublicKey{w.vendorKey()},
		CRMURL: "https://crm.example.com", Installation: "Example Ltd CRM",
	}
	s := must(licensing.New(good))(t)
	if got := s.Request(5); got != w.order {
		t.Errorf("Request = %+v, want %+v", got, w.order)
	}
	for name, change := range map[string]func(*licensing.Config){
		"no database":     func(c *licensing.Config) { c.DB = nil },
		"no vendor key":   func(c *licensing.Config) { c.VendorKeys = nil },
		"an empty key":    func(c *licensing.Config) { c.VendorKeys = []licensing.PublicKey{{}} },
		"no address":      func(c *licensing.Config) { c.CRMURL = "" },
		"half an address": func(c *licensing.Config) { c.CRMURL = "crm.example.com" },
		"no name":         func(c *licensing.Config) { c.Installation = "" },
	} {
		bad := good
		change(&bad)
		if _, err := licensing.New(bad); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}
