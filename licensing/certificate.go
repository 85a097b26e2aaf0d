package licensing

import "time"

// Certificate is the vendor's word that a key belongs to a partner who may ask for licenses.
type Certificate struct {
	Serial    string    `json:"jti"`
	Name      string    `json:"name"` // of the partner
	Key       PublicKey `json:"key"`
	ValidFrom time.Time `json:"nbf"`
	ValidTo   time.Time `json:"exp"` // the first moment it is no longer valid
	IssuedAt  time.Time `json:"iat"`
	Document  string    `json:"-"` // the signed text on one line
}

// VerifyCertificate reports what a certificate says if one of the vendor's keys signed it, whether valid now or not.
// It returns [ErrArmour], [ErrWrongKind], [ErrNotGenuine] or [ErrIncomplete].
func VerifyCertificate(document string, vendor ...PublicKey) (Certificate, error) {
	var c Certificate
	text, err := open(KindCertificate, document, vendor, &c)
	if err != nil {
		return Certificate{}, err
	}
	c.Document = text
	return c, nil
}

// valid reports whether the certificate may be used at a moment.
func (c Certificate) valid(now time.Time) bool {
	return !now.Before(c.ValidFrom) && now.Before(c.ValidTo)
}

func (c *Certificate) check() error {
	if err := checkName("jti", c.Serial); err != nil {
		return err
	}
	if err := checkName("name", c.Name); err != nil {
		return err
	}
	if c.Key == (PublicKey{}) {
		return incomplete("key is empty")
	}
	if c.IssuedAt.IsZero() {
		return incomplete("iat is empty")
	}
	return checkPeriod(c.ValidFrom, c.ValidTo)
}
