package messages

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/mailconnector/mailconnector/documents"
	"github.com/mailconnector/mailconnector/messages/mail"
	"github.com/mailconnector/mailconnector/permissions"
)

// receive stores what a client sends and makes a letter of it. What is stored and then not needed is swept.
func (s *Service) receive(ctx context.Context, sub permissions.Subject, r Request) (*letter, error) {
	switch source := r.Source.(type) {
	case rawSource:
		l, err := s.receiveRaw(ctx, source.r, r.MessageID)
		if err != nil {
			return nil, err
		}
		l.finish()
		return l, nil
	case stagedSource:
		return s.receiveStaged(ctx, sub, source, r)
	case draftSource:
		return s.receiveDraft(ctx, source, r.MessageID)
	default:
		return nil, fmt.Errorf("unknown source %T", r.Source)
	}
}

// receiveRaw stores and parses a mail in one pass, holding a few hundred kilobytes of it.
func (s *Service) receiveRaw(ctx context.Context, r io.Reader, messageID string) (*letter, error) {
	end := &ending{r: r}
	upload := bufio.NewReader(end)
	if _, err := upload.Peek(1); err == io.EOF {
		return nil, ErrEmpty
	}
	toParser, fromUpload := io.Pipe()
	parsed := make(chan parsing, 1)
	go func() { parsed <- s.parse(toParser) }()
	blob, err := s.c.Blobs.Write(ctx, io.TeeReader(upload, fromUpload))
	_ = fromUpload.CloseWithError(err) // nil ends the mail; never fails
	p := <-parsed
	if err == nil {
		err = p.err
	}
	if err != nil {
		return nil, end.explain(err)
	}
	l := rawLetter(p.message, blob, messageID)
	if err := s.sniff(ctx, l.parts); err != nil {
		return nil, err
	}
	l.threading.Attached = s.attachedMails(ctx, l.parts)
	return l, nil
}

type parsing struct {
	message *mail.Message
	err     error
}

// parse reads the mail to its end whatever happens, because the upload waits for it. An error, as of a mail beyond the
// size limit, ends the upload too. A mail that brings the parser down is kept as what it is: bytes.
func (s *Service) parse(r *io.PipeReader) (p parsing) {
	defer func() {
		if recover() != nil {
			p.message = &mail.Message{Problems: []mail.Problem{{Code: ProblemUnreadable,
				Detail: "The mail could not be read; its bytes are kept."}}}
		}
		if p.err == nil {
			_, _ = io.Copy(io.Discard, r)
		}
		_ = r.CloseWithError(p.err) // never fails
	}()
	p.message, p.err = mail.Parse(r, s.c.Limits)
	return p
}

// ending remembers how an upload ended. A server that notices the end of a connection ends the context too, and whoever
// asks the context first would not learn that the mail was cut off.
type ending struct {
	r   io.Reader
	err error // nil while there is more, and after a proper end
}

// Read implements io.Reader.
func (e *ending) Read(p []byte) (int, error) {
	n, err := e.r.Read(p)
	if err != nil && err != io.EOF {
		e.err = err
	}
	return n, err
}

// explain adds to an error that the upload was cut off, if it was.
func (e *ending) explain(err error) error {
	if e.err == nil || errors.Is(err, e.err) {
		return uploadError(err)
	}
	return uploadError(errors.Join(err, e.err))
}

// uploadError tells an upload that was cut off from other failures.
func uploadError(err error) error {
	if errors.Is(err, io.ErrUnexpectedEOF) {
		return fmt.Errorf("%w: %w", ErrTruncated, err)
	}
	return err
}

// rawLetter is the letter of a parsed mail.
func rawLetter(m *mail.Message, blob documents.Blob, messageID string) *letter {
	l := &letter{
		messageID: messageID, ownID: m.MessageID, subject: m.Subject, date: m.Date, html: m.HTML, text: m.Text,
		threading: threading{References: m.References, ThreadIndex: m.ThreadIndex},
		complete:  Full,
		copy:      copyInfo{shape: shapeRaw, blob: blob.Key, size: blob.Size, sha256: blob.SHA256},
		sent:      blob.SHA256,
	}
	if len(m.InReplyTo) > 0 {
		l.threading.InReplyTo = m.InReplyTo[0]
	}
	l.threading.shorten()
	l.people = slices.Concat(people(roleFrom, senders(m)), people(roleReplyTo, m.ReplyTo), people(roleTo, m.To), people(roleCc, m.Cc))
	for _, p := range m.Parts {
		l.parts = append(l.parts, rawPart(p, blob.Key))
	}
	for _, p := range m.Problems {
		l.problems = append(l.problems, Problem{Code: p.Code, Detail: p.Detail, Part: p.Part})
	}
	if l.has(mail.ProblemUnclosed) || l.has(mail.ProblemEncodingCut) {
		l.complete = Partial
	}
	l.settleMessageID()
	return l
}

func people(r role, list []mail.Address) []person {
	found := make([]person, len(list))
	for i, a := range list {
		found[i] = person{r, Participant{Name: a.Name, Address: addressOf(a)}}
	}
	return found
}

func senders(m *mail.Message) []mail.Address {
	if len(m.From) == 0 {
		return m.Sender
	}
	return m.From
}

// addressOf keeps what was written where no address can be made out.
func addressOf(a mail.Address) string {
	if a.Address == "" && a.Name == "" {
		return a.Raw
	}
	return a.Address
}

func rawPart(p mail.Part, blob string) part {
	return part{
		Part: Part{
			Number: p.Number, Role: p.Role, Name: p.Name, ContentType: p.ContentType, ContentID: p.ContentID,
			Size: p.Size, SHA256: p.SHA256,
		},
		encoding: p.Encoding, blob: blob, start: p.Offset, length: p.Length, state: StateOK,
	}
}

// settleMessageID lets the client's id stand before the mail's own.
func (l *letter) settleMessageID() {
	l.messageID, l.ownID = oneLine(l.messageID), oneLine(l.ownID)
	switch {
	case normalID(l.messageID) == "":
		l.messageID = l.ownID
	case normalID(l.ownID) != "" && normalID(l.ownID) != normalID(l.messageID):
		l.note(ProblemMessageIDDiffers, "The client names another Message-ID than the mail itself.")
	}
}

// shorten keeps what ties a mail to its conversation: its first message and the latest.
func (t *threading) shorten() {
	if n := len(t.References); n > maxThread {
		t.References = append(slices.Clone(t.References[:1]), t.References[n-maxThread+1:]...)
	}
	for i, id := range t.References {
		t.References[i] = clip(oneLine(id), maxID)
	}
	t.InReplyTo, t.ThreadIndex = clip(oneLine(t.InReplyTo), maxID), clip(oneLine(t.ThreadIndex), maxSubject)
}

// sniff finds out by its first bytes what each part that may be downloaded is.
func (s *Service) sniff(ctx context.Context, parts []part) error {
	for i := range parts {
		if p := &parts[i]; !p.isBody() && p.blob != "" {
			content, err := s.open(ctx, *p)
			if err != nil {
				return fmt.Errorf("read part %d back: %w", p.Number, err)
			}
			p.Sniffed, err = documents.SniffType(content)
			_ = content.Close()
			if err != nil {
				return fmt.Errorf("read part %d back: %w", p.Number, err)
			}
		}
	}
	return nil
}
