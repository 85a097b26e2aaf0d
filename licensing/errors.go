package licensing

import (
	"errors"
	"fmt"
)

// What can be wrong with a document. Each message says what to do about it.
var (
	// ErrArmour says that the text was damaged on its way: mistyped, cut off, or not one of our documents at all.
	// It says nothing about who wrote it. The [*ArmourError] behind it says what was noticed.
	ErrArmour = errors.New("the text is damaged")
	// ErrWrongKind says that the text is an undamaged document of another kind, named by the [*WrongKindError].
	ErrWrongKind = errors.New("a document of another kind")
	// ErrNotGenuine says that the text is undamaged but no trusted key signed it.
	ErrNotGenuine = errors.New("not genuine: none of the trusted keys signed this document")
	// ErrIncomplete says that a claim is missing or makes no sense; a trusted signature does not make up for it.
	ErrIncomplete = errors.New("the document is incomplete")
	// ErrKey says that a key is empty, or not the one the document asks for.
	ErrKey = errors.New("unusable key")
)

// Why the vendor issues no license for a request.
var (
	// ErrUnsigned says that the request is the customer's own: a certified partner has to sign it.
	ErrUnsigned = errors.New("this is the customer's own request: a certified partner has to sign it before a license can be issued")
	// ErrNotCertified says that the request was signed by a key the vendor never certified.
	ErrNotCertified = errors.New("the request was not signed by a certified partner")
	// ErrPartnerExpired says that the partner's certificate is not valid at this time.
	ErrPartnerExpired = errors.New("the partner's certificate is not valid now: certify the partner again")
	// ErrPartnerRevoked says that the vendor revoked the partner's certificate.
	ErrPartnerRevoked = errors.New("the partner's certificate was revoked")
)

// Why a user may not work. All but ErrSeatLimit come behind a [*StateError] that carries the sentences for people.
var (
	// ErrRequired says that no license is active, or that it begins later.
	ErrRequired = errors.New("a license is required")
	// ErrExpired says that the license and its grace period are over.
	ErrExpired = errors.New("the license has expired")
	// ErrRevoked says that the vendor revoked the license.
	ErrRevoked = errors.New("the license was revoked")
	// ErrMismatch says that the license is for another installation.
	ErrMismatch = errors.New("the license is for another installation")
	// ErrClock says that the clock of the server is behind a moment that has certainly passed.
	ErrClock = errors.New("the clock of the server was moved back")
	// ErrSeatLimit says that this user has no seat, or one beyond the licensed number, and for who wants one that none
	// is free.
	ErrSeatLimit = errors.New("no seat: ask an administrator to assign one")
)

// ErrOutdated says that a revocation list is older than the one already applied; the newer one stays.
var ErrOutdated = errors.New("a newer revocation list is already in place")

// ArmourError is an [ErrArmour] that says what was noticed and what to try.
type ArmourError struct {
	Problem string // half a sentence: "the end is missing: copy the document once more, to its last letter"
}

func (e *ArmourError) Error() string { return ErrArmour.Error() + ": " + e.Problem }

// Unwrap makes errors.Is(err, ErrArmour) true.
func (e *ArmourError) Unwrap() error { return ErrArmour }

// WrongKindError is an [ErrWrongKind] that names both kinds.
type WrongKindError struct {
	Want, Got Kind
}

func (e *WrongKindError) Error() string {
	return fmt.Sprintf("this is a %s, not a %s", e.Got, e.Want)
}

// Unwrap makes errors.Is(err, ErrWrongKind) true.
func (e *WrongKindError) Unwrap() error { return ErrWrongKind }

// incomplete is an [ErrIncomplete] about one claim.
func incomplete(format string, args ...any) error {
	return fmt.Errorf("%w: %s", ErrIncomplete, fmt.Sprintf(format, args...))
}
