package messages

import (
	"context"
	"database/sql"
	"io"
	"time"

	"github.com/mailconnector/mailconnector/permissions"
)

// Filing is the port through which a host keeps its own rows of messages and documents. It is one port because a CRM
// interleaves the two: a document of a message carries the message's id, and both hang on the same records.
//
// The host's rows are the truth about what is linked where. What this module keeps beside them adds who, when, from
// which client, and the exact bytes. Implementations are safe for concurrent use. Their errors are logged, so they name
// nothing of a mail, not even its files: see documents.WithoutName.
type Filing interface {
	// Prepare reserves what filing the mail takes outside any transaction: ids, numbers, names, and the attachment
	// files under the host's own storage. Each file is announced to files before it is written, so that it can be
	// swept if the plan is abandoned, as any plan may be. Where the storage takes no more it answers
	// documents.ErrStoreFull or documents.ErrStoreReadOnly: the request is to be repeated later.
	Prepare(ctx context.Context, m Mail, files FileJournal) (Plan, error)

	// Apply writes the planned rows, in the given transaction only. It is safe to run again after a rollback. A
	// target that is gone by now answers permissions.ErrNotFound, and nothing is filed. Where a concurrent
	// transaction wrote a row of the same key, Apply leaves that row, or answers the database's duplicate error: then
	// the mail is prepared anew.
	Apply(ctx context.Context, tx *sql.Tx, p Plan) (Filed, error)

	// Remove takes a filed message off a record, and with it the listed documents of that message.
	Remove(ctx context.Context, tx *sql.Tx, r Removal) error

	// Linked lists the messages on a record that the subject may read, newest first, whoever put them there. The
	// caller has checked that the subject may view the record.
	Linked(ctx context.Context, s permissions.Subject, r permissions.Record, p Page) (messages []Native, next string, err error)

	// Readable reports, for each host id, whether the subject may read that message by the host's own rule: the rule that
	// Linked applies. That the subject may view a record the message is on is checked beside it.
	Readable(ctx context.Context, s permissions.Subject, hostIDs []string) ([]bool, error)

	// Records returns, for each host id, the records the message is on now; none for a message that is gone.
	Records(ctx context.Context, hostIDs []string) ([][]permissions.Record, error)

	// Discard removes a file that Prepare wrote and no Apply kept. A file that is not there is no error.
	Discard(ctx context.Context, path string) error
}

// FileJournal records a path of the host's storage before anything is written to it. A path belongs to one plan: one
// that another plan was given is not used again, because that plan may be swept at any time.
type FileJournal interface {
	Announce(ctx context.Context, path string) error
}

// Mail is one archived mail to be filed for one user on one or more records.
type Mail struct {
	// HostID is the user's copy, or the shared one, if the host has it already: then only targets and documents are new.
	// A host that no longer has it reserves another, and the plan's HostID says so.
	HostID    string
	MessageID string // with its brackets, untouched; empty when the mail has none
	InReplyTo string
	// References lists the message ids of the conversation, oldest first, at most 100.
	References  []string
	ThreadIndex string
	Subject     string // decoded, plain text; not safe to print raw
	Date        time.Time
	From        []Participant
	To          []Participant
	Cc          []Participant
	ReplyTo     []Participant
	HTML        string // harmless outside our frame too; images of the mail itself as cid: references, no remote ones
	Text        string
	Direction   Direction
	Actor       permissions.Subject  // who links, and owns the copy
	Targets     []permissions.Record // the records to put it on, each checked
	Attachments []Attachment
	Shared      bool // readable by everyone who sees a linked record
}

// Attachment is one part of a mail, as offered to the host.
type Attachment struct {
	Part        int    // its number in the mail, from 1
	Name        string // safe to use as a file name
	ContentType string // by its bytes, not by what the mail claims
	ContentID   string // without brackets
	Size        int64  // decoded bytes
	SHA256      [32]byte
	Inline      bool // shown by the HTML; the host keeps it with the message and makes no document
	// Document is a document of the host that holds these bytes already and that the user may view: it is related, not
	// copied. To the Checker, documents are records of the type DocumentType.
	Document string
	// Keep says that the part stays with the message because the user may not create documents.
	Keep bool
	// Open reads the decoded bytes.
	Open func(ctx context.Context) (io.ReadCloser, error)
}

// Plan is what Prepare reserved. State belongs to the host.
type Plan struct {
	HostID string   // of the message
	Files  []string // every path announced
	State  any
}

// Filed is what Apply wrote.
type Filed struct {
	HostID    string
	Documents []FiledDocument
	Created   []permissions.Record // the targets the message was not on before
}

// FiledDocument pairs a part with its document in the host.
type FiledDocument struct {
	Part     int
	Document string
}

// Removal says what to take off a record.
type Removal struct {
	Actor     permissions.Subject
	HostID    string // empty leaves the message on the record: only documents go
	Record    permissions.Record
	Documents []string // documents to take off the record too
}

// Native is a message as the host itself holds it.
type Native struct {
	HostID      string
	MessageID   string
	Subject     string
	From        Participant
	Date        time.Time
	Direction   Direction
	Owner       string // user id
	OwnerName   string
	Text        string // the body as plain text, possibly cut; shown only where this module has no copy of its own
	Attachments int
}

// Page asks for a part of a list.
type Page struct {
	After string // the cursor of the page before; empty for the first
	Limit int    // from 1 to 100
}

// Participant is one address of a mail with its display name.
type Participant struct {
	Name    string
	Address string // addr-spec as written; "MAILER-DAEMON" has no domain
}

// Direction tells mail received from mail sent.
type Direction string

// The directions. An unknown direction is empty.
const (
	Inbound  Direction = "inbound"
	Outbound Direction = "outbound"
)
