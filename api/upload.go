package api

import (
	"errors"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"strconv"
	"time"

	"github.com/mailconnector/mailconnector/api/problem"
	"github.com/mailconnector/mailconnector/messages"
)

const (
	// draftBytes bounds the part "message": a body of HTML, one of text, and a header block.
	draftBytes = 20 << 20
	// formBytes is what a form may be larger than the mail in it.
	formBytes = draftBytes + 1<<20
	// partMessage names the first part.
	partMessage = "message"
)

type archiveJSON struct {
	envelope
	Draft *draftJSON `json:"draft"`
}

type draftJSON struct {
	Subject     string            `json:"subject"`
	Date        time.Time         `json:"date"`
	From        *participantJSON  `json:"from"`
	To          []participantJSON `json:"to"`
	Cc          []participantJSON `json:"cc"`
	Bcc         []participantJSON `json:"bcc"`
	ReplyTo     []participantJSON `json:"reply_to"`
	Headers     string            `json:"headers"`
	InReplyTo   string            `json:"in_reply_to"`
	References  []string          `json:"references"`
	HTML        string            `json:"html"`
	Text        string            `json:"text"`
	Complete    bool              `json:"complete"`
	Attachments []attachmentJSON  `json:"attachments"`
}

type attachmentJSON struct {
	ID          string `json:"id"`
	Name        string `json:"name"`
	ContentType string `json:"content_type"`
	ContentID   string `json:"content_id"`
	Inline      bool   `json:"inline"`
	Size        int64  `json:"size"`
	State       string `json:"state"`
	URL         string `json:"url"`
	Detail      string `json:"detail"`
}

// readForm reads the first part of a form, adds it to the envelope, and leaves the other parts to be read as they arrive.
func readForm(body io.Reader, boundary string, e *envelope) (messages.Source, error) {
	if boundary == "" {
		return nil, problem.Parameter("Content-Type", "lacks the boundary of multipart/form-data")
	}
	form := uploads{form: multipart.NewReader(body, boundary)}
	first, err := form.next()
	if errors.Is(err, io.EOF) || err == nil && first.FormName() != partMessage {
		return nil, problem.New(problem.Invalid, `The first part must be named "message".`)
	}
	if err != nil {
		return nil, err
	}
	if media, _, err := mime.ParseMediaType(first.Header.Get("Content-Type")); err != nil || media != mediaJSON {
		return nil, problem.New(problem.UnsupportedMediaType, `Send the part "message" with Content-Type: application/json.`)
	}
	var in archiveJSON
	if err := decode(first, draftBytes, &in); err != nil {
		return nil, err
	}
	if err := in.check(); err != nil {
		return nil, err
	}
	e.merge(in.envelope)
	if in.Draft == nil {
		form.onlyMail = true
		return messages.Structured(messages.Draft{}, form.upload), nil
	}
	return messages.Structured(in.Draft.draft(), form.upload), nil
}

// readDraft reads a mail of which the client has no bytes.
func readDraft(body io.Reader, e *envelope) (messages.Source, error) {
	var in archiveJSON
	if err := decode(body, draftBytes, &in); err != nil {
		return nil, err
	}
	if err := in.check(); err != nil {
		return nil, err
	}
	if in.Draft == nil {
		return nil, problem.At(problem.Invalid, "/draft", "is missing: without a form around it, the JSON is the mail")
	}
	e.merge(in.envelope)
	return messages.Structured(in.Draft.draft(), nil), nil
}

func (in archiveJSON) check() error {
	var f faults
	f.count("/links", len(in.Links), maxLinks)
	if d := in.Draft; d != nil {
		f.count("/draft/references", len(d.References), 1000)
		f.count("/draft/attachments", len(d.Attachments), maxAttachments)
		for name, people := range map[string][]participantJSON{"to": d.To, "cc": d.Cc, "bcc": d.Bcc, "reply_to": d.ReplyTo} {
			f.count("/draft/"+name, len(people), maxEntries)
		}
		for i, a := range d.Attachments {
			if a.ID == partMessage || a.Size < 0 {
				f.add("/draft/attachments/"+strconv.Itoa(i), `must not have the id "message" or a negative size`)
			}
		}
	}
	return f.err()
}

func (d draftJSON) draft() messages.Draft {
	draft := messages.Draft{
		Subject:     d.Subject,
		Date:        d.Date,
		To:          participants(d.To),
		Cc:          participants(d.Cc),
		Bcc:         participants(d.Bcc),
		ReplyTo:     participants(d.ReplyTo),
		Headers:     d.Headers,
		InReplyTo:   d.InReplyTo,
		References:  d.References,
		HTML:        d.HTML,
		Text:        d.Text,
		Complete:    d.Complete,
		Attachments: make([]messages.DraftAttachment, len(d.Attachments)),
	}
	if d.From != nil {
		draft.From = messages.Participant(*d.From)
	}
	for i, a := range d.Attachments {
		if a.State == "" {
			a.State = string(messages.StateOK)
		}
		draft.Attachments[i] = messages.DraftAttachment{
			ID: a.ID, Name: a.Name, ContentType: a.ContentType, ContentID: a.ContentID, Inline: a.Inline, Size: a.Size,
			State: messages.AttachmentState(a.State), URL: a.URL, Detail: a.Detail,
		}
	}
	return draft
}

// uploads hands the parts of a form on, one after the other.
type uploads struct {
	form     *multipart.Reader
	onlyMail bool // there is no draft: the next part must be the mail, and the last one
}

// upload is a [messages.Uploads].
func (u *uploads) upload() (messages.Upload, error) {
	part, err := u.next()
	if errors.Is(err, io.EOF) && !u.onlyMail {
		return messages.Upload{}, io.EOF
	}
	if err != nil && !errors.Is(err, io.EOF) {
		return messages.Upload{}, err
	}
	if u.onlyMail && (err != nil || part.FormName() != messages.EML) {
		return messages.Upload{}, problem.At(problem.Invalid, "/draft", `is missing: send a draft, or the mail as the part "eml" next`)
	}
	u.onlyMail = false
	name := part.FormName()
	if name == "" {
		return messages.Upload{}, problem.New(problem.Invalid, "Each part of the form needs a name in its Content-Disposition.")
	}
	return messages.Upload{ID: name, Body: partBody{part}}, nil
}

// next returns io.EOF, and nothing that wraps it, after the last boundary. A form that ends before is cut off.
func (u *uploads) next() (*multipart.Part, error) {
	part, err := u.form.NextRawPart()
	if err == io.EOF { //nolint:errorlint // what wraps io.EOF is a form without its end
		return nil, io.EOF
	}
	if err != nil {
		return nil, formError(err)
	}
	return part, nil
}

// sentBody is the body of a request. However the connection of a client fails, what counts is that the body was cut off:
// nothing that this server depends on is out of order.
type sentBody struct{ io.ReadCloser }

func (b sentBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	var tooLarge *http.MaxBytesError                               // of a host that has a limit of its own
	if err != nil && err != io.EOF && !errors.As(err, &tooLarge) { //nolint:errorlint // a reader's own end is bare
		err = fmt.Errorf("%w: %v", io.ErrUnexpectedEOF, err) //nolint:errorlint // a network's error would be taken for the database's
	}
	return n, err
}

// partBody is the bytes of a part. An end of the form in the middle of it is no end of the part.
type partBody struct{ part *multipart.Part }

func (b partBody) Read(p []byte) (int, error) {
	n, err := b.part.Read(p)
	if err != nil && err != io.EOF { //nolint:errorlint // as in next
		err = formError(err)
	}
	return n, err
}

// formError tells a form that is too large or cut off from one that is no form. The parser's own error is not wrapped: it
// may wrap io.EOF, which would be taken for the end of the parts.
func formError(err error) error {
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(err, &tooLarge):
		return tooLarge
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return messages.ErrTruncated
	default:
		return problem.New(problem.MalformedRequest, "The body is not multipart/form-data with the boundary of its header.").
			Because(fmt.Errorf("read form: %v", err)) //nolint:errorlint // as above
	}
}
