package api_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"
)

// dial opens a connection to a server that really listens, and returns it with a reader of its answers.
func dial(t *testing.T, h http.Handler) (*net.TCPConn, *bufio.Reader) {
	t.Helper()
	live := httptest.NewServer(h)
	t.Cleanup(live.Close)
	conn, err := net.Dial("tcp", live.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	if err := conn.SetDeadline(time.Now().Add(30 * time.Second)); err != nil {
		t.Fatal(err)
	}
	return conn.(*net.TCPConn), bufio.NewReader(conn)
}

func head(path string, headers ...string) string {
	return "POST " + base + path + " HTTP/1.1\r\nHost: crm\r\nAuthorization: Bearer " + goodToken + "\r\nOrigin: " + origin + "\r\n" +
		"Content-Type: message/rfc822\r\n" + strings.Join(headers, "\r\n") + "\r\n\r\n"
}

// readAnswer reads one response and holds it against the contract.
func readAnswer(t *testing.T, from *bufio.Reader, path string) answer {
	t.Helper()
	r := httptest.NewRequest(http.MethodPost, base+path, nil)
	res, err := http.ReadResponse(from, r)
	if err != nil {
		t.Fatalf("the answer cannot be read: %v", err)
	}
	defer func() { _ = res.Body.Close() }()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatalf("the answer cannot be read to its end: %v", err)
	}
	a := answer{res, string(text)}
	holdAgainstContract(t, r, a)
	return a
}

// TestAClientThatSendsEverythingFirstReadsTheRefusal is what a browser does: it reads only after the whole body is sent.
func TestAClientThatSendsEverythingFirstReadsTheRefusal(t *testing.T) {
	const size = 24 << 20
	for name, row := range map[string]struct {
		arrange func(*server)
		length  string
		status  int
		slug    string
	}{
		"a mail announced too large":            {nil, fmt.Sprintf("Content-Length: %d", size), 413, "content-too-large"},
		"a mail that turns out to be too large": {nil, "Transfer-Encoding: chunked", 413, "content-too-large"},
		"a large mail without a license":        {unlicensed, fmt.Sprintf("Content-Length: %d", size), 403, "license-required"},
	} {
		t.Run(name, func(t *testing.T) {
			s := newArchive(t)
			if row.arrange != nil {
				row.arrange(s)
			}
			conn, answers := dial(t, s)
			if _, err := io.WriteString(conn, head("/messages?link=Contacts:42", row.length)); err != nil {
				t.Fatal(err)
			}
			if err := sendBody(conn, size, strings.HasPrefix(row.length, "Transfer")); err != nil {
				t.Fatalf("the server stopped listening: %v", err)
			}
			a := readAnswer(t, answers, "/messages")
			if a.StatusCode != row.status || a.slug() != row.slug {
				t.Errorf("%d %s", a.StatusCode, a.text)
			}
			if a.Header.Get("Access-Control-Allow-Origin") != origin || !a.Close {
				t.Errorf("closes: %v, headers: %v", a.Close, a.Header)
			}
		})
	}
}

func sendBody(w io.Writer, size int, chunked bool) error {
	block := strings.Repeat("x", 64<<10)
	if chunked {
		block = fmt.Sprintf("%x\r\n%s\r\n", len(block), block)
	}
	for range size / (64 << 10) {
		if _, err := io.WriteString(w, block); err != nil {
			return err
		}
	}
	if chunked {
		_, err := io.WriteString(w, "0\r\n\r\n")
		return err
	}
	return nil
}

func TestARefusalDoesNotWaitForTheBody(t *testing.T) {
	s := newArchive(t)
	conn, answers := dial(t, s)
	if _, err := io.WriteString(conn, head("/messages?link=Contacts:42", "Content-Length: 1000000000")); err != nil {
		t.Fatal(err)
	}
	if a := readAnswer(t, answers, "/messages"); a.StatusCode != http.StatusRequestEntityTooLarge {
		t.Errorf("%d %s", a.StatusCode, a.text)
	}
}

// TestAClientThatAsksBeforeSendingIsRefusedAtOnce has a clock that moves on only when server and client both wait: net/http waits half
// a second before it closes a connection.
func TestAClientThatAsksBeforeSendingIsRefusedAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		conn := pipe(t, newServer(t))
		began := time.Now()
		if _, err := io.WriteString(conn, head("/messages?link=Contacts:42", "Content-Length: 1000000000", "Expect: 100-continue")); err != nil {
			t.Fatal(err)
		}
		answers := bufio.NewReader(conn)
		if a := readAnswer(t, answers, "/messages"); a.StatusCode != http.StatusRequestEntityTooLarge {
			t.Errorf("%d %s", a.StatusCode, a.text)
		}
		if _, err := answers.ReadByte(); err != io.EOF || time.Since(began) > time.Second {
			t.Errorf("the connection ends with %v after %v", err, time.Since(began))
		}
	})
}

// pipe opens a connection to a server without a network between them.
func pipe(t *testing.T, h http.Handler) net.Conn {
	t.Helper()
	client, conn := net.Pipe()
	conns := make(chan net.Conn, 1)
	conns <- conn
	server := &http.Server{Handler: h}
	go func() { _ = server.Serve(listener{conns, sync.OnceFunc(func() { close(conns) })}) }()
	t.Cleanup(func() { _, _ = client.Close(), server.Close() })
	return client
}

// listener accepts what is sent to it.
type listener struct {
	conns <-chan net.Conn
	end   func()
}

func (l listener) Accept() (net.Conn, error) {
	if conn, open := <-l.conns; open {
		return conn, nil
	}
	return nil, net.ErrClosed
}

func (l listener) Close() error {
	l.end()
	return nil
}

func (listener) Addr() net.Addr { return &net.UnixAddr{} }

func TestAnUploadThatIsCutOffIsToldAndNotStored(t *testing.T) {
	for name, row := range map[string]struct{ length, sent string }{
		"shorter than announced":  {"Content-Length: 500", rawMail},
		"without its last chunk":  {"Transfer-Encoding: chunked", fmt.Sprintf("%x\r\n%s\r\n", len(rawMail), rawMail)},
		"in the middle of a line": {"Content-Length: 500", rawMail[:30]},
	} {
		t.Run(name, func(t *testing.T) {
			s := newArchive(t)
			conn, answers := dial(t, s)
			if _, err := io.WriteString(conn, head("/messages?link=Contacts:42", row.length)+row.sent); err != nil {
				t.Fatal(err)
			}
			if err := conn.CloseWrite(); err != nil {
				t.Fatal(err)
			}
			if a := readAnswer(t, answers, "/messages"); a.slug() != "malformed-request" || !strings.Contains(a.text, "nothing was stored") {
				t.Errorf("%d %s", a.StatusCode, a.text)
			}
			s.want(call{method: post, path: "/messages/status", body: `{"internet_message_ids":["<1@example.com>"]}`}, 200, "")
			s.want(raw("?link=Contacts:42", rawMail), 201, "")
		})
	}
}

// resetBody is a body whose client is gone after its first bytes, as the network tells it.
type resetBody struct{ first io.Reader }

func (b resetBody) Read(p []byte) (int, error) {
	if n, err := b.first.Read(p); err == nil {
		return n, nil
	}
	return 0, &net.OpError{Op: "read", Net: "tcp", Err: syscall.ECONNRESET}
}

func TestAClientThatResetsItsConnectionIsNoOutage(t *testing.T) {
	s := newArchive(t)
	for name, c := range map[string]call{
		"a mail": raw("?link=Contacts:42", ""),
		"a form": {method: post, path: "/messages?link=Contacts:42", headers: []string{"Content-Type: multipart/form-data; boundary=b"}},
		"JSON":   {method: post, path: "/messages/status", headers: []string{"Content-Type: application/json"}},
	} {
		r, w := c.request(), httptest.NewRecorder()
		r.Body, r.ContentLength = io.NopCloser(resetBody{strings.NewReader("--b\r\n")}), 1000
		s.ServeHTTP(w, r)
		if w.Code != http.StatusBadRequest || !strings.Contains(w.Body.String(), "cut off") {
			t.Errorf("%s: %d %s", name, w.Code, w.Body)
		}
	}
}

func TestSmallRefusalsKeepTheConnection(t *testing.T) {
	s := newArchive(t)
	conn, answers := dial(t, s)
	for range 3 {
		if _, err := io.WriteString(conn, head("/messages", fmt.Sprintf("Content-Length: %d", len(rawMail)))+rawMail); err != nil {
			t.Fatal(err)
		}
		if a := readAnswer(t, answers, "/messages"); a.StatusCode != http.StatusUnprocessableEntity || a.Close {
			t.Errorf("%d, closes: %v, %s", a.StatusCode, a.Close, a.text)
		}
	}
}
