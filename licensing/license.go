package licensing

import "time"

// LicenseKind says on what basis a license was given. Both kinds unlock the same.
type LicenseKind string

// The kinds of license.
const (
	Trial        LicenseKind = "trial"
	Subscription LicenseKind = "subscription"
)

const (
	maxUsers = 1_000_000
	maxGrace = 366 // days
)

// License is the vendor's permission for one installation, as its document states it.
type License struct {
	Serial       string      `json:"jti"`
	Kind         LicenseKind `json:"kind"`
	Installation string      `json:"installation"` // the name the customer ordered under
	CRMURL       string      `json:"crm_url"`      // see [NormalizeURL] for how it is compared
	Product      string      `json:"product"`
	Users        int         `json:"users"` // seats: named users, at least 1
	ValidFrom    time.Time   `json:"nbf"`
	ValidTo      time.Time   `json:"exp"`        // the first moment it is no longer valid
	GraceDays    int         `json:"grace_days"` // days of 24 hours after ValidTo in which everything still works
	Partner      Partner     `json:"partner"`    // who asked for it
	IssuedAt     time.Time   `json:"iat"`
	Document     string      `json:"-"` // the signed text on one line
}

// Partner names the certified partner a license was issued through.
type Partner struct {
	Serial string `json:"jti"` // of the certificate
	Name   string `json:"name"`
}

// GraceEnds is the first moment at which the license, grace included, is over.
func (l License) GraceEnds() time.Time {
	return l.ValidTo.Add(time.Duration(l.GraceDays) * 24 * time.Hour)
}

// Verify reports what a license says if one of the vendor's keys signed it, whether in force or not. It returns
// [ErrArmour], [ErrWrongKind], [ErrNotGenuine] or [ErrIncomplete].
func Verify(document string, vendor ...PublicKey) (License, error) {
	var l License
	text, err := open(KindLicense, document, vendor, &l)
	if err != nil {
		return License{}, err
	}
	l.Document = text
	return l, nil
}

func (l *License) check() error {
	if l.Kind != Trial && l.Kind != Subscription {
		return incomplete("kind %q is unknown", l.Kind)
	}
	if l.GraceDays < 0 || l.GraceDays > maxGrace {
		return incomplete("grace_days has to be between 0 and %d", maxGrace)
	}
	if l.IssuedAt.IsZero() {
		return incomplete("iat is empty")
	}
	if err := checkPeriod(l.ValidFrom, l.ValidTo); err != nil {
		return err
	}
	for _, name := range [][2]string{{"jti", l.Serial}, {"partner.jti", l.Partner.Serial}, {"partner.name", l.Partner.Name}} {
		if err := checkName(name[0], name[1]); err != nil {
			return err
		}
	}
	return l.request().check()
}

// request is what of the license was asked for.
func (l *License) request() *Request {
	return &Request{Installation: l.Installation, CRMURL: l.CRMURL, Users: l.Users, Product: l.Product}
}
