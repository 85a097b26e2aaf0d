package documents_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/mailconnector/mailconnector/documents"
	"github.com/mailconnector/mailconnector/internal/dbtest"
)

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
