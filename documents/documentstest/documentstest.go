// Package documentstest holds the tests that every implementation of documents.ContentStore passes.
//
//	func TestStore(t *testing.T) {
//		documentstest.RunStoreTests(t, func(t *testing.T) documents.ContentStore { return mystore.New(t.TempDir()) })
//	}
package documentstest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"testing/iotest"

	"github.com/mailconnector/mailconnector/documents"
)

// RunStoreTests runs the contract of documents.ContentStore as subtests, each on a store of its own that newStore
// makes and cleans up. A store that several tests share is fine if it starts empty: every test uses its own keys.
func RunStoreTests(t *testing.T, newStore func(t *testing.T) documents.ContentStore) {
	t.Helper()
	tests := []struct {
		name string
		run  func(t *testing.T, store documents.ContentStore)
	}{
		{"what was put is read back", readBack},
		{"a range is read", readRange},
		{"a key that was never stored has no content", neverStored},
		{"a deleted key has no content", deleted},
		{"storing again replaces", replaces},
		{"a key may be the folder of another", nestedKeys},
		{"a failing reader leaves nothing", failingReader},
		{"a stream that is cut off leaves nothing", cutOff},
		{"a canceled context leaves nothing", canceled},
		{"keys outside the alphabet are refused", refusedKeys},
		{"many at once do not mix", concurrent},
		{"readers see one version or the other", noMixture},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) { tt.run(t, newStore(t)) })
	}
}

func readBack(t *testing.T, store documents.ContentStore) {
	for _, size := range []int{0, 1, 4096, 3<<20 + 17} {
		key, want := fmt.Sprintf("readback/%d", size), content(size)
		put(t, store, key, want)
		if got := read(t, store, key, 0, -1); !bytes.Equal(got, want) {
			t.Errorf("%d bytes: read %d other bytes", size, len(got))
		}
		if n, err := store.Size(t.Context(), key); err != nil || n != int64(size) {
			t.Errorf("Size = %d, %v, want %d", n, err, size)
		}
	}
}

func readRange(t *testing.T, store documents.ContentStore) {
	put(t, store, "range", []byte("0123456789"))
	for _, tt := range []struct {
		offset, length int64
		want           string
	}{
		{0, -1, "0123456789"}, {0, 4, "0123"}, {3, 4, "3456"}, {3, -1, "3456789"}, {0, 0, ""}, {5, 0, ""},
		{9, 1, "9"}, {8, 100, "89"}, {10, 1, ""}, {10, -1, ""}, {11, -1, ""}, {1 << 40, 5, ""},
	} {
		if got := read(t, store, "range", tt.offset, tt.length); string(got) != tt.want {
			t.Errorf("offset %d, length %d: read %q, want %q", tt.offset, tt.length, got, tt.want)
		}
	}
	if r, err := store.Open(t.Context(), "range", -1, 1); err == nil {
		_ = r.Close()
		t.Error("Open at offset -1 succeeded")
	}
}

func neverStored(t *testing.T, store documents.ContentStore) {
	wantNothing(t, store, "never/stored")
	if err := store.Delete(t.Context(), "never/stored"); err != nil {
		t.Errorf("Delete of nothing = %v, want nil", err)
	}
}

func deleted(t *testing.T, store documents.ContentStore) {
	put(t, store, "deleted", []byte("x"))
	for range 2 {
		if err := store.Delete(t.Context(), "deleted"); err != nil {
			t.Fatalf("Delete = %v", err)
		}
	}
	wantNothing(t, store, "deleted")
}

func replaces(t *testing.T, store documents.ContentStore) {
	put(t, store, "replaced", []byte("a longer first version"))
	put(t, store, "replaced", []byte("second"))
	if got := read(t, store, "replaced", 0, -1); string(got) != "second" {
		t.Errorf("read %q, want %q", got, "second")
	}
}

func nestedKeys(t *testing.T, store documents.ContentStore) {
	long := strings.Repeat("k", 128)
	for _, key := range []string{"n", "n/n", "n/n/n", "nn", long} {
		put(t, store, key, []byte(key))
	}
	for _, key := range []string{"n", "n/n", "n/n/n", "nn", long} {
		if got := read(t, store, key, 0, -1); string(got) != key {
			t.Errorf("key %q holds %q", key, got)
		}
	}
}

func failingReader(t *testing.T, store documents.ContentStore) {
	cause := errors.New("connection reset")
	r := io.MultiReader(bytes.NewReader(content(1<<20)), iotest.ErrReader(cause))
	if err := store.Put(t.Context(), "failing", r); !errors.Is(err, cause) {
		t.Errorf("Put = %v, want the reader's error", err)
	}
	wantNothing(t, store, "failing")
}

// cutOff ends streams of all lengths as a network does, with an error that some libraries take for an end.
func cutOff(t *testing.T, store documents.ContentStore) {
	for _, size := range []int{0, 1, 1 << 20, 7 << 20} {
		key := fmt.Sprintf("cutoff/%d", size)
		r := io.MultiReader(bytes.NewReader(content(size)), iotest.ErrReader(io.ErrUnexpectedEOF))
		if err := store.Put(t.Context(), key, r); !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Errorf("Put of %d bytes = %v, want the reader's error", size, err)
		}
		wantNothing(t, store, key)
	}
}

func canceled(t *testing.T, store documents.ContentStore) {
	ctx, cancel := context.WithCancel(t.Context())
	r := io.MultiReader(bytes.NewReader(content(1<<20)), cancelReader(cancel), bytes.NewReader(content(1<<20)))
	if err := store.Put(ctx, "canceled", r); !errors.Is(err, context.Canceled) {
		t.Errorf("Put = %v, want context.Canceled", err)
	}
	wantNothing(t, store, "canceled")
}

func refusedKeys(t *testing.T, store documents.ContentStore) {
	for _, key := range []string{
		"", "/", "/a", "a/", "a//b", ".", "..", "../a", "a/../b", "A", "a b", "a.b", "a_b", "ä", "a\x00", `a\b`,
		strings.Repeat("k", 129),
	} {
		_, openErr := store.Open(t.Context(), key, 0, -1)
		_, sizeErr := store.Size(t.Context(), key)
		for what, err := range map[string]error{
			"Put":    store.Put(t.Context(), key, strings.NewReader("x")),
			"Open":   openErr,
			"Size":   sizeErr,
			"Delete": store.Delete(t.Context(), key),
		} {
			if err == nil || errors.Is(err, documents.ErrNoContent) {
				t.Errorf("%s(%q) = %v, want the key refused", what, key, err)
			}
		}
	}
}

func concurrent(t *testing.T, store documents.ContentStore) {
	var wg sync.WaitGroup
	for i := range 16 {
		wg.Go(func() {
			key := fmt.Sprintf("concurrent/%d", i)
			want := bytes.Repeat([]byte{byte(i)}, 100_000+i)
			put(t, store, key, want)
			if got := read(t, store, key, 0, -1); !bytes.Equal(got, want) {
				t.Errorf("%s: read other bytes", key)
			}
		})
	}
	wg.Wait()
}

func noMixture(t *testing.T, store documents.ContentStore) {
	versions := [][]byte{bytes.Repeat([]byte("a"), 200_000), bytes.Repeat([]byte("b"), 300_000)}
	put(t, store, "versions", versions[0])
	var wg sync.WaitGroup
	wg.Go(func() {
		for i := range 10 {
			put(t, store, "versions", versions[i%2])
		}
	})
	wg.Go(func() {
		for range 20 {
			got := read(t, store, "versions", 0, -1)
			if !bytes.Equal(got, versions[0]) && !bytes.Equal(got, versions[1]) {
				t.Errorf("read a mixture of %d bytes", len(got))
			}
		}
	})
	wg.Wait()
}

// content returns n bytes that do not compress and do not repeat.
func content(n int) []byte {
	b := make([]byte, n)
	_, _ = rand.NewChaCha8([32]byte{byte(n)}).Read(b)
	return b
}

func put(t *testing.T, store documents.ContentStore, key string, b []byte) {
	t.Helper()
	// Without WriterTo and Seeker, as content arrives from a network.
	if err := store.Put(t.Context(), key, struct{ io.Reader }{bytes.NewReader(b)}); err != nil {
		t.Errorf("Put(%q) = %v", key, err)
	}
}

func read(t *testing.T, store documents.ContentStore, key string, offset, length int64) []byte {
	t.Helper()
	r, err := store.Open(t.Context(), key, offset, length)
	if err != nil {
		t.Errorf("Open(%q, %d, %d) = %v", key, offset, length, err)
		return nil
	}
	b, err := io.ReadAll(r)
	if err := errors.Join(err, r.Close()); err != nil {
		t.Errorf("read %q: %v", key, err)
	}
	return b
}

func wantNothing(t *testing.T, store documents.ContentStore, key string) {
	t.Helper()
	if r, err := store.Open(t.Context(), key, 0, -1); !errors.Is(err, documents.ErrNoContent) {
		if err == nil {
			_ = r.Close()
		}
		t.Errorf("Open(%q) = %v, want ErrNoContent", key, err)
	}
	if _, err := store.Size(t.Context(), key); !errors.Is(err, documents.ErrNoContent) {
		t.Errorf("Size(%q) = %v, want ErrNoContent", key, err)
	}
}

// cancelReader cancels a context in the middle of a stream.
type cancelReader context.CancelFunc

func (cancel cancelReader) Read([]byte) (int, error) {
	cancel()
	return 0, io.EOF
}
