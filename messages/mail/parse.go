package mail

import (
	"crypto/sha256"
	"io"
)

// Parse reads a mail from r to its end, once, in bounded memory. It never rejects a mail: problems are data. Its only errors are
// r's own, wrapped, and *TooLargeError once more than Limits.Size bytes have been read.
func Parse(r io.Reader, l Limits) (*Message, error) {
	l = l.withDefaults()
	h := sha256.New()
	n, err := io.Copy(h, io.LimitReader(r, l.Size+1))
	if err != nil {
		return nil, err
	}
	if n > l.Size {
		return nil, &TooLargeError{Limit: l.Size}
	}
	m := &Message{Size: n}
	h.Sum(m.SHA256[:0])
	return m, nil
}
