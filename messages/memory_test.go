package messages_test

import (
	"io"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/mailconnector/mailconnector/documents"
	"github.com/mailconnector/mailconnector/internal/database"
	"github.com/mailconnector/mailconnector/internal/dbtest"
	"github.com/mailconnector/mailconnector/messages"
	"github.com/mailconnector/mailconnector/permissions"
)

// TestALargeMailIsNotHeldInMemory archives a mail far larger than the memory it may take.
func TestALargeMailIsNotHeldInMemory(t *testing.T) {
	const size, allowed = 64 << 20, 16 << 20
	h := newHarness(t, dbtest.SQLite(t))
	h.crm.deny(ann, permissions.Create) // the CRM of the tests holds its files in memory
	h = newWith(t, h, func(c *messages.Config) { c.Blobs = fileBlobs(t, h) })
	head := "Message-ID: <big@x>\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n" +
		"Content-Type: application/zip\r\nContent-Disposition: attachment; filename=big.zip\r\nContent-Transfer-Encoding: base64\r\n\r\n"
	line := strings.Repeat("QUJD", 19) + "\r\n"
	body := io.LimitReader(&repeating{text: line}, size/int64(len(line))*int64(len(line)))

	runtime.GC()
	var before runtime.MemStats
	runtime.ReadMemStats(&before)
	peak, stop := watchHeap()
	receipt, err := h.Archive(t.Context(), ann, messages.Request{
		Source: messages.Raw(io.MultiReader(strings.NewReader(head), body, strings.NewReader("--b--\r\n"))), Links: []permissions.Record{nora},
	})
	stop()
	if err != nil || len(receipt.Parts) != 1 || receipt.Parts[0].Size < size/2 {
		t.Fatalf("receipt = %+v, %v", receipt, err)
	}
	if grown := int64(peak.Load()) - int64(before.HeapAlloc); grown > allowed {
		t.Errorf("the heap grew by %d MB for a mail of %d MB", grown>>20, size>>20)
	}
}

// watchHeap notes the largest heap until it is stopped.
func watchHeap() (peak *atomic.Uint64, stop func()) {
	peak, done, stopped := new(atomic.Uint64), make(chan struct{}), make(chan struct{})
	go func() {
		defer close(stopped)
		for {
			var now runtime.MemStats
			runtime.ReadMemStats(&now)
			peak.Store(max(peak.Load(), now.HeapAlloc))
			select {
			case <-done:
				return
			case <-time.After(5 * time.Millisecond):
			}
		}
	}()
	return peak, func() { close(done); <-stopped }
}

func fileBlobs(t *testing.T, h *harness) *documents.Blobs {
	t.Helper()
	store, err := documents.Files(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	db, err := database.New(h.db, database.Options{Now: h.clock.Now})
	if err != nil {
		t.Fatal(err)
	}
	blobs, err := documents.New(documents.Config{DB: db, Store: store})
	if err != nil {
		t.Fatal(err)
	}
	return blobs
}

// repeating reads a text over and over.
type repeating struct {
	text string
	at   int
}

func (r *repeating) Read(p []byte) (int, error) {
	n := copy(p, r.text[r.at:])
	r.at = (r.at + n) % len(r.text)
	return n, nil
}
