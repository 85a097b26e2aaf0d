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

// TestWriteAndClaimAgainstASweeperInAHurry runs the race the protocol is made for: a sweeper that waits for nothing
// must take away neither a claimed blob nor its bytes.
func TestWriteAndClaimAgainstASweeperInAHurry(t *testing.T) {
	each(t, func(t *testing.T, k *kit) {
		ctx, cancel := context.WithCancel(t.Context())
		var sweeper, writers sync.WaitGroup
		sweeper.Go(func() {
			for ctx.Err() == nil {
				if _, err := k.blobs.Sweep(ctx, 0); err != nil && ctx.Err() == nil {
					t.Error(err)
				}
			}
		})
		claimed := make([]string, 40)
		for w := range 4 {
			writers.Go(func() {
				for i := w; i < len(claimed); i += 4 {
					claimed[i] = k.writeAndClaim(fmt.Sprintf("content %d", i/2), fmt.Sprintf("message:%d", i))
				}
			})
		}
		writers.Wait()
		cancel()
		sweeper.Wait()
		for i, key := range claimed {
			if got, want := k.read(key), fmt.Sprintf("content %d", i/2); got != want {
				t.Errorf("claimed blob %d reads %q, want %q", i, got, want)
			}
		}
		for i := range claimed {
			k.release(fmt.Sprintf("message:%d", i))
		}
		k.clock.advance(time.Second)
		if _, err := k.blobs.Sweep(t.Context(), 0); err != nil {
			t.Fatal(err)
		}
		k.wantEmpty()
	})
}

// TestSweepFinishesWhatACrashLeft stops the process, so to speak, after each step of writing and of sweeping.
func TestSweepFinishesWhatACrashLeft(t *testing.T) {
	killed := errors.New("killed")
	tests := []struct {
		name  string
		crash func(k *kit)
	}{
		{"writing: the row, no bytes", func(k *kit) {
			k.crashIn(func() { k.store.beforePut = func() { panic(killed) } }, "a")
		}},
		{"writing: the row and the bytes", func(k *kit) {
			k.crashIn(func() { k.store.afterPut = func() { panic(killed) } }, "a")
		}},
		{"writing what is there: the second copy", func(k *kit) {
			k.write("a")
			k.crashIn(func() { k.store.afterPut = func() { panic(killed) } }, "a")
		}},
		{"ready, but never claimed", func(k *kit) { k.write("a") }},
		{"sweeping: condemned, bytes still there", func(k *kit) {
			k.write("a")
			k.store.failDelete = killed
			k.clock.advance(2 * time.Hour)
			_, _ = k.blobs.Sweep(k.t.Context(), time.Hour)
			k.store.failDelete = nil
		}},
		{"sweeping: condemned, bytes gone", func(k *kit) {
			b := k.write("a")
			k.exec("UPDATE mc_blobs SET state = 'deleting', sha256 = NULL WHERE blob_key = ?", b.Key)
			_ = k.store.Delete(k.t.Context(), b.Key)
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			each(t, func(t *testing.T, k *kit) {
				safe := k.write("safe")
				k.claim(safe.Key, "message:1")
				tt.crash(k)
				k.clock.advance(2 * time.Hour)
				if _, err := k.blobs.Sweep(t.Context(), time.Hour); err != nil {
					t.Fatal(err)
				}
				k.wantBlobs(safe)
			})
		})
	}
}

func TestLongWriteIsNotTakenForAbandoned(t *testing.T) {
	each(t, func(t *testing.T, k *kit) {
		slow := func(pause time.Duration) io.Reader {
			return io.MultiReader(strings.NewReader("first "), step(func() {
				k.clock.advance(pause)
			}), strings.NewReader("second "), step(func() {
				if _, err := k.blobs.Sweep(t.Context(), time.Hour); err != nil {
					t.Error(err)
				}
			}), strings.NewReader("third"))
		}
		blob, err := k.blobs.Write(t.Context(), slow(50*time.Minute))
		if err != nil {
			t.Fatal(err)
		}
		if got := k.read(blob.Key); got != "first second third" {
			t.Errorf("read %q", got)
		}
		stalled := io.MultiReader(strings.NewReader("x"), step(func() {
			k.clock.advance(3 * time.Hour)
			if _, err := k.blobs.Sweep(t.Context(), time.Hour); err != nil {
				t.Error(err)
			}
		}), strings.NewReader("too late"))
		if _, err := k.blobs.Write(t.Context(), stalled); !errors.Is(err, documents.ErrBlobGone) {
			t.Errorf("Write that stalled beyond the sweeper's patience = %v, want ErrBlobGone", err)
		}
		k.wantEmpty()
	})
}

func TestSweepGoesOnBeyondOneBatch(t *testing.T) {
	each(t, func(t *testing.T, k *kit) {
		for i := range 333 {
			k.exec("INSERT INTO mc_blobs (blob_key, size, state, touched) VALUES (?, 0, ?, 1)",
				fmt.Sprintf("blobs/%d", i), []string{"ready", "writing", "deleting"}[i%3])
		}
		k.exec(`INSERT INTO mc_blobs (blob_key, size, state, touched)
			SELECT CONCAT('kept', blob_key), 0, 'ready', 1 FROM mc_blobs`)
		k.exec("INSERT INTO mc_blob_claims (blob_key, claimant) SELECT blob_key, 'message:1' FROM mc_blobs WHERE blob_key LIKE 'kept%'")
		for _, want := range []int{333, 0} {
			if n, err := k.blobs.Sweep(t.Context(), time.Hour); n != want || err != nil {
				t.Errorf("Sweep = %d, %v, want %d", n, err, want)
			}
		}
		if u, err := k.blobs.Usage(t.Context()); u.Blobs != 333 || err != nil {
			t.Errorf("%d blobs left, %v, want the 333 claimed", u.Blobs, err)
		}
	})
}

func TestSweepCleansTheFolderToo(t *testing.T) {
	store := &sweepable{memory: newMemory()}
	db := newDB(t, dbtest.SQLite(t), time.Now)
	blobs, err := documents.New(documents.Config{DB: db, Store: store})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := blobs.Sweep(t.Context(), time.Hour); err != nil || store.swept != time.Hour {
		t.Errorf("Sweep = %v; the store was swept of what is older than %v, want 1h", err, store.swept)
	}
	if _, err := blobs.Sweep(t.Context(), -time.Hour); err == nil {
		t.Error("Sweep of the future succeeded")
	}
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
