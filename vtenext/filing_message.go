package vtenext

import (
	"context"
	"crypto/rand"
	"crypto/sha1" //nolint:gosec // the CRM's key of a message, not a protection
	"encoding/hex"
	"fmt"
	"html"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/mailconnector/mailconnector/messages"
)

// messageRow is a row of the CRM's messages: its text columns, as they fit.
type messageRow map[string]string

// partRow is a part of a message as the CRM lists it.
type partRow struct {
	name, contentType, disposition string
	contentID                      any // NULL for a part without one
	size                           int64
}

// The CRM keeps the body between these marks.
const (
	beginHTML = "\n<!-- begin sanitized html -->\n"
	endHTML   = "\n<!-- end sanitized html -->\n"
)

// The times that a column of the type TIMESTAMP takes, with a day to spare for time zones.
var (
	firstStamp = time.Date(1970, 1, 2, 0, 0, 0, 0, time.UTC)
	lastStamp  = time.Date(2038, 1, 18, 0, 0, 0, 0, time.UTC)
)

// compose makes the row of a new message and the list of its parts.
func (f *Filing) compose(ctx context.Context, l layout, p *plan) error {
	m := p.mail
	body, err := f.body(ctx, m)
	if err != nil {
		return err
	}
	fit := func(column, text string) string { return l.fit("messages", column, text) }
	p.hash = messageHash(m.MessageID, m.Subject, p.message)
	p.values = messageRow{
		"subject": l.fitMarkup("messages", "subject", m.Subject), "mdate": f.crm.localTime(stampOf(m.Date, f.crm.now())),
		"messageid": fit("messageid", m.MessageID), "in_reply_to": fit("in_reply_to", m.InReplyTo),
		"mreferences": fit("mreferences", strings.Join(m.References, " ")), "thread_index": fit("thread_index", m.ThreadIndex),
		"cleaned_body": beginHTML + l.fitHTML("messages", "cleaned_body", body) + endHTML,
		"mvisibility":  p.visibility(),
	}
	for prefix, people := range map[string][]messages.Participant{
		"mfrom": m.From, "mto": m.To, "mcc": m.Cc, "mreplyto": m.ReplyTo, "mbcc": nil,
	} {
		p.values[prefix] = l.fitList("messages", prefix, told(people, addressOf))
		p.values[prefix+"_n"] = l.fitList("messages", prefix+"_n", told(people, nameOf))
		p.values[prefix+"_f"] = l.fitList("messages", prefix+"_f", fullNames(people))
	}
	p.label = l.fitMarkup("entity_displayname", "displayname", m.Subject)
	for _, a := range m.Attachments {
		p.parts = append(p.parts, partOf(l, a))
	}
	p.references = slices.Clone(m.References)
	if len(p.references) == 0 && m.InReplyTo != "" {
		p.references = []string{m.InReplyTo}
	}
	for i, reference := range p.references {
		p.references[i] = l.fit("messages_mref", "mreference", reference)
	}
	return nil
}

func (p *plan) visibility() string {
	if p.public {
		return "Public"
	}
	return ""
}

func partOf(l layout, a messages.Attachment) partRow {
	part := partRow{
		name: l.fit("messages_attach", "contentname", plain(a.Name)), contentType: l.fit("messages_attach", "contenttype", a.ContentType),
		disposition: "attachment", size: min(a.Size, maxInt),
	}
	if a.Inline {
		part.disposition = "inline"
	}
	if a.ContentID != "" {
		part.contentID = l.fit("messages_attach", "content_id", a.ContentID)
	}
	return part
}

// maxInt is the largest number of the CRM's whole-number columns.
const maxInt = 1<<31 - 1

// stampOf is the date of a mail as far as the CRM can keep it; a mail without one is of now.
func stampOf(date, now time.Time) time.Time {
	switch {
	case date.IsZero():
		return now
	case date.Before(firstStamp):
		return firstStamp
	case date.After(lastStamp):
		return lastStamp
	}
	return date
}

// messageHash is the CRM's key of a mail, by which it relates every user's copy to records: of the Message-ID and the
// decoded subject as they are, before anything is cut or made safe. A mail without a Message-ID gets a key of its own;
// the CRM's would be one for all such mails with the same subject.
func messageHash(messageID, subject string, id int64) string {
	if messageID == "" {
		messageID = fmt.Sprintf("<%d@without-message-id.invalid>", id)
	}
	sum := sha1.Sum([]byte(messageID + undoReferences(subject))) //nolint:gosec // see above
	return hex.EncodeToString(sum[:])
}

// characterReference is what PHP's html_entity_decode looks at.
var characterReference = regexp.MustCompile(`&(#[0-9]+|#[xX][0-9a-fA-F]+|[A-Za-z][A-Za-z0-9]*);`)

// undoReferences does to a subject what the CRM does before it computes the key: PHP's html_entity_decode, which leaves
// apostrophes and control characters alone.
func undoReferences(subject string) string {
	return characterReference.ReplaceAllStringFunc(subject, func(reference string) string {
		decoded := html.UnescapeString(reference)
		if decoded == "'" || len(decoded) == 1 && decoded[0] < ' ' || decoded == "\uFFFD" {
			return reference
		}
		return decoded
	})
}

// told tells something of each of a list of people, safe where it is printed as HTML.
func told(people []messages.Participant, tell func(messages.Participant) string) []string {
	texts := make([]string, len(people))
	for i, p := range people {
		texts[i] = plain(tell(p))
	}
	return texts
}

// fullNames writes people as the CRM does: "Nora Berg <nora@acme.example>". The brackets are the CRM's own.
func fullNames(people []messages.Participant) []string {
	texts := make([]string, len(people))
	for i, p := range people {
		texts[i] = plain(p.Address)
		if p.Name != "" {
			texts[i] = plain(p.Name) + " <" + texts[i] + ">"
		}
	}
	return texts
}

func addressOf(p messages.Participant) string { return p.Address }

func nameOf(p messages.Participant) string { return p.Name }

// requestID ties the entries of one request together in the log of changes, in the form the CRM gives it.
func requestID(now time.Time) string {
	var random [4]byte
	_, _ = rand.Read(random[:]) // never fails
	return fmt.Sprintf("mc%08x%05x.%s", now.Unix(), now.Nanosecond()/1000, hex.EncodeToString(random[:]))
}
