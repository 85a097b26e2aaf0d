package api

import (
	"context"

	"github.com/mailconnector/mailconnector/api/sessions"
	"github.com/mailconnector/mailconnector/licensing"
	"github.com/mailconnector/mailconnector/messages"
	"github.com/mailconnector/mailconnector/permissions"
	"github.com/mailconnector/mailconnector/permissions/search"
)

// Sessions signs users in and out, and remembers what went wrong for them.
type Sessions interface {
	Authenticator
	ErrorNotes
}

// Authenticator is fulfilled by *sessions.Service.
type Authenticator interface {
	SignIn(context.Context, sessions.SignIn) (sessions.Grant, error)
	Authenticate(ctx context.Context, token string, scope sessions.Scope) (sessions.Session, error)
	SignOut(context.Context, sessions.Session) error
}

// ErrorNotes is fulfilled by *sessions.Service.
type ErrorNotes interface {
	NoteError(ctx context.Context, userID, code string) error
}

// Licensing is the gate in front of every call that works with the CRM. *licensing.Service fulfils it.
type Licensing interface {
	Allow(ctx context.Context, userID string) error
	State(context.Context) (licensing.State, error)
}

// Search finds records. *search.Service fulfils it.
type Search interface {
	RecordFinder
	Suggester
}

// RecordFinder answers what a person typed.
type RecordFinder interface {
	Search(context.Context, permissions.Subject, search.Query) (search.Results, error)
	Card(context.Context, permissions.Subject, permissions.Record) (search.Card, error)
}

// Suggester answers with the records a mail belongs to, and learns from what users link.
type Suggester interface {
	Suggest(ctx context.Context, s permissions.Subject, m search.Mail, lang string) (search.Suggestions, error)
	Touch(ctx context.Context, s permissions.Subject, r permissions.Record, m search.Mail) error
}

// Messages archives, links and shows messages. *messages.Service fulfils it.
type Messages interface {
	Archiver
	Uploader
	MessageReader
	ContentReader
	ContentTokens
}

// Archiver puts mails on records and takes them off.
type Archiver interface {
	Archive(context.Context, permissions.Subject, messages.Request) (messages.Receipt, error)
	Link(ctx context.Context, s permissions.Subject, id string, r messages.LinkRequest) (messages.Receipt, error)
	Unlink(ctx context.Context, s permissions.Subject, id string, r permissions.Record) error
}

// Uploader takes mails chunk by chunk.
type Uploader interface {
	CreateUpload(context.Context, permissions.Subject, messages.NewUpload) (messages.StagedUpload, error)
	FindUpload(ctx context.Context, s permissions.Subject, id string) (messages.StagedUpload, error)
	WriteChunk(ctx context.Context, s permissions.Subject, id string, c messages.Chunk) (messages.StagedUpload, error)
	DeleteUpload(ctx context.Context, s permissions.Subject, id string) error
}

// MessageReader tells about messages.
type MessageReader interface {
	Message(ctx context.Context, s permissions.Subject, id string) (messages.Message, error)
	ForRecord(context.Context, permissions.Subject, permissions.Record, messages.Page) ([]messages.Summary, string, error)
	Status(ctx context.Context, s permissions.Subject, messageIDs []string) ([]messages.Status, error)
}

// ContentReader opens what is in messages.
type ContentReader interface {
	Source(ctx context.Context, s permissions.Subject, id string) (messages.Content, messages.Info, error)
	Part(ctx context.Context, s permissions.Subject, id string, number int) (messages.Content, messages.Info, error)
	Body(ctx context.Context, s permissions.Subject, id string, o messages.BodyOptions) (messages.Body, error)
}

// ContentTokens makes and opens addresses that need no header.
type ContentTokens interface {
	Sign(context.Context, permissions.Subject, messages.Signed) (string, error)
	OpenSigned(ctx context.Context, token string) (permissions.Subject, messages.Signed, error)
}

// What module wires is what is asked for.
var (
	_ Sessions  = (*sessions.Service)(nil)
	_ Licensing = (*licensing.Service)(nil)
	_ Search    = (*search.Service)(nil)
	_ Messages  = (*messages.Service)(nil)
)
