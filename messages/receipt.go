package messages

import "github.com/mailconnector/mailconnector/permissions"

// Receipt says what became of a request: every link, every part, every problem. It is given only once all of it is
// durable.
type Receipt struct {
	ID       string
	Replayed bool // the request was done before; nothing was done now
	New      bool // something was archived or linked by this request, now or when it was first made
	Message  Reference
	Links    []LinkOutcome
	Parts    []PartOutcome
	Problems []Problem
}

// Reference names an archived message.
type Reference struct {
	ID           string
	MessageID    string // with its brackets; empty when the mail has none
	Subject      string
	Completeness Completeness
}

// Completeness tells a message with all its bytes from one that misses some. A complete copy that arrives later makes
// a partial message full.
type Completeness string

// The degrees.
const (
	Full    Completeness = "full"
	Partial Completeness = "partial"
)

// LinkOutcome is one link of a receipt. Label is live; a record that the user may no longer see when the receipt is
// replayed is left out.
type LinkOutcome struct {
	Record  permissions.Record
	Label   string
	Created bool // false: this user had linked it before
}

// PartOutcome says what became of one part that is not a body text.
type PartOutcome struct {
	Part     int    // its number in the message; 0 for an attachment without bytes
	Name     string // as the sender wrote it; at most 255 bytes
	Size     int64  // decoded bytes
	SHA256   [32]byte
	Status   PartStatus
	Document string // of the host; empty for other than Stored and Existing, and where the user may not see it
	Detail   string // why, for Kept, Skipped and Failed: a code such as DetailDocuments, or the client's words
}

// PartStatus is what became of a part.
type PartStatus string

// The outcomes of a part.
const (
	Stored   PartStatus = "stored"   // it is a document of every linked record
	Existing PartStatus = "existing" // it was a document of every linked record already
	Inline   PartStatus = "inline"   // the HTML shows it; it stays with the message
	Kept     PartStatus = "kept"     // it stays with the message
	Skipped  PartStatus = "skipped"  // it has no bytes to store: a cloud link, or withheld by the client
	Failed   PartStatus = "failed"   // its bytes did not arrive
)

// The details of parts that this module gives itself.
const (
	// DetailDocuments says of a Kept part that its user may not create documents in the CRM.
	DetailDocuments = "documents-not-permitted"
	// DetailAttachments says of a Kept part that the mail has more attachments than become documents: the first 500 do.
	DetailAttachments = "too-many-attachments"
	// DetailNoBytes says of a Failed part that the client had its bytes and did not send them.
	DetailNoBytes = "bytes-did-not-arrive"
)

// Problem is something odd about a message. Its codes are those of package mail and the ones below.
type Problem struct {
	Code   string // stable, lower case, dashes
	Detail string // one sentence for the user
	Part   int    // number of the part it is about; 0 is the mail
}

// The problems of a message, besides those of its parsing.
const (
	ProblemBodyDiffers       = "body-differs"         // another copy of this mail has another text
	ProblemMessageIDDiffers  = "message-id-differs"   // the client and the mail disagree about the Message-ID
	ProblemVariant           = "message-id-shared"    // another mail with this Message-ID is archived
	ProblemHTMLCut           = "html-cut"             // only the first 2 MB of the HTML are shown
	ProblemTextCut           = "text-cut"             // only the first 2 MB of the text are shown
	ProblemAttachments       = "too-many-attachments" // only the first 500 become documents
	ProblemAttachmentMissing = "attachment-missing"   // an attachment came without its bytes
	ProblemSizeDiffers       = "attachment-size"      // an attachment has another size than the client said
	ProblemUnreadable        = "unreadable"           // the parser gave up: only the raw bytes are kept
	ProblemIncomplete        = "incomplete"           // the client could not read the whole mail
)
