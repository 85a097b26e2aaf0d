package messages_test

import (
	"io"
	"runtime"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/mailconnector/mailconnector/internal/dbtest"
	"github.com/mailconnector/mailconnector/messages"
	"github.com/mailconnector/mailconnector/permissions"
)

// TestALargeUploadIsNotHeldInMemory sends a mail far larger than the memory it may take, in chunks of which every third is
// cut off, and links it.
func TestALargeUploadIsNotHeldInMemory(t *testing.T) {
	const lines, chunk, allowed = 800_000, 4 << 20, 16 << 20
	h := newHarness(t, dbtest.SQLite(t))
	h.crm.deny(ann, permissions.Create) // the CRM of the tests holds its files in memory
	h = newWith(t, h, func(c *messages.Config) { c.Blobs = fileBlobs(t, h) })
	head := "Message-ID: <big@x>\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n" +
		"Content-Type: application/zip\r\nContent-Disposition: attachment; filename=big.zip\r\nContent-Transfer-Encoding: base64\r\n\r\n"
	line, tail := strings.Repeat("QUJD", 19)+"\r\n", "--b--\r\n"
	size := len(head) + lines*len(line) + len(tail)
	whole := io.MultiReader(strings.NewReader(head), io.LimitReader(&repeating{text: line}, int64(lines*len(line))), strings.NewReader(tail))

	runtime.GC()
	var before runtime.MemStats
	runtime.ReadMemStats(&before)
	peak, stop := watchHeap()
	id, at := h.open(ann, size), 0
	for n := 1; at < size; n++ {
		body := io.LimitReader(whole, chunk)
		if n%3 == 0 {
			body = io.MultiReader(io.LimitReader(whole, chunk/5), iotest.ErrReader(io.ErrUnexpectedEOF))
		}
		u, err := h.write(ann, id, at, body)
		if err != nil {
			t.Fatal(err)
		}
		at = int(u.Offset)
	}
	receipt, err := h.commitUpload(ann, id, "", nora)
	stop()
	if err != nil || receipt.Message.Completeness != messages.Full || len(receipt.Parts) != 1 || receipt.Parts[0].Size != lines*57 {
		t.Fatalf("receipt = %+v, %v", receipt, err)
	}
	if grown := int64(peak.Load()) - int64(before.HeapAlloc); grown > allowed {
		t.Errorf("the heap grew by %d MB for a mail of %d MB", grown>>20, size>>20)
	}
}
