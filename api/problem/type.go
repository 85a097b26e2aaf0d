package problem

import "net/http"

// BaseURI is what a [Type] is appended to. The contract, openapi.yaml, says what each type means; the address itself
// need not answer.
const BaseURI = "https://mailconnector.example/problems/"

// Type is the last segment of a problem's type URI: what clients switch on. A type never changes its meaning.
type Type string

// The types.
const (
	MalformedRequest     Type = "malformed-request"
	Unauthenticated      Type = "unauthenticated"
	SessionExpired       Type = "session-expired"
	SessionRevoked       Type = "session-revoked"
	InvalidCredentials   Type = "invalid-credentials"
	MFARequired          Type = "mfa-required"
	SSORequired          Type = "sso-required"
	PasswordExpired      Type = "password-expired"
	AccountLocked        Type = "account-locked"
	LicenseRequired      Type = "license-required"
	LicenseExpired       Type = "license-expired"
	LicenseRevoked       Type = "license-revoked"
	LicenseMismatch      Type = "license-mismatch"
	SeatLimit            Type = "seat-limit"
	PermissionDenied     Type = "permission-denied"
	IncompatibleVersion  Type = "incompatible-version"
	NotFound             Type = "not-found"
	MethodNotAllowed     Type = "method-not-allowed"
	NotAcceptable        Type = "not-acceptable"
	Conflict             Type = "conflict"
	PreconditionFailed   Type = "precondition-failed"
	ContentTooLarge      Type = "content-too-large"
	UnsupportedMediaType Type = "unsupported-media-type"
	RangeNotSatisfiable  Type = "range-not-satisfiable"
	Invalid              Type = "invalid"
	ChecksumMismatch     Type = "checksum-mismatch"
	RateLimited          Type = "rate-limited"
	Internal             Type = "internal"
	Unavailable          Type = "unavailable"
)

// statusChecksum is the status that the tus protocol, 1.0.0, gives a chunk with another hash than announced.
const statusChecksum = 460

// definition is what all problems of one type have in common.
type definition struct {
	Type   Type
	Status int
	Title  string
}

func definitions() []definition {
	return []definition{
		{MalformedRequest, http.StatusBadRequest, "The request cannot be read"},
		{Unauthenticated, http.StatusUnauthorized, "Not signed in"},
		{SessionExpired, http.StatusUnauthorized, "The session has expired"},
		{SessionRevoked, http.StatusUnauthorized, "The session was ended"},
		{InvalidCredentials, http.StatusUnauthorized, "User name or password is wrong"},
		{MFARequired, http.StatusUnauthorized, "A second factor is required"},
		{SSORequired, http.StatusForbidden, "Single sign-on is required"},
		{PasswordExpired, http.StatusForbidden, "The password has expired"},
		{AccountLocked, http.StatusForbidden, "The account is locked"},
		{LicenseRequired, http.StatusForbidden, "A license is required"},
		{LicenseExpired, http.StatusForbidden, "The license has expired"},
		{LicenseRevoked, http.StatusForbidden, "The license was revoked"},
		{LicenseMismatch, http.StatusForbidden, "The license is for another installation"},
		{SeatLimit, http.StatusForbidden, "No seat"},
		{PermissionDenied, http.StatusForbidden, "Permission denied"},
		{IncompatibleVersion, http.StatusForbidden, "The versions do not fit"},
		{NotFound, http.StatusNotFound, "Not found"},
		{MethodNotAllowed, http.StatusMethodNotAllowed, "Method not allowed"},
		{NotAcceptable, http.StatusNotAcceptable, "Not acceptable"},
		{Conflict, http.StatusConflict, "Conflict"},
		{PreconditionFailed, http.StatusPreconditionFailed, "A precondition failed"},
		{ContentTooLarge, http.StatusRequestEntityTooLarge, "The content is too large"},
		{UnsupportedMediaType, http.StatusUnsupportedMediaType, "Unsupported media type"},
		{RangeNotSatisfiable, http.StatusRequestedRangeNotSatisfiable, "The range lies outside the content"},
		{Invalid, http.StatusUnprocessableEntity, "The request cannot be done"},
		{ChecksumMismatch, statusChecksum, "The checksum does not match"},
		{RateLimited, http.StatusTooManyRequests, "Too many attempts"},
		{Internal, http.StatusInternalServerError, "Internal error"},
		{Unavailable, http.StatusServiceUnavailable, "Unavailable"},
	}
}

// Types lists every type there is.
func Types() []Type {
	var types []Type
	for _, d := range definitions() {
		types = append(types, d.Type)
	}
	return types
}

// URI is the type as it stands in a document.
func (t Type) URI() string { return BaseURI + string(t) }

// Status is the status of HTTP that all problems of the type are answered with.
func (t Type) Status() int { return t.definition().Status }

func (t Type) definition() definition {
	for _, d := range definitions() {
		if d.Type == t {
			return d
		}
	}
	return definition{t, http.StatusInternalServerError, http.StatusText(http.StatusInternalServerError)}
}
