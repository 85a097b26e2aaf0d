package problem

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/mailconnector/mailconnector/api/sessions"
	"github.com/mailconnector/mailconnector/documents"
	"github.com/mailconnector/mailconnector/internal/database"
	"github.com/mailconnector/mailconnector/licensing"
	"github.com/mailconnector/mailconnector/messages"
	"github.com/mailconnector/mailconnector/messages/mail"
	"github.com/mailconnector/mailconnector/permissions"
	"github.com/mailconnector/mailconnector/permissions/search"
)

// How long a client waits before it tries again, where nobody knows better.
const (
	retrySoon  = 2 * time.Second  // what is unavailable usually comes back by itself
	retryLater = 60 * time.Second // somebody has to do something first
)

// From says what a client is told of an error. The error itself stays behind the problem, for the log. What no domain
// declared becomes [Internal].
func From(err error) *Problem {
	var p *Problem
	if errors.As(err, &p) {
		return p
	}
	for _, known := range []func(error) *Problem{
		fromSessions, fromLicensing, fromMessages, fromPermissions, fromSearch, fromUpload, fromOutage,
	} {
		if p := known(err); p != nil {
			return p.Because(err)
		}
	}
	return New(Internal, "").Because(err)
}

func fromSessions(err error) *Problem {
	var (
		throttled *sessions.ThrottledError
		revoked   *sessions.RevokedError
		locked    *sessions.LockedError
		second    *sessions.SecondFactorError
	)
	switch {
	case errors.As(err, &throttled):
		p := New(RateLimited, "Too many failed attempts. Wait a little before the next one.")
		p.RetryAfter = throttled.RetryAfter
		return p
	case errors.As(err, &revoked):
		p := New(SessionRevoked, "This session was ended. Sign in again.")
		p.Reason = string(revoked.Reason)
		return p
	case errors.As(err, &locked):
		p := New(AccountLocked, "The CRM has locked this account.")
		p.Until = locked.Until
		return p
	case errors.As(err, &second):
		p := New(MFARequired, "A second factor is required.")
		p.Methods = second.Methods
		return p
	case errors.Is(err, sessions.ErrUnauthenticated):
		return New(Unauthenticated, "Sign in, and send the access token as Authorization: Bearer.")
	case errors.Is(err, sessions.ErrSessionExpired):
		return New(SessionExpired, "The session has expired. Sign in again.")
	case errors.Is(err, sessions.ErrInvalidCredentials), errors.Is(err, sessions.ErrInactive):
		return New(InvalidCredentials, "The user name or the password is wrong.")
	case errors.Is(err, sessions.ErrPasswordExpired):
		return New(PasswordExpired, "The password has expired. Set a new one in the CRM.")
	case errors.Is(err, sessions.ErrLocked):
		return New(AccountLocked, "The CRM has locked this account.")
	case errors.Is(err, sessions.ErrSSOOnly):
		return New(SSORequired, "This account signs in through the identity provider.")
	case errors.Is(err, sessions.ErrNotFound):
		return New(NotFound, "There is no such session.")
	}
	return nil
}

func fromLicensing(err error) *Problem {
	var state *licensing.StateError
	detail := "Ask an administrator of the CRM to activate a license."
	if errors.As(err, &state) {
		detail = state.Message
	}
	switch {
	case errors.Is(err, licensing.ErrExpired):
		return New(LicenseExpired, detail)
	case errors.Is(err, licensing.ErrRevoked):
		return New(LicenseRevoked, detail)
	case errors.Is(err, licensing.ErrMismatch):
		return New(LicenseMismatch, detail)
	case errors.Is(err, licensing.ErrRequired), errors.Is(err, licensing.ErrClock):
		return New(LicenseRequired, detail)
	case errors.Is(err, licensing.ErrSeatLimit):
		return New(SeatLimit, "You have no seat. Ask an administrator of the CRM to assign one.")
	}
	return nil
}

func fromMessages(err error) *Problem {
	var (
		invalid *messages.InvalidError
		target  *messages.TargetError
	)
	switch {
	case errors.As(err, &target):
		return fromTarget(target)
	case errors.As(err, &invalid):
		return At(Invalid, invalid.Pointer, invalid.Detail)
	case errors.Is(err, messages.ErrEmpty):
		return New(Invalid, "The mail has no bytes.")
	case errors.Is(err, messages.ErrTruncated):
		return New(MalformedRequest, "The upload was cut off before its end; nothing was stored. Send it again.")
	case errors.Is(err, messages.ErrConflict):
		return New(Conflict, "This Idempotency-Key was used for another request. Use a new key.")
	case errors.Is(err, messages.ErrVariants):
		return New(Conflict, "You have linked fifty different mails with this Message-ID, and no more are taken. Whoever sends such mails should give each its own.")
	case errors.Is(err, messages.ErrOffset):
		return New(Conflict, "The chunk does not begin where the upload ends. Ask with HEAD where that is, and go on there.")
	case errors.Is(err, messages.ErrUnfinished):
		return New(Conflict, "The upload lacks bytes. Send the rest first.")
	case errors.Is(err, messages.ErrChecksum):
		return New(ChecksumMismatch, "The chunk arrived with another hash; nothing of it counts. Send it again.")
	case errors.Is(err, messages.ErrUploads):
		p := New(RateLimited, "Too many uploads are open. Link or delete one of them first.")
		p.RetryAfter = retryLater
		return p
	case errors.Is(err, messages.ErrToken):
		return New(NotFound, "This address has expired. Load the message again.")
	}
	return nil
}

// fromTarget names the one of several records that a request failed on.
func fromTarget(target *messages.TargetError) *Problem {
	p := fromPermissions(target.Err)
	if p == nil {
		return nil
	}
	detail := fmt.Sprintf("%s does not exist, or you may not see it.", target.Record)
	if p.Type == PermissionDenied {
		detail = p.Detail
	}
	p.Faults = []Fault{{Pointer: fmt.Sprintf("/links/%d", target.Index), Detail: detail}}
	return p
}

func fromPermissions(err error) *Problem {
	var denied *permissions.DeniedError
	switch {
	case errors.As(err, &denied) && denied.Record.ID == "":
		return New(PermissionDenied, fmt.Sprintf("You may not %s in %s.", denied.Action, denied.Record.Type))
	case errors.As(err, &denied):
		return New(PermissionDenied, fmt.Sprintf("You may see %s but not %s it.", denied.Record, denied.Action))
	case errors.Is(err, permissions.ErrDenied):
		return New(PermissionDenied, "You may see this but not do it.")
	case errors.Is(err, permissions.ErrNotFound):
		return New(NotFound, "It does not exist, or you may not see it.")
	}
	return nil
}

func fromSearch(err error) *Problem {
	var query *search.QueryError
	if errors.As(err, &query) {
		return Value(query.Parameter, query.Detail)
	}
	return nil
}

func fromUpload(err error) *Problem {
	var (
		mailTooLarge *mail.TooLargeError
		bodyTooLarge *http.MaxBytesError
	)
	switch {
	case errors.As(err, &mailTooLarge):
		return TooLarge(mailTooLarge.Limit)
	case errors.As(err, &bodyTooLarge):
		return TooLarge(bodyTooLarge.Limit)
	case errors.Is(err, io.ErrUnexpectedEOF):
		return New(MalformedRequest, "The body was cut off before its end. Send it again.")
	}
	return nil
}

// TooLarge is a [ContentTooLarge] with the bytes allowed.
func TooLarge(limit int64) *Problem {
	p := New(ContentTooLarge, fmt.Sprintf("At most %d bytes are taken here.", limit))
	p.Limit = limit
	return p
}

func fromOutage(err error) *Problem {
	outage := func(after time.Duration, detail string) *Problem {
		p := New(Unavailable, detail)
		p.RetryAfter = after
		return p
	}
	var disabled *permissions.DisabledError
	switch {
	case errors.As(err, &disabled):
		return outage(retryLater, fmt.Sprintf("The part “%s” is switched off, because the CRM’s tables are not as expected. "+
			"Tell an administrator: the command doctor says more.", disabled.Part))
	case errors.Is(err, documents.ErrStoreFull), errors.Is(err, documents.ErrStoreReadOnly):
		return outage(retryLater, "The storage of the CRM takes no more for now; nothing was stored. Tell an administrator.")
	case errors.Is(err, documents.ErrStoreUnavailable):
		return outage(retrySoon, "The storage of the CRM does not answer; nothing was stored. Try again in a moment.")
	case errors.Is(err, messages.ErrBusy):
		return outage(retrySoon, "Others are linking the same mail; nothing was stored. Try again in a moment.")
	case errors.Is(err, permissions.ErrUnavailable):
		return outage(retrySoon, "The CRM cannot say right now who may see what. Try again in a moment.")
	case database.IsUnavailable(err):
		return outage(retrySoon, "The database of the CRM is out of order just now. Try again in a moment.")
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, context.Canceled):
		return outage(retrySoon, "The answer took too long. Try again in a moment.")
	}
	return nil
}
