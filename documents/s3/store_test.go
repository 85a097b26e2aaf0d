package s3_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/minio/minio-go/v7"

	"github.com/mailconnector/mailconnector/documents"
	"github.com/mailconnector/mailconnector/documents/documentstest"
	"github.com/mailconnector/mailconnector/documents/s3"
)

func TestStore(t *testing.T) {
	t.Run("server in memory", func(t *testing.T) { runStoreTests(t, inProcess(t)) })
	t.Run("versitygw", func(t *testing.T) { runStoreTests(t, asProcess(t)) })
}

func runStoreTests(t *testing.T, endpoint string) {
	documentstest.RunStoreTests(t, func(t *testing.T) documents.ContentStore {
		c := config(endpoint)
		c.Prefix = "crm/"
		return newStore(t, c)
	})
}

func TestNewRefusesWhatCannotWork(t *testing.T) {
	tests := []struct {
		name   string
		change func(*s3.Config)
	}{
		{"no endpoint", func(c *s3.Config) { c.Endpoint = "" }},
		{"an endpoint without scheme", func(c *s3.Config) { c.Endpoint = "s3.example.com" }},
		{"an endpoint of another protocol", func(c *s3.Config) { c.Endpoint = "ftp://s3.example.com" }},
		{"an endpoint with a path", func(c *s3.Config) { c.Endpoint = "https://s3.example.com/mails" }},
		{"an endpoint that is no address", func(c *s3.Config) { c.Endpoint = "https://%" }},
		{"no bucket", func(c *s3.Config) { c.Bucket = "" }},
		{"no access key", func(c *s3.Config) { c.AccessKey = "" }},
		{"no secret key", func(c *s3.Config) { c.SecretKey = "" }},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			c := config("https://s3.example.com")
			if _, err := s3.New(c); err != nil {
				t.Fatalf("New before the change = %v", err)
			}
			test.change(&c)
			if _, err := s3.New(c); err == nil || strings.Contains(err.Error(), secretKey) {
				t.Errorf("New = %v, want an error without the secret", err)
			}
		})
	}
}

// transport answers requests itself, or lets them pass.
type transport func(*http.Request) (*http.Response, error)

func (f transport) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// refusal is an answer of the server with a code.
func refusal(r *http.Request, status int, code string) *http.Response {
	body := fmt.Sprintf("<Error><Code>%s</Code><Message>no</Message></Error>", code)
	return &http.Response{
		StatusCode: status, Status: http.StatusText(status), Request: r, Header: http.Header{"Content-Type": {"application/xml"}},
		Body: io.NopCloser(strings.NewReader(body)), ContentLength: int64(len(body)),
	}
}

func TestErrorsOfTheServer(t *testing.T) {
	tests := []struct {
		name      string
		status    int
		code      string
		put, open error // nil: another error
	}{
		{"a quota that is used up", http.StatusForbidden, "QuotaExceeded", documents.ErrStoreFull, documents.ErrStoreFull},
		{"full disks", http.StatusInsufficientStorage, "XMinioStorageFull", documents.ErrStoreFull, documents.ErrStoreFull},
		{"no permission", http.StatusForbidden, "AccessDenied", documents.ErrStoreReadOnly, nil},
		{"a wrong key", http.StatusForbidden, "SignatureDoesNotMatch", nil, nil},
		{"a bucket that is not there", http.StatusNotFound, "NoSuchBucket", nil, nil},
		{"too many requests", http.StatusServiceUnavailable, "SlowDown", documents.ErrStoreUnavailable, documents.ErrStoreUnavailable},
		{"a server in trouble", http.StatusInternalServerError, "InternalError", documents.ErrStoreUnavailable, documents.ErrStoreUnavailable},
		{"a gateway without server", http.StatusBadGateway, "", documents.ErrStoreUnavailable, documents.ErrStoreUnavailable},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			c := config("https://s3.example.com")
			c.Transport = transport(func(r *http.Request) (*http.Response, error) { return refusal(r, test.status, test.code), nil })
			store := newStore(t, c)
			wantError(t, "Put", store.Put(t.Context(), "key", strings.NewReader("x")), test.put)
			_, err := store.Open(t.Context(), "key", 0, -1)
			wantError(t, "Open", err, test.open)
		})
	}
}

// wantError wants one of the store's errors, or with nil an error that is none of them.
func wantError(t *testing.T, what string, err, want error) {
	t.Helper()
	for _, kind := range []error{
		documents.ErrNoContent, documents.ErrStoreFull, documents.ErrStoreReadOnly, documents.ErrStoreUnavailable,
	} {
		if err == nil || errors.Is(err, kind) != errors.Is(want, kind) {
			t.Errorf("%s = %v, want %v", what, err, want)
			return
		}
	}
}

func TestAServerThatIsGoneIsUnavailable(t *testing.T) {
	store := newStore(t, config("http://127.0.0.1:1")) // a port that no program gets by chance
	err := store.Put(t.Context(), "key", strings.NewReader("x"))
	wantError(t, "Put", err, documents.ErrStoreUnavailable)
	_, err = store.Size(t.Context(), "key")
	wantError(t, "Size", err, documents.ErrStoreUnavailable)
	wantError(t, "Delete", store.Delete(t.Context(), "key"), documents.ErrStoreUnavailable)
	_, err = store.Sweep(t.Context(), time.Hour)
	wantError(t, "Sweep", err, documents.ErrStoreUnavailable)
}

func TestARequestIsRepeatedWhenTheServerIsBusy(t *testing.T) {
	refused := 0
	c := config(inProcess(t))
	c.Transport = transport(func(r *http.Request) (*http.Response, error) {
		if r.Method == http.MethodPut && refused < 2 {
			refused++
			_, _ = io.Copy(io.Discard, r.Body)
			return refusal(r, http.StatusServiceUnavailable, "SlowDown"), nil
		}
		return http.DefaultTransport.RoundTrip(r)
	})
	store := newStore(t, c)
	if err := store.Put(t.Context(), "key", strings.NewReader("all of it")); err != nil || refused != 2 {
		t.Fatalf("Put = %v after %d refusals", err, refused)
	}
	r, err := store.Open(t.Context(), "key", 4, 2)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := io.ReadAll(r); string(got) != "of" || err != nil {
		t.Errorf("read %q, %v", got, err)
	}
}

func TestRequestsBearTheSessionTokenSigned(t *testing.T) {
	for name, token := range map[string]string{"keys that last": "", "keys that end": "session/token+=="} {
		t.Run(name, func(t *testing.T) {
			requests := 0
			c := config(inProcess(t))
			c.SessionToken = token
			c.Transport = transport(func(r *http.Request) (*http.Response, error) {
				requests++
				signed := strings.Contains(r.Header.Get("Authorization"), "x-amz-security-token")
				if got := r.Header.Get("X-Amz-Security-Token"); got != token || signed != (token != "") {
					t.Errorf("%s %s bears the token %q, signed: %t", r.Method, r.URL, got, signed)
				}
				return http.DefaultTransport.RoundTrip(r)
			})
			store := newStore(t, c)
			for _, size := range []int{10, 6 << 20} {
				if err := store.Put(t.Context(), "key", bytes.NewReader(make([]byte, size))); err != nil {
					t.Fatal(err)
				}
				if got, err := store.Size(t.Context(), "key"); err != nil || got != int64(size) {
					t.Errorf("Size = %d, %v, want %d", got, err, size)
				}
			}
			if err := store.Delete(t.Context(), "key"); err != nil || requests < 6 {
				t.Errorf("Delete = %v, after %d requests", err, requests)
			}
		})
	}
}

func TestAnUploadWhoseAnswerIsLostLeavesNothing(t *testing.T) {
	for _, size := range []int{10, 6 << 20} {
		lost := false
		c := config(inProcess(t))
		c.Transport = transport(func(r *http.Request) (*http.Response, error) {
			res, err := http.DefaultTransport.RoundTrip(r)
			last := r.Method == http.MethodPut && size < 1<<20 || r.Method == http.MethodPost && r.URL.Query().Has("uploadId")
			if err == nil && last {
				lost = true
				_ = res.Body.Close()
				return nil, errors.New("connection reset")
			}
			return res, err
		})
		store := newStore(t, c)
		err := store.Put(t.Context(), "key", bytes.NewReader(make([]byte, size)))
		if !lost {
			t.Fatalf("%d bytes: no answer was lost", size)
		}
		wantError(t, "Put", err, documents.ErrStoreUnavailable)
		_, err = store.Size(t.Context(), "key")
		wantError(t, "Size", err, documents.ErrNoContent)
	}
}

func TestSweepGivesUpOldUploads(t *testing.T) {
	t.Run("server in memory", func(t *testing.T) { sweepOldUploads(t, inProcess(t)) })
	t.Run("versitygw", func(t *testing.T) { sweepOldUploads(t, asProcess(t)) })
}

func sweepOldUploads(t *testing.T, endpoint string) {
	client, store := newClient(t, strings.TrimPrefix(endpoint, "http://")), newStore(t, config(endpoint))
	ctx := context.Background()
	id, err := client.NewMultipartUpload(ctx, bucket, "dead.bin", minio.PutObjectOptions{})
	if err != nil {
		t.Fatal(err)
	}
	part := strings.NewReader("half of a mail")
	if _, err := client.PutObjectPart(ctx, bucket, "dead.bin", id, 1, part, part.Size(), minio.PutObjectPartOptions{}); err != nil {
		t.Fatal(err)
	}
	for _, step := range []struct {
		olderThan time.Duration
		want      int
	}{{time.Hour, 0}, {-2 * time.Second, 1}, {-2 * time.Second, 0}} {
		if n, err := store.Sweep(ctx, step.olderThan); n != step.want || err != nil {
			t.Errorf("Sweep(%s) = %d, %v, want %d", step.olderThan, n, err, step.want)
		}
	}
}
