package demo_test

import (
	"bytes"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/mailconnector/mailconnector/demo"
	"github.com/mailconnector/mailconnector/module/moduletest"
)

// TestLinking breaks into what linking promises, from outside, as clients of the program: it is one test because the
// program takes a while to start.
func TestLinking(t *testing.T) {
	onBoth(t, func(t *testing.T, c demo.Config) {
		k := newCompany(t, c)
		t.Run("many clients link one mail at once", k.linkAtOnce)
		t.Run("a forged first copy", k.forgeFirst)
		t.Run("fields that complete nothing", k.completeUnseen)
		t.Run("receivers of blind copies", k.hideBcc)
		t.Run("the status of a hundred mails", k.askStatus)
		t.Run("completed while others link", k.completeAtOnce)
		t.Run("as many mails of one id as a user may bring", k.flood)
		k.wantNothingHalf(t)
		t.Run("undone and linked again", k.linkAgain)
		t.Run("two users, two records", k.linkApart)
		t.Run("a failure names nothing of a mail", k.failQuietly)
	})
}

func (k *company) linkAtOnce(t *testing.T) {
	n := note{id: "at-once", subject: "At once", text: "Hello", file: "x"}
	receipts := make([]moduletest.Receipt, 32)
	var wg sync.WaitGroup
	for i := range receipts {
		who, on := k.rep, k.reps[i%2]
		if i%4 >= 2 {
			who = k.manager
		}
		wg.Go(func() {
			var err error
			receipts[i], err = signedInAs(who).Link(t.Context(), bytes.NewReader(n.bytes()), moduletest.LinkOptions{IdempotencyKey: fmt.Sprint("k", i)}, on)
			if err != nil {
				t.Errorf("client %d: %v", i, err)
			}
		})
	}
	wg.Wait()
	seen := make(map[string]bool)
	for i, r := range receipts {
		seen[r.ID] = true
		if r.Message.ID != receipts[0].Message.ID || len(r.Links) != 1 || r.Links[0].Target != k.reps[i%2] || r.Links[0].Label == "" ||
			len(r.Parts) != 1 || r.Parts[0].Document == "" || r.Parts[0].Document != receipts[0].Parts[0].Document || r.Replayed {
			t.Errorf("receipt %d = %+v", i, r)
		}
	}
	if len(seen) != len(receipts) {
		t.Errorf("%d receipts of %d requests", len(seen), len(receipts))
	}
	if on := linksOf(t, k.rep, receipts[0].Message.ID); len(on) != 2 {
		t.Errorf("the mail is on %v", on)
	}
	if got := k.summary(t); got != "1 messages, 4 links, 1 documents" {
		t.Errorf("there are %s", got)
	}
}

func (k *company) forgeFirst(t *testing.T) {
	genuine := note{subject: "Invoice 7", text: "Pay to account 1", file: "genuine"}
	for id, fake := range map[string]note{
		"another-text":       {subject: "Invoice 7", text: "Pay to account 2", file: "genuine"},
		"another-attachment": {subject: "Invoice 7", text: "Pay to account 1", file: "forged"},
		"another-subject":    {subject: "Invoice 8", text: "Pay to account 1", file: "genuine"},
		"no-text":            {subject: "Invoice 7", file: "genuine"},
	} {
		genuine.id, fake.id = id, id
		forged, real := k.link(t, k.agent, fake, k.agents[0]), k.link(t, k.rep, genuine, k.reps[0])
		if forged.Message.ID == real.Message.ID {
			t.Errorf("%s: the forged copy swallowed the genuine one", id)
		}
		if len(real.Problems) > 0 {
			t.Errorf("%s: the receipt tells of what the user may not see: %v", id, real.Problems)
		}
		source, err := k.rep.Source(t.Context(), real.Message.ID)
		if err != nil || !bytes.Equal(source, genuine.bytes()) {
			t.Errorf("%s: the genuine bytes are %q, %v", id, source, err)
		}
		k.wantNotFound(t, k.rep, forged.Message.ID)
		k.wantNotFound(t, k.agent, real.Message.ID)
	}
}

func (k *company) completeUnseen(t *testing.T) {
	n := note{id: "phone", subject: "From the phone", text: "The text", file: "genuine"}
	partial := k.linkFields(t, k.rep, n, k.reps[0])
	if partial.Message.Completeness != "partial" {
		t.Fatalf("the phone's copy: %+v", partial)
	}
	before := k.call(t, k.rep, http.MethodGet, "/messages/"+partial.Message.ID, nil, nil)
	forged := k.link(t, k.agent, note{id: "phone", subject: "From the phone", text: "Pay here", file: "forged"}, k.agents[0])
	if after := k.call(t, k.rep, http.MethodGet, "/messages/"+partial.Message.ID, nil, nil); after != before {
		t.Errorf("a stranger changed the message from\n%s to\n%s", before, after)
	}
	k.wantNotFound(t, k.agent, partial.Message.ID)
	k.wantNotFound(t, k.rep, forged.Message.ID)
	whole := k.link(t, k.manager, n, k.reps[1])
	if whole.Message.ID != partial.Message.ID || whole.Message.Completeness != "full" {
		t.Errorf("the manager's copy: %+v, want the phone's message, full", whole.Message)
	}
	if part, err := k.rep.Part(t.Context(), partial.Message.ID, 2); err != nil || string(part) != "%PDF-1.4 genuine" {
		t.Errorf("the attachment is %q, %v", part, err)
	}
}

func (k *company) hideBcc(t *testing.T) {
	n := note{id: "bcc", subject: "Blind", text: "Hello", file: "x", more: "Bcc: Hidden Boss <hidden.boss@acme.example>\r\n"}
	first := k.link(t, k.rep, n, k.reps[0])
	for _, who := range []*moduletest.Client{k.manager, k.rep} {
		id := "/messages/" + first.Message.ID
		for _, path := range []string{id, id + "/body", id + "/parts/1", id + "/parts/2", "/records/" + k.reps[0].Module + "/" + k.reps[0].Record + "/messages"} {
			if text := k.call(t, who, http.MethodGet, path, nil, nil); strings.Contains(strings.ToLower(text), "hidden") {
				t.Errorf("GET %s names the blind copy: %s", path, text)
			}
		}
	}
	if _, err := k.manager.Source(t.Context(), first.Message.ID); !isNotFound(err) {
		t.Errorf("the manager reads the representative's bytes: %v", err)
	}
	n.more = ""
	if own := k.link(t, k.manager, n, k.reps[0]); own.Message.ID != first.Message.ID {
		t.Error("the receiver's copy became another message")
	}
	if source, err := k.manager.Source(t.Context(), first.Message.ID); err != nil || bytes.Contains(source, []byte("hidden")) {
		t.Errorf("the manager's own bytes are %q, %v", source, err)
	}
}

func (k *company) askStatus(t *testing.T) {
	var ids []string
	want := make(map[string]string)
	for i := range 100 {
		n := note{id: fmt.Sprint("status-", i), subject: "Status", text: "Hello", file: "x"}
		id := "<" + n.id + "@acme.example>"
		ids = append(ids, id)
		switch i % 10 {
		case 1:
			want[id] = k.link(t, k.rep, n, k.reps[0]).Message.ID
		case 2:
			k.link(t, k.agent, n, k.agents[0])
		case 3:
			want[id] = k.link(t, k.agent, n, k.agents[0]).Message.ID
			if again := k.link(t, k.rep, n, k.reps[1]); again.Message.ID != want[id] {
				t.Error("who holds the whole mail does not join it")
			}
		}
	}
	status, err := k.rep.Status(t.Context(), ids...)
	if err != nil || len(status) != len(ids) {
		t.Fatalf("%d answers, %v", len(status), err)
	}
	for i, s := range status {
		if s.MessageID != ids[i] || s.Message != want[ids[i]] || s.Linked != (want[ids[i]] != "") || (s.Linked && len(s.Links) != 1) {
			t.Errorf("status %d = %+v, want %q", i, s, want[ids[i]])
		}
		for _, link := range s.Links {
			if slices.Contains(k.agents, link.Target) {
				t.Errorf("status %d names a record that the user may not see", i)
			}
		}
	}
	var p *moduletest.Problem
	if _, err := k.rep.Status(t.Context(), append(ids, "<one-more@acme.example>")...); !errors.As(err, &p) || p.Status != http.StatusUnprocessableEntity {
		t.Errorf("101 ids: %v", err)
	}
}

func (k *company) linkAgain(t *testing.T) {
	n := note{id: "again", subject: "Again", text: "Hello", file: "again"}
	first := k.link(t, k.rep, n, k.reps...)
	k.exec(t, "UPDATE mc_links SET linked_at = linked_at - 3600000000 WHERE message_id = '"+first.Message.ID+"'")
	if err := k.manager.Unlink(t.Context(), first.Message.ID, k.reps[0]); moduletest.ProblemType(err) != "permission-denied" {
		t.Errorf("the manager takes back the representative's link: %v", err)
	}
	if err := k.rep.Unlink(t.Context(), first.Message.ID, k.reps[0]); err != nil {
		t.Errorf("an hour later: %v", err)
	}
	if err := k.rep.Unlink(t.Context(), first.Message.ID, k.reps[0]); !isNotFound(err) {
		t.Errorf("taken back twice: %v", err)
	}
	if on := linksOf(t, k.rep, first.Message.ID); len(on) != 1 {
		t.Errorf("the mail is on %v", on)
	}
	relinked, err := k.rep.LinkMore(t.Context(), first.Message.ID, "", k.reps[0])
	if err != nil || !relinked.Links[0].Created || relinked.Parts[0].Document != first.Parts[0].Document {
		t.Errorf("linked again: %+v, %v", relinked, err)
	}
	for _, target := range k.reps {
		if err := k.rep.Unlink(t.Context(), first.Message.ID, target); err != nil {
			t.Error(err)
		}
	}
	k.wantNotFound(t, k.rep, first.Message.ID)
	if _, err := k.rep.LinkMore(t.Context(), first.Message.ID, "", k.reps[0]); !isNotFound(err) {
		t.Errorf("linked again by its id, which nobody may see any more: %v", err)
	}
	if whole := k.link(t, k.rep, n, k.reps[0]); whole.Message.ID != first.Message.ID || !whole.Links[0].Created || whole.Parts[0].Document == "" {
		t.Errorf("linked again by its bytes: %+v", whole)
	}
}

func (k *company) linkApart(t *testing.T) {
	n := note{id: "apart", subject: "Apart", text: "Hello", file: "apart"}
	first, second := k.link(t, k.rep, n, k.reps[0]), k.link(t, k.agent, n, k.agents[0])
	if first.Message.ID != second.Message.ID {
		t.Error("one mail of two users became two")
	}
	for who, own := range map[*moduletest.Client]moduletest.Target{k.rep: k.reps[0], k.agent: k.agents[0]} {
		if on := linksOf(t, who, first.Message.ID); !slices.Equal(on, []moduletest.Target{own}) {
			t.Errorf("a user sees the mail on %v, want %v", on, own)
		}
	}
	if first.Parts[0].Document == second.Parts[0].Document {
		t.Error("the document of a record that the second user does not see was given to him")
	}
	if err := k.rep.Unlink(t.Context(), first.Message.ID, k.reps[0]); err != nil {
		t.Error(err)
	}
	k.wantNotFound(t, k.rep, first.Message.ID)
	if on := linksOf(t, k.agent, first.Message.ID); !slices.Equal(on, []moduletest.Target{k.agents[0]}) {
		t.Errorf("the agent's link went with the representative's: %v", on)
	}
}

func (k *company) completeAtOnce(t *testing.T) {
	for round := range 5 {
		n := note{id: fmt.Sprint("complete-", round), subject: "Complete", text: "Hello", file: fmt.Sprint("complete ", round)}
		partial := k.linkFields(t, k.rep, n, k.reps[0])
		var wg sync.WaitGroup
		for i := range 8 {
			who, on := signedInAs(k.rep), k.reps[i/2%2]
			if i%4 == 0 {
				who = signedInAs(k.manager)
			}
			wg.Go(func() {
				if i%2 == 0 {
					k.link(t, who, n, on)
				} else {
					k.linkFields(t, who, n, on)
				}
			})
		}
		wg.Wait()
		k.sweepPostponed(t)
		m, err := k.manager.Message(t.Context(), partial.Message.ID)
		if err != nil || len(m.Links) != 2 || len(m.Parts) != 2 || m.Parts[1].Document == "" {
			t.Errorf("round %d: %+v, %v", round, m, err)
		}
	}
}

func (k *company) flood(t *testing.T) {
	n := note{id: "flood", subject: "Flood", text: "Hello"}
	for i := range 60 {
		n.file = fmt.Sprint("flood ", i)
		_, err := k.agent.Link(t.Context(), bytes.NewReader(n.bytes()), moduletest.LinkOptions{}, k.agents[0])
		if i < 50 && err != nil || i >= 50 && moduletest.ProblemType(err) != "conflict" {
			t.Fatalf("mail %d: %v", i+1, err)
		}
	}
	n.file = "genuine"
	if r := k.link(t, k.rep, n, k.reps[0]); k.link(t, k.rep, n, k.reps[0]).Message.ID != r.Message.ID {
		t.Error("the genuine mail is not known among many")
	}
}

func (k *company) failQuietly(t *testing.T) {
	if err := errors.Join(os.RemoveAll(k.storage), os.WriteFile(k.storage, nil, 0o600)); err != nil {
		t.Fatal(err)
	}
	k.exec(t, "DROP TABLE mc_participants")
	said := len(k.process.said.String())
	for name, n := range map[string]note{
		"the storage fails":  {id: "hushed-1", subject: "Hushed one", text: "hushed", file: "hushed"},
		"the database fails": {id: "hushed-2", subject: "Hushed two", text: "hushed", file: "hushed", more: "Cc: hushed@acme.example\r\n"},
	} {
		if u := post(t, k.rep, bytes.ReplaceAll(n.bytes(), []byte("offer.pdf"), []byte("hushed.pdf")), "", k.reps[0]); u.status < 500 {
			t.Errorf("%s: %s", name, u.answer())
		}
		if err := errors.Join(os.RemoveAll(k.storage), os.MkdirAll(filepath.Join(k.storage, "kept"), 0o700)); err != nil {
			t.Fatal(err)
		}
	}
	waitFor(t, "both failures are logged", func() bool { return strings.Count(k.process.said.String()[said:], "request failed") >= 2 })
	log := k.process.said.String()[said:]
	for _, secret := range []string{"hushed", "Hushed", "nora@", "acme.example"} {
		if strings.Contains(log, secret) {
			t.Errorf("%q is logged: %s", secret, log)
		}
	}
}
