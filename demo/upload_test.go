package demo_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"path"
	"strconv"
	"testing"

	"github.com/mailconnector/mailconnector/api/problem"
	"github.com/mailconnector/mailconnector/module/moduletest"
)

// upload is the answer to linking a mail, with the status that [moduletest.Client] keeps to itself. Status 0 is no
// answer at all.
type upload struct {
	status  int
	retry   string // the header Retry-After
	receipt moduletest.Receipt
	problem moduletest.Problem
	err     error
}

// answer is the answer in a few words: "201" or "422 invalid".
func (u upload) answer() string {
	switch {
	case u.status == 0:
		return u.err.Error()
	case u.problem.Type != "":
		return strconv.Itoa(u.status) + " " + string(u.problem.Type)
	}
	return strconv.Itoa(u.status)
}

// post links a mail.
func post(t *testing.T, c *moduletest.Client, raw []byte, key string, to ...moduletest.Target) upload {
	t.Helper()
	return send(t.Context(), c, bytes.NewReader(raw), key, to...)
}

// send links a mail that may come as slowly or brokenly as its reader likes.
func send(ctx context.Context, c *moduletest.Client, raw io.Reader, key string, to ...moduletest.Target) (u upload) {
	header := http.Header{"Content-Type": {"message/rfc822"}}
	if key != "" {
		header.Set("Idempotency-Key", key)
	}
	query := url.Values{}
	for _, target := range to {
		query.Add("link", target.Module+":"+target.Record)
	}
	res, err := c.Do(ctx, http.MethodPost, "/messages?"+query.Encode(), header, raw)
	if err != nil {
		return upload{err: err}
	}
	defer func() { _ = res.Body.Close() }()
	if res.StatusCode < 300 {
		err = json.NewDecoder(res.Body).Decode(&u.receipt)
	} else if err = json.NewDecoder(res.Body).Decode(&u.problem); err == nil {
		u.problem.Type = problem.Type(path.Base(u.problem.URI))
	}
	if err != nil {
		return upload{err: err}
	}
	u.status, u.retry = res.StatusCode, res.Header.Get("Retry-After")
	return u
}
