package licensing_test

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/mailconnector/mailconnector/licensing"
)

func TestVerifyReturnsWhatWasIssued(t *testing.T) {
	w := newWorld(t)
	issued := w.license(t)
	got, err := licensing.Verify(issued.Document, w.vendorKey())
	if err != nil {
		t.Fatal(err)
	}
	want := licensing.License{
		Serial: issued.Serial, Kind: licensing.Subscription, Installation: "Example Ltd CRM",
		CRMURL: "https://crm.example.com", Product: "mailconnector", Users: 5,
		ValidFrom: noon, ValidTo: noon.Add(365 * day), GraceDays: 10,
		Partner:  licensing.Partner{Serial: w.certificate.Serial, Name: "Good Partner"},
		IssuedAt: noon, Document: issued.Document,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("license (-want +got):\n%s", diff)
	}
}

func TestForgeriesAreNotGenuine(t *testing.T) {
	w, stranger := newWorld(t), newKey(t)
	genuine := w.license(t)
	more := claimsOf(t, genuine, func(c map[string]any) { c["users"] = 5000 })
	for name, text := range map[string]string{
		"signed by a stranger":                    forge(t, stranger, "license", more),
		"signed by a partner":                     forge(t, w.partner, "license", more),
		"signed as another kind, relabelled":      relabel(forge(t, w.vendor.Root, "revocation list", more), "license"),
		"a genuine certificate, relabelled":       relabel(w.certificate.Document, "license"),
		"an empty body under a right checksum":    seal("license", ""),
		"a body that is no base64":                seal("license", "@@@"),
		"a body shorter than a signature":         seal("license", "AAAA"),
		"one letter changed and checksum renewed": tamper(genuine.Document),
		"a footer added":                          relabel(genuine.Document, "license", ".AAAA"),
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := licensing.Verify(text, w.vendorKey()); !errors.Is(err, licensing.ErrNotGenuine) {
				t.Errorf("err = %v, want ErrNotGenuine", err)
			}
		})
	}
}

func TestOneKindNeverPassesAsAnother(t *testing.T) {
	w := newWorld(t)
	request := w.request(t)
	documents := map[licensing.Kind]string{
		licensing.KindLicense:     w.license(t).Document,
		licensing.KindRequest:     request.Document,
		licensing.KindCertificate: w.certificate.Document,
		licensing.KindRevocations: must(w.vendor.Revoke(nil, nil))(t).Document,
		licensing.KindPublicKey:   licensing.EncodePublic(w.vendorKey()),
	}
	verify := map[licensing.Kind]func(string) error{
		licensing.KindLicense:     func(s string) error { _, err := licensing.Verify(s, w.vendorKey()); return err },
		licensing.KindRequest:     func(s string) error { _, err := licensing.VerifyRequest(s, w.vendorKey()); return err },
		licensing.KindCertificate: func(s string) error { _, err := licensing.VerifyCertificate(s, w.vendorKey()); return err },
		licensing.KindRevocations: func(s string) error { _, err := licensing.VerifyRevocations(s, w.vendorKey()); return err },
		licensing.KindPublicKey:   func(s string) error { _, err := licensing.DecodePublic(s); return err },
	}
	for want, f := range verify {
		for got, text := range documents {
			err := f(text)
			var wrong *licensing.WrongKindError
			switch {
			case got == want && err != nil:
				t.Errorf("%s: %v", want, err)
			case got != want && (!errors.As(err, &wrong) || *wrong != licensing.WrongKindError{Want: want, Got: got}):
				t.Errorf("%s as %s: err = %v, want WrongKindError", got, want, err)
			}
		}
	}
}

func TestClaimsAreAllRequired(t *testing.T) {
	w := newWorld(t)
	genuine := w.license(t)
	for _, claim := range []string{
		"jti", "kind", "installation", "crm_url", "product", "users", "nbf", "exp", "grace_days", "partner", "iat",
	} {
		for name, change := range map[string]func(map[string]any){
			"missing": func(c map[string]any) { delete(c, claim) },
			"null":    func(c map[string]any) { c[claim] = nil },
		} {
			text := forge(t, w.vendor.Root, "license", claimsOf(t, genuine, change))
			if _, err := licensing.Verify(text, w.vendorKey()); !errors.Is(err, licensing.ErrIncomplete) {
				t.Errorf("%s %s: err = %v, want ErrIncomplete", claim, name, err)
			}
		}
	}
}

func TestSignedNonsenseIsIncomplete(t *testing.T) {
	w := newWorld(t)
	genuine := w.license(t)
	set := func(claim string, value any) string {
		return claimsOf(t, genuine, func(c map[string]any) { c[claim] = value })
	}
	for name, payload := range map[string]string{
		"a null payload":                   "null",
		"no claims":                        "{}",
		"no seats":                         set("users", 0),
		"seats as text":                    set("users", "5"),
		"half a seat":                      set("users", 2.5),
		"an unknown kind":                  set("kind", "gift"),
		"an empty serial":                  set("jti", ""),
		"a partner without a name":         set("partner", map[string]string{"jti": "P1"}),
		"an address that is none":          set("crm_url", "crm"),
		"a name that breaks lines":         set("installation", "a\nb"),
		"a name without end":               set("installation", string(make([]byte, 300))),
		"an end before the beginning":      set("exp", noon.Add(-day)),
		"an end at the beginning":          set("exp", noon),
		"a date that is none":              set("exp", "tomorrow"),
		"the zero time as date of issue":   set("iat", time.Time{}),
		"a negative grace":                 set("grace_days", -1),
		"a grace longer than any agreed":   set("grace_days", 100000),
		"more seats than people in a town": set("users", 1_000_001),
	} {
		t.Run(name, func(t *testing.T) {
			text := forge(t, w.vendor.Root, "license", payload)
			if _, err := licensing.Verify(text, w.vendorKey()); !errors.Is(err, licensing.ErrIncomplete) {
				t.Errorf("err = %v, want ErrIncomplete", err)
			}
		})
	}
}

func TestClaimsOfLaterVersionsAreIgnored(t *testing.T) {
	w := newWorld(t)
	payload := claimsOf(t, w.license(t), func(c map[string]any) { c["entitlements"] = []string{"archive"} })
	if _, err := licensing.Verify(forge(t, w.vendor.Root, "license", payload), w.vendorKey()); err != nil {
		t.Error(err)
	}
}

func TestRotatedKeysAreTrustedTogether(t *testing.T) {
	w := newWorld(t)
	old := w.license(t)
	former := w.vendorKey()
	w.vendor.Root, w.vendor.Former = newKey(t), []licensing.PublicKey{former}
	renewed := w.license(t) // the partner's certificate is still the former key's

	for name, tt := range map[string]struct {
		license string
		trusted []licensing.PublicKey
		want    error
	}{
		"the old license under both keys":        {old.Document, []licensing.PublicKey{w.vendorKey(), former}, nil},
		"the new license under both keys":        {renewed.Document, []licensing.PublicKey{former, w.vendorKey()}, nil},
		"the new license before the key arrived": {renewed.Document, []licensing.PublicKey{former}, licensing.ErrNotGenuine},
		"the old license after the key was gone": {old.Document, []licensing.PublicKey{w.vendorKey()}, licensing.ErrNotGenuine},
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := licensing.Verify(tt.license, tt.trusted...); !errors.Is(err, tt.want) {
				t.Errorf("err = %v, want %v", err, tt.want)
			}
		})
	}
}
