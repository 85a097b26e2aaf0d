package mail

import (
	"errors"
	"io"
	"strings"
)

// decoder undoes one transfer encoding over pieces of a body. What it gives does not depend on where the pieces were cut.
type decoder interface {
	// decode appends to dst what src, the next piece, stands for.
	decode(dst, src []byte) []byte
	// finish appends what the end of the body leaves, and says what was wrong with the body.
	finish(dst []byte) ([]byte, defect)
}

// defect is what was wrong with an encoded body; the zero defect is nothing.
type defect struct {
	foreign bool // bytes that the encoding does not have, skipped or kept
	cut     bool // the body ends in the middle of a group or an escape
}

// newDecoder returns the decoder of a transfer encoding, and whether the encoding is one we know.
func newDecoder(encoding string) (decoder, bool) {
	switch transferEncoding(encoding) {
	case "base64":
		return &base64Decoder{}, true
	case "quoted-printable":
		return &quotedDecoder{}, true
	case "x-uuencode", "uuencode", "x-uue", "uue":
		return &uuDecoder{}, true
	case "", "7bit", "8bit", "binary":
		return identity{}, true
	}
	return identity{}, false
}

// transferEncoding is the bare name in a Content-Transfer-Encoding field: lower case, without quotes, parameters or comments.
func transferEncoding(value string) string {
	value = strings.Trim(value, " \t\"'")
	if i := strings.IndexAny(value, " \t;,(\"'"); i >= 0 {
		value = value[:i]
	}
	return label(value)
}

// identity is the decoder of the encodings that change nothing.
type identity struct{}

func (identity) decode(dst, src []byte) []byte      { return append(dst, src...) }
func (identity) finish(dst []byte) ([]byte, defect) { return dst, defect{} }

// Decode undoes a transfer encoding, as Part.Encoding names it, while reading. It is the decoder that hashed the parts: over the
// raw bytes of a part it gives exactly the bytes of Part.SHA256. It never fails on bad input: bytes foreign to the encoding are
// skipped (base64, uuencode) or kept (quoted-printable), an unknown encoding is read as it is. The only errors are body's own.
func Decode(encoding string, body io.Reader) io.Reader {
	d, _ := newDecoder(encoding)
	if d == (identity{}) {
		return body
	}
	return &decodeReader{body: body, decoder: d, raw: make([]byte, 16<<10)}
}

// decodeReader pulls a body through a decoder.
type decodeReader struct {
	body    io.Reader
	decoder decoder
	raw     []byte
	plain   []byte // decoded
	read    int    // of plain
	err     error
}

// Read implements io.Reader.
func (r *decodeReader) Read(p []byte) (int, error) {
	if len(p) == 0 {
		return 0, nil
	}
	for r.read == len(r.plain) && r.err == nil {
		r.fill()
	}
	if r.read == len(r.plain) {
		return 0, r.err
	}
	n := copy(p, r.plain[r.read:])
	r.read += n
	return n, nil
}

// fill decodes the next piece of the body.
func (r *decodeReader) fill() {
	n, err := readSome(r.body, r.raw)
	r.plain = r.decoder.decode(r.plain[:0], r.raw[:n])
	if errors.Is(err, io.EOF) {
		r.plain, _ = r.decoder.finish(r.plain)
	}
	r.read, r.err = 0, err
}
