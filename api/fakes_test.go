package api_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"slices"
	"sync"
	"time"

	"github.com/mailconnector/mailconnector/api"
	"github.com/mailconnector/mailconnector/api/sessions"
	"github.com/mailconnector/mailconnector/licensing"
	"github.com/mailconnector/mailconnector/messages"
	"github.com/mailconnector/mailconnector/messages/mail"
	"github.com/mailconnector/mailconnector/permissions"
	"github.com/mailconnector/mailconnector/permissions/search"
)

var (
	noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	acme = permissions.Record{Type: "Accounts", ID: "10"}
	nora = permissions.Record{Type: "Contacts", ID: "42"}
	// hidden is a record that the CRM has and does not show.
	hidden = permissions.Record{Type: "Contacts", ID: "99"}
)

const goodToken = "mcs_good"

func ada() sessions.Session {
	return sessions.Session{
		ID: "s1",
		Account: sessions.Account{
			UserID: "7", UserName: "ada", DisplayName: "Ada L.", Addresses: []string{"ada@example.com"}, Language: "it", Active: true,
		},
		Client:  sessions.Client{Name: api.AddinName, Version: "1.0.0", Platform: "web"},
		Created: noon, Expires: noon.Add(time.Hour),
	}
}

// fakeSessions knows one user with one password and one token.
type fakeSessions struct {
	mu        sync.Mutex
	signIn    error // answered although the password is right
	refusal   error // answered to the good token
	attempts  []sessions.SignIn
	signedOut []string
	notes     []string // "user code"
}

func (f *fakeSessions) SignIn(_ context.Context, in sessions.SignIn) (sessions.Grant, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.attempts = append(f.attempts, in)
	if in.Credentials.UserName != "ada" || in.Credentials.Password != "secret" {
		return sessions.Grant{}, sessions.ErrInvalidCredentials
	}
	return sessions.Grant{Token: goodToken, Session: ada()}, f.signIn
}

func (f *fakeSessions) Authenticate(_ context.Context, token string, scope sessions.Scope) (sessions.Session, error) {
	if token != goodToken || scope != sessions.ScopeAddin {
		return sessions.Session{}, sessions.ErrUnauthenticated
	}
	return ada(), f.refusal
}

func (f *fakeSessions) SignOut(_ context.Context, s sessions.Session) error {
	f.signedOut = append(f.signedOut, s.ID)
	return nil
}

func (f *fakeSessions) NoteError(_ context.Context, userID, code string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.notes = append(f.notes, userID+" "+code)
	return nil
}

// fakeLicensing is a license in some state.
type fakeLicensing struct {
	state licensing.State
	gate  error
}

func (f *fakeLicensing) Allow(context.Context, string) error { return f.gate }

func (f *fakeLicensing) State(context.Context) (licensing.State, error) { return f.state, nil }

// fakeCRM decides that all may see and link all, but nobody may see the hidden record nor link to the account.
type fakeCRM struct{ lang string }

func (f *fakeCRM) Types(_ context.Context, _ permissions.Subject, lang string) ([]permissions.EntityType, error) {
	f.lang = lang
	return []permissions.EntityType{
		{Name: "Contacts", Label: "Persone", Singular: "Persona", Icon: "P", CanLink: true},
		{Name: "Accounts", Label: "Aziende", Singular: "Azienda"},
	}, nil
}

func (f *fakeCRM) Check(_ context.Context, _ permissions.Subject, a permissions.Action, list []permissions.Record) ([]permissions.Decision, error) {
	decisions := make([]permissions.Decision, len(list))
	for i, r := range list {
		decisions[i].Outcome = permissions.Allowed
		if r == hidden || r.ID == "404" {
			decisions[i].Outcome = permissions.Missing
		} else if r == acme && a == permissions.Link {
			decisions[i].Outcome = permissions.Denied
		}
	}
	return decisions, nil
}

func (f *fakeCRM) Scope(context.Context, permissions.Subject, string) (permissions.Scope, error) {
	return permissions.Scope{All: true}, nil
}

func noraCard() search.Card {
	return search.Card{
		Record: nora, Label: "Nora Rossi", Number: "CON42", Subtitle: "Acme", URL: "/record/42",
		Fields: []search.CardField{{Name: "email", Label: "E-mail", Value: "nora@example.com"}},
	}
}

// fakeSearch answers everything with one card.
type fakeSearch struct {
	err     error
	query   search.Query
	mail    search.Mail
	touched []permissions.Record
}

func (f *fakeSearch) Search(_ context.Context, _ permissions.Subject, q search.Query) (search.Results, error) {
	f.query = q
	if q.Type == "Nonsense" {
		return search.Results{}, &search.QueryError{Parameter: "module", Detail: "is not a module you can see"}
	}
	lead := search.Card{Record: permissions.Record{Type: "Leads", ID: "5"}, Label: "Nora", Successor: &nora}
	return search.Results{
		Items: []search.Hit{
			{Card: noraCard(), CanLink: true, Matched: &permissions.Field{Name: "email", Label: "E-mail"}}, {Card: lead, CanLink: true},
		},
		Next: "more", Partial: []string{"Potentials"},
	}, f.err
}

func (f *fakeSearch) Card(_ context.Context, _ permissions.Subject, r permissions.Record) (search.Card, error) {
	card := noraCard()
	card.Record = r
	if r == hidden || r.ID == "404" {
		return search.Card{}, permissions.ErrNotFound
	}
	return card, f.err
}

func (f *fakeSearch) Suggest(_ context.Context, _ permissions.Subject, m search.Mail, _ string) (search.Suggestions, error) {
	f.mail = m
	suggestion := search.Suggestion{Hit: search.Hit{Card: noraCard(), CanLink: true}, Reason: search.Reason{Code: "choice", Text: "Scelto"}}
	return search.Suggestions{Groups: []search.Group{{Kind: "choice", Label: "Scelti", Items: []search.Suggestion{suggestion}}}}, f.err
}

func (f *fakeSearch) Touch(_ context.Context, _ permissions.Subject, r permissions.Record, m search.Mail) error {
	f.touched, f.mail = append(f.touched, r), m
	return nil
}

// fakeMessages is an archive with one message, m1. What it does not fake is left to what it embeds.
type fakeMessages struct {
	api.Messages
	err     error
	request messages.LinkRequest
	page    messages.Page
	content *fakeContent
	images  bool
}

func (f *fakeMessages) known(id string) error {
	if f.err == nil && id != "m1" {
		return permissions.ErrNotFound
	}
	return f.err
}

func (f *fakeMessages) Message(ctx context.Context, s permissions.Subject, id string) (messages.Message, error) {
	if id != "m1" && f.Messages != nil {
		return f.Messages.Message(ctx, s, id)
	}
	return messages.Message{
		ID: "m1", MessageID: "<1@example.com>", Subject: "Offer", Date: noon, Direction: messages.Inbound, Completeness: messages.Full, Size: 100,
		From: []messages.Participant{{Name: "Nora", Address: "nora@example.com"}},
		Links: []messages.Link{
			{Record: nora, Label: "Nora Rossi", LinkedAt: noon, LinkedBy: messages.User{ID: "7", Name: "Ada L."}, Mine: true},
			{Record: acme, Label: "Acme"},
		},
		Parts: []messages.Part{
			{Number: 1, Role: mail.RoleText, ContentType: "text/plain", Size: 5, SHA256: [32]byte{1}},
			{Number: 2, Role: mail.RoleInline, Name: "logo.png", ContentType: "image/png", Size: 5, SHA256: [32]byte{2}},
			{Number: 3, Role: mail.RoleAttachment, Name: "offer.pdf", ContentType: "application/pdf", Size: 9, SHA256: [32]byte{3}, Document: "d1"},
			{Number: 4, Role: mail.RoleAttachment, Name: "plan", URL: "https://cloud.example/plan"},
		},
		Attached: []messages.AttachedMail{{
			Part: 3, Depth: 1, MessageID: "<0@example.com>", Subject: "Request", Date: noon, From: []messages.Participant{{Address: "ada@example.com"}},
		}},
		Problems: []messages.Problem{{Code: "body-differs", Detail: "Another copy differs.", Part: 1}},
		HasHTML:  true,
	}, f.known(id)
}

func (f *fakeMessages) ForRecord(_ context.Context, _ permissions.Subject, r permissions.Record, p messages.Page) ([]messages.Summary, string, error) {
	f.page = p
	if r == hidden {
		return nil, "", permissions.ErrNotFound
	}
	if p.After == "foreign" {
		return nil, "", &messages.InvalidError{Pointer: "/cursor", Detail: "belongs to another list"}
	}
	return []messages.Summary{
		{ID: "m1", MessageID: "<1@example.com>", Subject: "Offer", Date: noon, LinkedAt: noon, LinkedBy: messages.User{ID: "7"}, Attachments: 1},
		{HostID: "h2", Subject: "From the CRM", Direction: messages.Outbound},
	}, "older", f.err
}

func (f *fakeMessages) Status(_ context.Context, _ permissions.Subject, ids []string) ([]messages.Status, error) {
	list := make([]messages.Status, len(ids))
	for i, id := range ids {
		list[i].MessageID = id
		if id == "<1@example.com>" {
			list[i].ID, list[i].Links = "m1", []messages.StatusLink{{Link: messages.Link{Record: nora, Label: "Nora Rossi"}, Messages: []string{"m1", "m3"}}}
		}
	}
	return list, f.err
}

func (f *fakeMessages) Link(_ context.Context, _ permissions.Subject, id string, r messages.LinkRequest) (messages.Receipt, error) {
	f.request = r
	receipt := messages.Receipt{ID: "r1", New: r.IdempotencyKey == "", Replayed: r.IdempotencyKey != "", Message: messages.Reference{ID: id, Completeness: messages.Partial}}
	for i, link := range r.Links {
		if link == hidden {
			return messages.Receipt{}, &messages.TargetError{Index: i, Record: link, Err: permissions.ErrNotFound}
		}
		receipt.Links = append(receipt.Links, messages.LinkOutcome{Record: link, Label: "Nora Rossi", Created: true})
	}
	return receipt, f.known(id)
}

func (f *fakeMessages) Unlink(_ context.Context, _ permissions.Subject, id string, r permissions.Record) error {
	if r == hidden {
		return permissions.ErrNotFound
	}
	return f.known(id)
}

func (f *fakeMessages) Source(_ context.Context, _ permissions.Subject, id string) (messages.Content, messages.Info, error) {
	return f.content, messages.Info{Name: "m1.eml", ContentType: "message/rfc822", Size: 10, SHA256: [32]byte{1}, Modified: noon}, f.known(id)
}

func (f *fakeMessages) Part(_ context.Context, _ permissions.Subject, id string, number int) (messages.Content, messages.Info, error) {
	if number != 3 {
		return nil, messages.Info{}, permissions.ErrNotFound
	}
	return f.content, messages.Info{Name: "Ängebot.pdf", ContentType: "application/pdf", Size: 10, SHA256: [32]byte{3}, Modified: noon}, f.known(id)
}

func (f *fakeMessages) Body(_ context.Context, _ permissions.Subject, id string, o messages.BodyOptions) (messages.Body, error) {
	f.images = o.RemoteImages
	return messages.Body{HTML: `<img src="` + o.PartURL(2) + `">`, CSP: "sandbox"}, f.known(id)
}

func (f *fakeMessages) Sign(_ context.Context, s permissions.Subject, c messages.Signed) (string, error) {
	return "tok-" + string(c.Kind) + "-" + s.UserID, nil
}

func (f *fakeMessages) OpenSigned(_ context.Context, token string) (permissions.Subject, messages.Signed, error) {
	s := permissions.Subject{UserID: "7"}
	switch token {
	case "tok-part-7":
		return s, messages.Signed{Kind: messages.SignedPart, Message: "m1", Part: 3}, nil
	case "tok-body-7":
		return s, messages.Signed{Kind: messages.SignedBody, Message: "m1", Images: true}, nil
	}
	return permissions.Subject{}, messages.Signed{}, messages.ErrToken
}

// fakeContent is ten bytes in a storage that may fail.
type fakeContent struct {
	*bytes.Reader
	err    error
	closed bool
}

func newContent() *fakeContent { return &fakeContent{Reader: bytes.NewReader([]byte("0123456789"))} }

func (c *fakeContent) Read(p []byte) (int, error) {
	if c.err != nil {
		return 0, c.err
	}
	return c.Reader.Read(p)
}

// WriteTo is hidden, so that the content is read as any other.
func (c *fakeContent) WriteTo(w io.Writer) (int64, error) { return io.Copy(w, struct{ io.Reader }{c}) }

func (c *fakeContent) Close() error {
	c.closed = true
	return nil
}

// everyFailure makes each service fail with an error that tells what nobody may know.
func everyFailure() error {
	return errors.New("sql: no such table mc_sessions at /srv/crm/store.go:17: panic: goroutine 1")
}

func contains[T comparable](list []T, v T) bool { return slices.Contains(list, v) }
