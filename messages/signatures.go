package messages

import (
	"context"
	"errors"
	"time"

	"github.com/mailconnector/mailconnector/permissions"
)

// Archive archives one mail and links it to records, all of it or nothing.
func (s *Service) Archive(ctx context.Context, sub permissions.Subject, r Request) (Receipt, error) {
	return Receipt{}, errors.ErrUnsupported
}

// Link puts an archived message on more records.
func (s *Service) Link(ctx context.Context, sub permissions.Subject, id string, r LinkRequest) (Receipt, error) {
	return Receipt{}, errors.ErrUnsupported
}

// LinkRequest asks to put an archived message on records.
type LinkRequest struct {
	Links          []permissions.Record
	IdempotencyKey string
	Origin         Origin
	Client         Client
}

// Unlink takes a message off a record.
func (s *Service) Unlink(ctx context.Context, sub permissions.Subject, id string, r permissions.Record) error {
	return errors.ErrUnsupported
}

// ForRecord lists the messages of a record, newest first.
func (s *Service) ForRecord(ctx context.Context, sub permissions.Subject, r permissions.Record, p Page) (list []Summary, next string, err error) {
	return nil, "", errors.ErrUnsupported
}

// Message returns one message.
func (s *Service) Message(ctx context.Context, sub permissions.Subject, id string) (Message, error) {
	return Message{}, errors.ErrUnsupported
}

// Source opens the raw bytes which the subject uploaded.
func (s *Service) Source(ctx context.Context, sub permissions.Subject, id string) (Content, Info, error) {
	return nil, Info{}, errors.ErrUnsupported
}

// Part opens the decoded bytes of one part.
func (s *Service) Part(ctx context.Context, sub permissions.Subject, id string, number int) (Content, Info, error) {
	return nil, Info{}, errors.ErrUnsupported
}

// Body returns the body as a document that is safe to show.
func (s *Service) Body(ctx context.Context, sub permissions.Subject, id string, o BodyOptions) (Body, error) {
	return Body{}, errors.ErrUnsupported
}

// Status tells for up to 100 internet message ids, in their order, whether the mail is linked.
func (s *Service) Status(ctx context.Context, sub permissions.Subject, messageIDs []string) ([]Status, error) {
	return nil, errors.ErrUnsupported
}

// LinkedTo returns the records that the conversation of these message ids is linked to, most recent first.
func (s *Service) LinkedTo(ctx context.Context, sub permissions.Subject, messageIDs []string) ([]permissions.Record, error) {
	return nil, errors.ErrUnsupported
}

// LastLinks returns what the subject linked last, newest first.
func (s *Service) LastLinks(ctx context.Context, sub permissions.Subject, limit int) ([]LastLink, error) {
	return nil, errors.ErrUnsupported
}

// LastLink is one link a user made.
type LastLink struct {
	Link      Link
	MessageID string // of the archived message, ours
	Subject   string
}

// Signed names a body or a part that a signed token opens.
type Signed struct {
	Kind    SignedKind
	Message string // id
	Part    int    // for SignedPart
	Images  bool   // for SignedBody: remote images load
}

// SignedKind is what a signed token opens.
type SignedKind string

// The kinds.
const (
	SignedBody SignedKind = "body"
	SignedPart SignedKind = "part"
)

// Sign returns a token that opens one body or part as the subject, for five minutes. It is safe in a URL path.
func (s *Service) Sign(ctx context.Context, sub permissions.Subject, c Signed) (string, error) {
	return "", errors.ErrUnsupported
}

// OpenSigned returns what a token names and for whom. It answers ErrToken.
func (s *Service) OpenSigned(ctx context.Context, token string) (permissions.Subject, Signed, error) {
	return permissions.Subject{}, Signed{}, errors.ErrUnsupported
}

// Activity lists events, newest first, for administrators.
func (s *Service) Activity(ctx context.Context, f ActivityFilter) (events []Event, next string, err error) {
	return nil, "", errors.ErrUnsupported
}

// ActivityFilter narrows Activity.
type ActivityFilter struct {
	Actor   string // user id; empty for all
	Message string // id; empty for all
	Since   time.Time
	Page    Page
}

// Event is one entry of the ledger. It holds ids and hashes only, so that erasing a mail breaks no chain.
type Event struct {
	ID      string
	At      time.Time
	Kind    EventKind
	Actor   string // user id
	Message string // id
	Record  permissions.Record
	SHA256  [32]byte // of the copy that came with it, zero for none
	Origin  Origin
	Receipt string
	Sealed  bool
}

// EventKind is what happened.
type EventKind string

// The kinds of events.
const (
	EventArchived EventKind = "archived"
	EventUpgraded EventKind = "upgraded"
	EventLinked   EventKind = "linked"
	EventUnlinked EventKind = "unlinked"
)

// Daily counts the events of each day (UTC) and kind since a time.
func (s *Service) Daily(ctx context.Context, since time.Time) ([]DayCount, error) {
	return nil, errors.ErrUnsupported
}

// DayCount is how often something happened on one day.
type DayCount struct {
	Day   time.Time
	Kind  EventKind
	Count int64
}

// Storage sums up what is kept.
func (s *Service) Storage(ctx context.Context) (StorageTotals, error) {
	return StorageTotals{}, errors.ErrUnsupported
}

// StorageTotals are the sums over all messages.
type StorageTotals struct {
	Messages, Links, Renditions, Parts int64
	Bytes                              int64 // of all renditions, before equal content is stored once
}

// VerifyLedger recomputes every seal.
func (s *Service) VerifyLedger(ctx context.Context) (LedgerReport, error) {
	return LedgerReport{}, errors.ErrUnsupported
}

// LedgerReport is the result of verifying the ledger.
type LedgerReport struct {
	Seals, Events int64
	Unsealed      int64 // events that wait for the sealer
	Head          [32]byte
	Broken        string // where the chain does not hold, empty where it does
}

// Run does the background work until ctx ends: sealing events and sweeping what was abandoned.
func (s *Service) Run(ctx context.Context) {}
