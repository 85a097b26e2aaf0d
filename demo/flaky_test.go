package demo_test

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/mailconnector/mailconnector/demo"
	"github.com/mailconnector/mailconnector/internal/dbtest"
	"github.com/mailconnector/mailconnector/module/moduletest"
)

// flaky is a network between a client and a server that breaks: after some bytes a connection is reset, falls silent with
// both ends open, or pauses; and some answers never arrive.
type flaky struct {
	backend string
	address string
	every   int64 // bytes that a connection carries on average before something happens to it

	resets, silences, pauses, lost atomic.Int64
}

// unreliable starts such a network in front of a server.
func unreliable(t *testing.T, backend string, every int64) *flaky {
	t.Helper()
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	f := &flaky{backend: strings.TrimPrefix(backend, "http://"), address: "http://" + l.Addr().String(), every: every}
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	var connections sync.WaitGroup
	connections.Go(func() {
		for {
			client, err := l.Accept()
			if err != nil {
				return
			}
			connections.Go(func() { f.carry(ctx, client.(*net.TCPConn)) })
		}
	})
	t.Cleanup(func() {
		cancel()
		_ = l.Close()
		connections.Wait()
	})
	return f
}

// carry joins a connection to one to the server until one of them ends.
func (f *flaky) carry(ctx context.Context, client *net.TCPConn) {
	dialed, err := (&net.Dialer{}).DialContext(ctx, "tcp", f.backend)
	if err != nil {
		_ = client.Close()
		return
	}
	server := dialed.(*net.TCPConn)
	end := context.AfterFunc(ctx, func() { reset(client, server) })
	defer end()
	var both sync.WaitGroup
	both.Go(func() { f.there(ctx, client, server) })
	both.Go(func() { f.back(client, server) })
	both.Wait()
}

// there carries what the client sends.
func (f *flaky) there(ctx context.Context, client, server *net.TCPConn) {
	for {
		_, err := io.CopyN(server, client, rand.Int64N(2*f.every))
		if err != nil {
			_ = server.CloseWrite()
			return
		}
		switch rand.IntN(4) {
		case 0:
			f.resets.Add(1)
			reset(client, server)
			return
		case 1: // as where a device leaves the network: neither side is told
			f.silences.Add(1)
			<-time.After(rand.N(3 * time.Second))
			_ = client.Close()
			time.AfterFunc(5*time.Second, func() { _ = server.Close() })
			return
		default:
			f.pauses.Add(1)
			select {
			case <-time.After(rand.N(300 * time.Millisecond)):
			case <-ctx.Done():
			}
		}
	}
}

// back carries answers, of which some are lost.
func (f *flaky) back(client, server *net.TCPConn) {
	answer := make([]byte, 32<<10)
	for {
		n, err := server.Read(answer)
		if err != nil {
			_ = client.CloseWrite()
			return
		}
		if rand.IntN(12) == 0 {
			f.lost.Add(1)
			reset(client, server)
			return
		}
		if _, err := client.Write(answer[:n]); err != nil {
			return
		}
	}
}

// reset ends connections without the usual farewell.
func reset(connections ...*net.TCPConn) {
	for _, c := range connections {
		_ = c.SetLinger(0)
		_ = c.Close()
	}
}

// largeMail is a mail of any size that is made where it is read.
type largeMail struct {
	head, tail string
	size       int64
}

func newLargeMail(size int64) largeMail {
	return largeMail{size: size, tail: "\r\n--cut--\r\n", head: fmt.Sprintf("Message-ID: <flaky-%d@kill.example>\r\nFrom: nora@kill.example\r\n"+
		"Date: Mon, 12 Jan 2026 09:30:00 +0100\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=cut\r\n\r\n--cut\r\n"+
		"Content-Type: application/octet-stream\r\nContent-Disposition: attachment; filename=plans.bin\r\n"+
		"Content-Transfer-Encoding: base64\r\n\r\n", size)}
}

const base64Letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"

// ReadAt implements io.ReaderAt. No stretch of the attachment is like another, so that a piece in the wrong place shows.
func (m largeMail) ReadAt(p []byte, off int64) (int, error) {
	n := int(min(int64(len(p)), m.size-off))
	for i := range p[:max(n, 0)] {
		at := off + int64(i)
		body := at - int64(len(m.head))
		switch {
		case body < 0:
			p[i] = m.head[at]
		case at >= m.size-int64(len(m.tail)):
			p[i] = m.tail[at-m.size+int64(len(m.tail))]
		case body%78 >= 76:
			p[i] = "\r\n"[body%78-76]
		default:
			p[i] = base64Letters[(uint64(body)*0x9E3779B97F4A7C15)>>58]
		}
	}
	if n < len(p) {
		return max(n, 0), io.EOF
	}
	return n, nil
}

// TestALargeMailGetsThroughABadNetwork uploads a large mail to the program itself, the largest there may be where the test
// is to be thorough, over a network that breaks all the time, and compares the memory that this took with that of a small
// mail.
func TestALargeMailGetsThroughABadNetwork(t *testing.T) {
	t.Parallel()
	const allowed = 16 << 20
	size := int64(40_000_000)
	if thorough() {
		size = 150_000_000
	}
	for name, config := range map[string]func() demo.Config{
		"SQLite":  func() demo.Config { return demo.Config{DataDir: t.TempDir()} },
		"MariaDB": func() demo.Config { return demo.Config{DataDir: t.TempDir(), DSN: dbtest.MariaDBDSN(t)} },
	} {
		t.Run(name, func(t *testing.T) {
			small := linkOverBadNetwork(t, config(), 1_000_000)
			large := linkOverBadNetwork(t, config(), size)
			t.Logf("peak memory: %d kB for 1 MB, %d kB for %d MB", small>>10, large>>10, size/1_000_000)
			if grown := large - small; grown > allowed {
				t.Errorf("%d MB take %d kB more than 1 MB, want %d kB at most", size/1_000_000, grown>>10, allowed>>10)
			}
		})
	}
}

// linkOverBadNetwork links a mail of a size and returns the most memory in bytes that the program took.
func linkOverBadNetwork(t *testing.T, c demo.Config, size int64) int64 {
	t.Helper()
	p := startProcess(t, c)
	defer p.kill()
	rep := signIn(t, p.address, "sales.rep")
	to := find(t, rep, "jürgen mül", "Contacts").Target
	network := unreliable(t, p.address, 3_000_000)
	over := moduletest.Dial(network.address+"/mailconnector", &http.Client{Timeout: 2 * time.Second, Transport: &http.Transport{}})
	over.UseToken(rep.Token())
	mail := newLargeMail(size)
	s := &staging{Client: over, content: mail, size: size}
	began := time.Now()
	receipt, requests := s.persist(t, to)
	t.Logf("%d MB in %s: %d requests; %d resets, %d silences, %d pauses, %d answers lost", size/1_000_000, time.Since(began).Round(time.Millisecond),
		requests, network.resets.Load(), network.silences.Load(), network.pauses.Load(), network.lost.Load())
	if len(receipt.Parts) != 1 || receipt.Parts[0].Document == "" {
		t.Errorf("the receipt is %+v", receipt)
	}
	res, err := rep.Do(t.Context(), http.MethodGet, "/messages/"+receipt.Message.ID+"/source", nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	want, got := hashOf(t, io.NewSectionReader(mail, 0, size)), hashOf(t, res.Body)
	if want != got {
		t.Errorf("the source has the hash %s, want %s", got, want)
	}
	return p.peak(t)
}

func hashOf(t *testing.T, r io.Reader) string {
	t.Helper()
	h := sha256.New()
	if _, err := io.Copy(h, r); err != nil {
		t.Error(err)
	}
	return hex.EncodeToString(h.Sum(nil))
}

// persist does what a good client does: it sends, asks where it is after a break, and goes on, until there is a receipt.
func (s *staging) persist(t *testing.T, to moduletest.Target) (receipt moduletest.Receipt, requests int) {
	t.Helper()
	ctx := t.Context()
	var err error
	for ; ctx.Err() == nil && requests < 10_000; requests++ {
		switch {
		case s.id == "":
			err = s.open(ctx)
		case err != nil:
			before := s.offset
			if s.offset, err = s.look(ctx); err != nil {
				s.offset = before
			} else if s.offset < before {
				t.Fatalf("the upload is at %d, and %d bytes were acknowledged", s.offset, before)
			}
		case s.offset < s.size:
			err = s.send(ctx, 1<<20+rand.Int64N(4<<20), rand.IntN(2) == 0)
		}
		if s.offset == s.size {
			if receipt, err = s.commit(ctx, to); err == nil {
				return receipt, requests
			}
		}
		if status := statusOf(err); err != nil && status != 0 && status != http.StatusConflict {
			t.Fatalf("at %d of %d: %v", s.offset, s.size, err)
		}
	}
	t.Fatalf("no receipt after %d requests: %v", requests, err)
	return receipt, requests
}
