package demo_test

import (
	"bytes"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/mailconnector/mailconnector/api/problem"
	"github.com/mailconnector/mailconnector/demo"
	"github.com/mailconnector/mailconnector/module/moduletest"
)

// scene is a demo with a user who found a record to link to.
type scene struct {
	*inventory
	address string
	rep     *moduletest.Client
	to      moduletest.Target
}

func newScene(t *testing.T, c demo.Config) *scene {
	t.Helper()
	s := &scene{address: serve(t, c)}
	s.inventory = openInventory(t, c)
	s.rep = signIn(t, s.address, "sales.rep")
	s.to = find(t, s.rep, "jürgen mül", "Contacts").Target
	return s
}

// want links a mail and wants an answer such as "201" or "404 not-found".
func (s *scene) want(t *testing.T, answer string, raw []byte, key string, to ...moduletest.Target) upload {
	t.Helper()
	u := post(t, s.rep, raw, key, to...)
	if u.answer() != answer {
		t.Errorf("the link answers %s, want %s: %s", u.answer(), answer, u.problem.Error())
	}
	return u
}

// awaitUploads waits until so many uploads are under way. An upload ends a moment after its client has gone.
func (s *scene) awaitUploads(t *testing.T, want int64) {
	t.Helper()
	waitFor(t, fmt.Sprintf("%d uploads are under way", want), func() bool {
		return s.count(t, "SELECT COUNT(*) FROM mc_blobs WHERE state = 'writing'") == want
	})
}

// wantNothingStored looks for traces of a request that was refused.
func (s *scene) wantNothingStored(t *testing.T) {
	t.Helper()
	s.awaitUploads(t, 0)
	s.sweep(t)
	s.wantNothingHalf(t)
	s.wantNoOrphans(t)
	if got := s.summary(t); got != "0 messages, 0 links, 0 documents" {
		t.Errorf("there are %s", got)
	}
	if n := s.count(t, "SELECT COUNT(*) FROM mc_receipts") + s.count(t, "SELECT COUNT(*) FROM mc_blobs"); n != 0 {
		t.Errorf("there are %d receipts and blobs", n)
	}
}

// TestBadInput is one test because a demo takes long to start where races are looked for. What is refused comes first: it
// must leave nothing behind.
func TestBadInput(t *testing.T) {
	onBoth(t, func(t *testing.T, c demo.Config) {
		s := newScene(t, c)
		t.Run("uploads that are cut off", s.refuseHalves)
		t.Run("records deleted after they were found", s.refuseDeleted)
		t.Run("what no parser understands", s.takeAnything)
		t.Run("fields as long as they get", s.takeLongFields)
		t.Run("repeated requests", s.takeRepetitions)
	})
}

func (s *scene) refuseDeleted(t *testing.T) {
	gone, other := find(t, s.rep, "osswald", "Contacts").Target, find(t, s.rep, "ravà", "Contacts").Target
	s.delete(t, gone)
	u := s.want(t, "404 not-found", composeMail("gone", 1), "", s.to, gone)
	if len(u.problem.Errors) != 1 || u.problem.Errors[0].Pointer != "/links/1" {
		t.Errorf("the problem does not name the record: %+v", u.problem)
	}
	s.wantNothingStored(t)

	mail := composeMail("going", 2)
	half := io.MultiReader(bytes.NewReader(mail[:100]), &once{do: func() { s.delete(t, other) }}, bytes.NewReader(mail[100:]))
	if u := send(t.Context(), s.rep, half, "", other); u.answer() != "404 not-found" {
		t.Errorf("deleted while the mail arrives: %s", u.answer())
	}
	s.wantNothingStored(t)
}

// delete moves a record to the bin, as an admin does in the CRM.
func (s *scene) delete(t *testing.T, record moduletest.Target) {
	t.Helper()
	res, err := browser(t, s.address, "admin").PostForm(s.address+"/records/"+record.Module+"/"+record.Record+"/delete", nil)
	if err != nil {
		t.Fatal(err)
	}
	_ = res.Body.Close()
	if res.StatusCode != http.StatusOK {
		t.Fatalf("delete %v: %s", record, res.Status)
	}
}

// once is a reader without bytes that does something when it is read.
type once struct{ do func() }

func (o *once) Read([]byte) (int, error) {
	o.do()
	return 0, io.EOF
}

func (s *scene) refuseHalves(t *testing.T) {
	mail, err := io.ReadAll(hugeMail(100_000))
	if err != nil {
		t.Fatal(err)
	}
	for name, framing := range map[string]string{
		"with a length": fmt.Sprintf("Content-Length: %d\r\n\r\n%s", len(mail), mail[:len(mail)/2]),
		"in chunks":     fmt.Sprintf("Transfer-Encoding: chunked\r\n\r\n%x\r\n%s\r\n", len(mail)/2, mail[:len(mail)/2]),
		"in a chunk":    fmt.Sprintf("Transfer-Encoding: chunked\r\n\r\n%x\r\n%s", len(mail), mail[:len(mail)/2]),
		"at its start":  fmt.Sprintf("Content-Length: %d\r\n\r\n", len(mail)),
	} {
		if answer := s.sendHalf(t, framing, true); !strings.Contains(answer, " 400 ") || !strings.Contains(answer, "cut off") {
			t.Errorf("%s: a client that still listens is told %q", name, answer)
		}
		if name != "at its start" { // else there is no upload yet
			s.sendHalf(t, framing, false)
		}
		s.wantNothingStored(t)
	}
}

// sendHalf begins to link a mail and stops sending. It returns the answer if the client still listens, and otherwise hangs
// up when the upload is under way.
func (s *scene) sendHalf(t *testing.T, framing string, listens bool) (answer string) {
	t.Helper()
	host := strings.TrimPrefix(s.address, "http://")
	conn, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", host)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	_, err = fmt.Fprintf(conn, "POST /mailconnector/api/v1/messages?link=%s:%s HTTP/1.1\r\nHost: %s\r\nAuthorization: Bearer %s\r\n"+
		"Content-Type: message/rfc822\r\n%s", s.to.Module, s.to.Record, host, s.rep.Token(), framing)
	if err != nil {
		t.Fatal(err)
	}
	if !listens {
		s.awaitUploads(t, 1)
		return ""
	}
	_ = conn.(*net.TCPConn).CloseWrite()
	_ = conn.SetReadDeadline(time.Now().Add(30 * time.Second))
	all, err := io.ReadAll(conn)
	if err != nil {
		t.Error(err)
	}
	return string(all)
}

// hugeMail is a mail of a size with one attachment, made as it is read.
func hugeMail(size int64) io.Reader {
	head := fmt.Sprintf("Message-ID: <huge-%d@kill.example>\r\nFrom: nora@kill.example\r\nDate: Mon, 12 Jan 2026 09:30:00 +0100\r\n"+
		"MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=cut\r\n\r\n--cut\r\nContent-Type: application/octet-stream\r\n"+
		"Content-Disposition: attachment; filename=huge.bin\r\nContent-Transfer-Encoding: base64\r\n\r\n", size)
	const tail = "\r\n--cut--\r\n"
	return io.MultiReader(strings.NewReader(head), io.LimitReader(endless{}, size-int64(len(head)+len(tail))), strings.NewReader(tail))
}

// endless reads base64 in one line.
type endless struct{}

func (endless) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = 'Q'
	}
	return len(p), nil
}

func (s *scene) takeAnything(t *testing.T) {
	noise := make([]byte, 100_000)
	for i := range noise {
		noise[i] = byte(rand.Uint32())
	}
	for name, raw := range map[string][]byte{
		"random bytes": noise,
		"a picture":    append([]byte("\xff\xd8\xff\xe0\x00\x10JFIF\x00\x01\x01"), noise[:5000]...),
		"zeros":        make([]byte, 10_000),
		"a single x":   []byte("x"),
		"empty lines":  []byte("\r\n\r\n\r\n"),
	} {
		u := s.want(t, "201", raw, "", s.to)
		if len(u.receipt.Problems) == 0 {
			t.Errorf("%s: no problem is told", name)
		}
		if source, err := s.rep.Source(t.Context(), u.receipt.Message.ID); err != nil || !bytes.Equal(source, raw) {
			t.Errorf("%s: the source is altered, %v", name, err)
		}
		if _, err := s.rep.Body(t.Context(), u.receipt.Message.ID); err != nil {
			t.Errorf("%s: body: %v", name, err)
		}
	}
	if u := s.want(t, "422 invalid", nil, "", s.to); u.problem.Detail != "The mail has no bytes." {
		t.Errorf("an empty mail: %s", u.problem.Detail)
	}
	s.wantNothingHalf(t)
}

func (s *scene) takeLongFields(t *testing.T) {
	for name, raw := range map[string]string{
		"Message-ID":      "Message-ID: <%[2]d.%[1]s@x.example>\r\n\r\nHello",
		"subject":         "Message-ID: <subject.%[2]d@x.example>\r\nSubject: %[1]s\r\n\r\nHello",
		"sender":          "Message-ID: <sender.%[2]d@x.example>\r\nFrom: %[1]s <%[1]s@x.example>\r\n\r\nHello",
		"references":      "Message-ID: <references.%[2]d@x.example>\r\nReferences: <%[1]s@x.example>\r\n\r\nHello",
		"attachment name": "Message-ID: <name.%[2]d@x.example>\r\nContent-Type: application/pdf; name=\"%[1]s.pdf\"\r\n\r\n%%PDF-1.4",
		"content id":      "Message-ID: <id.%[2]d@x.example>\r\nContent-Type: image/gif; name=a.gif\r\nContent-ID: <%[1]s>\r\n\r\nGIF89a",
		"content type":    "Message-ID: <type.%[2]d@x.example>\r\nContent-Type: x/%[1]s; name=a.bin\r\n\r\nHello",
	} {
		for _, bytes := range []int{254, 990, 5000, 100_000} {
			u := post(t, s.rep, fmt.Appendf(nil, raw, strings.Repeat("ü", bytes/2), bytes), "", s.to)
			if u.status != http.StatusCreated {
				t.Errorf("%s of %d bytes: %s", name, bytes, u.answer())
			}
		}
	}
	s.wantNothingHalf(t)
}

func (s *scene) takeRepetitions(t *testing.T) {
	mail, other := composeMail("one", 4), composeMail("two", 5)
	first := s.want(t, "201", mail, "key", s.to).receipt
	if again := s.want(t, "200", mail, "key", s.to).receipt; !again.Replayed || again.ID != first.ID {
		t.Errorf("repeated: %+v", again)
	}
	if fresh := s.want(t, "200", mail, "a key nobody used", s.to).receipt; fresh.Replayed || fresh.ID == first.ID || fresh.Message.ID != first.Message.ID {
		t.Errorf("under a new key: %+v", fresh)
	}
	s.want(t, "409 "+string(problem.Conflict), other, "key", s.to)
	s.want(t, "409 "+string(problem.Conflict), mail, "key", s.to, find(t, s.rep, "niccolò", "Contacts").Target)
	s.want(t, "422 "+string(problem.Invalid), mail, strings.Repeat("k", 201), s.to)
	manager := signIn(t, s.address, "sales.manager")
	if theirs := post(t, manager, other, "key", s.to); theirs.answer() != "201" || theirs.receipt.Replayed {
		t.Errorf("the same key of another user: %s", theirs.answer())
	}
	s.sweep(t)
	s.wantNothingHalf(t)
	s.wantNoOrphans(t)
}
