package licensing

import (
	"slices"
	"time"
)

// Revocations is the vendor's list of what no longer counts. A list is complete: a newer one replaces it. The zero
// value revokes nothing.
//
// A revoked license stops working where the list is applied. A revoked partner gets no further license issued; the
// licenses its customers already hold stay in force unless they are listed too.
type Revocations struct {
	Licenses []string  `json:"licenses"` // serials
	Partners []string  `json:"partners"` // serials of certificates
	IssuedAt time.Time `json:"iat"`
	Document string    `json:"-"` // the signed text on one line
}

// VerifyRevocations reports what a list says if one of the vendor's keys signed it. It returns [ErrArmour],
// [ErrWrongKind], [ErrNotGenuine] or [ErrIncomplete].
func VerifyRevocations(document string, vendor ...PublicKey) (Revocations, error) {
	var r Revocations
	text, err := open(KindRevocations, document, vendor, &r)
	if err != nil {
		return Revocations{}, err
	}
	r.Document = text
	return r, nil
}

// License reports whether the license with this serial is revoked.
func (r Revocations) License(serial string) bool { return slices.Contains(r.Licenses, serial) }

// Partner reports whether the partner certificate with this serial is revoked.
func (r Revocations) Partner(serial string) bool { return slices.Contains(r.Partners, serial) }

func (r *Revocations) check() error {
	if r.IssuedAt.IsZero() {
		return incomplete("iat is empty")
	}
	return nil
}
