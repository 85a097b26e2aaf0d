package mail

import (
	"fmt"
	"time"
)

// Limits bounds what one mail may cost. A zero field takes its default.
type Limits struct {
	Size   int64 // bytes of the whole mail; beyond it Parse answers *TooLargeError. Default 150 MB.
	Header int   // bytes of one header block; fields beyond it are not read. Default 1 MB.
	Depth  int   // multiparts inside one another; a deeper one stays whole, as one part. Default 64.
	Parts  int   // parts; what comes after them is one more part. Default 5,000.
	Text   int64 // bytes of Message.Text and of Message.HTML, each. Default 8 MB.
}

func (l Limits) withDefaults() Limits {
	return Limits{
		Size:   orDefault(l.Size, 150_000_000),
		Header: orDefault(l.Header, 1<<20),
		Depth:  orDefault(l.Depth, 64),
		Parts:  orDefault(l.Parts, 5000),
		Text:   orDefault(l.Text, 8<<20),
	}
}

func orDefault[N int | int64](n, otherwise N) N {
	if n <= 0 {
		return otherwise
	}
	return n
}

// TooLargeError says that a mail has more bytes than Limits.Size allows.
type TooLargeError struct {
	Limit int64 // bytes
}

// Error implements error.
func (e *TooLargeError) Error() string {
	return fmt.Sprintf("mail is larger than %d bytes", e.Limit)
}

// Message is what one mail says.
type Message struct {
	Size   int64    // of the raw mail, in bytes
	SHA256 [32]byte // of the raw mail, exactly as read

	MessageID   string   // as in the header, with its brackets; "" when absent
	InReplyTo   []string // message ids with their brackets
	References  []string // message ids with their brackets, oldest first; of more than 100 the first and the last 99
	ThreadIndex string   // Outlook's Thread-Index (PidTagConversationIndex), base64

	Subject string
	Date    time.Time // UTC; zero when absent or not understood, which is a problem
	RawDate string    // the Date field as written

	From, Sender, ReplyTo, To, Cc, Bcc []Address // of more than 5,000 in one field the first

	Text string // the plain bodies in order, blank line between; UTF-8, at most Limits.Text bytes
	HTML string // the HTML bodies in order; UTF-8, at most Limits.Text bytes; never sanitised here

	Parts    []Part    // every leaf in document order, body texts included; multiparts are not parts
	Problems []Problem // what was odd, broken or beyond a limit, in the order met; at most 100
}

// Address is one mailbox of an address field.
type Address struct {
	Name    string // display name, decoded; may be ""
	Address string // addr-spec; without a domain where the mail has none (MAILER-DAEMON); "" when none can be made out
	Raw     string // the mailbox as written, unfolded, encoded words included
}

// Role says what a part is for.
type Role string

// The roles of a part.
const (
	RoleText       Role = "body-text"  // plain text of the mail itself, part of Message.Text
	RoleHTML       Role = "body-html"  // HTML of the mail itself, part of Message.HTML
	RoleInline     Role = "inline"     // an image which the HTML shows by its Content-ID
	RoleAttachment Role = "attachment" // everything else, inline parts that nothing shows included
)

// Part is one leaf of the mail: a section without parts of its own, or one kept whole (an attached mail, a multipart too deep or
// without parts).
type Part struct {
	Number int    // 1-based, in document order
	Path   string // position in the tree, as IMAP counts: "1", "2.1"
	Role   Role

	ContentType string // as declared, lower case, without parameters: "application/pdf"
	Charset     string // as declared, lower case
	Disposition string // as declared, lower case: "attachment", "inline", ""
	ContentID   string // without its brackets
	Name        string // the sender's file name, decoded, at most 1,000 bytes; not safe as a path; an attached mail without one: its subject and ".eml"
	Encoding    string // transfer encoding as declared, lower case: what Decode takes

	Offset int64    // of the encoded body in the raw mail
	Length int64    // of the encoded body
	Size   int64    // of the decoded body
	SHA256 [32]byte // of the decoded body: transfer encoding undone, charset untouched
}
