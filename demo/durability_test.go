package demo_test

import (
	"encoding/base64"
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/mailconnector/mailconnector/demo"
	"github.com/mailconnector/mailconnector/module/moduletest"
)

// TestNothingIsLostOrHalfWhenTheProgramIsKilled kills the program at any moment while four clients link mails, each
// again and again until there is a receipt. What was acknowledged must be there, whole and once; what was not must be
// there whole or not at all.
func TestNothingIsLostOrHalfWhenTheProgramIsKilled(t *testing.T) {
	kills := 4
	if thorough() {
		kills = 100
	}
	onBoth(t, func(t *testing.T, c demo.Config) { killAgainAndAgain(t, c, kills) })
}

func killAgainAndAgain(t *testing.T, c demo.Config, kills int) {
	p := startProcess(t, c)
	senders := newSenders(t, p.address)
	books := openInventory(t, c)
	unanswered := 0
	for range kills {
		var wg sync.WaitGroup
		for _, s := range senders {
			wg.Go(func() { s.sendUntilKilled(t) })
		}
		time.Sleep(rand.N(500 * time.Millisecond))
		p.kill()
		wg.Wait()
		p.start(t)
		for _, s := range senders {
			if s.pending != nil {
				unanswered++
			}
		}
		books.wantNothingHalf(t)
	}
	acknowledged := 0
	for _, s := range senders {
		s.sendPending(t)
		acknowledged += len(s.sent)
	}
	books.wantNothingHalf(t)
	inParallel(t, len(senders), len(senders), func(t *testing.T, i int) { senders[i].wantEverything(t, p.address) })
	p.kill()
	left := books.leftovers(t)
	books.sweep(t)
	books.wantNothingHalf(t)
	books.wantNoOrphans(t)
	t.Logf("%d kills: %d links acknowledged, %d cut off and repeated; %d files left behind and swept; %s",
		kills, acknowledged, unanswered, left, books.summary(t))
}

// sender is a client that links one mail after the other, and remembers what it was promised.
type sender struct {
	*moduletest.Client
	number  int // of this sender
	user    string
	targets []moduletest.Target
	next    int
	pending *linking // without a receipt yet
	sent    []linking
}

// linking is one request to link a mail.
type linking struct {
	key     string
	mail    []byte
	to      []moduletest.Target
	receipt moduletest.Receipt
}

// newSenders returns four clients of two users, each with two records to link to.
func newSenders(t *testing.T, address string) []*sender {
	t.Helper()
	var senders []*sender
	for i, user := range []string{"sales.rep", "sales.rep", "sales.manager", "sales.manager"} {
		s := &sender{Client: signIn(t, address, user), number: i, user: user}
		for _, name := range []string{"jürgen mül", "niccolò"} {
			s.targets = append(s.targets, find(t, s.Client, name, "Contacts").Target)
		}
		senders = append(senders, s)
	}
	return senders
}

// sendUntilKilled links until there is no answer any more.
func (s *sender) sendUntilKilled(t *testing.T) {
	for s.sendOne(t) {
	}
}

// sendPending repeats what was cut off last.
func (s *sender) sendPending(t *testing.T) {
	t.Helper()
	if s.pending != nil && !s.sendOne(t) {
		t.Errorf("no answer to %s", s.pending.key)
	}
}

// sendOne links the mail that was cut off, or else a new one, and reports whether there was a receipt.
func (s *sender) sendOne(t *testing.T) bool {
	t.Helper()
	if s.pending == nil {
		s.pending = s.compose()
	}
	u := post(t, s.Client, s.pending.mail, s.pending.key, s.pending.to...)
	switch u.status {
	case 0, http.StatusServiceUnavailable:
		return false
	case http.StatusOK, http.StatusCreated:
		s.pending.receipt = u.receipt
		s.sent = append(s.sent, *s.pending)
		s.pending = nil
		return true
	}
	t.Errorf("%s answered %s: %v", s.pending.key, u.answer(), u.problem.Error())
	return false
}

// compose writes the next mail. Every third one is sent by all senders, to the same records and to others.
func (s *sender) compose() *linking {
	s.next++
	l := &linking{key: fmt.Sprintf("key-%d-%d", s.number, s.next), to: s.targets[:1+s.next%2]}
	if s.next%3 == 0 {
		l.mail = composeMail(fmt.Sprintf("all-%d", s.next), uint64(s.next))
		l.to = s.targets[s.number%2:]
	} else {
		l.mail = composeMail(fmt.Sprintf("%d-%d", s.number, s.next), uint64(s.number*1_000_000+s.next))
	}
	return l
}

// composeMail writes a mail with one to three attachments, the first of which many mails share.
func composeMail(id string, seed uint64) []byte {
	dice := rand.New(rand.NewPCG(seed, 0))
	var mail strings.Builder
	fmt.Fprintf(&mail, "Message-ID: <%s@kill.example>\r\nFrom: Nora <nora@kill.example>\r\nTo: giulia.moretti@alpina.example\r\n"+
		"Date: Mon, 12 Jan 2026 09:30:00 +0100\r\nSubject: Mail %s\r\nMIME-Version: 1.0\r\n"+
		"Content-Type: multipart/mixed; boundary=cut\r\n\r\n--cut\r\nContent-Type: text/plain\r\n\r\nThis is %s.\r\n", id, id, id)
	for i := range 1 + dice.IntN(3) {
		content := fmt.Appendf(nil, "logo %d", dice.IntN(5))
		if i > 0 {
			content = make([]byte, dice.IntN(100_000))
			for j := range content {
				content[j] = byte(dice.Uint32())
			}
		}
		fmt.Fprintf(&mail, "--cut\r\nContent-Type: application/octet-stream\r\nContent-Disposition: attachment; filename=%d.bin\r\n"+
			"Content-Transfer-Encoding: base64\r\n\r\n", i)
		for line := range slices.Chunk([]byte(base64.StdEncoding.EncodeToString(content)), 76) {
			mail.Write(line)
			mail.WriteString("\r\n")
		}
	}
	mail.WriteString("--cut--\r\n")
	return []byte(mail.String())
}

// wantEverything holds every receipt against what is there.
func (s *sender) wantEverything(t *testing.T, address string) {
	t.Helper()
	for _, l := range s.sent {
		s.wantReplay(t, l)
	}
	s.wantWhole(t, address)
}

// wantWhole holds every receipt against the mail and the documents that are there.
func (s *sender) wantWhole(t *testing.T, address string) {
	t.Helper()
	crm := browse(t, address, s.user)
	for _, l := range s.sent {
		id := l.receipt.Message.ID
		if source, err := s.Source(t.Context(), id); err != nil || string(source) != string(l.mail) {
			t.Errorf("%s: the source has %d bytes of %d, %v", l.key, len(source), len(l.mail), err)
		}
		message, err := s.Message(t.Context(), id)
		if err != nil || len(message.Parts) != len(l.receipt.Parts)+1 {
			t.Errorf("%s: the message has %d parts, the receipt %d attachments, %v", l.key, len(message.Parts), len(l.receipt.Parts), err)
		}
		for _, target := range l.to {
			if !slices.ContainsFunc(message.Links, func(on moduletest.MessageLink) bool { return on.Target == target }) {
				t.Errorf("%s: not on %v", l.key, target)
			}
		}
		for _, part := range l.receipt.Parts {
			content, err := s.Part(t.Context(), id, part.Part)
			if err != nil || !matches(content, part.SHA256, part.Size) {
				t.Errorf("%s: part %d is altered, %v", l.key, part.Part, err)
			}
			status, document := crm("/documents/" + part.Document)
			if status != http.StatusOK || !matches([]byte(document), part.SHA256, part.Size) {
				t.Errorf("%s: document %q of part %d is altered: %d", l.key, part.Document, part.Part, status)
			}
		}
	}
}

// wantReplay repeats a request that was acknowledged and wants the same receipt.
func (s *sender) wantReplay(t *testing.T, l linking) {
	t.Helper()
	u := post(t, s.Client, l.mail, l.key, l.to...)
	if u.status != http.StatusOK || !u.receipt.Replayed {
		t.Errorf("%s repeated: %s, replayed %t", l.key, u.answer(), u.receipt.Replayed)
	}
	if diff := cmp.Diff(l.receipt, u.receipt, cmpopts.IgnoreFields(moduletest.Receipt{}, "Replayed")); diff != "" {
		t.Errorf("%s repeated (-want +got):\n%s", l.key, diff)
	}
}
