package messages

import (
	"context"
	"io"
	"strings"
	"time"

	"github.com/mailconnector/mailconnector/messages/mail"
)

const (
	// maxNesting is how deep mails within mails are looked at.
	maxNesting = 3
	// maxAttached bounds the mails within a mail that are looked at.
	maxAttached = 20
	// maxAttachedPeople bounds the addresses that are kept of a field of such a mail.
	maxAttachedPeople = 20
)

// AttachedMail is what a mail within a mail says of itself.
type AttachedMail struct {
	Part      int           `json:"part"`  // of the message, the one it is in
	Depth     int           `json:"depth"` // 1 for one that is attached to the message itself
	MessageID string        `json:"message_id,omitempty"`
	Subject   string        `json:"subject,omitempty"`
	Date      time.Time     `json:"date"` // zero when it has none that can be read
	From      []Participant `json:"from,omitempty"`
	To        []Participant `json:"to,omitempty"` // those of Cc behind; never of Bcc
}

// attachedMails indexes the mails that are attached to a mail, and to those, down to a depth and however they are encoded:
// whoever opens one of them finds the records of the mail around it. One that cannot be read is left out; its bytes are
// kept all the same.
func (s *Service) attachedMails(ctx context.Context, parts []part) []AttachedMail {
	n := nesting{limits: s.c.Limits, left: 2 * s.mailLimit()}
	for _, p := range parts {
		if p.blob != "" && isAttachedMail(p.ContentType) {
			n.look(p.Number, 1, n.spend(func() (io.ReadCloser, error) { return s.open(ctx, p) }))
		}
	}
	return n.found
}

func isAttachedMail(contentType string) bool { return strings.EqualFold(contentType, attachedMail) }

// nesting goes through mails within mails. Nothing of them is held: what is deeper is reached by reading what is around it
// once more, all together no more than a number of bytes.
type nesting struct {
	limits mail.Limits
	left   int64 // bytes to read
	looked int
	found  []AttachedMail
}

func (n *nesting) look(number, depth int, open func() (io.ReadCloser, error)) {
	if depth > maxNesting || n.looked == maxAttached {
		return
	}
	n.looked++
	m := n.parse(open)
	if m.MessageID != "" || m.Subject != "" || len(m.From) > 0 {
		n.found = append(n.found, newAttachedMail(number, depth, m))
	}
	for _, p := range m.Parts {
		if isAttachedMail(p.ContentType) {
			n.look(number, depth+1, within(p, open))
		}
	}
}

// parse reads a mail within a mail, as far as that works.
func (n *nesting) parse(open func() (io.ReadCloser, error)) (m *mail.Message) {
	defer func() {
		if recover() != nil || m == nil { // the parser gave up
			m = &mail.Message{}
		}
	}()
	content, err := open()
	if err != nil {
		return nil
	}
	defer func() { _ = content.Close() }() // it was only read
	m, _ = mail.Parse(content, n.limits)
	return m
}

// spend counts what is read of a mail. It ends where nothing is left.
func (n *nesting) spend(open func() (io.ReadCloser, error)) func() (io.ReadCloser, error) {
	return func() (io.ReadCloser, error) {
		content, err := open()
		if err != nil {
			return nil, err
		}
		return readCloser{&spending{content, &n.left}, content}, nil
	}
}

// within opens a mail that is in the mail which another function opens.
func within(p mail.Part, open func() (io.ReadCloser, error)) func() (io.ReadCloser, error) {
	return func() (io.ReadCloser, error) {
		around, err := open()
		if err != nil {
			return nil, err
		}
		if _, err := io.CopyN(io.Discard, around, p.Offset); err != nil {
			_ = around.Close() // it was only read
			return nil, err
		}
		return readCloser{mail.Decode(p.Encoding, io.LimitReader(around, p.Length)), around}, nil
	}
}

// spending ends where nothing is left.
type spending struct {
	r    io.Reader
	left *int64 // bytes
}

// Read implements io.Reader.
func (s *spending) Read(p []byte) (int, error) {
	n, err := io.LimitReader(s.r, *s.left).Read(p)
	*s.left -= int64(n)
	return n, err
}

func newAttachedMail(number, depth int, m *mail.Message) AttachedMail {
	return AttachedMail{
		Part: number, Depth: depth, MessageID: clip(oneLine(m.MessageID), maxID), Subject: clip(oneLine(m.Subject), maxSubject),
		Date: m.Date, From: few(senders(m)), To: few(append(m.To[:len(m.To):len(m.To)], m.Cc...)),
	}
}

// few keeps the first addresses of a list.
func few(list []mail.Address) []Participant {
	var kept []Participant
	for _, p := range people("", list[:min(len(list), maxAttachedPeople)]) {
		kept = append(kept, Participant{Name: clip(oneLine(p.Name), maxName), Address: clip(oneLine(p.Address), maxName)})
	}
	return kept
}
