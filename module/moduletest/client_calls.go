package moduletest

import (
	"context"
	"io"
	"net/http"
	"net/url"
	"strconv"
)

// SignIn opens a session, in which the client works from then on.
func (c *Client) SignIn(ctx context.Context, userName, password string) (Grant, error) {
	body := map[string]any{
		"username": userName, "password": password,
		"client": map[string]string{"name": "moduletest", "version": "1.0.0", "platform": "test"},
	}
	g, err := call[Grant](ctx, c, post(body, "sessions"))
	if err == nil {
		c.token = g.Token
	}
	return g, err
}

// SignOut ends the session. The client keeps its token, which is worth nothing any more.
func (c *Client) SignOut(ctx context.Context) error {
	_, err := c.send(ctx, request{method: http.MethodDelete, path: []string{"session"}})
	return err
}

// Session tells who is signed in and until when.
func (c *Client) Session(ctx context.Context) (Session, error) {
	return call[Session](ctx, c, get("session"))
}

// EntityTypes lists the kinds of records the user sees.
func (c *Client) EntityTypes(ctx context.Context) ([]EntityType, error) {
	list, err := call[struct{ Items []EntityType }](ctx, c, get("modules"))
	return list.Items, err
}

// Query asks for records. Module, Limit and Cursor may be empty.
type Query struct {
	Text   string
	Module string
	Limit  int
	Cursor string
}

// Search finds records.
func (c *Client) Search(ctx context.Context, q Query) (Found, error) {
	r := get("records")
	r.query = url.Values{"q": {q.Text}}
	if q.Module != "" {
		r.query.Set("module", q.Module)
	}
	addPage(r.query, q.Limit, q.Cursor)
	return call[Found](ctx, c, r)
}

func addPage(v url.Values, limit int, cursor string) {
	if limit != 0 {
		v.Set("limit", strconv.Itoa(limit))
	}
	if cursor != "" {
		v.Set("cursor", cursor)
	}
}

// Record reads one record's card.
func (c *Client) Record(ctx context.Context, t Target) (Card, error) {
	return call[Card](ctx, c, get("records", t.Module, t.Record))
}

// Suggest asks which records a mail belongs to.
func (c *Client) Suggest(ctx context.Context, m OpenMail) ([]Group, error) {
	answer, err := call[struct{ Groups []Group }](ctx, c, post(m, "suggestions"))
	return answer.Groups, err
}

// LinkOptions are what a client says besides the mail. The zero value says nothing.
type LinkOptions struct {
	IdempotencyKey string
	MessageID      string // as the mail client knows it, with brackets
	Direction      string // "inbound" or "outbound"
}

// Link archives a mail, given as its bytes, and links it to records.
func (c *Client) Link(ctx context.Context, mail io.Reader, o LinkOptions, to ...Target) (Receipt, error) {
	r := request{method: http.MethodPost, path: []string{"messages"}, body: mail, query: url.Values{}}
	r.header = http.Header{"Content-Type": {"message/rfc822"}}
	for _, t := range to {
		r.query.Add("link", t.Module+":"+t.Record)
	}
	if o.Direction != "" {
		r.query.Set("direction", o.Direction)
	}
	if o.MessageID != "" {
		r.header.Set("X-Internet-Message-Id", o.MessageID)
	}
	addKey(r.header, o.IdempotencyKey)
	return call[Receipt](ctx, c, r)
}

func addKey(h http.Header, key string) {
	if key != "" {
		h.Set("Idempotency-Key", key)
	}
}

// LinkMore links an archived message to more records.
func (c *Client) LinkMore(ctx context.Context, message, idempotencyKey string, to ...Target) (Receipt, error) {
	r := post(map[string]any{"links": to}, "messages", message, "links")
	addKey(r.header, idempotencyKey)
	return call[Receipt](ctx, c, r)
}

// Unlink takes a message off a record.
func (c *Client) Unlink(ctx context.Context, message string, t Target) error {
	_, err := c.send(ctx, request{method: http.MethodDelete, path: []string{"messages", message, "links", t.Module, t.Record}})
	return err
}

// Messages lists the messages on a record, newest first. Limit and cursor may be empty.
func (c *Client) Messages(ctx context.Context, t Target, limit int, cursor string) (SummaryPage, error) {
	r := get("records", t.Module, t.Record, "messages")
	r.query = url.Values{}
	addPage(r.query, limit, cursor)
	return call[SummaryPage](ctx, c, r)
}

// Message reads one message.
func (c *Client) Message(ctx context.Context, id string) (Message, error) {
	return call[Message](ctx, c, get("messages", id))
}

// Source reads the bytes the user uploaded.
func (c *Client) Source(ctx context.Context, id string) ([]byte, error) {
	return c.send(ctx, get("messages", id, "source"))
}

// Body reads the message's body as an HTML document.
func (c *Client) Body(ctx context.Context, id string) ([]byte, error) {
	return c.send(ctx, get("messages", id, "body"))
}

// Part reads the decoded bytes of a part.
func (c *Client) Part(ctx context.Context, id string, part int) ([]byte, error) {
	return c.send(ctx, get("messages", id, "parts", strconv.Itoa(part)))
}

// Status asks which mails are linked.
func (c *Client) Status(ctx context.Context, messageIDs ...string) ([]MessageStatus, error) {
	answer, err := call[struct{ Items []MessageStatus }](ctx, c,
		post(map[string]any{"internet_message_ids": messageIDs}, "messages", "status"))
	return answer.Items, err
}
