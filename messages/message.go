package messages

import (
	"io"
	"time"

	"github.com/mailconnector/mailconnector/messages/mail"
	"github.com/mailconnector/mailconnector/permissions"
)

// Message is an archived mail as one subject may see it. It never carries Bcc.
type Message struct {
	ID           string
	MessageID    string // with its brackets; empty when the mail has none
	Subject      string
	Date         time.Time // zero when the mail has none that can be read
	Direction    Direction
	Completeness Completeness
	Size         int64 // bytes of the copy that is shown
	From         []Participant
	To           []Participant
	Cc           []Participant
	ReplyTo      []Participant
	Links        []Link // on records the subject may view, those made in the CRM itself included
	Parts        []Part
	Attached     []AttachedMail // the mails within the mail, to a depth of three
	Problems     []Problem
	HasHTML      bool
	HasSource    bool // the subject uploaded raw bytes of it: Service.Source serves them
}

// Link says that a message is on a record.
type Link struct {
	Record   permissions.Record
	Label    string
	LinkedAt time.Time // zero for a link made in the CRM itself
	LinkedBy User      // zero for a link made in the CRM itself
	Mine     bool      // the subject made it
}

// User is a CRM user as others may know him.
type User struct {
	ID   string
	Name string // empty where it is not known
}

// Part is one leaf of a message.
type Part struct {
	Number      int // from 1
	Role        mail.Role
	Name        string // as the sender wrote it; use documents.SafeName before writing it anywhere
	ContentType string // as declared by the sender
	Sniffed     string // by its bytes; decides how it is served
	ContentID   string // without brackets
	Size        int64  // decoded bytes
	SHA256      [32]byte
	Document    string // of the host; empty where there is none or the subject may not see it
	URL         string // of a file in the cloud, for a part without bytes
}

// Summary is one line of the messages of a record.
type Summary struct {
	ID          string // empty for a message that only the CRM has: its origin is the CRM
	HostID      string // of the CRM's own row
	MessageID   string
	Subject     string
	From        Participant
	Date        time.Time
	Direction   Direction
	LinkedAt    time.Time // zero for a link made in the CRM itself
	LinkedBy    User      // zero for a link made in the CRM itself
	Attachments int
	Snippet     string // the first line or so of its text, plain
}

// Status tells whether a mail is linked, as far as the subject may know.
type Status struct {
	MessageID string // as asked
	ID        string // of the archived message, the first where different mails bear the id; empty unless Links has any
	Links     []StatusLink
}

// StatusLink says that a mail is on a record the subject may view. Different mails may bear one Message-ID, and several of
// them be there: one link stands for all.
type StatusLink struct {
	Link // the subject's own if there is one, or else the first that was made here
	// Messages are the ids of the messages that the subject linked there if the link is Mine, or else of all that are there,
	// in the order in which they were archived.
	Messages []string
}

// Info describes a file that is served.
type Info struct {
	Name        string // safe as a file name
	ContentType string // safe to serve with nosniff and an attachment disposition
	Size        int64
	SHA256      [32]byte
	Modified    time.Time
}

// Content is bytes to be served, in ranges too. Reading opens the store; seeking alone does not.
type Content interface {
	io.ReadSeekCloser
}

// BodyOptions says how a body is to be shown.
type BodyOptions struct {
	// RemoteImages lets https images of the sender's servers load, which tells the sender that the mail was read.
	RemoteImages bool
	// PartURL returns the address under which the browser finds an image of the mail itself. Nil shows placeholders.
	PartURL func(part int) string
}

// Body is a document that is safe to show in a sandboxed frame, if it is served with its CSP.
type Body struct {
	HTML     string // a whole document
	CSP      string // the Content-Security-Policy it must be served with
	Blocked  int    // remote images that were left out
	Problems []Problem
}
