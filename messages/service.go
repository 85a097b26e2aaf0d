package messages

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"github.com/mailconnector/mailconnector/documents"
	"github.com/mailconnector/mailconnector/internal/database"
	"github.com/mailconnector/mailconnector/messages/mail"
	"github.com/mailconnector/mailconnector/permissions"
)

// DocumentType is the entity type under which the host answers permission questions about documents: Create for the
// type, View for one document.
const DocumentType = "Documents"

// Config is what a Service works with.
type Config struct {
	DB          *database.DB
	Blobs       *documents.Blobs
	Filing      Filing
	Permissions permissions.Checker

	// Labels returns the display names of records as the subject may see them now, from fields visible to it; a record
	// without one is left out.
	Labels func(ctx context.Context, s permissions.Subject, records []permissions.Record) (map[permissions.Record]string, error)

	// UserName returns the display name of a user, empty where it is not known. Nil shows no names.
	UserName func(ctx context.Context, userID string) string

	// Shared reports whether a linked message may be read by everyone who sees the record; see [Mail.Shared]. Nil
	// means that it may, which is what a CRM with public messages does.
	Shared func(ctx context.Context) (bool, error)

	// Limits bounds what one mail may cost. The zero value takes the defaults of package mail.
	Limits mail.Limits

	// SigningKey signs content tokens, at least 32 bytes, the same on every instance. Nil takes one that is made once
	// and kept in the database.
	SigningKey []byte

	// Grace is how old something unreferenced must be before it is swept: an abandoned upload, a file of an abandoned
	// plan. Longer than any request lasts. Defaults to an hour.
	Grace time.Duration

	// UploadAge is how long an upload is kept after its last chunk. Defaults to a day.
	UploadAge time.Duration

	// ReceiptAge is how long a receipt can be replayed. Defaults to 30 days.
	ReceiptAge time.Duration

	// Logger receives errors of background work and never anything of a mail. Defaults to discarding.
	Logger *slog.Logger
}

// Service archives, links and shows messages. It is safe for concurrent use.
type Service struct {
	c       Config
	store   store
	display display
	log     *slog.Logger

	keyMu sync.Mutex
	key   []byte // signs content tokens; nil until first used
}

// New checks the configuration and does no I/O.
func New(c Config) (*Service, error) {
	switch {
	case c.DB == nil, c.Blobs == nil, c.Filing == nil, c.Permissions == nil, c.Labels == nil:
		return nil, errors.New("messages: DB, Blobs, Filing, Permissions and Labels are required")
	case c.SigningKey != nil && len(c.SigningKey) < 32:
		return nil, errors.New("messages: SigningKey needs at least 32 bytes")
	case c.Grace < 0 || c.ReceiptAge < 0 || c.UploadAge < 0:
		return nil, errors.New("messages: Grace, ReceiptAge and UploadAge must not be negative")
	}
	if c.Grace == 0 {
		c.Grace = time.Hour
	}
	if c.UploadAge == 0 {
		c.UploadAge = 24 * time.Hour
	}
	if c.ReceiptAge == 0 {
		c.ReceiptAge = 30 * 24 * time.Hour
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	return &Service{
		c: c, store: store{db: c.DB}, display: newDisplay(), log: c.Logger, key: c.SigningKey,
	}, nil
}
