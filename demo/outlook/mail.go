package outlook

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"html"
	"io"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net/mail"
	"net/textproto"
	"strings"
	"time"
)

// sample is one of the sample mails, as office.js shows it. This is a reader for our own well-formed mails; the module
// has one for those of the world.
type sample struct {
	ID             string       `json:"id"`
	Subject        string       `json:"subject"`
	From           person       `json:"from"`
	To             []person     `json:"to"`
	Cc             []person     `json:"cc"`
	Date           time.Time    `json:"date"`
	MessageID      string       `json:"internetMessageId"`
	ConversationID string       `json:"conversationId"`
	Headers        string       `json:"headers"`
	Text           string       `json:"text"`
	HTML           string       `json:"html"`
	Attachments    []attachment `json:"attachments"`
	raw            []byte
}

type person struct {
	DisplayName  string `json:"displayName"`
	EmailAddress string `json:"emailAddress"`
}

type attachment struct {
	ID          string `json:"id"`
	Name        string `json:"name"`
	ContentType string `json:"contentType"`
	ContentID   string `json:"contentId"`
	Inline      bool   `json:"isInline"`
	Kind        string `json:"attachmentType"` // "file", or "item" for a mail in the mail
	Size        int    `json:"size"`
	content     []byte
}

// read parses a sample mail.
func read(id string, raw []byte) (*sample, error) {
	m, err := mail.ReadMessage(bytes.NewReader(raw))
	if err != nil {
		return nil, err
	}
	s := &sample{
		ID: id, raw: raw, MessageID: m.Header.Get("Message-ID"), From: people(m.Header, "From")[0],
		To: people(m.Header, "To"), Cc: people(m.Header, "Cc"), Attachments: []attachment{},
	}
	s.Date, _ = m.Header.Date()
	s.ConversationID, _, _ = strings.Cut(m.Header.Get("References")+" "+s.MessageID, " ")
	if s.ConversationID == "" {
		s.ConversationID = s.MessageID
	}
	head, _, _ := bytes.Cut(raw, []byte("\r\n\r\n"))
	s.Headers = string(head) + "\r\n"
	if s.Subject, err = new(mime.WordDecoder).DecodeHeader(m.Header.Get("Subject")); err != nil {
		return nil, err
	}
	return s, s.readPart(textproto.MIMEHeader(m.Header), m.Body)
}

func people(h mail.Header, field string) []person {
	list, _ := h.AddressList(field)
	all := make([]person, len(list))
	for i, a := range list {
		all[i] = person{a.Name, a.Address}
	}
	return all
}

// readPart takes a part as the mail's text, its HTML or an attachment.
func (s *sample) readPart(h textproto.MIMEHeader, body io.Reader) error {
	contentType, params, err := mime.ParseMediaType(h.Get("Content-Type"))
	if err != nil {
		return fmt.Errorf("part of type %q: %w", h.Get("Content-Type"), err)
	}
	if strings.HasPrefix(contentType, "multipart/") {
		return s.readParts(multipart.NewReader(body, params["boundary"]))
	}
	switch h.Get("Content-Transfer-Encoding") {
	case "base64":
		body = base64.NewDecoder(base64.StdEncoding, body)
	case "quoted-printable": // of a mail without parts; multipart has decoded the others
		body = quotedprintable.NewReader(body)
	}
	content, err := io.ReadAll(body)
	if err != nil {
		return err
	}
	disposition, names, _ := mime.ParseMediaType(h.Get("Content-Disposition"))
	switch {
	case disposition == "" && contentType == "text/plain":
		s.Text = string(content)
	case disposition == "" && contentType == "text/html":
		s.HTML = string(content)
	default:
		s.attach(contentType, names["filename"], strings.Trim(h.Get("Content-ID"), "<>"), disposition == "inline", content)
	}
	return nil
}

func (s *sample) readParts(r *multipart.Reader) error {
	for {
		part, err := r.NextPart()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if err := s.readPart(part.Header, part); err != nil {
			return err
		}
	}
}

func (s *sample) attach(contentType, name, contentID string, inline bool, content []byte) {
	kind := "file"
	if contentType == "message/rfc822" {
		kind = "item"
	}
	s.Attachments = append(s.Attachments, attachment{
		ID: fmt.Sprintf("%s-%d", s.ID, len(s.Attachments)+1), Name: name, ContentType: contentType, ContentID: contentID,
		Inline: inline, Kind: kind, Size: len(content), content: content,
	})
}

// display returns the mail as a page for the reading pane, with its inline images in it.
func (s *sample) display() string {
	if s.HTML == "" {
		return "<!doctype html><pre style=\"white-space:pre-wrap;font:15px/1.5 system-ui,sans-serif\">" + html.EscapeString(s.Text) + "</pre>"
	}
	var images []string
	for _, a := range s.Attachments {
		if a.Inline {
			images = append(images, "cid:"+a.ContentID, "data:"+a.ContentType+";base64,"+base64.StdEncoding.EncodeToString(a.content))
		}
	}
	return "<!doctype html>" + strings.NewReplacer(images...).Replace(s.HTML)
}
