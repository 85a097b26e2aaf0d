package moduletest

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/mailconnector/mailconnector/api/problem"
	"github.com/mailconnector/mailconnector/module"
)

func moduleTests() []hostTest {
	return []hostTest{
		{"each user signs in and finds exactly what is visible", findsVisible},
		{"each user links, reads back and unlinks", linksAndUnlinks},
		{"what may not be linked is refused, and nothing is stored", refusesLinks},
		{"a link taken off in the CRM counts in the next request", countsNativeUnlink},
		{"a message of the CRM itself is listed", listsNative},
		{"a grant and its end count within two seconds over HTTP", countsOverHTTP},
	}
}

// mounted is a module on a host, with a client of each user.
type mounted struct {
	HostUnderTest
	t       *testing.T
	clients map[string]*Client // by user name
}

func mount(t *testing.T, h HostUnderTest) *mounted {
	t.Helper()
	first := NewClient(Mount(t, h), module.DefaultPrefix)
	m := &mounted{HostUnderTest: h, t: t, clients: make(map[string]*Client)}
	for _, u := range h.Users {
		c := first.Fork()
		grant, err := c.SignIn(t.Context(), u.UserName, u.Password)
		if err != nil || grant.User.ID != u.UserID {
			t.Fatalf("sign in as %s = user id %q, %v, want %q", u.UserName, grant.User.ID, err, u.UserID)
		}
		m.clients[u.UserName] = c
	}
	return m
}

// wantProblem checks which problem an error is.
func (m *mounted) wantProblem(what string, err error, want problem.Type) {
	m.t.Helper()
	if got := ProblemType(err); got != want {
		m.t.Errorf("%s = %v, want the problem %q", what, err, want)
	}
}

func findsVisible(t *testing.T, h HostUnderTest) {
	m := mount(t, h)
	_, err := m.clients[h.Users[0].UserName].Fork().SignIn(t.Context(), h.Users[0].UserName, h.Users[0].Password+"x")
	m.wantProblem("sign in with a wrong password", err, problem.InvalidCredentials)
	for _, u := range h.Users {
		c := m.clients[u.UserName]
		for _, r := range h.Records {
			a := r.Access[u.UserName]
			visible := a.View && !r.Deleted
			if found := m.finds(c, r); found != visible {
				t.Errorf("%s finds %q = %t, want %t", u.UserName, r.Label, found, visible)
			}
			card, err := c.Record(t.Context(), TargetOf(r.Record))
			if !visible {
				m.wantProblem(fmt.Sprintf("%s reads %s", u.UserName, r.Record), err, problem.NotFound)
				continue
			}
			if err != nil || card.Label != r.Label || card.CanLink != a.Link {
				t.Errorf("%s reads %s as %+v, %v; want label %q, can_link %t", u.UserName, r.Record, card, err, r.Label, a.Link)
			}
		}
	}
}

// finds searches for a record by its label.
func (m *mounted) finds(c *Client, r KnownRecord) bool {
	m.t.Helper()
	cursor := ""
	for range 20 {
		found, err := c.Search(m.t.Context(), Query{Text: r.Label, Limit: 50, Cursor: cursor})
		if err != nil {
			m.t.Fatalf("search %q: %v", r.Label, err)
		}
		if slices.ContainsFunc(found.Items, func(c Card) bool { return c.Target == TargetOf(r.Record) && c.Label == r.Label }) {
			return true
		}
		if cursor = found.Next; cursor == "" {
			break
		}
	}
	return false
}

// letter is a mail with two attachments, as bytes.
type letter struct {
	messageID   string
	source      []byte
	attachments []string
}

func newLetter(subject string) letter {
	l := letter{messageID: "<" + newID() + "@mail.example>", attachments: []string{"first " + newID(), "second \x00\xff " + newID()}}
	var b strings.Builder
	fmt.Fprintf(&b, "Message-ID: %s\r\nDate: Sun, 01 Mar 2026 09:30:00 +0000\r\nFrom: Nora Berg <nora@acme.example>\r\n", l.messageID)
	fmt.Fprintf(&b, "To: Rolf Rep <rolf@crm.example>\r\nSubject: %s\r\nMIME-Version: 1.0\r\n", subject)
	b.WriteString("Content-Type: multipart/mixed; boundary=frontier\r\n\r\n")
	b.WriteString("--frontier\r\nContent-Type: text/html; charset=utf-8\r\n\r\n<p>Good morning.</p>\r\n")
	for i, a := range l.attachments {
		fmt.Fprintf(&b, "--frontier\r\nContent-Type: application/octet-stream\r\nContent-Transfer-Encoding: base64\r\n")
		fmt.Fprintf(&b, "Content-Disposition: attachment; filename=\"file %d.dat\"\r\n\r\n", i+1)
		b.WriteString(base64.StdEncoding.EncodeToString([]byte(a)) + "\r\n")
	}
	b.WriteString("--frontier--\r\n")
	l.source = []byte(b.String())
	return l
}

func linksAndUnlinks(t *testing.T, h HostUnderTest) {
	m := mount(t, h)
	for _, u := range h.Users {
		for _, r := range h.Records {
			if r.Access[u.UserName].Link && !r.Deleted {
				m.linkAndUnlink(u, r)
				break
			}
		}
	}
}

func (m *mounted) linkAndUnlink(u Login, r KnownRecord) {
	m.t.Helper()
	ctx, c, l := m.t.Context(), m.clients[u.UserName], newLetter("From the test of "+u.UserName)
	to := TargetOf(r.Record)
	receipt, err := c.Link(ctx, bytes.NewReader(l.source), LinkOptions{IdempotencyKey: l.messageID}, to)
	if err != nil {
		m.t.Errorf("%s links to %s: %v", u.UserName, r.Record, err)
		return
	}
	again, err := c.Link(ctx, bytes.NewReader(l.source), LinkOptions{IdempotencyKey: l.messageID}, to)
	if err != nil || !again.Replayed || again.ID != receipt.ID {
		m.t.Errorf("%s repeats the request: %+v, %v, want the same receipt", u.UserName, again, err)
	}
	if len(receipt.Links) != 1 || receipt.Links[0].Target != to || receipt.Links[0].Label != r.Label || !receipt.Links[0].Created {
		m.t.Errorf("%s: links of the receipt are %+v", u.UserName, receipt.Links)
	}
	id := receipt.Message.ID
	m.wantReadBack(u, c, id, l, receipt)
	f := newFiler(m.t, m.HostUnderTest)
	if documentsStored(receipt) {
		f.wantDocuments(r.Record, l.attachments...)
	}
	if n := m.count(c, to, l.messageID); n != 1 {
		m.t.Errorf("%s: the message is listed %d times on %s", u.UserName, n, r.Record)
	}
	if err := c.Unlink(ctx, id, to); err != nil {
		m.t.Errorf("%s unlinks: %v", u.UserName, err)
	}
	if n := m.count(c, to, l.messageID); n != 0 {
		m.t.Errorf("%s: after unlinking the message is listed %d times on %s", u.UserName, n, r.Record)
	}
	f.wantNoDocuments(r.Record, l.attachments...)
}

// documentsStored is false for a user whom the CRM lets create no documents.
func documentsStored(r Receipt) bool {
	return !slices.ContainsFunc(r.Parts, func(p ReceiptPart) bool { return p.Status == "kept" })
}

func (m *mounted) wantReadBack(u Login, c *Client, id string, l letter, receipt Receipt) {
	m.t.Helper()
	if source, err := c.Source(m.t.Context(), id); err != nil || !bytes.Equal(source, l.source) {
		m.t.Errorf("%s: source has %d bytes, %v, want the %d uploaded", u.UserName, len(source), err, len(l.source))
	}
	if message, err := c.Message(m.t.Context(), id); err != nil || message.MessageID != l.messageID {
		m.t.Errorf("%s: message is %+v, %v", u.UserName, message, err)
	}
	var got []string
	for _, p := range receipt.Parts {
		content, err := c.Part(m.t.Context(), id, p.Part)
		if err != nil {
			m.t.Errorf("%s reads part %d: %v", u.UserName, p.Part, err)
		}
		got = append(got, string(content))
	}
	if !slices.Equal(got, l.attachments) {
		m.t.Errorf("%s: parts read back as %q, want %q", u.UserName, got, l.attachments)
	}
}

// count says how often a mail is listed on a record.
func (m *mounted) count(c *Client, on Target, messageID string) (n int) {
	m.t.Helper()
	cursor := ""
	for range 100 {
		page, err := c.Messages(m.t.Context(), on, 100, cursor)
		if err != nil {
			m.t.Fatalf("list messages: %v", err)
		}
		for _, s := range page.Items {
			if s.MessageID == messageID {
				n++
			}
		}
		if cursor = page.Next; cursor == "" {
			break
		}
	}
	return n
}

func refusesLinks(t *testing.T, h HostUnderTest) {
	m := mount(t, h)
	for _, u := range h.Users {
		c := m.clients[u.UserName]
		for _, r := range h.Records {
			a := r.Access[u.UserName]
			if a.Link && !r.Deleted {
				continue
			}
			want := problem.NotFound
			if a.View && !r.Deleted {
				want = problem.PermissionDenied
			}
			l := newLetter("Refused")
			_, err := c.Link(t.Context(), bytes.NewReader(l.source), LinkOptions{}, TargetOf(r.Record))
			m.wantProblem(fmt.Sprintf("%s links to %s", u.UserName, r.Record), err, want)
			status, err := c.Status(t.Context(), l.messageID)
			if err != nil || len(status) != 1 || status[0].Linked {
				t.Errorf("after the refusal the status is %+v, %v", status, err)
			}
			newFiler(t, h).wantNoDocuments(r.Record, l.attachments...)
		}
	}
}

func countsNativeUnlink(t *testing.T, h HostUnderTest) {
	m, f := mount(t, h), newFiler(t, h)
	on, l, before := f.on[0], newLetter("Taken off in the CRM"), f.listed(f.on[0])
	c := m.clients[f.user.UserName]
	if _, err := c.Link(t.Context(), bytes.NewReader(l.source), LinkOptions{}, TargetOf(on)); err != nil {
		t.Fatalf("link: %v", err)
	}
	for _, id := range f.listed(on) {
		if slices.Contains(before, id) {
			continue
		}
		if err := h.Unlink(t.Context(), id, on); err != nil {
			t.Fatalf("Unlink = %v", err)
		}
	}
	if n := m.count(c, TargetOf(on), l.messageID); n != 0 {
		t.Errorf("the message is still listed on %s", on)
	}
	if status, err := c.Status(t.Context(), l.messageID); err != nil || status[0].Linked {
		t.Errorf("status is %+v, %v, want not linked", status, err)
	}
	again, err := c.Link(t.Context(), bytes.NewReader(l.source), LinkOptions{}, TargetOf(on))
	if err != nil || !again.Links[0].Created || m.count(c, TargetOf(on), l.messageID) != 1 {
		t.Errorf("linked again: %+v, %v", again, err)
	}
}

func listsNative(t *testing.T, h HostUnderTest) {
	m := mount(t, h)
	f := newFiler(t, h)
	mail := f.mail("From the CRM's own mail client", f.on[:1])
	f.file(mail)
	page, err := m.clients[f.user.UserName].Messages(t.Context(), TargetOf(f.on[0]), 100, "")
	if err != nil {
		t.Fatal(err)
	}
	i := slices.IndexFunc(page.Items, func(s Summary) bool { return s.MessageID == mail.MessageID })
	if i < 0 {
		t.Fatalf("the CRM's message is not among %+v", page.Items)
	}
	if s := page.Items[i]; s.Origin != "crm" || s.ID != "" || s.Subject != mail.Subject {
		t.Errorf("the CRM's message is listed as %+v", s)
	}
}

func countsOverHTTP(t *testing.T, h HostUnderTest) {
	m := mount(t, h)
	c, to := m.clients[h.Sharing.UserName], TargetOf(h.Sharing.Record)
	visible := func() bool {
		_, err := c.Record(t.Context(), to)
		return err == nil
	}
	if visible() {
		t.Fatalf("%s sees %s before it is granted", h.Sharing.UserName, h.Sharing.Record)
	}
	act(t, "Grant", h.Sharing.Grant)
	if !within(freshness, visible) {
		t.Errorf("%s does not see %s two seconds after the grant", h.Sharing.UserName, h.Sharing.Record)
	}
	act(t, "Revoke", h.Sharing.Revoke)
	if !within(freshness, func() bool { return !visible() }) {
		t.Errorf("%s still sees %s two seconds after the grant ended", h.Sharing.UserName, h.Sharing.Record)
	}
	_, err := c.Messages(t.Context(), to, 10, "")
	m.wantProblem("messages of a record that is hidden again", err, problem.NotFound)
}
