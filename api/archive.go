package api

import (
	"context"
	"encoding/hex"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/mailconnector/mailconnector/api/problem"
	"github.com/mailconnector/mailconnector/messages"
	"github.com/mailconnector/mailconnector/permissions"
	"github.com/mailconnector/mailconnector/permissions/search"
)

// maxMessageID is a line of RFC 5322, section 2.1.1.
const maxMessageID = 998

// envelope is what a client says beside a mail, in the query or in the JSON part.
type envelope struct {
	Links             []recordID `json:"links"`
	InternetMessageID string     `json:"internet_message_id"`
	Direction         string     `json:"direction"`
	Mailbox           string     `json:"mailbox"`
	ItemID            string     `json:"item_id"`
	Platform          string     `json:"platform"`
	AddinVersion      string     `json:"addin_version"`
}

type receiptJSON struct {
	Receipt  string        `json:"receipt"`
	Replayed bool          `json:"replayed"`
	Message  referenceJSON `json:"message"`
	Links    []outcomeJSON `json:"links"`
	Parts    []partOutcome `json:"parts"`
	Problems []oddityJSON  `json:"problems"`
}

type referenceJSON struct {
	ID                string `json:"id"`
	InternetMessageID string `json:"internet_message_id"`
	Subject           string `json:"subject"`
	Completeness      string `json:"completeness"`
}

type outcomeJSON struct {
	recordID
	Label   string `json:"label"`
	Created bool   `json:"created"`
}

type partOutcome struct {
	Part     int    `json:"part"`
	Name     string `json:"name"`
	Size     int64  `json:"size"`
	SHA256   string `json:"sha256"`
	Status   string `json:"status"`
	Document string `json:"document,omitempty"`
	Detail   string `json:"detail,omitempty"`
}

// oddityJSON is a problem of a mail, not of a request.
type oddityJSON struct {
	Code   string `json:"code"`
	Detail string `json:"detail"`
	Part   int    `json:"part,omitempty"`
}

// archive serves POST /messages.
func (h *Handler) archive(w http.ResponseWriter, r *http.Request) error {
	request, err := h.archiveRequest(w, r)
	if err != nil {
		return err
	}
	receipt, err := h.c.Messages.Archive(r.Context(), callerOf(r).Subject(), request)
	if err != nil {
		return fmt.Errorf("archive message: %w", err)
	}
	return h.writeReceipt(w, r, receipt)
}

func (h *Handler) archiveRequest(w http.ResponseWriter, r *http.Request) (messages.Request, error) {
	e, err := envelopeOf(r)
	if err != nil {
		return messages.Request{}, err
	}
	key := r.Header.Get("Idempotency-Key")
	if upload := r.URL.Query().Get("upload"); upload != "" {
		return e.request(staged(r, upload), key)
	}
	media, params, err := contentType(r, mediaMail, mediaForm, mediaJSON)
	if err != nil {
		return messages.Request{}, err
	}
	limit := h.c.MailBytes
	switch media {
	case mediaForm:
		limit += formBytes
	case mediaJSON:
		limit = draftBytes
	}
	if r.ContentLength > limit {
		return messages.Request{}, problem.TooLarge(min(limit, h.c.MailBytes))
	}
	r.Body = http.MaxBytesReader(w, r.Body, limit)
	source := messages.Raw(r.Body)
	switch media {
	case mediaForm:
		source, err = readForm(r.Body, params["boundary"], &e)
	case mediaJSON:
		source, err = readDraft(r.Body, &e)
	}
	if err != nil {
		return messages.Request{}, err
	}
	return e.request(source, key)
}

// envelopeOf reads what stands beside the body.
func envelopeOf(r *http.Request) (envelope, error) {
	asked, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return envelope{}, problem.New(problem.MalformedRequest, "The query is not encoded as application/x-www-form-urlencoded.")
	}
	e := envelope{
		InternetMessageID: r.Header.Get("X-Internet-Message-Id"),
		Direction:         asked.Get("direction"),
		Mailbox:           asked.Get("mailbox"),
		ItemID:            asked.Get("item_id"),
		Platform:          asked.Get("platform"),
		AddinVersion:      asked.Get("addin_version"),
	}
	for _, link := range asked["link"] {
		module, record, ok := strings.Cut(link, ":")
		if !ok || module == "" || record == "" {
			return envelope{}, problem.Parameter("link", `must be a module and a record with a colon between them, such as "Contacts:42"`)
		}
		e.Links = append(e.Links, recordID{module, record})
	}
	return e, nil
}

// merge lets the JSON part say more than the query did; where both speak, it comes first.
func (e *envelope) merge(part envelope) {
	e.Links = append(e.Links, part.Links...)
	for _, field := range []struct {
		into *string
		said string
	}{
		{&e.InternetMessageID, part.InternetMessageID},
		{&e.Direction, part.Direction},
		{&e.Mailbox, part.Mailbox},
		{&e.ItemID, part.ItemID},
		{&e.Platform, part.Platform},
		{&e.AddinVersion, part.AddinVersion},
	} {
		if field.said != "" {
			*field.into = field.said
		}
	}
}

func (e envelope) request(source messages.Source, key string) (messages.Request, error) {
	var f faults
	f.length("/internet_message_id", e.InternetMessageID, 0, maxMessageID)
	if err := f.err(); err != nil {
		return messages.Request{}, err
	}
	return messages.Request{
		Source:         source,
		MessageID:      e.InternetMessageID,
		Links:          records(e.Links),
		IdempotencyKey: key,
		Origin:         messages.Manual,
		Client: messages.Client{
			Direction:    messages.Direction(e.Direction),
			Mailbox:      e.Mailbox,
			ItemID:       e.ItemID,
			Platform:     e.Platform,
			AddinVersion: e.AddinVersion,
		},
	}, nil
}

func records(ids []recordID) []permissions.Record {
	list := make([]permissions.Record, len(ids))
	for i, id := range ids {
		list[i] = id.record()
	}
	return list
}

// writeReceipt answers 201 when this request did something, and 200 when there was nothing to do.
func (h *Handler) writeReceipt(w http.ResponseWriter, r *http.Request, receipt messages.Receipt) error {
	h.learn(r, receipt)
	status := http.StatusOK
	if receipt.New && !receipt.Replayed {
		status = http.StatusCreated
		w.Header().Set("Location", h.messageURL(receipt.Message.ID))
	}
	return writeJSON(w, status, newReceiptJSON(receipt))
}

// learn tells the search what was linked, for the user's last records and for the next mail of the same people. The
// receipt stands whether or not this works.
func (h *Handler) learn(r *http.Request, receipt messages.Receipt) {
	if receipt.Replayed {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(r.Context()), 5*time.Second)
	defer cancel()
	caller := callerOf(r)
	message, err := h.c.Messages.Message(ctx, caller.Subject(), receipt.Message.ID)
	mail := search.Mail{
		MessageID:    message.MessageID,
		Subject:      message.Subject,
		Participants: participantsOf(message),
		Own:          caller.Account.Addresses,
	}
	for i := 0; i < len(receipt.Links) && err == nil; i++ {
		if receipt.Links[i].Created {
			err = h.c.Search.Touch(ctx, caller.Subject(), receipt.Links[i].Record, mail)
		}
	}
	if err != nil {
		h.log.WarnContext(ctx, "learn from link", "request", exchangeOf(ctx).id, "err", err)
	}
}

func participantsOf(m messages.Message) []search.Participant {
	var people []search.Participant
	for _, field := range []struct {
		role string
		list []messages.Participant
	}{{"from", m.From}, {"reply_to", m.ReplyTo}, {"to", m.To}, {"cc", m.Cc}} {
		for _, p := range field.list {
			people = append(people, search.Participant{Role: field.role, Name: p.Name, Address: p.Address})
		}
	}
	return people
}

func newReceiptJSON(r messages.Receipt) receiptJSON {
	answer := receiptJSON{
		Receipt:  r.ID,
		Replayed: r.Replayed,
		Message:  referenceJSON{r.Message.ID, r.Message.MessageID, r.Message.Subject, string(r.Message.Completeness)},
		Links:    make([]outcomeJSON, len(r.Links)),
		Parts:    make([]partOutcome, len(r.Parts)),
		Problems: newOddities(r.Problems),
	}
	for i, l := range r.Links {
		answer.Links[i] = outcomeJSON{newRecordID(l.Record), l.Label, l.Created}
	}
	for i, p := range r.Parts {
		answer.Parts[i] = partOutcome{p.Part, p.Name, p.Size, hash(p.SHA256), string(p.Status), p.Document, p.Detail}
	}
	return answer
}

func newOddities(problems []messages.Problem) []oddityJSON {
	list := make([]oddityJSON, len(problems))
	for i, p := range problems {
		list[i] = oddityJSON{p.Code, p.Detail, p.Part}
	}
	return list
}

// hash is empty where there are no bytes.
func hash(sum [32]byte) string {
	if sum == ([32]byte{}) {
		return ""
	}
	return hex.EncodeToString(sum[:])
}
