package messages

import (
	"context"
	"strings"

	"github.com/mailconnector/mailconnector/messages/mail"
)

const (
	// maxNesting is how deep mails within mails are looked at.
	maxNesting = 3
	// maxAttached bounds the mails within a mail that are looked at.
	maxAttached = 20
)

// attachedIDs returns the Message-IDs of the mails that are attached to a mail, and to those, down to a depth: whoever
// opens one of them finds the records of the mail around it. One that cannot be read has none; its bytes are kept all the
// same.
func (s *Service) attachedIDs(ctx context.Context, parts []part, depth int) []string {
	var ids []string
	for _, p := range parts {
		if depth == 0 || len(ids) >= maxAttached || !strings.EqualFold(p.ContentType, attachedMail) || p.blob == "" {
			continue
		}
		m := s.attachedMail(ctx, p)
		if id := clip(oneLine(m.MessageID), maxID); normalID(id) != "" {
			ids = append(ids, id)
		}
		if p.length == p.Size { // not encoded: its parts have places in the same bytes
			ids = append(ids, s.attachedIDs(ctx, within(p, m.Parts), depth-1)...)
		}
	}
	return ids[:min(len(ids), maxAttached)]
}

// attachedMail parses a mail within a mail, as far as that works.
func (s *Service) attachedMail(ctx context.Context, p part) (m *mail.Message) {
	defer func() {
		if recover() != nil || m == nil { // the parser gave up
			m = &mail.Message{}
		}
	}()
	content, err := s.open(ctx, p)
	if err != nil {
		return nil
	}
	defer func() { _ = content.Close() }() // it was only read
	m, _ = mail.Parse(content, s.c.Limits) // what it says before an error counts
	return m
}

// within places the parts of an attached mail in the bytes of the mail around it.
func within(p part, parts []mail.Part) []part {
	placed := make([]part, len(parts))
	for i, q := range parts {
		placed[i] = rawPart(q, p.blob)
		placed[i].start += p.start
	}
	return placed
}
