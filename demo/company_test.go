package demo_test

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/mailconnector/mailconnector/demo"
	"github.com/mailconnector/mailconnector/module/moduletest"
)

// company is a demo in a process of its own with three of its users, and records that not all of them see.
type company struct {
	*inventory
	process *process

	rep, agent, manager *moduletest.Client
	reps, agents        []moduletest.Target // two that one of them sees and the other does not; the manager sees those of the representative
}

func newCompany(t *testing.T, c demo.Config) *company {
	t.Helper()
	k := &company{process: startProcess(t, c)}
	k.inventory = openInventory(t, c)
	for user, client := range map[string]**moduletest.Client{"sales.rep": &k.rep, "support.agent": &k.agent, "sales.manager": &k.manager} {
		*client = signIn(t, k.process.address, user)
	}
	find(t, k.rep, "jürgen mül", "Contacts") // the index is built
	k.reps, k.agents = apart(t, k.rep, k.agent, k.manager), apart(t, k.agent, k.rep, k.agent)
	return k
}

// apart finds two records that one user may link to, another may not see, and a third sees.
func apart(t *testing.T, one, other, third *moduletest.Client) (found []moduletest.Target) {
	t.Helper()
	for _, module := range []string{"Potentials", "HelpDesk", "Contacts", "Leads"} {
		for _, text := range []string{"an", "er", "ma", "re", "in", "se"} {
			page, err := one.Search(t.Context(), moduletest.Query{Text: text, Module: module})
			if err != nil {
				continue // of a module that this user does not have
			}
			for _, card := range page.Items {
				_, hidden := other.Record(t.Context(), card.Target)
				_, err := third.Record(t.Context(), card.Target)
				if hidden == nil || err != nil || !card.CanLink || slices.Contains(found, card.Target) {
					continue
				}
				if found = append(found, card.Target); len(found) == 2 {
					return found
				}
			}
		}
	}
	t.Fatalf("no two records tell the users apart: %v", found)
	return nil
}

// note is a small mail.
type note struct{ id, subject, text, file, more string }

func (n note) bytes() []byte {
	return []byte("Message-ID: <" + n.id + "@acme.example>\r\nFrom: Nora <nora@acme.example>\r\nTo: ann@crm.example\r\n" + n.more +
		"Date: Mon, 12 Jan 2026 09:30:00 +0100\r\nSubject: " + n.subject + "\r\nMIME-Version: 1.0\r\n" +
		"Content-Type: multipart/mixed; boundary=cut\r\n\r\n--cut\r\nContent-Type: text/plain\r\n\r\n" + n.text + "\r\n" +
		"--cut\r\nContent-Type: application/pdf\r\nContent-Disposition: attachment; filename=offer.pdf\r\n\r\n%PDF-1.4 " + n.file + "\r\n--cut--\r\n")
}

// fields is what a phone reads of it.
func (n note) fields(on ...moduletest.Target) []byte {
	body, _ := json.Marshal(map[string]any{
		"links": on, "internet_message_id": "<" + n.id + "@acme.example>",
		"draft": map[string]any{
			"subject": n.subject, "date": "2026-01-12T08:30:00Z", "from": map[string]string{"address": "nora@acme.example"},
			"to":          []map[string]string{{"address": "ann@crm.example"}},
			"attachments": []map[string]string{{"id": "1", "name": "offer.pdf", "state": "unsupported"}},
		},
	})
	return body
}

func (k *company) link(t *testing.T, c *moduletest.Client, n note, on ...moduletest.Target) moduletest.Receipt {
	t.Helper()
	receipt, err := c.Link(t.Context(), bytes.NewReader(n.bytes()), moduletest.LinkOptions{}, on...)
	if err != nil {
		t.Fatalf("link %s: %v", n.id, err)
	}
	return receipt
}

func (k *company) linkFields(t *testing.T, c *moduletest.Client, n note, on ...moduletest.Target) (r moduletest.Receipt) {
	t.Helper()
	k.call(t, c, http.MethodPost, "/messages", n.fields(on...), &r)
	return r
}

// call makes a call and returns the whole answer as text.
func (k *company) call(t *testing.T, c *moduletest.Client, method, path string, body []byte, into any) string {
	t.Helper()
	res, err := c.Do(t.Context(), method, path, http.Header{"Content-Type": {"application/json"}}, bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	text, err := io.ReadAll(res.Body)
	if err != nil || res.StatusCode >= 300 && into != nil {
		t.Fatalf("%s %s: %s %s %v", method, path, res.Status, text, err)
	}
	if into != nil {
		if err := json.Unmarshal(text, into); err != nil {
			t.Fatal(err)
		}
	}
	return string(text)
}

// linksOf returns on which records a user sees a message, sorted.
func linksOf(t *testing.T, c *moduletest.Client, message string) (on []moduletest.Target) {
	t.Helper()
	m, err := c.Message(t.Context(), message)
	if err != nil {
		t.Fatalf("read message: %v", err)
	}
	for _, link := range m.Links {
		on = append(on, link.Target)
	}
	slices.SortFunc(on, func(a, b moduletest.Target) int { return strings.Compare(a.Module+a.Record, b.Module+b.Record) })
	return on
}

// wantNotFound checks that a user cannot read a message by any address of it.
func (k *company) wantNotFound(t *testing.T, c *moduletest.Client, message string) {
	t.Helper()
	for _, path := range []string{"", "/body", "/source", "/parts/1", "/parts/2"} {
		if text := k.call(t, c, http.MethodGet, "/messages/"+message+path, nil, nil); !strings.Contains(text, "not-found") {
			t.Errorf("GET %s answers %s", path, text)
		}
	}
}

func isNotFound(err error) bool { return moduletest.ProblemType(err) == "not-found" }
