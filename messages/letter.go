package messages

import (
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/mailconnector/mailconnector/messages/mail"
)

// Longest values in bytes that our tables keep. The raw bytes have all of it; identities are hashed before cutting.
const (
	maxBody    = 2 << 20 // HTML and text each
	maxSubject = 4000
	maxID      = 998 // a line of RFC 5322, section 2.1.1
	maxName    = 500
	maxHint    = 255
	maxThread  = 100 // message ids
	maxPeople  = 5000
)

// letter is one copy of a mail: on its way in, or as the archive shows it.
type letter struct {
	identity  [32]byte
	messageID string // the client's, or else the mail's own
	ownID     string // the one in the bytes
	threading threading
	subject   string
	date      time.Time
	people    []person // without Bcc
	html      string   // as sent: never shown before it went through the policy
	text      string
	parts     []part
	problems  []Problem
	complete  Completeness
	copy      copyInfo
	sent      [32]byte // hash of all that came: it tells one request from another
}

// copyInfo tells where the bytes of a copy are and how it compares to others.
type copyInfo struct {
	id       string // of the rendition
	shape    shape
	blob     string
	size     int64
	sha256   [32]byte
	htmlHash []byte // of what a reader sees; nil where the copy has no HTML
	textHash []byte
	created  time.Time
}

// shape tells exact bytes from fields.
type shape string

const (
	shapeRaw   shape = "raw"
	shapeDraft shape = "draft"
)

// threading is what ties a mail to its conversation. Its JSON is stored.
type threading struct {
	InReplyTo   string         `json:"in_reply_to,omitempty"`
	References  []string       `json:"references,omitempty"`
	ThreadIndex string         `json:"thread_index,omitempty"`
	Attached    []AttachedMail `json:"attached_mails,omitempty"`
}

// role is the field a participant stands in.
type role string

const (
	roleFrom    role = "from"
	roleReplyTo role = "reply_to"
	roleTo      role = "to"
	roleCc      role = "cc"
)

type person struct {
	role role
	Participant
}

// part is one leaf with the place of its bytes.
type part struct {
	Part
	encoding string
	blob     string // empty for a part that came without bytes
	start    int64
	length   int64
	state    AttachmentState
	detail   string
}

// isBody reports whether a part is text of the mail itself, shown as the body and not as a part.
func (p part) isBody() bool { return p.Role == mail.RoleText || p.Role == mail.RoleHTML }

// in returns the participants that stand in a field.
func (l *letter) in(r role) []Participant {
	var found []Participant
	for _, p := range l.people {
		if p.role == r {
			found = append(found, p.Participant)
		}
	}
	return found
}

func (l *letter) from() Participant {
	for _, p := range l.people {
		if p.role == roleFrom {
			return p.Participant
		}
	}
	return Participant{}
}

// attachments counts the parts that a reader would call attachments.
func (l *letter) attachments() int {
	n := 0
	for _, p := range l.parts {
		if p.Role == mail.RoleAttachment {
			n++
		}
	}
	return n
}

// stored counts the parts whose bytes are here.
func (l *letter) stored() int {
	n := 0
	for _, p := range l.parts {
		if p.blob != "" {
			n++
		}
	}
	return n
}

func (l *letter) has(code string) bool {
	for _, p := range l.problems {
		if p.Code == code {
			return true
		}
	}
	return false
}

// note records a problem once.
func (l *letter) note(code, detail string) {
	if !l.has(code) {
		l.problems = append(l.problems, Problem{Code: code, Detail: detail})
	}
}

// finish cuts what our tables cannot hold and works out what is derived from the rest.
func (l *letter) finish() {
	if len(l.html) > maxBody {
		l.note(ProblemHTMLCut, "The HTML is longer than 2 MB; only its beginning is shown.")
	}
	if len(l.text) > maxBody {
		l.note(ProblemTextCut, "The text is longer than 2 MB; only its beginning is shown.")
	}
	if len(l.attached()) > maxDocuments {
		l.note(ProblemAttachments, fmt.Sprintf("Of more than %d attachments the first become documents; the others stay with the mail.", maxDocuments))
	}
	l.html, l.text = clip(clean(l.html), maxBody), clip(clean(l.text), maxBody)
	l.copy.htmlHash, l.copy.textHash = seenHash(visibleText(l.html)), seenHash(l.text)
	l.identity = identify(l)
	l.messageID, l.ownID = clip(l.messageID, maxID), clip(l.ownID, maxID)
	l.subject = clip(oneLine(l.subject), maxSubject)
	l.people = l.people[:min(len(l.people), maxPeople)]
	for i := range l.people {
		p := &l.people[i]
		p.Name, p.Address = clip(oneLine(p.Name), maxName), clip(oneLine(p.Address), maxName)
	}
	for i := range l.parts {
		p := &l.parts[i]
		p.Name, p.ContentID = clip(clean(p.Name), maxSubject), clip(clean(p.ContentID), maxID)
		p.ContentType, p.encoding = clip(clean(p.ContentType), maxHint), clip(clean(p.encoding), maxHint)
		p.URL, p.detail = clip(clean(p.URL), maxSubject), clip(clean(p.detail), maxHint)
	}
}

// clip cuts s to at most n bytes between two runes. A server without strict mode would cut anywhere.
func clip(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n]
}

// clean makes a string one that every database takes.
func clean(s string) string {
	return strings.ReplaceAll(strings.ToValidUTF8(s, "\uFFFD"), "\x00", "")
}

// oneLine removes what could end a header line or a line of a list.
func oneLine(s string) string {
	return strings.Join(strings.FieldsFunc(clean(s), func(r rune) bool { return r < ' ' || r == 0x7F }), " ")
}
