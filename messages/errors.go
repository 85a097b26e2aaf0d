package messages

import (
	"errors"
	"fmt"

	"github.com/mailconnector/mailconnector/permissions"
)

// What a request may fail with besides the errors of package permissions, [mail.TooLargeError] and
// documents.ErrStoreFull. Whenever one of them is returned, nothing was stored.
var (
	// ErrEmpty says that an upload has no bytes.
	ErrEmpty = errors.New("nothing was uploaded")
	// ErrTruncated says that an upload ended before its announced length.
	ErrTruncated = errors.New("upload was cut off")
	// ErrOffset says that a chunk does not begin where its upload ends; somebody else may have sent it already.
	ErrOffset = errors.New("chunk does not begin where the upload ends")
	// ErrChecksum says that a chunk has another hash than its client announced.
	ErrChecksum = errors.New("chunk has another hash than announced")
	// ErrUnfinished says that an upload lacks bytes and cannot be linked yet.
	ErrUnfinished = errors.New("upload lacks bytes")
	// ErrUploads says that a user has as many uploads open as he may.
	ErrUploads = errors.New("too many open uploads")
	// ErrVariants says that a user brought copies of as many different mails with one Message-ID as he may.
	ErrVariants = errors.New("too many different mails with one Message-ID")
	// ErrBusy says that others kept changing the same mail for as long as a request waits. The same request may succeed
	// later.
	ErrBusy = errors.New("the mail is being changed by others")
	// ErrConflict says that an idempotency key was used before, by the same user, for a different request.
	ErrConflict = errors.New("idempotency key was used for a different request")
	// ErrInvalid says that a request contradicts itself or a limit; the [*InvalidError] behind it says where.
	ErrInvalid = errors.New("invalid request")
	// ErrToken says that a signed content token is forged, damaged or over its time.
	ErrToken = errors.New("content token is not valid")
)

// InvalidError is an [ErrInvalid] that names the offending value.
type InvalidError struct {
	Pointer string // JSON pointer into the request: "/links/3"
	Detail  string // one sentence for the user
}

func (e *InvalidError) Error() string { return e.Pointer + ": " + e.Detail }

// Unwrap makes errors.Is(err, ErrInvalid) true.
func (e *InvalidError) Unwrap() error { return ErrInvalid }

// TargetError says which of several targets a request failed on. Err is permissions.ErrNotFound or a
// *permissions.DeniedError.
type TargetError struct {
	Index  int // in Request.Links
	Record permissions.Record
	Err    error
}

func (e *TargetError) Error() string { return fmt.Sprintf("link %s: %v", e.Record, e.Err) }

// Unwrap returns the reason.
func (e *TargetError) Unwrap() error { return e.Err }
