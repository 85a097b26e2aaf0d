package licensing_test

import (
	"errors"
	"testing"
	"time"

	"github.com/mailconnector/mailconnector/licensing"
)

// here is the place the license of a world is for, at noon.
func (w world) here() licensing.Place {
	return licensing.Place{
		Installation: w.order.Installation, CRMURL: w.order.CRMURL, Product: w.order.Product, Now: noon,
	}
}

func TestValidateAtTheEdgesOfTime(t *testing.T) {
	w := newWorld(t)
	l := w.license(t) // 365 days from noon, 10 days of grace
	for name, tt := range map[string]struct {
		now, latest time.Time
		want        licensing.State
	}{
		"the moment it begins":                               {now: l.ValidFrom, want: licensing.Active},
		"a clock late by exactly the tolerance":              {now: l.ValidFrom.Add(-day), want: licensing.Active},
		"a clock later than tolerated":                       {now: l.ValidFrom.Add(-day - 1), want: licensing.Clock},
		"a moment more than thirty days left":                {now: l.ValidTo.Add(-30*day - 1), want: licensing.Active},
		"exactly thirty days left":                           {now: l.ValidTo.Add(-30 * day), want: licensing.Expiring},
		"the last moment":                                    {now: l.ValidTo.Add(-1), want: licensing.Expiring},
		"the moment it ends":                                 {now: l.ValidTo, want: licensing.Grace},
		"the last moment of grace":                           {now: l.ValidTo.Add(10*day - 1), want: licensing.Grace},
		"the moment grace ends":                              {now: l.ValidTo.Add(10 * day), want: licensing.Expired},
		"years later":                                        {now: l.ValidTo.Add(4000 * day), want: licensing.Expired},
		"exactly a day behind the latest moment seen":        {now: noon, latest: noon.Add(day), want: licensing.Active},
		"more than a day behind the latest moment seen":      {now: noon, latest: noon.Add(day + 1), want: licensing.Clock},
		"moved back from after the end into the valid range": {now: noon, latest: l.ValidTo.Add(20 * day), want: licensing.Clock},
		"ahead of the latest moment seen":                    {now: noon.Add(5 * day), latest: noon, want: licensing.Active},
	} {
		t.Run(name, func(t *testing.T) {
			p := w.here()
			p.Now, p.Latest = tt.now, tt.latest
			if got := licensing.Validate(l, p); got != tt.want {
				t.Errorf("Validate = %s, want %s", got, tt.want)
			}
		})
	}
}

func TestLicenseThatBeginsLaterIsPending(t *testing.T) {
	w := newWorld(t)
	l := w.license(t, func(terms *licensing.Terms) { terms.ValidFrom = noon.Add(10 * day) })
	for now, want := range map[time.Time]licensing.State{
		noon:                  licensing.Pending,
		noon.Add(9*day - 1):   licensing.Pending,
		noon.Add(9 * day):     licensing.Active,
		noon.Add(-2 * day):    licensing.Clock,
		noon.Add(10 * day):    licensing.Active,
		noon.Add(365*day - 1): licensing.Expiring,
	} {
		p := w.here()
		p.Now = now
		if got := licensing.Validate(l, p); got != want {
			t.Errorf("at %s: %s, want %s", now, got, want)
		}
	}
}

func TestLicenseWithoutGraceEndsAtOnce(t *testing.T) {
	w := newWorld(t)
	l := w.license(t, func(terms *licensing.Terms) { terms.GraceDays = 0 })
	p := w.here()
	if p.Now = l.ValidTo; licensing.Validate(l, p) != licensing.Expired {
		t.Errorf("at its end: %s, want expired", licensing.Validate(l, p))
	}
}

func TestValidateComparesThePlace(t *testing.T) {
	w := newWorld(t)
	l := w.license(t)
	for name, tt := range map[string]struct {
		change func(*licensing.Place)
		want   licensing.State
	}{
		"the same place":              {func(*licensing.Place) {}, licensing.Active},
		"an address in other letters": {func(p *licensing.Place) { p.CRMURL = "HTTPS://CRM.Example.com:443/" }, licensing.Active},
		"another host":                {func(p *licensing.Place) { p.CRMURL = "https://crm2.example.com" }, licensing.Mismatch},
		"another scheme":              {func(p *licensing.Place) { p.CRMURL = "http://crm.example.com" }, licensing.Mismatch},
		"another port":                {func(p *licensing.Place) { p.CRMURL = "https://crm.example.com:8443" }, licensing.Mismatch},
		"another path":                {func(p *licensing.Place) { p.CRMURL = "https://crm.example.com/test" }, licensing.Mismatch},
		"no address":                  {func(p *licensing.Place) { p.CRMURL = "" }, licensing.Mismatch},
		"a name in other letters":     {func(p *licensing.Place) { p.Installation = " EXAMPLE  Ltd crm" }, licensing.Active},
		"another name":                {func(p *licensing.Place) { p.Installation = "Another Ltd" }, licensing.Mismatch},
		"another product":             {func(p *licensing.Place) { p.Product = "other" }, licensing.Mismatch},
		"its serial revoked":          {func(p *licensing.Place) { p.Revoked.Licenses = []string{"x", l.Serial} }, licensing.Revoked},
		"another serial revoked":      {func(p *licensing.Place) { p.Revoked.Licenses = []string{"x"} }, licensing.Active},
		"its partner revoked since":   {func(p *licensing.Place) { p.Revoked.Partners = []string{l.Partner.Serial} }, licensing.Active},
	} {
		t.Run(name, func(t *testing.T) {
			p := w.here()
			tt.change(&p)
			if got := licensing.Validate(l, p); got != tt.want {
				t.Errorf("Validate = %s, want %s", got, tt.want)
			}
		})
	}
}

func TestOnlyThreeStatesAreInForce(t *testing.T) {
	for state, want := range map[licensing.State]error{
		licensing.Active: nil, licensing.Expiring: nil, licensing.Grace: nil,
		licensing.None: licensing.ErrRequired, licensing.Pending: licensing.ErrRequired, "": licensing.ErrRequired,
		licensing.Expired: licensing.ErrExpired, licensing.Revoked: licensing.ErrRevoked,
		licensing.Mismatch: licensing.ErrMismatch, licensing.Clock: licensing.ErrClock,
	} {
		if got := state.Err(); !errors.Is(got, want) || state.InForce() != (want == nil) {
			t.Errorf("%q: Err = %v, InForce = %v; want %v", state, got, state.InForce(), want)
		}
	}
}

func TestNormalizeURL(t *testing.T) {
	for raw, want := range map[string]string{
		"https://crm.example.com":           "https://crm.example.com",
		" https://crm.example.com/ ":        "https://crm.example.com",
		"HTTPS://CRM.EXAMPLE.COM":           "https://crm.example.com",
		"https://crm.example.com:443":       "https://crm.example.com",
		"http://crm.example.com:80/vte/":    "http://crm.example.com/vte",
		"https://crm.example.com:80":        "https://crm.example.com:80",
		"https://crm.example.com./VTE//":    "https://crm.example.com/VTE",
		"http://127.0.0.1:8080":             "http://127.0.0.1:8080",
		"https://[2001:DB8::1]:443/":        "https://[2001:db8::1]",
		"https://[2001:db8::1]:8443":        "https://[2001:db8::1]:8443",
		"https://crm.example.com/my%20crm/": "https://crm.example.com/my%20crm",
	} {
		if got, err := licensing.NormalizeURL(raw); err != nil || got != want {
			t.Errorf("NormalizeURL(%q) = %q, %v; want %q", raw, got, err, want)
		}
	}
	for _, raw := range []string{
		"", "crm.example.com", "ftp://crm.example.com", "https://", "https:///vte", "https://u:p@crm.example.com",
		"https://crm.example.com?x=1", "https://crm.example.com?", "https://crm.example.com#a", "https://crm:port", "http://%zz",
	} {
		if got, err := licensing.NormalizeURL(raw); err == nil {
			t.Errorf("NormalizeURL(%q) = %q, want an error", raw, got)
		}
	}
}
