package problem

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"time"
)

// Problem is one failed request as its client is told of it. It is an error, so that a handler can return it.
type Problem struct {
	Type   Type
	Detail string // sentences for people
	Faults []Fault

	// What some types carry besides.
	RetryAfter time.Duration // RateLimited, Unavailable
	Reason     string        // SessionRevoked: why it ended
	Methods    []string      // MFARequired: the second factors accepted
	Until      time.Time     // AccountLocked: the end, where there is one
	Limit      int64         // ContentTooLarge: bytes allowed
	Update     string        // IncompatibleVersion: "addin" or "crm"

	cause error
}

// Fault is one thing wrong with a request, and how to mend it.
type Fault struct {
	Pointer   string `json:"pointer,omitempty"`   // JSON pointer (RFC 6901) into the body
	Parameter string `json:"parameter,omitempty"` // name of the query parameter or header
	Detail    string `json:"detail"`
}

// New is a problem with a sentence for people.
func New(t Type, detail string) *Problem { return &Problem{Type: t, Detail: detail} }

// At is a problem with one place in the body: a [MalformedRequest] or an [Invalid] one.
func At(t Type, pointer, detail string) *Problem {
	return &Problem{Type: t, Faults: []Fault{{Pointer: pointer, Detail: detail}}}
}

// Parameter is a [MalformedRequest] because of a query parameter or a header that cannot be read.
func Parameter(name, detail string) *Problem {
	return &Problem{Type: MalformedRequest, Faults: []Fault{{Parameter: name, Detail: detail}}}
}

// Value is an [Invalid] request because of the value of a query parameter, which was read but cannot be.
func Value(name, detail string) *Problem {
	return &Problem{Type: Invalid, Faults: []Fault{{Parameter: name, Detail: detail}}}
}

// Because keeps the error behind a problem for the log. It never reaches the client.
func (p *Problem) Because(err error) *Problem {
	p.cause = err
	return p
}

// Error is for the log.
func (p *Problem) Error() string {
	text := string(p.Type)
	if p.Detail != "" {
		text += ": " + p.Detail
	}
	for _, f := range p.Faults {
		text += fmt.Sprintf(": %s%s %s", f.Pointer, f.Parameter, f.Detail)
	}
	if p.cause != nil {
		text += ": " + p.cause.Error()
	}
	return text
}

// Unwrap returns the error behind it, if any.
func (p *Problem) Unwrap() error { return p.cause }

// document is a problem as it is sent.
type document struct {
	Type       string     `json:"type"`
	Title      string     `json:"title"`
	Status     int        `json:"status"`
	Detail     string     `json:"detail,omitempty"`
	Instance   string     `json:"instance"`
	Errors     []Fault    `json:"errors,omitempty"`
	RetryAfter int64      `json:"retry_after,omitempty"`
	Reason     string     `json:"reason,omitempty"`
	Methods    []string   `json:"methods,omitempty"`
	Until      *time.Time `json:"until,omitempty"`
	Limit      int64      `json:"limit,omitempty"`
	Update     string     `json:"update,omitempty"`
}

// Write answers a request with a problem. The request id finds the request in the log; it becomes the document's
// instance.
func Write(w http.ResponseWriter, p *Problem, requestID string) error {
	d := p.document(requestID)
	body, err := json.Marshal(d)
	if err != nil {
		return fmt.Errorf("encode problem: %w", err)
	}
	h := w.Header()
	h.Set("Content-Type", "application/problem+json")
	h.Set("Content-Length", strconv.Itoa(len(body)))
	h.Set("Cache-Control", "no-store")
	if d.RetryAfter > 0 {
		h.Set("Retry-After", strconv.FormatInt(d.RetryAfter, 10))
	}
	if d.Status == http.StatusUnauthorized {
		h.Set("WWW-Authenticate", `Bearer realm="mailconnector"`)
	}
	w.WriteHeader(d.Status)
	_, err = w.Write(body)
	return err
}

func (p *Problem) document(requestID string) document {
	about := p.Type.definition()
	d := document{
		Type:       p.Type.URI(),
		Title:      about.Title,
		Status:     about.Status,
		Detail:     p.Detail,
		Instance:   "urn:request:" + requestID,
		Errors:     p.Faults,
		RetryAfter: seconds(p.RetryAfter),
		Reason:     p.Reason,
		Methods:    p.Methods,
		Limit:      p.Limit,
		Update:     p.Update,
	}
	if !p.Until.IsZero() {
		until := p.Until.UTC()
		d.Until = &until
	}
	return d
}

// seconds rounds up, so that whoever waits as told has waited long enough.
func seconds(d time.Duration) int64 {
	return int64((d + time.Second - 1) / time.Second)
}
