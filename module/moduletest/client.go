package moduletest

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"

	"github.com/mailconnector/mailconnector/api/problem"
)

// Client speaks the API as the add-in does. It is for one user and one goroutine at a time; [Client.Fork] makes others.
// Every answer that is a problem document comes back as a [*Problem].
type Client struct {
	base  string
	http  *http.Client
	token string
}

// NewClient returns a client of a handler, a mounted module for example, without a network between them. The prefix is
// where the module lives: "/mailconnector".
func NewClient(h http.Handler, prefix string) *Client {
	return Dial("http://crm.example"+prefix, &http.Client{Transport: handlerTransport{h}})
}

// Dial returns a client of the module at an address: "https://crm.example.com/mailconnector". A nil HTTP client is
// http.DefaultClient. Nothing is sent yet.
func Dial(address string, c *http.Client) *Client {
	if c == nil {
		c = http.DefaultClient
	}
	return &Client{base: strings.TrimSuffix(address, "/") + "/api/v1", http: c}
}

// Fork returns another client of the same module, signed in as nobody.
func (c *Client) Fork() *Client { return &Client{base: c.base, http: c.http} }

// Token returns the bearer token; empty while nobody is signed in.
func (c *Client) Token() string { return c.token }

// UseToken lets the client work in a session that was opened elsewhere.
func (c *Client) UseToken(token string) { c.token = token }

// handlerTransport serves requests in the same process.
type handlerTransport struct{ h http.Handler }

func (t handlerTransport) RoundTrip(r *http.Request) (*http.Response, error) {
	in := r.Clone(r.Context())
	in.RequestURI, in.RemoteAddr = r.URL.RequestURI(), "192.0.2.1:1234"
	if in.Body == nil {
		in.Body = http.NoBody
	}
	w := httptest.NewRecorder()
	t.h.ServeHTTP(w, in)
	res := w.Result()
	res.Request = r
	return res, nil
}

// Problem is an answer that is a problem document (RFC 9457).
type Problem struct {
	Type       problem.Type    `json:"-"` // the last segment of the type's address
	URI        string          `json:"type"`
	Title      string          `json:"title"`
	Status     int             `json:"status"`
	Detail     string          `json:"detail"`
	Instance   string          `json:"instance"`
	Errors     []problem.Fault `json:"errors"`
	RetryAfter int64           `json:"retry_after"` // seconds
	Reason     string          `json:"reason"`
}

// Error implements error.
func (p *Problem) Error() string {
	text := fmt.Sprintf("%d %s", p.Status, p.Type)
	if p.Detail != "" {
		text += ": " + p.Detail
	}
	for _, f := range p.Errors {
		text += fmt.Sprintf(": %s%s %s", f.Pointer, f.Parameter, f.Detail)
	}
	return text
}

// ProblemType returns the type of the problem an error is, empty for nil and for errors of another kind.
func ProblemType(err error) problem.Type {
	var p *Problem
	if !errors.As(err, &p) {
		return ""
	}
	return p.Type
}

// request is one call before it is sent.
type request struct {
	method string
	path   []string // segments below /api/v1, not escaped
	query  url.Values
	header http.Header
	body   io.Reader
}

func get(path ...string) request { return request{method: http.MethodGet, path: path} }

// post returns a request with a JSON body.
func post(body any, path ...string) request {
	b, err := json.Marshal(body)
	if err != nil {
		panic(err) // our own types
	}
	return request{
		method: http.MethodPost, path: path, body: bytes.NewReader(b),
		header: http.Header{"Content-Type": {"application/json"}},
	}
}

// Do sends a request of the caller's own making below /api/v1, with the client's token, and returns the answer as it
// is. The caller closes its body.
func (c *Client) Do(ctx context.Context, method, path string, header http.Header, body io.Reader) (*http.Response, error) {
	r, err := http.NewRequestWithContext(ctx, method, c.base+path, body)
	if err != nil {
		return nil, err
	}
	for name, values := range header {
		r.Header[name] = values
	}
	if c.token != "" {
		r.Header.Set("Authorization", "Bearer "+c.token)
	}
	return c.http.Do(r)
}

// send returns the answer's body, or the problem it is.
func (c *Client) send(ctx context.Context, q request) ([]byte, error) {
	path := ""
	for _, segment := range q.path {
		path += "/" + url.PathEscape(segment)
	}
	if len(q.query) > 0 {
		path += "?" + q.query.Encode()
	}
	res, err := c.Do(ctx, q.method, path, q.header, q.body)
	if err != nil {
		return nil, err
	}
	defer func() { _ = res.Body.Close() }()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		return nil, fmt.Errorf("read answer of %s %s: %w", q.method, path, err)
	}
	if res.StatusCode >= 300 {
		return nil, readProblem(res, body)
	}
	return body, nil
}

// call sends a request and reads the JSON it answers.
func call[T any](ctx context.Context, c *Client, q request) (result T, err error) {
	body, err := c.send(ctx, q)
	if err != nil {
		return result, err
	}
	if err := json.Unmarshal(body, &result); err != nil {
		return result, fmt.Errorf("read answer of %s %s: %w", q.method, strings.Join(q.path, "/"), err)
	}
	return result, nil
}

func readProblem(res *http.Response, body []byte) error {
	media, _, _ := mime.ParseMediaType(res.Header.Get("Content-Type"))
	p := &Problem{}
	if media != "application/problem+json" || json.Unmarshal(body, p) != nil || p.Status != res.StatusCode {
		return fmt.Errorf("%s %s answered %s and no problem document: %.200q", res.Request.Method, res.Request.URL.Path, res.Status, body)
	}
	p.Type = problem.Type(p.URI[strings.LastIndexByte(p.URI, '/')+1:])
	return p
}
