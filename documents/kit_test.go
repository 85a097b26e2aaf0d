package documents_test

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"io"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/mailconnector/mailconnector/documents"
	"github.com/mailconnector/mailconnector/documents/documentstest"
	"github.com/mailconnector/mailconnector/internal/database"
	"github.com/mailconnector/mailconnector/internal/dbtest"
)

// sorted compares lists of keys: their order tells nothing.
var sorted = cmp.Options{cmpopts.EquateEmpty(), cmpopts.SortSlices(strings.Compare)}

// kit is Blobs on a fresh database, with a store that fails on demand and a clock that is set by hand.
type kit struct {
	t     *testing.T
	db    *database.DB
	store *memory
	clock *clock
	blobs *documents.Blobs
}

func each(t *testing.T, fn func(t *testing.T, k *kit)) {
	t.Helper()
	dbtest.Each(t, func(t *testing.T, db *sql.DB) { fn(t, newKit(t, db)) })
}

func newKit(t *testing.T, db *sql.DB) *kit {
	t.Helper()
	k := &kit{t: t, store: newMemory(), clock: &clock{now: time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC)}}
	k.db = newDB(t, db, k.clock.Now)
	blobs, err := documents.New(documents.Config{DB: k.db, Store: k.store})
	if err != nil {
		t.Fatal(err)
	}
	k.blobs = blobs
	return k
}

func newDB(t testing.TB, raw *sql.DB, now func() time.Time) *database.DB {
	t.Helper()
	db, err := database.New(raw, database.Options{Now: now})
	if err != nil {
		t.Fatal(err)
	}
	if err := db.Migrate(t.Context(), documents.Migrations()); err != nil {
		t.Fatal(err)
	}
	return db
}

func (k *kit) write(content string) documents.Blob {
	k.t.Helper()
	b, err := k.blobs.Write(k.t.Context(), strings.NewReader(content))
	if err != nil {
		k.t.Errorf("Write(%q) = %v", content, err)
	}
	return b
}

func (k *kit) read(key string) string {
	k.t.Helper()
	r, err := k.blobs.Open(k.t.Context(), key, 0, -1)
	if err != nil {
		k.t.Errorf("Open(%q) = %v", key, err)
		return ""
	}
	b, err := io.ReadAll(r)
	if err := errors.Join(err, r.Close()); err != nil {
		k.t.Error(err)
	}
	return string(b)
}

func (k *kit) tryClaim(key, claimant string) error {
	return k.db.Tx(k.t.Context(), func(_ context.Context, tx *database.Tx) error {
		return k.blobs.Claim(tx, key, claimant)
	})
}

func (k *kit) claim(key, claimant string) {
	k.t.Helper()
	if err := k.tryClaim(key, claimant); err != nil {
		k.t.Errorf("Claim(%q, %q) = %v", key, claimant, err)
	}
}

// writeAndClaim does what a caller does: it writes again when the sweeper was quicker.
func (k *kit) writeAndClaim(content, claimant string) string {
	for {
		blob, err := k.blobs.Write(k.t.Context(), strings.NewReader(content))
		if err == nil {
			err = k.tryClaim(blob.Key, claimant)
		}
		if errors.Is(err, documents.ErrBlobGone) {
			continue
		}
		if err != nil {
			k.t.Errorf("write and claim %q: %v", content, err)
		}
		return blob.Key
	}
}

func (k *kit) release(claimant string) {
	k.t.Helper()
	err := k.db.Tx(k.t.Context(), func(_ context.Context, tx *database.Tx) error {
		return k.blobs.Release(tx, claimant)
	})
	if err != nil {
		k.t.Errorf("Release(%q) = %v", claimant, err)
	}
}

// sweepAfter lets time pass and then sweeps what is older than an hour.
func (k *kit) sweepAfter(d time.Duration, want int) {
	k.t.Helper()
	k.clock.advance(d)
	if n, err := k.blobs.Sweep(k.t.Context(), time.Hour); n != want || err != nil {
		k.t.Errorf("Sweep after %v = %d, %v, want %d removed", d, n, err, want)
	}
}

// crashIn writes content and ends, as a crash does, where prepare lets the store panic.
func (k *kit) crashIn(prepare func(), content string) {
	k.t.Helper()
	prepare()
	defer func() {
		if recover() == nil {
			k.t.Error("the write did not crash")
		}
		k.store.beforePut, k.store.afterPut = nil, nil
	}()
	k.write(content)
}

func (k *kit) exec(query string, args ...any) {
	k.t.Helper()
	if _, err := k.db.SQL().ExecContext(k.t.Context(), query, args...); err != nil {
		k.t.Fatal(err)
	}
}

// keysIn returns the keys of the rows in a state.
func (k *kit) keysIn(state string) []string {
	k.t.Helper()
	rows, err := k.db.SQL().QueryContext(k.t.Context(), "SELECT blob_key FROM mc_blobs WHERE state = ?", state)
	if err != nil {
		k.t.Fatal(err)
	}
	defer func() { _ = rows.Close() }()
	var keys []string
	for rows.Next() {
		var key string
		if err := rows.Scan(&key); err != nil {
			k.t.Fatal(err)
		}
		keys = append(keys, key)
	}
	if err := rows.Err(); err != nil {
		k.t.Fatal(err)
	}
	return keys
}

// wantBlobs checks that these blobs are all there is, in the database and in the store.
func (k *kit) wantBlobs(blobs ...documents.Blob) {
	k.t.Helper()
	var want []string
	for _, b := range blobs {
		want = append(want, b.Key)
	}
	if diff := cmp.Diff(want, k.keysIn("ready"), sorted); diff != "" {
		k.t.Errorf("blobs that are ready (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(want, k.store.keys(), sorted); diff != "" {
		k.t.Errorf("contents in the store (-want +got):\n%s", diff)
	}
	if left := slices.Concat(k.keysIn("writing"), k.keysIn("deleting")); len(left) > 0 {
		k.t.Errorf("unfinished rows: %v", left)
	}
}

func (k *kit) wantEmpty() {
	k.t.Helper()
	k.wantBlobs()
}

// clock is set by hand, and ticks a microsecond each time it is read.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *clock) Now() time.Time {
	c.advance(time.Microsecond)
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// step runs in the middle of a stream.
type step func()

func (s step) Read([]byte) (int, error) {
	s()
	return 0, io.EOF
}

// memory is a ContentStore that fails on demand.
type memory struct {
	mu       sync.Mutex
	contents map[string][]byte

	beforePut, afterPut func()
	failPut, failDelete error
}

func newMemory() *memory { return &memory{contents: make(map[string][]byte)} }

func TestMemoryIsAContentStore(t *testing.T) {
	documentstest.RunStoreTests(t, func(*testing.T) documents.ContentStore { return newMemory() })
}

func (m *memory) Put(ctx context.Context, key string, r io.Reader) error {
	if err := documents.CheckKey(key); err != nil {
		return err
	}
	if m.beforePut != nil {
		m.beforePut()
	}
	b, err := io.ReadAll(r)
	if err = errors.Join(err, ctx.Err(), m.failPut); err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.contents[key] = b
	if m.afterPut != nil {
		m.afterPut()
	}
	return nil
}

func (m *memory) Open(_ context.Context, key string, offset, length int64) (io.ReadCloser, error) {
	b, err := m.get(key)
	if err != nil {
		return nil, err
	}
	if offset < 0 {
		return nil, errors.New("negative offset")
	}
	b = b[min(offset, int64(len(b))):]
	if length >= 0 {
		b = b[:min(length, int64(len(b)))]
	}
	return io.NopCloser(bytes.NewReader(b)), nil
}

func (m *memory) Size(_ context.Context, key string) (int64, error) {
	b, err := m.get(key)
	return int64(len(b)), err
}

func (m *memory) get(key string) ([]byte, error) {
	if err := documents.CheckKey(key); err != nil {
		return nil, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	b, ok := m.contents[key]
	if !ok {
		return nil, documents.ErrNoContent
	}
	return b, nil
}

func (m *memory) Delete(_ context.Context, key string) error {
	if err := documents.CheckKey(key); err != nil {
		return err
	}
	if m.failDelete != nil {
		return m.failDelete
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.contents, key)
	return nil
}

func (m *memory) keys() []string {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Sorted(maps.Keys(m.contents))
}

// sweepable remembers what it was asked to sweep.
type sweepable struct {
	*memory
	swept time.Duration
}

func (s *sweepable) Sweep(_ context.Context, olderThan time.Duration) (int, error) {
	s.swept = olderThan
	return 0, nil
}
