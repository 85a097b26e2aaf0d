package licensing

import (
	"crypto/rand"
	"fmt"
	"slices"
	"time"
)

// Vendor signs with the root key. Its methods touch no disk and no database: they return documents to hand out.
type Vendor struct {
	Root PrivateKey
	// Former are earlier root keys whose partner certificates still count, so that the root key can be changed
	// without certifying every partner on the same day.
	Former []PublicKey
	// Revoked is the newest revocation list; the zero value revokes nothing.
	Revoked Revocations
	// Now is the clock. Defaults to time.Now.
	Now func() time.Time
}

// Terms is what the vendor decides about a license; the rest is taken from the request.
type Terms struct {
	Kind      LicenseKind
	ValidFrom time.Time // defaults to now
	ValidTo   time.Time // the first moment it is no longer valid
	GraceDays int       // days of 24 hours after ValidTo
	Users     int       // defaults to the number requested
}

// Certify lets a partner sign requests from now until the given moment.
func (v Vendor) Certify(partner PublicKey, name string, until time.Time) (Certificate, error) {
	now := v.now()
	c := Certificate{Serial: newSerial(), Name: name, Key: partner, ValidFrom: now, ValidTo: stamp(until), IssuedAt: now}
	var err error
	if c.Document, err = sign(KindCertificate, v.Root, &c, ""); err != nil {
		return Certificate{}, fmt.Errorf("certify partner: %w", err)
	}
	return c, nil
}

// Issue makes the license for a partner's signed request. Beyond the errors of [VerifyRequest] it returns
// [ErrPartnerExpired] and [ErrPartnerRevoked]; a request that nobody signed is refused with [ErrUnsigned].
func (v Vendor) Issue(request string, terms Terms) (License, error) {
	r, err := VerifyRequest(request, v.keys()...)
	if err != nil {
		return License{}, fmt.Errorf("issue license: %w", err)
	}
	if v.Revoked.Partner(r.Partner.Serial) {
		return License{}, fmt.Errorf("issue license: %w", ErrPartnerRevoked)
	}
	if !r.Partner.valid(v.now()) {
		return License{}, fmt.Errorf("issue license: %w", ErrPartnerExpired)
	}
	l := v.license(r, terms)
	if l.Document, err = sign(KindLicense, v.Root, &l, ""); err != nil {
		return License{}, fmt.Errorf("issue license: %w", err)
	}
	return l, nil
}

func (v Vendor) license(r SignedRequest, terms Terms) License {
	now := v.now()
	l := License{
		Serial:       newSerial(),
		Kind:         terms.Kind,
		Installation: r.Installation,
		CRMURL:       r.CRMURL,
		Product:      r.Product,
		Users:        r.Users,
		ValidFrom:    now,
		ValidTo:      stamp(terms.ValidTo),
		GraceDays:    terms.GraceDays,
		Partner:      Partner{Serial: r.Partner.Serial, Name: r.Partner.Name},
		IssuedAt:     now,
	}
	if !terms.ValidFrom.IsZero() {
		l.ValidFrom = stamp(terms.ValidFrom)
	}
	if terms.Users != 0 {
		l.Users = terms.Users
	}
	return l
}

// Revoke returns a new list: everything on [Vendor.Revoked] and the given serials of licenses and of partner
// certificates.
func (v Vendor) Revoke(licenses, partners []string) (Revocations, error) {
	r := Revocations{
		Licenses: union(v.Revoked.Licenses, licenses),
		Partners: union(v.Revoked.Partners, partners),
		IssuedAt: v.now(),
	}
	var err error
	if r.Document, err = sign(KindRevocations, v.Root, &r, ""); err != nil {
		return Revocations{}, fmt.Errorf("revoke: %w", err)
	}
	return r, nil
}

// keys are the root keys whose certificates count.
func (v Vendor) keys() []PublicKey { return append([]PublicKey{v.Root.Public()}, v.Former...) }

func (v Vendor) now() time.Time {
	if v.Now == nil {
		return stamp(time.Now())
	}
	return stamp(v.Now())
}

// union is sorted and never nil: an empty list is a claim too, null is a missing one.
func union(a, b []string) []string {
	all := append(append([]string{}, a...), b...)
	slices.Sort(all)
	return slices.Compact(all)
}

// newSerial is 80 random bits in 16 letters and digits that can be read over the telephone.
func newSerial() string { return rand.Text()[:16] }
