package problem_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/go-sql-driver/mysql"
	"github.com/google/go-cmp/cmp"

	"github.com/mailconnector/mailconnector/api/problem"
	"github.com/mailconnector/mailconnector/api/sessions"
	"github.com/mailconnector/mailconnector/documents"
	"github.com/mailconnector/mailconnector/licensing"
	"github.com/mailconnector/mailconnector/messages"
	"github.com/mailconnector/mailconnector/messages/mail"
	"github.com/mailconnector/mailconnector/permissions"
	"github.com/mailconnector/mailconnector/permissions/search"
)

func TestEveryErrorOfADomainHasItsProblem(t *testing.T) {
	contact := permissions.Record{Type: "Contacts", ID: "42"}
	for name, row := range map[string]struct {
		err    error
		want   problem.Type
		status int
	}{
		"no session":                     {sessions.ErrUnauthenticated, problem.Unauthenticated, 401},
		"session too old":                {sessions.ErrSessionExpired, problem.SessionExpired, 401},
		"session ended by somebody":      {&sessions.RevokedError{Reason: sessions.OverLimit}, problem.SessionRevoked, 401},
		"wrong password":                 {sessions.ErrInvalidCredentials, problem.InvalidCredentials, 401},
		"inactive looks like wrong":      {sessions.ErrInactive, problem.InvalidCredentials, 401},
		"second factor":                  {&sessions.SecondFactorError{Methods: []string{"totp"}}, problem.MFARequired, 401},
		"single sign-on":                 {sessions.ErrSSOOnly, problem.SSORequired, 403},
		"password expired":               {sessions.ErrPasswordExpired, problem.PasswordExpired, 403},
		"locked":                         {&sessions.LockedError{}, problem.AccountLocked, 403},
		"locked, without an end":         {sessions.ErrLocked, problem.AccountLocked, 403},
		"throttled":                      {&sessions.ThrottledError{RetryAfter: time.Second}, problem.RateLimited, 429},
		"unknown session":                {sessions.ErrNotFound, problem.NotFound, 404},
		"no license":                     {&licensing.StateError{State: licensing.None}, problem.LicenseRequired, 403},
		"license expired":                {&licensing.StateError{State: licensing.Expired}, problem.LicenseExpired, 403},
		"license revoked":                {&licensing.StateError{State: licensing.Revoked}, problem.LicenseRevoked, 403},
		"license of another CRM":         {&licensing.StateError{State: licensing.Mismatch}, problem.LicenseMismatch, 403},
		"clock moved back":               {&licensing.StateError{State: licensing.Clock}, problem.LicenseRequired, 403},
		"no seat at sign-in":             {&sessions.AdmissionError{Err: licensing.ErrSeatLimit}, problem.SeatLimit, 403},
		"record missing or invisible":    {permissions.ErrNotFound, problem.NotFound, 404},
		"action refused":                 {&permissions.DeniedError{Action: permissions.Link, Record: contact}, problem.PermissionDenied, 403},
		"action refused, unnamed":        {permissions.ErrDenied, problem.PermissionDenied, 403},
		"target missing":                 {&messages.TargetError{Record: contact, Err: permissions.ErrNotFound}, problem.NotFound, 404},
		"target refused":                 {&messages.TargetError{Record: contact, Err: permissions.ErrDenied}, problem.PermissionDenied, 403},
		"target and database gone":       {&messages.TargetError{Record: contact, Err: mysql.ErrInvalidConn}, problem.Unavailable, 503},
		"request contradicts itself":     {&messages.InvalidError{Pointer: "/links", Detail: "x"}, problem.Invalid, 422},
		"empty upload":                   {messages.ErrEmpty, problem.Invalid, 422},
		"truncated upload":               {messages.ErrTruncated, problem.MalformedRequest, 400},
		"truncated body":                 {io.ErrUnexpectedEOF, problem.MalformedRequest, 400},
		"key used twice":                 {messages.ErrConflict, problem.Conflict, 409},
		"too many mails of one id":       {messages.ErrVariants, problem.Conflict, 409},
		"stale content token":            {messages.ErrToken, problem.NotFound, 404},
		"mail too large":                 {&mail.TooLargeError{Limit: 10}, problem.ContentTooLarge, 413},
		"body too large":                 {&http.MaxBytesError{Limit: 10}, problem.ContentTooLarge, 413},
		"query cannot be answered":       {&search.QueryError{Parameter: "limit", Detail: "x"}, problem.Invalid, 422},
		"disk full":                      {documents.ErrStoreFull, problem.Unavailable, 503},
		"storage read-only":              {documents.ErrStoreReadOnly, problem.Unavailable, 503},
		"storage gone":                   {documents.ErrStoreUnavailable, problem.Unavailable, 503},
		"a mail others are at":           {messages.ErrBusy, problem.Unavailable, 503},
		"part of the host disabled":      {&permissions.DisabledError{Part: "sign-in"}, problem.Unavailable, 503},
		"permissions too old to answer":  {permissions.ErrUnavailable, problem.Unavailable, 503},
		"database gone":                  {mysql.ErrInvalidConn, problem.Unavailable, 503},
		"took too long":                  {context.DeadlineExceeded, problem.Unavailable, 503},
		"a problem of the edge":          {problem.New(problem.NotAcceptable, ""), problem.NotAcceptable, 406},
		"what nobody thought of":         {errors.New("sql: at store.go:17"), problem.Internal, 500},
		"a type nobody wrote down fails": {problem.New("nonsense", ""), "nonsense", 500},
	} {
		t.Run(name, func(t *testing.T) {
			wrapped := fmt.Errorf("list records: %w", row.err)
			got := problem.From(wrapped)
			if got.Type != row.want || got.Type.Status() != row.status {
				t.Errorf("got %s %d, want %s %d", got.Type, got.Type.Status(), row.want, row.status)
			}
			if !errors.Is(got, row.err) {
				t.Error("the error behind the problem is lost")
			}
		})
	}
}

// written is a problem as its client reads it.
func written(t *testing.T, err error) (status int, header http.Header, doc map[string]any) {
	t.Helper()
	rec := httptest.NewRecorder()
	if err := problem.Write(rec, problem.From(err), "abc-12345"); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(rec.Body.Bytes(), &doc); err != nil {
		t.Fatal(err)
	}
	return rec.Code, rec.Header(), doc
}

func TestADocumentCarriesWhatItsTypeHas(t *testing.T) {
	until := time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC)
	contact := permissions.Record{Type: "Contacts", ID: "42"}
	for name, row := range map[string]struct {
		err  error
		want map[string]any
	}{
		"the end of a lock": {&sessions.LockedError{Until: until}, map[string]any{"until": "2026-03-01T09:00:00Z"}},
		"the reason of an end": {&sessions.RevokedError{Reason: sessions.PasswordChanged},
			map[string]any{"reason": "password-changed"}},
		"second factors": {&sessions.SecondFactorError{Methods: []string{"totp"}}, map[string]any{"methods": []any{"totp"}}},
		"a wait, rounded up": {&sessions.ThrottledError{RetryAfter: 1200 * time.Millisecond},
			map[string]any{"retry_after": 2.0}},
		"a limit": {&mail.TooLargeError{Limit: 1000}, map[string]any{"limit": 1000.0}},
		"the license in words": {&licensing.StateError{State: licensing.Expired, Message: "It expired."},
			map[string]any{"detail": "It expired."}},
		"the record at fault": {&messages.TargetError{Index: 1, Record: contact, Err: permissions.ErrNotFound},
			map[string]any{"errors": []any{map[string]any{
				"pointer": "/links/1", "detail": "Contacts:42 does not exist, or you may not see it.",
			}}}},
		"the action refused": {&permissions.DeniedError{Action: permissions.Link, Record: contact},
			map[string]any{"detail": "You may see Contacts:42 but not link it."}},
		"the parameter at fault": {&search.QueryError{Parameter: "limit", Detail: "must be from 1 to 50"},
			map[string]any{"errors": []any{map[string]any{"parameter": "limit", "detail": "must be from 1 to 50"}}}},
	} {
		t.Run(name, func(t *testing.T) {
			status, header, doc := written(t, row.err)
			for member, want := range row.want {
				if diff := cmp.Diff(want, doc[member]); diff != "" {
					t.Errorf("%s (-want +got):\n%s", member, diff)
				}
			}
			for member, want := range map[string]any{
				"instance": "urn:request:abc-12345", "status": float64(status),
				"type": problem.From(row.err).Type.URI(),
			} {
				if doc[member] != want {
					t.Errorf("%s is %v, want %v", member, doc[member], want)
				}
			}
			if got := header.Get("Content-Type"); got != "application/problem+json" {
				t.Errorf("content type is %q", got)
			}
		})
	}
}

func TestHeadersTellGenericClientsWhatToDo(t *testing.T) {
	for name, row := range map[string]struct {
		err    error
		header string
		want   string
	}{
		"when to come back":      {&sessions.ThrottledError{RetryAfter: time.Millisecond}, "Retry-After", "1"},
		"an outage passes":       {mysql.ErrInvalidConn, "Retry-After", "2"},
		"how to authenticate":    {sessions.ErrUnauthenticated, "WWW-Authenticate", `Bearer realm="mailconnector"`},
		"nobody keeps a problem": {permissions.ErrNotFound, "Cache-Control", "no-store"},
	} {
		t.Run(name, func(t *testing.T) {
			_, header, _ := written(t, row.err)
			if got := header.Get(row.header); got != row.want {
				t.Errorf("%s is %q, want %q", row.header, got, row.want)
			}
		})
	}
}

func TestNothingOfAnErrorLeaks(t *testing.T) {
	secret := "sql: mc_sessions at /srv/app/store.go:17"
	for _, err := range []error{
		errors.New(secret),
		fmt.Errorf("%s: %w", secret, permissions.ErrNotFound),
		fmt.Errorf("%s: %w", secret, documents.ErrStoreFull),
		fmt.Errorf("%s: %w", secret, mysql.ErrInvalidConn),
		problem.New(problem.Invalid, "Public.").Because(errors.New(secret)),
	} {
		rec := httptest.NewRecorder()
		if err := problem.Write(rec, problem.From(err), "abc-12345"); err != nil {
			t.Fatal(err)
		}
		if strings.Contains(rec.Body.String(), "mc_sessions") {
			t.Errorf("%v leaks: %s", err, rec.Body)
		}
		if !strings.Contains(problem.From(err).Error(), "mc_sessions") {
			t.Errorf("%v is lost to the log", err)
		}
	}
}

func TestTheContractNamesEveryType(t *testing.T) {
	contract, err := os.ReadFile("../openapi.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var want []string
	for _, kind := range problem.Types() {
		want = append(want, kind.URI())
		row := fmt.Sprintf("| %s | %d |", kind, kind.Status())
		if !strings.Contains(string(contract), row) {
			t.Errorf("the table of the contract lacks %q", row)
		}
	}
	got := regexp.MustCompile(regexp.QuoteMeta(problem.BaseURI)+`[a-z-]+`).FindAllString(string(contract), -1)
	slices.Sort(want)
	slices.Sort(got)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("types in the contract (-want +got):\n%s", diff)
	}
}

func ExampleFrom() {
	err := fmt.Errorf("link message: %w", permissions.ErrNotFound)
	p := problem.From(err)
	fmt.Println(p.Type.Status(), p.Type.URI())
	fmt.Println(p.Detail)
	// Output:
	// 404 https://mailconnector.example/problems/not-found
	// It does not exist, or you may not see it.
}
