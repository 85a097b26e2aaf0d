package demo_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"path"
	"strconv"
	"testing"

	"github.com/mailconnector/mailconnector/api/problem"
	"github.com/mailconnector/mailconnector/module/moduletest"
)

// staging is a mail that a client uploads in chunks. It survives the death of either side.
type staging struct {
	*moduletest.Client
	content io.ReaderAt
	size    int64
	id      string // empty until the upload was opened
	offset  int64  // as the server acknowledged it
}

func stagingOf(c *moduletest.Client, mail []byte) *staging {
	return &staging{Client: c, content: bytes.NewReader(mail), size: int64(len(mail))}
}

// tus sends one request of the protocol. An answer that is a problem is an error; status 0 is none at all.
func (s *staging) tus(ctx context.Context, method, path string, header http.Header, body io.Reader) (*http.Response, error) {
	if header == nil {
		header = make(http.Header)
	}
	header.Set("Tus-Resumable", "1.0.0")
	res, err := s.Do(ctx, method, path, header, body)
	if err != nil {
		return nil, err
	}
	defer func() { _ = res.Body.Close() }()
	if res.StatusCode >= 300 {
		return res, problemOf(res)
	}
	return res, nil
}

// problemOf reads a problem document. An answer to HEAD has none.
func problemOf(res *http.Response) *moduletest.Problem {
	p := &moduletest.Problem{Status: res.StatusCode}
	_ = json.NewDecoder(res.Body).Decode(p)
	p.Type = problem.Type(path.Base(p.URI))
	return p
}

// statusOf is the status of an answer, 0 where there was none.
func statusOf(err error) int {
	var p *moduletest.Problem
	if errors.As(err, &p) {
		return p.Status
	}
	return 0
}

// open opens the upload.
func (s *staging) open(ctx context.Context) error {
	res, err := s.tus(ctx, http.MethodPost, "/uploads", http.Header{"Upload-Length": {strconv.FormatInt(s.size, 10)}}, nil)
	if err == nil {
		s.id, s.offset = path.Base(res.Header.Get("Location")), 0
	}
	return err
}

// look asks how far the upload is.
func (s *staging) look(ctx context.Context) (int64, error) {
	res, err := s.tus(ctx, http.MethodHead, "/uploads/"+s.id, nil, nil)
	if err != nil {
		return 0, err
	}
	return strconv.ParseInt(res.Header.Get("Upload-Offset"), 10, 64)
}

// send sends the chunk of a length from the acknowledged offset on, with its hash or without.
func (s *staging) send(ctx context.Context, length int64, hashed bool) error {
	chunk := make([]byte, min(length, s.size-s.offset))
	if _, err := s.content.ReadAt(chunk, s.offset); err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	return s.sendBytes(ctx, chunk, hashed)
}

func (s *staging) sendBytes(ctx context.Context, chunk []byte, hashed bool) error {
	header := http.Header{
		"Content-Type": {"application/offset+octet-stream"}, "Upload-Offset": {strconv.FormatInt(s.offset, 10)},
	}
	if hashed {
		sum := sha256.Sum256(chunk)
		header.Set("Upload-Checksum", "sha256 "+base64.StdEncoding.EncodeToString(sum[:]))
	}
	res, err := s.tus(ctx, http.MethodPatch, "/uploads/"+s.id, header, bytes.NewReader(chunk))
	if err != nil {
		return err
	}
	s.offset, err = strconv.ParseInt(res.Header.Get("Upload-Offset"), 10, 64)
	return err
}

// commit links what was uploaded.
func (s *staging) commit(ctx context.Context, to ...moduletest.Target) (receipt moduletest.Receipt, err error) {
	query := url.Values{"upload": {s.id}}
	for _, target := range to {
		query.Add("link", target.Module+":"+target.Record)
	}
	res, err := s.Do(ctx, http.MethodPost, "/messages?"+query.Encode(), nil, nil)
	if err != nil {
		return receipt, err
	}
	defer func() { _ = res.Body.Close() }()
	if res.StatusCode >= 300 {
		return receipt, problemOf(res)
	}
	return receipt, json.NewDecoder(res.Body).Decode(&receipt)
}

// upload opens an upload and sends everything in chunks of a length.
func (s *staging) upload(t *testing.T, length int64) {
	t.Helper()
	err := s.open(t.Context())
	for err == nil && s.offset < s.size {
		err = s.send(t.Context(), length, true)
	}
	if err != nil {
		t.Fatalf("upload at %d of %d: %v", s.offset, s.size, err)
	}
}

// wantOffset asks how far the upload is.
func (s *staging) wantOffset(t *testing.T, want int64) {
	t.Helper()
	if at, err := s.look(t.Context()); err != nil || at != want {
		t.Errorf("the upload is at %d, %v, want %d", at, err, want)
	}
}

// wantRefused wants an answer such as "503 unavailable", which says when to come again where that may help.
func wantRefused(t *testing.T, what string, err error, want string) {
	t.Helper()
	var p *moduletest.Problem
	if !errors.As(err, &p) || fmt.Sprintf("%d %s", p.Status, p.Type) != want {
		t.Fatalf("%s: %v, want %s", what, err, want)
	}
	if passes := p.Type == problem.Unavailable || p.Type == problem.RateLimited; passes != (p.RetryAfter > 0) {
		t.Errorf("%s is to be tried again after %d seconds", what, p.RetryAfter)
	}
	t.Logf("%s: %s", what, p.Detail)
}
