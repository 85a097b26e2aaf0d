package addin_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"

	"github.com/mailconnector/mailconnector/demo"
	"github.com/mailconnector/mailconnector/internal/browsertest"
)

const uploads = "/mailconnector/api/v1/uploads"

// The identities of the samples.
const (
	offerID   = "<b8-4711@brauhaus-mueller.example>"
	replyID   = "<b8-4712@brauhaus-mueller.example>"
	inlineID  = "<tagliatelle.500@pastificio-rava.example>"
	ticketID  = "<20261118074705.zl@fromagerie-lefevre.example>"
	sharedID  = "<termin-1612@kellerei-sonnhof.example>"
	hostileID = "<prize-1@grand-lottery.example>"
	sentID    = "<re-500-gm@alpina.example>"
)

// TestPaneSendsLargeMails links mails that are sent in pieces, over connections as mobile networks have them.
func TestPaneSendsLargeMails(t *testing.T) {
	browser := browsertest.Open(t)
	browsertest.Run(t, browser)
	s := newSite(t, demo.Config{Activated: true})
	s.perform(t, browser, []task{
		{"a connection that breaks costs one piece", "1-offer", brokenConnection},
		{"an upload goes on after the pane was loaded anew", "2-reply", reloaded},
		{"an upload of other bytes begins anew", "3-inline", otherBytes},
		{"sending is cancelled and leaves nothing behind", "4-ticket", cancelled},
		{"a device that is offline for a moment goes on by itself", "6-shared-address", offlineForAMoment},
		{"a proxy that refuses a request gets pieces", "8-sent", refusedByProxy},
		{"a large attachment is sent in pieces where Outlook has no whole mails", "5-stranger", largeAttachment},
		{"a mail for a second record is not sent again", "7-hostile", secondRecord},
	})
}

// enlarge lets Outlook hand out a mail with a large attachment and the identity of a sample, and returns its bytes.
func (s *site) enlarge(sample, messageID string, size int, seed uint64) []byte {
	mail := fmt.Appendf(nil, "Message-ID: %s\r\nFrom: someone@x.example\r\nSubject: Large\r\nMIME-Version: 1.0\r\n"+
		"Content-Type: application/zip; name=plans.zip\r\nContent-Disposition: attachment; filename=plans.zip\r\n"+
		"Content-Transfer-Encoding: base64\r\n\r\n%s\r\n", messageID, base64.StdEncoding.EncodeToString(noise(size*3/4, seed)))
	s.setFile("/outlook/mails/"+sample+"/file", mail)
	return mail
}

func noise(size int, seed uint64) []byte {
	dice := rand.New(rand.NewPCG(seed, 0))
	content := make([]byte, size)
	for i := range content {
		content[i] = byte(dice.Uint32())
	}
	return content
}

// wantLinked reads the mail back that the CRM has under an identity.
func (s *site) wantLinked(t *testing.T, messageID string, mail []byte) {
	t.Helper()
	c := s.client(t, "sales.rep")
	status, err := c.Status(t.Context(), messageID)
	if err != nil || !status[0].Linked {
		t.Fatalf("status is %+v, %v", status, err)
	}
	if source, err := c.Source(t.Context(), status[0].Message); err != nil || !bytes.Equal(source, mail) {
		t.Errorf("the CRM has %d bytes, want the %d that were sent, %v", len(source), len(mail), err)
	}
}

// cut reads a part of a request's body and ends the connection.
func cut(r *http.Request, bytes int64) {
	_, _ = io.CopyN(io.Discard, r.Body, bytes)
	panic(http.ErrAbortHandler)
}

func brokenConnection(t *testing.T, o *outlook, s *site) {
	mail := s.enlarge("1-offer", offerID, 12<<20, 1)
	var pieces atomic.Int64
	s.setFault(func(_ http.ResponseWriter, r *http.Request) bool {
		if r.Method == http.MethodPatch && pieces.Add(1)%2 == 0 {
			cut(r, 100_000)
		}
		return false
	})
	o.enter("sales.rep")
	o.click(`row("Sabine Oßwald").querySelector("button")`)
	o.reads(".receipt", "Linked to Sabine Oßwald")
	o.reads(".receipt .parts", "plans.zip\nin Documents")
	o.sees(`!seen($(".progress")) && !seen($(".status.problem"))`)
	s.wantLinked(t, offerID, mail)
	t.Logf("%d pieces, every second cut off", pieces.Load())
}

// held lets so many pieces through, and holds the others until release is called.
func (s *site) held(pieces int64) (arrived chan struct{}, release func()) {
	arrived, gate := make(chan struct{}), make(chan struct{})
	var seen atomic.Int64
	s.setFault(func(_ http.ResponseWriter, r *http.Request) bool {
		if r.Method != http.MethodPatch {
			return false
		}
		n := seen.Add(1)
		if n <= pieces {
			return false
		}
		if n == pieces+1 {
			close(arrived)
		}
		select {
		case <-gate:
		case <-r.Context().Done():
		}
		cut(r, 0)
		return false
	})
	return arrived, sync.OnceFunc(func() { close(gate) })
}

func reloaded(t *testing.T, o *outlook, s *site) {
	mail := s.enlarge("2-reply", replyID, 6<<20, 2)
	opened := s.count("POST " + uploads)
	arrived, release := s.held(2)
	o.enter("sales.rep")
	o.click(`row("Jürgen Müller").querySelector("button")`)
	<-arrived
	o.sees(`$(".progress progress").value > 0 && text($(".progress")).includes("%")`)
	o.picture("pane-sending")
	o.open(s, "2-reply") // as a tab that the user loads anew
	release()
	s.setFault(nil)
	o.loaded()
	o.click(`row("Jürgen Müller").querySelector("button")`)
	o.reads(".receipt", "Linked to Jürgen Müller")
	s.wantLinked(t, replyID, mail)
	if n := s.count("POST "+uploads) - opened; n != 1 {
		t.Errorf("%d uploads were opened, want one that went on", n)
	}
}

func otherBytes(t *testing.T, o *outlook, s *site) {
	s.enlarge("3-inline", inlineID, 4<<20, 3)
	arrived, release := s.held(1)
	o.enter("sales.rep")
	o.click(`row("Niccolò Ravà").querySelector("button")`)
	<-arrived
	o.open(s, "3-inline")
	release()
	s.setFault(nil)
	mail := s.enlarge("3-inline", inlineID, 4<<20, 33) // some Outlooks write a mail anew each time
	o.loaded()
	o.click(`row("Niccolò Ravà").querySelector("button")`)
	o.reads(".receipt", "Linked to Niccolò Ravà")
	s.wantLinked(t, inlineID, mail)
	s.wantNoUploads(t)
}

// tellDeleted tells each upload that the pane has deleted. Other requests find the fault that was set before.
func (s *site) tellDeleted() (deleted chan struct{}) {
	deleted = make(chan struct{}, 8)
	s.mu.Lock()
	defer s.mu.Unlock()
	before := s.fault
	s.fault = func(w http.ResponseWriter, r *http.Request) bool {
		if r.Method != http.MethodDelete || !strings.HasPrefix(r.URL.Path, uploads) {
			return before(w, r)
		}
		s.app.ServeHTTP(w, r)
		deleted <- struct{}{}
		return true
	}
	return deleted
}

// wantNoUploads finds all places for uploads free.
func (s *site) wantNoUploads(t *testing.T) {
	t.Helper()
	c := s.client(t, "sales.rep")
	for range 8 {
		res, err := c.Do(t.Context(), http.MethodPost, "/uploads", http.Header{"Tus-Resumable": {"1.0.0"}, "Upload-Length": {"1"}}, nil)
		if err != nil {
			t.Fatal(err)
		}
		_ = res.Body.Close()
		if res.StatusCode != http.StatusCreated {
			t.Fatalf("an upload answers %s: earlier ones are left", res.Status)
		}
		_, id, _ := strings.Cut(res.Header.Get("Location"), "/uploads/")
		defer func() {
			if res, err := c.Do(t.Context(), http.MethodDelete, "/uploads/"+id, http.Header{"Tus-Resumable": {"1.0.0"}}, nil); err == nil {
				_ = res.Body.Close()
			}
		}()
	}
}

func cancelled(t *testing.T, o *outlook, s *site) {
	s.enlarge("4-ticket", ticketID, 6<<20, 4)
	arrived, release := s.held(2)
	defer release()
	deleted := s.tellDeleted()
	o.enter("sales.rep")
	o.click(`row("Label shifts after format change").querySelector("button")`)
	<-arrived
	o.click(`button("Cancel")`)
	o.reads(".status.note", "Sending was cancelled; the mail is not linked.")
	o.sees(`row("Label shifts after format change").querySelector("button.link:not(.busy)") && !seen($(".progress"))`)
	o.picture("pane-cancelled")
	<-deleted
	s.wantNoUploads(t)
	if status, err := s.client(t, "sales.rep").Status(t.Context(), ticketID); err != nil || status[0].Linked {
		t.Errorf("status is %+v, %v", status, err)
	}
}

func offlineForAMoment(t *testing.T, o *outlook, s *site) {
	mail := s.enlarge("6-shared-address", sharedID, 6<<20, 5)
	arrived, release := s.held(1)
	o.enter("sales.rep")
	var to string
	o.script(`$(".group .records li .name").innerText`, &to)
	o.click(`row("` + to + `").querySelector("button")`)
	<-arrived
	o.offline(true)
	s.setFault(nil)
	release()
	o.reads(".status.busy", "The connection is interrupted. Sending goes on by itself.")
	o.picture("pane-interrupted")
	o.offline(false)
	o.reads(".receipt", "Linked to "+to)
	s.wantLinked(t, sharedID, mail)
}

// offline takes the device off the network, or connects it again.
func (o *outlook) offline(off bool) {
	o.t.Helper()
	o.run(network.Enable(), chromedp.ActionFunc(func(ctx context.Context) error {
		everywhere := []*network.Conditions{{DownloadThroughput: -1, UploadThroughput: -1, Offline: off}}
		_, err := network.EmulateNetworkConditionsByRule(everywhere).Do(ctx)
		return err
	}), network.OverrideNetworkState(off, 0, -1, -1))
}

func refusedByProxy(t *testing.T, o *outlook, s *site) {
	mail := s.enlarge("8-sent", sentID, 1000<<10, 6)
	var refused atomic.Int64
	s.setFault(func(w http.ResponseWriter, r *http.Request) bool {
		if r.ContentLength <= 256<<10 {
			return false
		}
		refused.Add(1)
		http.Error(w, "<html>413 Request Entity Too Large</html>", http.StatusRequestEntityTooLarge)
		return true
	})
	o.enter("sales.rep")
	o.click(`row("Niccolò Ravà").querySelector("button")`)
	o.reads(".receipt", "Linked to Niccolò Ravà")
	s.wantLinked(t, sentID, mail)
	if n := refused.Load(); n != 3 { // the whole, then two pieces until one is small enough
		t.Errorf("%d requests were refused, want 3", n)
	}
}

func largeAttachment(t *testing.T, o *outlook, s *site) {
	s.setFile("/outlook/attachments/5-stranger-1", noise(3<<20, 7))
	sent := s.count("POST " + uploads)
	o.choose("client", "classic")
	o.enter("sales.rep")
	o.write("#query", "nordlicht")
	o.click(`$(".found [data-record^=Accounts] button.link")`)
	o.reads(".receipt .parts", "Tiegelfüller gesucht.eml\nin Documents")
	if s.count("POST "+uploads) == sent {
		t.Error("the form went in one request")
	}
}

func secondRecord(t *testing.T, o *outlook, s *site) {
	mail := s.enlarge("7-hostile", hostileID, 4<<20, 8)
	before := s.count("POST " + archive)
	o.enter("sales.rep")
	for _, name := range []string{"Hans Sonnhof", "Sabine Oßwald"} {
		o.write("#query", name)
		o.sees(`found("` + name + `")`)
		o.click(`row("` + name + `").querySelector("button")`)
		o.reads(".receipt", "Linked to "+name)
	}
	s.wantLinked(t, hostileID, mail)
	s.wantNoUploads(t)
	if n := s.count("POST "+archive) - before; n != 1 {
		t.Errorf("the mail was sent %d times", n)
	}
}
