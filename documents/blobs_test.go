package documents_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"testing"
	"testing/iotest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/mailconnector/mailconnector/documents"
	"github.com/mailconnector/mailconnector/internal/database"
	"github.com/mailconnector/mailconnector/internal/dbtest"
)

func TestWriteKeepsBytesOnceHoweverOftenWritten(t *testing.T) {
	each(t, func(t *testing.T, k *kit) {
		first, again, other := k.write("the same"), k.write("the same"), k.write("something else")
		if first != again {
			t.Errorf("the same bytes are two blobs: %v and %v", first, again)
		}
		if want := sha256.Sum256([]byte("the same")); first.SHA256 != want || first.Size != 8 {
			t.Errorf("blob = %v, want 8 bytes with their hash", first)
		}
		if other.Key == first.Key {
			t.Error("different bytes are one blob")
		}
		if got := k.read(first.Key); got != "the same" {
			t.Errorf("read %q", got)
		}
		if diff := cmp.Diff([]string{first.Key, other.Key}, k.store.keys(), sorted); diff != "" {
			t.Errorf("contents in the store (-want +got):\n%s", diff)
		}
		if u, err := k.blobs.Usage(t.Context()); err != nil || u != (documents.Usage{Blobs: 2, Bytes: 22}) {
			t.Errorf("Usage = %v, %v", u, err)
		}
	})
}

func TestWriteOfTheSameBytesAtOnce(t *testing.T) {
	each(t, func(t *testing.T, k *kit) {
		found := make([]documents.Blob, 12)
		var wg sync.WaitGroup
		for i := range found {
			wg.Go(func() { found[i] = k.write("popular attachment") })
		}
		wg.Wait()
		for _, b := range found {
			if b != found[0] {
				t.Fatalf("two blobs for the same bytes: %v and %v", b, found[0])
			}
		}
		if got := k.store.keys(); len(got) != 1 {
			t.Errorf("%d contents in the store, want 1", len(got))
		}
	})
}

func TestWriteThatFailsLeavesNothing(t *testing.T) {
	each(t, func(t *testing.T, k *kit) {
		cause := errors.New("client hung up")
		_, err := k.blobs.Write(t.Context(), io.MultiReader(strings.NewReader("half"), iotest.ErrReader(cause)))
		if !errors.Is(err, cause) {
			t.Errorf("Write = %v, want the reader's error", err)
		}
		k.store.failPut = fmt.Errorf("%w: no space left on device", documents.ErrStoreFull)
		if _, err := k.blobs.Write(t.Context(), strings.NewReader("x")); !errors.Is(err, documents.ErrStoreFull) {
			t.Errorf("Write = %v, want ErrStoreFull", err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		k.store.failPut = nil
		k.store.beforePut = cancel
		if _, err := k.blobs.Write(ctx, strings.NewReader("x")); !errors.Is(err, context.Canceled) {
			t.Errorf("Write = %v, want context.Canceled", err)
		}
		k.wantEmpty()
	})
}

func TestClaimedBlobsStayAndReleasedOnesGo(t *testing.T) {
	each(t, func(t *testing.T, k *kit) {
		kept, shared, unclaimed := k.write("kept"), k.write("shared"), k.write("unclaimed")
		k.claim(kept.Key, "message:1")
		k.claim(kept.Key, "message:1") // twice is once
		k.claim(shared.Key, "message:1")
		k.claim(shared.Key, "message:2")

		k.sweepAfter(30*time.Minute, 0) // nothing is old
		k.sweepAfter(2*time.Hour, 1)
		k.wantBlobs(kept, shared)
		if _, err := k.blobs.Open(t.Context(), unclaimed.Key, 0, -1); !errors.Is(err, documents.ErrNoContent) {
			t.Errorf("Open of a swept blob = %v, want ErrNoContent", err)
		}

		k.release("message:1")
		k.release("message:unknown")
		k.sweepAfter(0, 0) // just released: somebody may be reading
		k.sweepAfter(2*time.Hour, 1)
		k.wantBlobs(shared)

		k.release("message:2")
		k.claim(shared.Key, "message:3") // claimed again in time
		k.sweepAfter(2*time.Hour, 0)
		k.wantBlobs(shared)
		k.release("message:3")
		k.sweepAfter(2*time.Hour, 1)
		k.wantEmpty()
	})
}

func TestClaimAndReleaseFollowTheTransaction(t *testing.T) {
	each(t, func(t *testing.T, k *kit) {
		blob, undone := k.write("a"), errors.New("undone")
		err := k.db.Tx(t.Context(), func(_ context.Context, tx *database.Tx) error {
			return errors.Join(k.blobs.Claim(tx, blob.Key, "message:1"), undone)
		})
		if !errors.Is(err, undone) {
			t.Fatal(err)
		}
		k.claim(blob.Key, "message:2")
		err = k.db.Tx(t.Context(), func(_ context.Context, tx *database.Tx) error {
			return errors.Join(k.blobs.Release(tx, "message:2"), undone)
		})
		if !errors.Is(err, undone) {
			t.Fatal(err)
		}
		k.sweepAfter(2*time.Hour, 0) // message:2 holds it
		k.release("message:2")
		k.sweepAfter(2*time.Hour, 1) // message:1 never did
	})
}

func TestClaimOfWhatIsNotReadyIsRefused(t *testing.T) {
	each(t, func(t *testing.T, k *kit) {
		swept := k.write("swept")
		k.sweepAfter(2*time.Hour, 1)
		condemned := k.write("condemned")
		k.store.failDelete = errors.New("store is away")
		k.clock.advance(2 * time.Hour)
		if _, err := k.blobs.Sweep(t.Context(), time.Hour); !errors.Is(err, k.store.failDelete) {
			t.Errorf("Sweep = %v, want the store's error", err)
		}
		refused := func(what, key string) {
			if err := k.tryClaim(key, "message:1"); !errors.Is(err, documents.ErrBlobGone) {
				t.Errorf("Claim of a blob that is %s = %v, want ErrBlobGone", what, err)
			}
		}
		refused("swept", swept.Key)
		refused("condemned", condemned.Key)
		refused("unknown", "blobs/none")
		k.store.beforePut = func() { refused("still written", k.keysIn("writing")[0]) }
		k.write("x")
		k.store.beforePut = nil
		anew := k.write("condemned")
		if anew.Key == condemned.Key {
			t.Error("a condemned blob was used again")
		}
		k.claim(anew.Key, "message:1")
	})
}

func TestClaimantsAreChecked(t *testing.T) {
	each(t, func(t *testing.T, k *kit) {
		blob := k.write("a")
		for _, claimant := range []string{"", "a b", "ä", "a\x00", strings.Repeat("x", 101)} {
			if err := k.tryClaim(blob.Key, claimant); err == nil {
				t.Errorf("Claim for %q succeeded", claimant)
			}
		}
		k.claim(blob.Key, strings.Repeat("x", 100))
	})
}

func TestReaderServesRanges(t *testing.T) {
	k := newKit(t, dbtest.SQLite(t))
	blob := k.write("0123456789")
	r, err := k.blobs.Reader(t.Context(), blob.Key)
	if err != nil {
		t.Fatal(err)
	}
	if err := iotest.TestReader(r, []byte("0123456789")); err != nil {
		t.Error(err)
	}
	if r.Size() != 10 || r.Close() != nil {
		t.Errorf("Size = %d, want 10", r.Size())
	}
	if _, err := k.blobs.Reader(t.Context(), "blobs/none"); !errors.Is(err, documents.ErrNoContent) {
		t.Errorf("Reader of nothing = %v, want ErrNoContent", err)
	}
}

func TestNewRefusesWhatIsMissing(t *testing.T) {
	db := newDB(t, dbtest.SQLite(t), time.Now)
	for _, c := range []documents.Config{{}, {DB: db}, {Store: newMemory()}} {
		if _, err := documents.New(c); err == nil {
			t.Errorf("New(%+v) succeeded", c)
		}
	}
}

func TestBothDatabasesGetTheSameTables(t *testing.T) {
	var catalogs [][]dbtest.Table
	dbtest.Each(t, func(t *testing.T, db *sql.DB) {
		newDB(t, db, time.Now)
		catalogs = append(catalogs, dbtest.Catalog(t, db, "mc_blob"))
	})
	if len(catalogs) == 2 {
		if diff := cmp.Diff(catalogs[0], catalogs[1]); diff != "" {
			t.Errorf("(-SQLite +MariaDB):\n%s", diff)
		}
	}
}

func BenchmarkWrite(b *testing.B) {
	content := bytes.Repeat([]byte("0123456789abcdef"), 1<<12)
	store := newFiles(b, b.TempDir())
	blobs, err := documents.New(documents.Config{DB: newDB(b, dbtest.SQLite(b), time.Now), Store: store})
	if err != nil {
		b.Fatal(err)
	}
	b.SetBytes(int64(len(content)))
	for i := 0; b.Loop(); i++ {
		if _, err := blobs.Write(b.Context(), io.MultiReader(strings.NewReader(fmt.Sprint(i)), bytes.NewReader(content))); err != nil {
			b.Fatal(err)
		}
	}
}
