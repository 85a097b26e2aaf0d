package messages_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"database/sql"
	"errors"
	"io"
	"strings"
	"sync"
	"testing"
	"testing/iotest"
	"time"

	"github.com/mailconnector/mailconnector/internal/dbtest"
	"github.com/mailconnector/mailconnector/messages"
	"github.com/mailconnector/mailconnector/messages/mail"
	"github.com/mailconnector/mailconnector/permissions"
)

// open opens an upload for a number of bytes, or fails the test.
func (h *harness) open(who permissions.Subject, length int) string {
	h.t.Helper()
	u, err := h.CreateUpload(h.t.Context(), who, messages.NewUpload{Length: int64(length), Metadata: "filename b2ZmZXIuZW1s"})
	if err != nil {
		h.t.Fatalf("CreateUpload = %v", err)
	}
	return u.ID
}

func (h *harness) write(who permissions.Subject, id string, offset int, body io.Reader) (messages.StagedUpload, error) {
	return h.WriteChunk(h.t.Context(), who, id, messages.Chunk{Offset: int64(offset), Body: body})
}

// stage uploads a mail in chunks of some size.
func (h *harness) stage(who permissions.Subject, content []byte, size int) string {
	h.t.Helper()
	id := h.open(who, len(content))
	for at := 0; at < len(content); at += size {
		u, err := h.write(who, id, at, bytes.NewReader(content[at:min(at+size, len(content))]))
		if err != nil || u.Offset != int64(min(at+size, len(content))) {
			h.t.Fatalf("WriteChunk at %d = %+v, %v", at, u, err)
		}
	}
	return id
}

func (h *harness) commitUpload(who permissions.Subject, id, key string, on ...permissions.Record) (messages.Receipt, error) {
	return h.Archive(context.WithoutCancel(h.t.Context()), who, messages.Request{Source: messages.Staged(id), Links: on, IdempotencyKey: key})
}

func TestAMailArrivesInChunks(t *testing.T) {
	onBoth(t, func(t *testing.T, h *harness) {
		content := letter{files: []file{pdf(strings.Repeat("page ", 400))}}.bytes()
		id := h.stage(ann, content, 700)
		receipt, err := h.commitUpload(ann, id, "", nora)
		if err != nil || !receipt.New || receipt.Message.Completeness != messages.Full || len(receipt.Parts) != 1 {
			t.Fatalf("commit = %+v, %v", receipt, err)
		}
		source, info, err := h.Source(t.Context(), ann, receipt.Message.ID)
		if err != nil || info.SHA256 != sha256.Sum256(content) || read(t, source) != string(content) {
			t.Errorf("the bytes are not those uploaded: %v", err)
		}
		if _, err := h.FindUpload(t.Context(), ann, id); !notFound(err) {
			t.Errorf("a committed upload: %v, want not found", err)
		}
		h.wantCounts(map[string]int{"mc_uploads": 0, "mc_upload_chunks": 0})
		h.sweep()
		if n := h.content.len(); n != 1 {
			t.Errorf("%d contents in the store after the sweep, want the mail alone", n)
		}
	})
}

func TestACommitIsRepeatable(t *testing.T) {
	onBoth(t, func(t *testing.T, h *harness) {
		for _, key := range []string{"", "k1"} {
			id := h.stage(ann, letter{id: "<" + key + "@x>"}.bytes(), 100)
			first, err := h.commitUpload(ann, id, key, nora)
			if err != nil {
				t.Fatal(err)
			}
			again, err := h.commitUpload(ann, id, key, nora)
			if err != nil || !again.Replayed || again.ID != first.ID {
				t.Errorf("key %q: the second commit = %+v, %v, want the receipt of the first", key, again, err)
			}
			if _, err := h.commitUpload(ann, id, key, offer); !errors.Is(err, messages.ErrConflict) {
				t.Errorf("key %q: a commit to another record: %v, want a conflict", key, err)
			}
		}
	})
}

func TestAnUploadBelongsToItsOwner(t *testing.T) {
	onBoth(t, func(t *testing.T, h *harness) {
		content := letter{}.bytes()
		id := h.stage(ann, content, 1000)
		if _, err := h.FindUpload(t.Context(), bob, id); !notFound(err) {
			t.Errorf("FindUpload of another = %v, want not found", err)
		}
		if _, err := h.write(bob, id, 0, strings.NewReader("x")); !notFound(err) {
			t.Errorf("WriteChunk to another's = %v, want not found", err)
		}
		if err := h.DeleteUpload(t.Context(), bob, id); !notFound(err) {
			t.Errorf("DeleteUpload of another's = %v, want not found", err)
		}
		if _, err := h.commitUpload(bob, id, "", nora); !notFound(err) {
			t.Errorf("commit of another's = %v, want not found", err)
		}
		for _, id := range []string{"", "x", strings.Repeat("0", 26)} {
			if _, err := h.FindUpload(t.Context(), ann, id); !notFound(err) {
				t.Errorf("FindUpload(%q) = %v, want not found", id, err)
			}
		}
		if u, err := h.FindUpload(t.Context(), ann, id); err != nil || u.Offset != int64(len(content)) || u.Metadata == "" {
			t.Errorf("FindUpload = %+v, %v", u, err)
		}
	})
}

func TestChunksThatDoNotCount(t *testing.T) {
	onBoth(t, func(t *testing.T, h *harness) {
		id := h.open(ann, 10)
		wrong := sha256.Sum256([]byte("other"))
		for name, test := range map[string]struct {
			chunk messages.Chunk
			want  func(error) bool
		}{
			"beyond the end":           {messages.Chunk{Offset: 3, Body: strings.NewReader("x")}, isError(messages.ErrOffset)},
			"more than was announced":  {messages.Chunk{Body: strings.NewReader("12345678901")}, isTooLarge},
			"another hash":             {messages.Chunk{SHA256: &wrong, Body: strings.NewReader("12345")}, isError(messages.ErrChecksum)},
			"with a hash, and cut off": {messages.Chunk{SHA256: &wrong, Body: cutOff("12345")}, isError(messages.ErrTruncated)},
		} {
			if _, err := h.WriteChunk(t.Context(), ann, id, test.chunk); !test.want(err) {
				t.Errorf("a chunk %s: %v", name, err)
			}
		}
		if u, err := h.FindUpload(t.Context(), ann, id); err != nil || u.Offset != 0 {
			t.Errorf("the upload is at %d, %v, want 0", u.Offset, err)
		}
		if _, err := h.commitUpload(ann, id, "", nora); !errors.Is(err, messages.ErrUnfinished) {
			t.Errorf("commit = %v, want unfinished", err)
		}
		h.content.err = errors.New("disk gone")
		if _, err := h.write(ann, id, 0, strings.NewReader("12345")); err == nil {
			t.Error("a chunk that was not stored counts")
		}
	})
}

func isError(want error) func(error) bool {
	return func(err error) bool { return errors.Is(err, want) }
}

func isTooLarge(err error) bool {
	var beyond *mail.TooLargeError
	return errors.As(err, &beyond)
}

func cutOff(content string) io.Reader {
	return io.MultiReader(strings.NewReader(content), iotest.ErrReader(io.ErrUnexpectedEOF))
}

func TestWhatArrivedOfAChunkCounts(t *testing.T) {
	onBoth(t, func(t *testing.T, h *harness) {
		content := letter{}.bytes()
		id := h.open(ann, len(content))
		ctx, leave := context.WithCancel(t.Context())
		leaving := io.MultiReader(bytes.NewReader(content[:100]), readerFunc(func([]byte) (int, error) {
			leave() // as a server ends the context of a client who is gone
			return 0, io.ErrUnexpectedEOF
		}))
		u, err := h.WriteChunk(ctx, ann, id, messages.Chunk{Body: leaving})
		if err != nil || u.Offset != 100 {
			t.Fatalf("a chunk that was cut off = %+v, %v, want 100 bytes", u, err)
		}
		right := sha256.Sum256(content[100:])
		u, err = h.WriteChunk(t.Context(), ann, id, messages.Chunk{Offset: 100, SHA256: &right, Body: bytes.NewReader(content[100:])})
		if err != nil || u.Offset != u.Length {
			t.Fatalf("the rest = %+v, %v", u, err)
		}
		if _, err := h.commitUpload(ann, id, "", nora); err != nil {
			t.Error(err)
		}
	})
}

type readerFunc func([]byte) (int, error)

func (f readerFunc) Read(p []byte) (int, error) { return f(p) }

func TestUploadsThatAreRefused(t *testing.T) {
	onBoth(t, func(t *testing.T, h *harness) {
		for name, test := range map[string]struct {
			upload messages.NewUpload
			want   func(error) bool
		}{
			"nothing":               {messages.NewUpload{}, isError(messages.ErrEmpty)},
			"more than a mail":      {messages.NewUpload{Length: 1 << 40}, isTooLarge},
			"two lines of metadata": {messages.NewUpload{Length: 1, Metadata: "a\r\nb"}, isError(messages.ErrInvalid)},
		} {
			if _, err := h.CreateUpload(t.Context(), ann, test.upload); !test.want(err) {
				t.Errorf("an upload of %s: %v", name, err)
			}
		}
		h.wantCounts(map[string]int{"mc_uploads": 0})
	})
}

func TestAUserHasFewUploadsOpen(t *testing.T) {
	onBoth(t, func(t *testing.T, h *harness) {
		var wg sync.WaitGroup
		results := make(chan error, 12)
		for range 12 {
			wg.Go(func() {
				_, err := h.CreateUpload(t.Context(), ann, messages.NewUpload{Length: 5})
				results <- err
			})
		}
		wg.Wait()
		opened := 0
		for range 12 {
			if err := <-results; err == nil {
				opened++
			} else if !errors.Is(err, messages.ErrUploads) {
				t.Errorf("CreateUpload = %v, want success or too many", err)
			}
		}
		if opened != 8 || h.count("mc_uploads") != 8 {
			t.Errorf("%d of 12 uploads were opened, want 8", opened)
		}
		h.open(bob, 5) // has slots of his own
		h.clock.forward(25 * time.Hour)
		if id := h.open(ann, 5); id == "" || h.count("mc_uploads") != 2 {
			t.Errorf("%d uploads are open; those expired should have made room", h.count("mc_uploads"))
		}
	})
}

func TestUploadsEnd(t *testing.T) {
	onBoth(t, func(t *testing.T, h *harness) {
		deleted, left := h.stage(ann, []byte("given up"), 3), h.stage(ann, []byte("forgotten"), 4)
		if err := h.DeleteUpload(t.Context(), ann, deleted); err != nil {
			t.Fatal(err)
		}
		if err := h.DeleteUpload(t.Context(), ann, deleted); !notFound(err) {
			t.Errorf("deleting twice: %v, want not found", err)
		}
		h.sweep()
		if u, err := h.FindUpload(t.Context(), ann, left); err != nil || u.Offset != 9 {
			t.Fatalf("after two hours: %+v, %v, want it as it was", u, err)
		}
		if n := h.content.len(); n != 3 {
			t.Errorf("%d contents in the store, want the 3 chunks of the upload that is open", n)
		}
		h.clock.forward(25 * time.Hour)
		if _, err := h.FindUpload(t.Context(), ann, left); !notFound(err) {
			t.Errorf("after a day: %v, want not found", err)
		}
		h.sweep() // lets go of the chunks
		h.wantNothing()
		h.wantCounts(map[string]int{"mc_uploads": 0, "mc_upload_chunks": 0})
	})
}

// TestTwoInstancesTakeOneUpload lets two services on one database take the same chunks and the same commit at once.
func TestTwoInstancesTakeOneUpload(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *sql.DB) {
		var shared messages.Config
		one := newHarness(t, db, func(c *messages.Config) { shared = *c })
		two := &harness{t: t, crm: one.crm, db: db, content: one.content, clock: one.clock}
		var err error
		if two.Service, err = messages.New(shared); err != nil {
			t.Fatal(err)
		}
		content := letter{files: []file{pdf("both")}}.bytes()
		id, half := one.open(ann, len(content)), len(content)/2
		for _, at := range []int{0, half} {
			end := at + half
			if at > 0 {
				end = len(content)
			}
			won := race(func(h *harness) error {
				_, err := h.write(ann, id, at, bytes.NewReader(content[at:end]))
				return err
			}, one, two)
			if won[nil] != 1 || won[messages.ErrOffset] != 1 {
				t.Fatalf("two chunks at %d: %v, want one to count", at, won)
			}
		}
		var mu sync.Mutex
		seen := make(map[string]int)
		committed := race(func(h *harness) error {
			receipt, err := h.commitUpload(ann, id, "", nora)
			mu.Lock()
			defer mu.Unlock()
			seen[receipt.ID]++
			return err
		}, one, one, two, two)
		if committed[nil] != 4 || len(seen) != 1 {
			t.Errorf("four commits at once: %v with receipts %v, want one receipt four times", committed, seen)
		}
		one.wantCounts(map[string]int{"mc_messages": 1, "mc_links": 1, "mc_receipts": 1, "mc_uploads": 0, "mc_upload_chunks": 0})
	})
}

// race runs a function on several instances at once and counts the results.
func race(run func(*harness) error, instances ...*harness) map[error]int {
	var wg sync.WaitGroup
	results := make(chan error, len(instances))
	for _, h := range instances {
		wg.Go(func() {
			err := run(h)
			if errors.Is(err, messages.ErrOffset) {
				err = messages.ErrOffset
			}
			results <- err
		})
	}
	wg.Wait()
	close(results)
	counts := make(map[error]int)
	for err := range results {
		counts[err]++
	}
	return counts
}

func TestAStagedFormIsReadAsWhatItIs(t *testing.T) {
	onBoth(t, func(t *testing.T, h *harness) {
		commit := func(read func(io.Reader) (messages.Source, error)) (messages.Receipt, error) {
			id := h.stage(ann, letter{}.bytes(), 100)
			return h.Archive(t.Context(), ann, messages.Request{Source: messages.StagedForm(id, read), Links: []permissions.Record{nora}})
		}
		receipt, err := commit(func(body io.Reader) (messages.Source, error) { return messages.Raw(body), nil })
		if err != nil || !receipt.New {
			t.Errorf("a form that is a mail = %+v, %v", receipt, err)
		}
		refused := errors.New("no form")
		if _, err := commit(func(io.Reader) (messages.Source, error) { return nil, refused }); !errors.Is(err, refused) {
			t.Errorf("a form that is none: %v", err)
		}
		h.wantCounts(map[string]int{"mc_messages": 1, "mc_uploads": 1}) // what was refused can be linked as something else
	})
}
