package messages_test

import (
	"encoding/base64"
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
	const size = 64 << 20
	line := strings.Repeat("QUJD", 19) + "\r\n"
	receipt := archiveLarge(t, size, io.MultiReader(strings.NewReader("Message-ID: <big@x>\r\nMIME-Version: 1.0\r\n"+
		"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: application/zip\r\nContent-Transfer-Encoding: base64\r\n"+
		"Content-Disposition: attachment; filename=big.zip\r\n\r\n"),
		io.LimitReader(&repeating{text: line}, size/int64(len(line))*int64(len(line))), strings.NewReader("--b--\r\n")))
	if len(receipt.Parts) != 1 || receipt.Parts[0].Size < size/2 {
		t.Fatalf("receipt = %+v", receipt)
	}
}

// TestALargeMailWithinAMailIsNotHeldInMemory encodes the one that is attached, and looks for the one within it behind all else.
func TestALargeMailWithinAMailIsNotHeldInMemory(t *testing.T) {
	const size = 32 << 20
	within, toMail := io.Pipe()
	go func() {
		encoder := base64.NewEncoder(base64.StdEncoding, toMail)
		_, _ = io.WriteString(encoder, "Message-ID: <1@x>\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=c\r\n\r\n--c\r\n"+
			"Content-Type: text/plain\r\nContent-Disposition: attachment; filename=long.txt\r\n\r\n")
		_, _ = io.Copy(encoder, io.LimitReader(&repeating{text: strings.Repeat("word ", 14) + "\r\n"}, size))
		_, _ = io.WriteString(encoder, "\r\n--c\r\nContent-Type: message/rfc822\r\n\r\nMessage-ID: <2@x>\r\n\r\nHello\r\n--c--\r\n")
		_ = toMail.CloseWithError(encoder.Close())
	}()
	archiveLarge(t, size, io.MultiReader(strings.NewReader("Message-ID: <0@x>\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n"+
		"--b\r\nContent-Type: message/rfc822\r\nContent-Transfer-Encoding: base64\r\n\r\n"), within, strings.NewReader("\r\n--b--\r\n")),
		"<1@x>", "<2@x>")
}

// archiveLarge archives a mail and wants the heap to stay small, and the mail to be found by the ids of others.
func archiveLarge(t *testing.T, size int64, mail io.Reader, found ...string) messages.Receipt {
	t.Helper()
	const allowed = 16 << 20
	h := newHarness(t, dbtest.SQLite(t))
	h.crm.deny(ann, permissions.Create) // the CRM of the tests holds its files in memory
	h = newWith(t, h, func(c *messages.Config) { c.Blobs = fileBlobs(t, h) })

	runtime.GC()
	var before runtime.MemStats
	runtime.ReadMemStats(&before)
	peak, stop := watchHeap()
	receipt, err := h.Archive(t.Context(), ann, messages.Request{Source: messages.Raw(mail), Links: []permissions.Record{nora}})
	stop()
	if err != nil {
		t.Fatal(err)
	}
	if grown := int64(peak.Load()) - int64(before.HeapAlloc); grown > allowed {
		t.Errorf("the heap grew by %d MB for a mail of %d MB", grown>>20, size>>20)
	}
	for _, id := range found {
		if on, err := h.LinkedTo(t.Context(), ann, []string{id}); err != nil || len(on) != 1 {
			t.Errorf("%s is linked to %v, %v", id, on, err)
		}
	}
	return receipt
}

// allocated returns how many bytes a function allocates, garbage included.
func allocated(fn func()) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	fn()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
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
