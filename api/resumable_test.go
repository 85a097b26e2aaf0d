package api_test

import (
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"time"
)

const patch = http.MethodPatch

// tus is a call in the words of the protocol.
func tus(method, path, body string, headers ...string) call {
	headers = append([]string{"Tus-Resumable: 1.0.0"}, headers...)
	if method == patch {
		headers = append([]string{"Content-Type: application/offset+octet-stream"}, headers...)
	}
	return call{method, path, headers, body, false}
}

func at(offset int) string { return "Upload-Offset: " + strconv.Itoa(offset) }

// opened opens an upload and returns its path.
func (s *server) opened(length int) string {
	s.t.Helper()
	a := s.want(tus(post, "/uploads", "", "Upload-Length: "+strconv.Itoa(length), "Upload-Metadata: filename YQ=="), 201, "")
	path, ok := strings.CutPrefix(a.Header.Get("Location"), base)
	expires, err := http.ParseTime(a.Header.Get("Upload-Expires"))
	if !ok || err != nil || time.Until(expires) < 23*time.Hour || a.Header.Get("Upload-Offset") != "0" {
		s.t.Fatalf("headers of a new upload: %v", a.Header)
	}
	return path
}

func TestAMailArrivesInChunks(t *testing.T) {
	s := newArchive(t)
	path, half := s.opened(len(rawMail)), len(rawMail)/2
	a := s.want(tus(patch, path, rawMail[:half], at(0)), 204, "")
	if got := a.Header.Get("Upload-Offset"); got != strconv.Itoa(half) {
		t.Errorf("offset after half the mail: %s", got)
	}
	a = s.want(tus(http.MethodHead, path, ""), 200, "")
	for header, want := range map[string]string{
		"Upload-Offset": strconv.Itoa(half), "Upload-Length": strconv.Itoa(len(rawMail)), "Upload-Metadata": "filename YQ==",
		"Cache-Control": "no-store", "Tus-Resumable": "1.0.0",
	} {
		if got := a.Header.Get(header); got != want {
			t.Errorf("%s: %q, want %q", header, got, want)
		}
	}
	link := call{method: post, path: "/messages?link=Contacts:42&upload=" + strings.TrimPrefix(path, "/uploads/")}
	s.want(link, 409, "conflict", "lacks bytes")
	sum := sha256.Sum256([]byte(rawMail[half:]))
	s.want(tus(patch, path, rawMail[half:], at(half), "Upload-Checksum: sha256 "+base64.StdEncoding.EncodeToString(sum[:])), 204, "")
	first := s.want(link, 201, "").receipt(t)
	again := s.want(link, 200, "").receipt(t)
	if first.Message.Subject != "Offer" || again.Receipt != first.Receipt || !again.Replayed {
		t.Errorf("receipts %+v and %+v", first, again)
	}
	s.want(tus(http.MethodHead, path, ""), 404, "not-found")
}

// TestAFormArrivesInChunks is for clients that read a mail field by field, with large attachments.
func TestAFormArrivesInChunks(t *testing.T) {
	s := newArchive(t)
	form := func(links string) string {
		return "--b\r\nContent-Disposition: form-data; name=message\r\nContent-Type: application/json\r\n\r\n" +
			`{"links":[` + links + `],"draft":{"subject":"In pieces","complete":true,"attachments":[{"id":"a1","name":"plan.pdf"}]}}` +
			"\r\n--b\r\nContent-Disposition: form-data; name=a1\r\n\r\n%PDF-1.4\r\n--b--\r\n"
	}
	link := func(body string) call {
		path := s.opened(len(body))
		s.want(tus(patch, path, body, at(0)), 204, "")
		return call{post, "/messages?link=Contacts:42&upload=" + strings.TrimPrefix(path, "/uploads/"),
			[]string{"Content-Type: multipart/form-data; boundary=b", "X-Internet-Message-Id: <pieces@example.com>"}, "", false}
	}
	whole := link(form(""))
	first := s.want(whole, 201, "", "plan.pdf").receipt(t)
	again := s.want(whole, 200, "").receipt(t)
	if len(first.Parts) != 1 || first.Parts[0].Status != "kept" || first.Parts[0].Size != 8 || again.Receipt != first.Receipt {
		t.Errorf("receipts %+v and %+v", first, again)
	}
	s.want(link(form(`{"module":"Contacts","record":"42"}`)), 422, "invalid", "/links")
	s.want(link("--b--\r\n"), 422, "invalid", "first part")
	s.want(link("no form"), 400, "malformed-request")
}

func TestChunksThatAreRefused(t *testing.T) {
	s := newArchive(t)
	path := s.opened(10)
	for _, sc := range []scenario{
		{"another version of the protocol", nil, call{post, "/uploads", []string{"Tus-Resumable: 0.2", "Upload-Length: 1"}, "", false}, 412, "precondition-failed", nil},
		{"no version", nil, call{method: patch, path: path}, 412, "precondition-failed", nil},
		{"no length", nil, tus(post, "/uploads", ""), 400, "malformed-request", []string{"Upload-Length"}},
		{"a length that is none", nil, tus(post, "/uploads", "", "Upload-Length: -1"), 400, "malformed-request", nil},
		{"nothing to come", nil, tus(post, "/uploads", "", "Upload-Length: 0"), 422, "invalid", nil},
		{"more than a mail", nil, tus(post, "/uploads", "", "Upload-Length: 9999999"), 413, "content-too-large", []string{`"limit":1048576`}},
		{"a chunk elsewhere", nil, tus(patch, path, "x", at(5)), 409, "conflict", []string{"HEAD"}},
		{"a chunk nowhere", nil, tus(patch, path, "x"), 400, "malformed-request", []string{"Upload-Offset"}},
		{"a chunk that is a mail", nil, tus(patch, path, "x", at(0), "Content-Type: message/rfc822"), 415, "unsupported-media-type", nil},
		{"more than was announced", nil, tus(patch, path, "12345678901", at(0)), 413, "content-too-large", nil},
		{"another hash", nil, tus(patch, path, "x", at(0), "Upload-Checksum: sha256 "+base64.StdEncoding.EncodeToString(make([]byte, 32))),
			460, "checksum-mismatch", nil},
		{"an unknown hash", nil, tus(patch, path, "x", at(0), "Upload-Checksum: md5 AAAA"), 400, "malformed-request", []string{"sha256"}},
		{"an unknown upload", nil, tus(patch, "/uploads/nonsense", "x", at(0)), 404, "not-found", nil},
		{"linking an unknown upload", nil, call{method: post, path: "/messages?link=Contacts:42&upload=x"}, 404, "not-found", nil},
		{"reading an upload", nil, tus(get, path, ""), 405, "method-not-allowed", nil},
		{"without a session", nil, call{post, "/uploads", []string{"Tus-Resumable: 1.0.0"}, "", true}, 401, "unauthenticated", nil},
	} {
		if a := s.want(sc.call, sc.status, sc.slug, sc.texts...); a.Header.Get("Tus-Resumable") != "1.0.0" && strings.HasPrefix(sc.call.path, "/uploads") {
			t.Errorf("%s: the answer does not name the protocol", sc.name)
		}
	}
	for range 7 {
		s.opened(10)
	}
	s.want(tus(post, "/uploads", "", "Upload-Length: 1"), 429, "rate-limited", "uploads")
	s.want(tus(del, path, ""), 204, "")
	s.want(tus(del, path, ""), 404, "not-found")
	s.opened(10)
}

func TestUploadsNeedALicense(t *testing.T) {
	s := newServer(t)
	unlicensed(s)
	s.want(tus(post, "/uploads", "", "Upload-Length: 1"), 403, "license-required")
	s.want(tus(patch, "/uploads/u1", "x", at(0)), 403, "license-required")
}

func TestWhatUploadsOffer(t *testing.T) {
	s := newServer(t)
	for path, allowed := range map[string]string{"/uploads": "OPTIONS, POST", "/uploads/u1": "DELETE, HEAD, OPTIONS, PATCH"} {
		a := s.want(call{method: http.MethodOptions, path: path, public: true}, 204, "")
		for header, want := range map[string]string{
			"Allow": allowed, "Tus-Version": "1.0.0", "Tus-Extension": "creation,expiration,checksum,termination",
			"Tus-Max-Size": "150000000", "Tus-Checksum-Algorithm": "sha256",
		} {
			if got := a.Header.Get(header); got != want {
				t.Errorf("%s %s: %q, want %q", path, header, got, want)
			}
		}
	}
}

// TestAMethodMayBeOverridden is for proxies that let through what forms need only.
func TestAMethodMayBeOverridden(t *testing.T) {
	s := newArchive(t)
	path := s.opened(3)
	r, rec := tus(post, path, "abc", at(0), "Content-Type: application/offset+octet-stream", "X-HTTP-Method-Override: PATCH").request(), httptest.NewRecorder()
	s.ServeHTTP(rec, r)
	if rec.Code != 204 || rec.Header().Get("Upload-Offset") != "3" {
		t.Errorf("a chunk sent by POST answers %d %s", rec.Code, rec.Body)
	}
}

func TestPagesMayUpload(t *testing.T) {
	s := newServer(t)
	a := s.do(call{http.MethodOptions, "/uploads/u1", []string{
		"Origin: " + origin, "Access-Control-Request-Method: PATCH",
		"Access-Control-Request-Headers: authorization,content-type,tus-resumable,upload-checksum,upload-offset",
	}, "", true})
	if a.Header.Get("Access-Control-Allow-Methods") != patch || a.Header.Get("Access-Control-Allow-Headers") == "" {
		t.Errorf("a preflight answers %v", a.Header)
	}
	a = s.do(tus(http.MethodHead, "/uploads/u1", "", "Origin: "+origin, "Authorization: "))
	if exposed := a.Header.Get("Access-Control-Expose-Headers"); !strings.Contains(exposed, "Upload-Offset") {
		t.Errorf("exposed: %s", exposed)
	}
}

func TestWhatAPhoneReads(t *testing.T) {
	s := newArchive(t)
	draft := `{"links":[{"module":"Contacts","record":"42"}],"internet_message_id":"<1@example.com>","draft":{"subject":"Offer",` +
		`"from":{"name":"Nora","address":"nora@example.com"},"attachments":[{"id":"1","name":"offer.pdf","state":"unsupported"}]}}`
	partial := s.want(call{method: post, path: "/messages", body: draft}, 201, "", "attachment-missing").receipt(t)
	if partial.Message.Completeness != "partial" || len(partial.Parts) != 1 || partial.Parts[0].Status != "skipped" {
		t.Errorf("a phone's receipt: %+v", partial)
	}
	full := s.want(raw("?link=Contacts:42", rawMail), 201, "").receipt(t)
	if full.Message.ID != partial.Message.ID || full.Message.Completeness != "full" {
		t.Errorf("the desktop's receipt: %+v, want the phone's message, full", full)
	}
	s.want(call{method: post, path: "/messages", body: `{"links":[]}`}, 422, "invalid", "/draft")
	s.want(call{method: post, path: "/messages", body: `{"draft":{"bytes":""}}`}, 400, "malformed-request", "/draft/bytes")
}

func TestClientAndMailDisagreeAboutTheMessageID(t *testing.T) {
	s := newArchive(t)
	first := s.want(raw("?link=Contacts:42", rawMail, "X-Internet-Message-Id: <real@example.com>"), 201, "", "message-id-differs").receipt(t)
	other := strings.Replace(rawMail, "<1@example.com>", "<made-up@client>", 1)
	again := s.want(raw("?link=Contacts:42", other, "X-Internet-Message-Id: <real@example.com>"), 200, "", "real@example.com", "!made-up").receipt(t)
	if again.Message.ID != first.Message.ID {
		t.Errorf("the client's Message-ID does not identify the mail: %+v", again)
	}
}

// TestWhatArrivedBeforeTheConnectionBrokeIsKept sends half a chunk over a real connection and hangs up.
func TestWhatArrivedBeforeTheConnectionBrokeIsKept(t *testing.T) {
	s := newArchive(t)
	path, half := s.opened(len(rawMail)), len(rawMail)/2
	handled := make(chan struct{})
	conn, _ := dial(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer close(handled)
		s.ServeHTTP(w, r)
	}))
	request := fmt.Sprintf("PATCH %s%s HTTP/1.1\r\nHost: crm\r\nAuthorization: Bearer %s\r\nTus-Resumable: 1.0.0\r\n"+
		"Content-Type: application/offset+octet-stream\r\nUpload-Offset: 0\r\nContent-Length: %d\r\n\r\n%s",
		base, path, goodToken, len(rawMail), rawMail[:half])
	if _, err := io.WriteString(conn, request); err != nil {
		t.Fatal(err)
	}
	if err := conn.Close(); err != nil {
		t.Fatal(err)
	}
	<-handled
	if offset := s.want(tus(http.MethodHead, path, ""), 200, "").Header.Get("Upload-Offset"); offset != strconv.Itoa(half) {
		t.Fatalf("the upload is at %s, want %d", offset, half)
	}
	s.want(tus(patch, path, rawMail[half:], at(half)), 204, "")
	s.want(call{method: post, path: "/messages?link=Contacts:42&upload=" + strings.TrimPrefix(path, "/uploads/")}, 201, "", "Offer")
}
