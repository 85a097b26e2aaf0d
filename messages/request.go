package messages

import (
	"io"
	"time"

	"github.com/mailconnector/mailconnector/permissions"
)

// Request asks to archive one mail and link it to records.
type Request struct {
	// Source is the mail: what [Raw], [Structured], [Staged] or [StagedForm] made.
	Source Source

	// MessageID is the internetMessageId that the client reads beside the mail. It identifies the mail before the one
	// in the bytes does: some clients write another into the bytes they hand out.
	MessageID string

	// Links are the records to link to, from 1 to 50: all or none.
	Links []permissions.Record

	// IdempotencyKey makes repeating the request safe, for the same user. At most 200 bytes; empty for none.
	IdempotencyKey string

	Origin Origin // defaults to Manual
	Client Client
}

// Client is what the client says about itself and the mail. Nothing in it is trusted: it is kept as a hint, cut at 255
// bytes a field.
type Client struct {
	Direction    Direction
	Mailbox      string // the mailbox the mail was open in; may be a shared one
	ItemID       string // local to the mailbox, changes when the mail is moved
	Platform     string // "OutlookWeb"
	AddinVersion string
}

// Origin tells a link a person made from one a rule made.
type Origin string

// The origins.
const (
	Manual Origin = "manual"
	Auto   Origin = "auto"
)

// Source is a mail to be read once.
type Source interface{ isSource() }

// Raw is a mail as its RFC 5322 bytes. The reader answers io.ErrUnexpectedEOF where the upload was cut off.
func Raw(r io.Reader) Source { return rawSource{r} }

// Structured is a mail as a client read it field by field, where it could not have the bytes. Uploads that name no
// attachment of the draft, or name it a second time, make the request invalid.
func Structured(d Draft, uploads Uploads) Source { return draftSource{d, uploads} }

type rawSource struct{ r io.Reader }

type draftSource struct {
	draft   Draft
	uploads Uploads
}

func (rawSource) isSource()    {}
func (draftSource) isSource()  {}
func (stagedSource) isSource() {}

// Uploads returns the parts that arrive with a draft, one after the other; io.EOF ends them. A body is read before the
// next upload is asked for. Nil means that there are none.
type Uploads func() (Upload, error)

// EML is the [Upload] id of the whole mail's RFC 5322 bytes. Where they come, they are the mail, and the draft only
// adds what is not in them: attachments in the cloud or blocked by the client.
const EML = "eml"

// Upload is the bytes of one attachment, or of the whole mail.
type Upload struct {
	ID   string // of the DraftAttachment, or EML
	Body io.Reader
}

// Draft is a mail as a client read it field by field. A field the client could not read is left empty.
type Draft struct {
	Subject    string
	Date       time.Time
	From       Participant
	To         []Participant
	Cc         []Participant
	Bcc        []Participant // kept with the uploader's copy only
	ReplyTo    []Participant
	Headers    string // the header block as text, where the client can read it
	InReplyTo  string
	References []string
	HTML       string
	Text       string
	// Complete says that the client read everything there is. Without it the message is partial, and a field that
	// differs from an archived copy by being shorter is no difference.
	Complete    bool
	Attachments []DraftAttachment
}

// DraftAttachment is one attachment of a draft.
type DraftAttachment struct {
	ID          string // of the client's making, names the Upload; at most 100 bytes
	Name        string
	ContentType string
	ContentID   string // without brackets
	Inline      bool
	Size        int64 // as the client says; the bytes count
	State       AttachmentState
	URL         string // of a file in the cloud
	Detail      string // why there are no bytes
}

// AttachmentState says whether the client has the bytes of an attachment.
type AttachmentState string

// The states. Only StateOK comes with an upload; where it does not, the attachment counts as failed.
const (
	StateOK          AttachmentState = "ok"
	StateURL         AttachmentState = "url"         // a link to a file in the cloud
	StateUnsupported AttachmentState = "unsupported" // the client cannot hand it out
	StateFailed      AttachmentState = "failed"      // the client tried
	StateBlocked     AttachmentState = "blocked"     // the mail server withholds it
)
