package messages_test

import (
	"io"
	"testing"
	"testing/iotest"
)

func TestContentServesRanges(t *testing.T) {
	onBoth(t, func(t *testing.T, h *harness) {
		content := "%PDF-1.4 " + string(pattern(5000))
		receipt := h.archive(ann, letter{files: []file{{name: "a.pdf", contentType: "application/pdf", content: content}}}, nora)
		part, info, err := h.Part(t.Context(), ann, receipt.Message.ID, 2)
		if err != nil {
			t.Fatal(err)
		}
		if info.Name != "a.pdf" || info.ContentType != "application/pdf" || info.Size != int64(len(content)) || info.Modified.IsZero() {
			t.Errorf("info = %+v", info)
		}
		if err := iotest.TestReader(part, []byte(content)); err != nil {
			t.Error(err)
		}
		for _, at := range []int64{4000, 100, 0, 5008, 5009, 9000} {
			if _, err := part.Seek(at, io.SeekStart); err != nil {
				t.Fatal(err)
			}
			got, err := io.ReadAll(io.LimitReader(part, 10))
			if want := content[min(at, 5009):min(at+10, 5009)]; err != nil || string(got) != want {
				t.Errorf("at %d: %q, %v, want %q", at, got, err, want)
			}
		}
		source, _, err := h.Source(t.Context(), ann, receipt.Message.ID)
		if err != nil {
			t.Fatal(err)
		}
		if end, err := source.Seek(-7, io.SeekEnd); err != nil || read(t, source) != "-b1--\r\n" {
			t.Errorf("end of the source at %d, %v", end, err)
		}
		if _, err := source.Seek(-1, io.SeekStart); err == nil {
			t.Error("seeking before the beginning succeeded")
		}
	})
}

func TestTheBytesDecideHowAPartIsServed(t *testing.T) {
	onBoth(t, func(t *testing.T, h *harness) {
		receipt := h.archive(ann, letter{html: "<script>alert(1)</script>", files: []file{
			{name: "a.png", contentType: "image/png", content: "<html><script>alert(1)</script>"},
			{name: "b.html", contentType: "text/html", content: "%PDF-1.4"},
		}}, nora)
		want := []string{"application/octet-stream", "text/html", "application/pdf"}
		for i, contentType := range want {
			_, info, err := h.Part(t.Context(), ann, receipt.Message.ID, i+1)
			if err != nil || info.ContentType != contentType {
				t.Errorf("part %d is served as %q, %v, want %q", i+1, info.ContentType, err, contentType)
			}
		}
	})
}
