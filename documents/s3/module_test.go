package s3_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/mailconnector/mailconnector/api/problem"
	"github.com/mailconnector/mailconnector/documents/s3"
	"github.com/mailconnector/mailconnector/internal/dbtest"
	"github.com/mailconnector/mailconnector/module"
	"github.com/mailconnector/mailconnector/module/moduletest"
)

// nora is a contact of the in-memory host's sales representative.
var nora = moduletest.Target{Module: "Contacts", Record: "12"}

// mount mounts the module with its content in a store, and returns a client of the sales representative.
func mount(t *testing.T, store *s3.Store) (*module.Extension, *moduletest.Client) {
	t.Helper()
	host, err := moduletest.NewMemoryHost(t.Context(), dbtest.SQLite(t))
	if err != nil {
		t.Fatal(err)
	}
	ext := moduletest.Mount(t, host.UnderTest(), func(c *module.Config) { c.Content = store })
	client := moduletest.NewClient(ext, module.DefaultPrefix)
	if _, err := client.SignIn(t.Context(), "sales.rep", moduletest.Password); err != nil {
		t.Fatal(err)
	}
	return ext, client
}

// mail is a mail with attachments of the given sizes, and their contents.
func mail(sizes ...int) (raw []byte, files [][]byte) {
	dice := rand.NewChaCha8([32]byte{1})
	var b bytes.Buffer
	b.WriteString("From: Nora <nora@acme.example>\r\nTo: rep@crm.example\r\nSubject: Plans\r\nMessage-ID: <plans@acme.example>\r\n" +
		"Date: Fri, 20 Nov 2026 10:00:00 +0100\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b1\r\n\r\n" +
		"--b1\r\nContent-Type: text/plain\r\n\r\nThe plans.\r\n")
	for i, size := range sizes {
		file := make([]byte, size)
		_, _ = dice.Read(file)
		files = append(files, file)
		fmt.Fprintf(&b, "--b1\r\nContent-Type: application/octet-stream\r\nContent-Disposition: attachment; filename=%d.bin\r\n"+
			"Content-Transfer-Encoding: base64\r\n\r\n", i)
		for line := range slices.Chunk([]byte(base64.StdEncoding.EncodeToString(file)), 76) {
			b.Write(line)
			b.WriteString("\r\n")
		}
	}
	b.WriteString("--b1--\r\n")
	return b.Bytes(), files
}

func TestTheModuleKeepsMailsInABucket(t *testing.T) {
	t.Run("server in memory", func(t *testing.T) { linkAndRead(t, inProcess(t)) })
	t.Run("versitygw", func(t *testing.T) { linkAndRead(t, asProcess(t)) })
}

func linkAndRead(t *testing.T, endpoint string) {
	_, client := mount(t, newStore(t, config(endpoint)))
	raw, files := mail(100, 70_000, 8<<20)
	receipt, err := client.Link(t.Context(), bytes.NewReader(raw), moduletest.LinkOptions{}, nora)
	if err != nil {
		t.Fatal(err)
	}
	if len(receipt.Parts) != len(files) {
		t.Fatalf("the receipt has %d parts, want %d", len(receipt.Parts), len(files))
	}
	id := receipt.Message.ID
	if source, err := client.Source(t.Context(), id); err != nil || !bytes.Equal(source, raw) {
		t.Errorf("the source has %d bytes of %d, %v", len(source), len(raw), err)
	}
	for i, part := range receipt.Parts {
		content, err := client.Part(t.Context(), id, part.Part)
		sum := sha256.Sum256(files[i])
		if err != nil || !bytes.Equal(content, files[i]) || part.SHA256 != hex.EncodeToString(sum[:]) || part.Status != "stored" {
			t.Errorf("part %d: %d bytes of %d, %+v, %v", part.Part, len(content), len(files[i]), part, err)
		}
	}
	if body, err := client.Body(t.Context(), id); err != nil || !bytes.Contains(body, []byte("The plans.")) {
		t.Errorf("body = %q, %v", body, err)
	}
	wantRange(t, client, id, raw)
}

// wantRange reads a part of the source, as a download that was interrupted goes on.
func wantRange(t *testing.T, client *moduletest.Client, id string, raw []byte) {
	t.Helper()
	res, err := client.Do(t.Context(), http.MethodGet, "/messages/"+id+"/source", http.Header{"Range": {"bytes=6000000-6000099"}}, nil)
	if err != nil {
		t.Fatal(err)
	}
	got, err := io.ReadAll(res.Body)
	_ = res.Body.Close()
	if err != nil || res.StatusCode != http.StatusPartialContent || !bytes.Equal(got, raw[6_000_000:6_000_100]) {
		t.Errorf("a range: %s, %d bytes, %v", res.Status, len(got), err)
	}
}

// TestAnOutageOfTheBucketLosesNothing takes the server away in the middle of an upload.
func TestAnOutageOfTheBucketLosesNothing(t *testing.T) {
	var down atomic.Bool
	c := config(inProcess(t))
	c.Transport = transport(func(r *http.Request) (*http.Response, error) {
		if down.Load() && strings.Contains(r.URL.RawQuery, "partNumber=2") {
			return refusal(r, http.StatusServiceUnavailable, "SlowDown"), nil
		}
		return http.DefaultTransport.RoundTrip(r)
	})
	_, client := mount(t, newStore(t, c))
	raw, _ := mail(8 << 20)
	o := moduletest.LinkOptions{IdempotencyKey: "key"}

	down.Store(true)
	_, err := client.Link(t.Context(), bytes.NewReader(raw), o, nora)
	if moduletest.ProblemType(err) != problem.Unavailable {
		t.Fatalf("Link during the outage = %v, want unavailable", err)
	}
	if page, err := client.Messages(t.Context(), nora, 10, ""); err != nil || len(page.Items) != 0 {
		t.Errorf("after the outage the record has messages %+v, %v", page.Items, err)
	}
	objects := newClient(t, strings.TrimPrefix(c.Endpoint, "http://"))
	if left, err := objects.ListObjectsV2(bucket, "", "", "", "", 10); err != nil || len(left.Contents) != 0 {
		t.Errorf("objects are left: %+v, %v", left.Contents, err)
	}

	down.Store(false)
	receipt, err := client.Link(t.Context(), bytes.NewReader(raw), o, nora)
	if err != nil || receipt.Replayed {
		t.Fatalf("Link after the outage = %+v, %v", receipt, err)
	}
	if source, err := client.Source(t.Context(), receipt.Message.ID); err != nil || !bytes.Equal(source, raw) {
		t.Errorf("the source has %d bytes of %d, %v", len(source), len(raw), err)
	}
}
