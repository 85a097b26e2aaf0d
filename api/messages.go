package api

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/mailconnector/mailconnector/api/problem"
	"github.com/mailconnector/mailconnector/messages"
	"github.com/mailconnector/mailconnector/messages/mail"
)

type participantJSON struct {
	Name    string `json:"name"`
	Address string `json:"address"`
}

func participants(list []participantJSON) []messages.Participant {
	people := make([]messages.Participant, len(list))
	for i, p := range list {
		people[i] = messages.Participant(p)
	}
	return people
}

func participantsJSON(people []messages.Participant) []participantJSON {
	list := make([]participantJSON, len(people))
	for i, p := range people {
		list[i] = participantJSON(p)
	}
	return list
}

type linkJSON struct {
	recordID
	Label    string     `json:"label"`
	LinkedAt *time.Time `json:"linked_at"`
	LinkedBy *userJSON  `json:"linked_by"`
	Mine     bool       `json:"mine"`
}

type userJSON struct {
	ID   string `json:"id"`
	Name string `json:"name"`
}

func newLinks(links []messages.Link) []linkJSON {
	list := make([]linkJSON, len(links))
	for i, l := range links {
		list[i] = newLink(l)
	}
	return list
}

func newLink(l messages.Link) linkJSON {
	return linkJSON{newRecordID(l.Record), l.Label, moment(l.LinkedAt), newUser(l.LinkedBy), l.Mine}
}

// newUser is null for nobody: a link made in the CRM itself.
func newUser(u messages.User) *userJSON {
	if u == (messages.User{}) {
		return nil
	}
	return &userJSON{u.ID, u.Name}
}

// moment is null for the zero time.
func moment(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	t = t.UTC()
	return &t
}

type summaryJSON struct {
	ID                *string         `json:"id"`
	Origin            string          `json:"origin"`
	InternetMessageID string          `json:"internet_message_id"`
	Subject           string          `json:"subject"`
	From              participantJSON `json:"from"`
	Date              *time.Time      `json:"date"`
	Direction         string          `json:"direction"`
	LinkedAt          *time.Time      `json:"linked_at"`
	LinkedBy          *userJSON       `json:"linked_by"`
	Attachments       int             `json:"attachments"`
	Snippet           string          `json:"snippet"`
}

func newSummary(s messages.Summary) summaryJSON {
	summary := summaryJSON{
		Origin:            "crm",
		InternetMessageID: s.MessageID,
		Subject:           s.Subject,
		From:              participantJSON(s.From),
		Date:              moment(s.Date),
		Direction:         string(s.Direction),
		LinkedAt:          moment(s.LinkedAt),
		LinkedBy:          newUser(s.LinkedBy),
		Attachments:       s.Attachments,
		Snippet:           s.Snippet,
	}
	if s.ID != "" {
		summary.ID, summary.Origin = &s.ID, "connector"
	}
	return summary
}

// recordMessages serves GET /records/{module}/{record}/messages.
func (h *Handler) recordMessages(w http.ResponseWriter, r *http.Request) error {
	record, err := recordOf(r)
	if err != nil {
		return err
	}
	limit, err := limitOf(r)
	if err != nil {
		return err
	}
	if limit == 0 {
		limit = 25
	}
	asked := messages.Page{After: r.URL.Query().Get("cursor"), Limit: min(limit, 100)}
	found, next, err := h.c.Messages.ForRecord(r.Context(), callerOf(r).Subject(), record, asked)
	if invalid := (*messages.InvalidError)(nil); errors.As(err, &invalid) {
		return problem.Value("cursor", invalid.Detail)
	}
	if err != nil {
		return fmt.Errorf("list messages of record: %w", err)
	}
	items := make([]summaryJSON, len(found))
	for i, s := range found {
		items[i] = newSummary(s)
	}
	return writeJSON(w, http.StatusOK, page(items, next))
}

type messageJSON struct {
	ID                string            `json:"id"`
	InternetMessageID string            `json:"internet_message_id"`
	Subject           string            `json:"subject"`
	From              []participantJSON `json:"from"`
	To                []participantJSON `json:"to"`
	Cc                []participantJSON `json:"cc"`
	ReplyTo           []participantJSON `json:"reply_to"`
	Date              *time.Time        `json:"date"`
	Direction         string            `json:"direction"`
	Completeness      string            `json:"completeness"`
	Size              int64             `json:"size"`
	Links             []linkJSON        `json:"links"`
	Parts             []partJSON        `json:"parts"`
	AttachedMails     []attachedJSON    `json:"attached_mails"`
	Problems          []oddityJSON      `json:"problems"`
	HasSource         bool              `json:"has_source"`
	HasHTML           bool              `json:"has_html"`
}

// attachedJSON is a mail within the mail.
type attachedJSON struct {
	Part              int               `json:"part"`
	Depth             int               `json:"depth"`
	InternetMessageID string            `json:"internet_message_id"`
	Subject           string            `json:"subject"`
	Date              *time.Time        `json:"date"`
	From              []participantJSON `json:"from"`
	To                []participantJSON `json:"to"`
}

type partJSON struct {
	Part        int    `json:"part"`
	Name        string `json:"name"`
	ContentType string `json:"content_type"`
	Size        int64  `json:"size"`
	SHA256      string `json:"sha256"`
	Status      string `json:"status"`
	Document    string `json:"document,omitempty"`
	URL         string `json:"url"`
}

// message serves GET /messages/{message}.
func (h *Handler) message(w http.ResponseWriter, r *http.Request) error {
	id, err := pathID(r, "message")
	if err != nil {
		return err
	}
	m, err := h.c.Messages.Message(r.Context(), callerOf(r).Subject(), id)
	if err != nil {
		return fmt.Errorf("read message: %w", err)
	}
	answer := messageJSON{
		ID:                m.ID,
		InternetMessageID: m.MessageID,
		Subject:           m.Subject,
		From:              participantsJSON(m.From),
		To:                participantsJSON(m.To),
		Cc:                participantsJSON(m.Cc),
		ReplyTo:           participantsJSON(m.ReplyTo),
		Date:              moment(m.Date),
		Direction:         string(m.Direction),
		Completeness:      string(m.Completeness),
		Size:              m.Size,
		Links:             newLinks(m.Links),
		Parts:             make([]partJSON, len(m.Parts)),
		AttachedMails:     make([]attachedJSON, len(m.Attached)),
		Problems:          newOddities(m.Problems),
		HasSource:         m.HasSource,
		HasHTML:           m.HasHTML,
	}
	for i, p := range m.Parts {
		answer.Parts[i] = h.newPart(m.ID, p)
	}
	for i, a := range m.Attached {
		answer.AttachedMails[i] = attachedJSON{
			a.Part, a.Depth, a.MessageID, a.Subject, moment(a.Date), participantsJSON(a.From), participantsJSON(a.To),
		}
	}
	return writeJSON(w, http.StatusOK, answer)
}

func (h *Handler) newPart(message string, p messages.Part) partJSON {
	part := partJSON{
		Part:        p.Number,
		Name:        p.Name,
		ContentType: p.ContentType,
		Size:        p.Size,
		SHA256:      hash(p.SHA256),
		Status:      partStatus(p.Role),
		Document:    p.Document,
		URL:         p.URL,
	}
	if part.URL == "" {
		part.URL = h.messageURL(message) + "/parts/" + strconv.Itoa(p.Number)
	}
	return part
}

func partStatus(role mail.Role) string {
	switch role {
	case mail.RoleText, mail.RoleHTML:
		return "body"
	case mail.RoleInline:
		return "inline"
	default:
		return "attachment"
	}
}

func (h *Handler) messageURL(id string) string { return h.base + "/messages/" + url.PathEscape(id) }
