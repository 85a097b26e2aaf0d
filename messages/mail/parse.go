package mail

import (
	"fmt"
	"io"
	"strings"
)

// Parse reads a mail from r to its end, once, in bounded memory. It never rejects a mail: problems are data. Its only errors are
// r's own, wrapped, and *TooLargeError once more than Limits.Size bytes have been read.
func Parse(r io.Reader, l Limits) (*Message, error) {
	l = l.withDefaults()
	src := newSource(r, l.Size)
	s := newSplitter(src, l)
	s.mail()
	if src.err != nil {
		return nil, fmt.Errorf("read mail: %w", src.err)
	}
	m := &Message{Size: src.offset(), Parts: s.parts}
	src.sum.Sum(m.SHA256[:0])
	s.fields(m)
	m.Text, m.HTML = s.texts.plain.String(), s.texts.html.String()
	markInline(m.Parts, m.HTML)
	m.Problems = s.problems
	return m, nil
}

// fields fills in what the header of the mail says.
func (s *splitter) fields(m *Message) {
	h := s.header
	m.MessageID = messageID(h.get("message-id"))
	m.InReplyTo = messageIDs(h.get("in-reply-to"))
	m.References = messageIDs(h.get("references"))
	m.ThreadIndex = strings.ReplaceAll(cleanLine(h.get("thread-index")), " ", "")
	m.Subject = decodeWords(h.get("subject"))
	m.RawDate = cleanLine(h.get("date"))
	s.date(m)
	m.From = s.addresses("from")
	m.Sender = s.addresses("sender")
	m.ReplyTo = s.addresses("reply-to")
	m.To = s.addresses("to")
	m.Cc = s.addresses("cc")
	m.Bcc = s.addresses("bcc")
}

func (s *splitter) date(m *Message) {
	if m.RawDate == "" {
		return
	}
	date, ok := parseDate(m.RawDate)
	if !ok {
		s.problems.add(0, ProblemDate, "The date of the mail cannot be read.")
	}
	m.Date = date
}

func (s *splitter) addresses(field string) []Address {
	list, malformed, full := parseAddresses(s.header[field])
	if malformed > 0 {
		s.problems.add(0, ProblemAddress, fmt.Sprintf("In the field %q, %d addresses cannot be read.", field, malformed))
	}
	if full {
		s.problems.add(0, ProblemAddresses, fmt.Sprintf("Of the field %q only the first %d addresses are read.", field, maxAddresses))
	}
	return list
}
