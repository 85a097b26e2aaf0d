package licensing_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/mailconnector/mailconnector/licensing"
)

func TestOrderSurvivesTheMail(t *testing.T) {
	order := newWorld(t).order
	for name, text := range map[string]string{
		"as written":          order.Text(),
		"with a greeting":     "Dear partner,\n\n" + order.Text() + "\nKind regards\n",
		"quoted in a reply":   "> " + strings.ReplaceAll(order.Text(), "\n", "\n> "),
		"with Windows breaks": strings.ReplaceAll(order.Text(), "\n", "\r\n"),
	} {
		got, err := licensing.ParseRequest(text)
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if diff := cmp.Diff(order, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

func TestIncompleteOrdersAreRefused(t *testing.T) {
	text := newWorld(t).order.Text()
	for name, bad := range map[string]string{
		"nothing":            "",
		"a line missing":     strings.Replace(text, "Users: 5\n", "", 1),
		"a line empty":       strings.Replace(text, "Users: 5", "Users:", 1),
		"a line given twice": text + "Users: 500\n",
		"users as a word":    strings.Replace(text, "Users: 5", "Users: five", 1),
		"no users":           strings.Replace(text, "Users: 5", "Users: 0", 1),
		"half an address":    strings.Replace(text, "https://", "", 1),
	} {
		if _, err := licensing.ParseRequest(bad); !errors.Is(err, licensing.ErrIncomplete) {
			t.Errorf("%s: err = %v, want ErrIncomplete", name, err)
		}
	}
}

func TestRequestCarriesItsPartner(t *testing.T) {
	w := newWorld(t)
	signed := w.request(t)
	got, err := licensing.VerifyRequest(licensing.Wrap(signed.Document), w.vendorKey())
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(signed, got, cmp.Comparer(func(a, b licensing.PublicKey) bool { return a == b })); diff != "" {
		t.Errorf("request (-want +got):\n%s", diff)
	}
}

func TestOnlyCertifiedPartnersGetALicense(t *testing.T) {
	w := newWorld(t)
	stranger := newKey(t)
	self := licensing.Vendor{Root: stranger, Now: w.vendor.Now} // somebody who certifies himself
	selfMade := must(self.Certify(stranger.Public(), "Good Partner", noon.Add(day)))(t)
	revoked := must(w.vendor.Revoke(nil, []string{w.certificate.Serial}))(t)
	terms := licensing.Terms{Kind: licensing.Trial, ValidTo: noon.Add(30 * day)}

	for name, tt := range map[string]struct {
		request string
		vendor  func(*licensing.Vendor)
		want    error
	}{
		"a certified partner":                 {request: w.request(t).Document},
		"the customer, unsigned":              {request: w.order.Text(), want: licensing.ErrUnsigned},
		"the customer, in a mail":             {request: "Please!\n" + w.order.Text(), want: licensing.ErrUnsigned},
		"somebody who certified himself":      {request: must(licensing.SignRequest(stranger, selfMade, w.order, noon))(t).Document, want: licensing.ErrNotCertified},
		"somebody borrowing a certificate":    {request: borrowed(t, w, stranger), want: licensing.ErrNotGenuine},
		"a request without a certificate":     {request: forge(t, w.partner, "license request", "{}"), want: licensing.ErrNotCertified},
		"a request that is no request":        {request: seal("license-request", "AAAA"), want: licensing.ErrNotGenuine},
		"a certificate with a letter changed": {request: tamper(w.request(t).Document), want: licensing.ErrNotCertified},
		"a request mistyped":                  {request: w.request(t).Document[1:], want: licensing.ErrArmour},
		"a license":                           {request: w.license(t).Document, want: licensing.ErrWrongKind},
		"a revoked partner":                   {request: w.request(t).Document, vendor: func(v *licensing.Vendor) { v.Revoked = revoked }, want: licensing.ErrPartnerRevoked},
		"a certificate at its end":            {request: w.request(t).Document, vendor: at(w.certificate.ValidTo), want: licensing.ErrPartnerExpired},
		"a certificate before it begins":      {request: w.request(t).Document, vendor: at(noon.Add(-time.Second)), want: licensing.ErrPartnerExpired},
		"another vendor's root key":           {request: w.request(t).Document, vendor: func(v *licensing.Vendor) { v.Root = stranger }, want: licensing.ErrNotCertified},
	} {
		t.Run(name, func(t *testing.T) {
			vendor := w.vendor
			if tt.vendor != nil {
				tt.vendor(&vendor)
			}
			if _, err := vendor.Issue(tt.request, terms); !errors.Is(err, tt.want) {
				t.Errorf("err = %v, want %v", err, tt.want)
			}
		})
	}
}

// borrowed is a request signed by a stranger under a partner's certificate: the payload and signature of the one, the
// footer of the other.
func borrowed(t *testing.T, w world, stranger licensing.PrivateKey) string {
	t.Helper()
	own := strings.Split(forge(t, stranger, "license request", "{}"), ".")
	genuine := strings.Split(w.request(t).Document, ".")
	return seal("license-request", own[1]+"."+genuine[2])
}

func at(now time.Time) func(*licensing.Vendor) {
	return func(v *licensing.Vendor) { v.Now = func() time.Time { return now } }
}

func TestTermsThatMakeNoLicense(t *testing.T) {
	w := newWorld(t)
	request := w.request(t).Document
	for name, terms := range map[string]licensing.Terms{
		"no kind":                     {ValidTo: noon.Add(day)},
		"no end":                      {Kind: licensing.Trial},
		"an end before the beginning": {Kind: licensing.Trial, ValidFrom: noon.Add(2 * day), ValidTo: noon.Add(day)},
		"negative seats":              {Kind: licensing.Trial, ValidTo: noon.Add(day), Users: -1},
		"negative grace":              {Kind: licensing.Trial, ValidTo: noon.Add(day), GraceDays: -1},
	} {
		if _, err := w.vendor.Issue(request, terms); !errors.Is(err, licensing.ErrIncomplete) {
			t.Errorf("%s: err = %v, want ErrIncomplete", name, err)
		}
	}
}

func TestTermsOverrideTheRequest(t *testing.T) {
	w := newWorld(t)
	l := w.license(t, func(terms *licensing.Terms) { terms.Users, terms.Kind = 3, licensing.Trial })
	if l.Users != 3 || l.Kind != licensing.Trial {
		t.Errorf("users %d, kind %s; want 3, trial", l.Users, l.Kind)
	}
}

func TestSigningRefusesWhatNobodyCouldVerify(t *testing.T) {
	w := newWorld(t)
	if _, err := licensing.SignRequest(newKey(t), w.certificate, w.order, noon); !errors.Is(err, licensing.ErrKey) {
		t.Errorf("a key that is not certified: err = %v, want ErrKey", err)
	}
	w.order.Users = 0
	if _, err := licensing.SignRequest(w.partner, w.certificate, w.order, noon); !errors.Is(err, licensing.ErrIncomplete) {
		t.Errorf("an order for nobody: err = %v, want ErrIncomplete", err)
	}
	if _, err := w.vendor.Certify(licensing.PublicKey{}, "Nobody", noon.Add(day)); !errors.Is(err, licensing.ErrIncomplete) {
		t.Errorf("a partner without a key: err = %v, want ErrIncomplete", err)
	}
	if _, err := w.vendor.Certify(w.partner.Public(), " ", noon.Add(day)); !errors.Is(err, licensing.ErrIncomplete) {
		t.Errorf("a partner without a name: err = %v, want ErrIncomplete", err)
	}
	if _, err := w.vendor.Certify(w.partner.Public(), "Late", noon); !errors.Is(err, licensing.ErrIncomplete) {
		t.Errorf("a certificate that ends at once: err = %v, want ErrIncomplete", err)
	}
}

func TestRevocationListsGrow(t *testing.T) {
	w := newWorld(t)
	w.vendor.Revoked = must(w.vendor.Revoke([]string{"L2", "L1"}, nil))(t)
	list := must(w.vendor.Revoke([]string{"L1", "L3"}, []string{"P1"}))(t)
	got := must(licensing.VerifyRevocations(list.Document, w.vendorKey()))(t)
	want := licensing.Revocations{
		Licenses: []string{"L1", "L2", "L3"}, Partners: []string{"P1"}, IssuedAt: noon, Document: list.Document,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("list (-want +got):\n%s", diff)
	}
	if !got.License("L2") || got.License("P1") || !got.Partner("P1") || got.Partner("L1") {
		t.Error("serials of licenses and partners are mixed up")
	}
}

func TestSerialsDiffer(t *testing.T) {
	w := newWorld(t)
	if a, b := w.license(t), w.license(t); a.Serial == b.Serial || len(a.Serial) != 16 {
		t.Errorf("serials %q and %q", a.Serial, b.Serial)
	}
}
