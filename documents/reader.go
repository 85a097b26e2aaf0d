package documents

import (
	"context"
	"errors"
	"fmt"
	"io"
)

// Reader reads a blob from any position on, for answering range requests. It opens the content where it is first read
// after a Seek. It is for one goroutine at a time.
type Reader struct {
	open   func(offset int64) (io.ReadCloser, error)
	size   int64
	offset int64
	at     io.ReadCloser // nil until the first Read
}

var _ io.ReadSeekCloser = (*Reader)(nil)

// Reader returns a reader of the whole blob. ctx bounds all reading. A blob that is gone answers ErrNoContent.
func (b *Blobs) Reader(ctx context.Context, key string) (*Reader, error) {
	size, err := b.store.Size(ctx, key)
	if err != nil {
		return nil, err
	}
	open := func(offset int64) (io.ReadCloser, error) { return b.store.Open(ctx, key, offset, -1) }
	return &Reader{open: open, size: size}, nil
}

// Size returns the number of bytes of the blob.
func (r *Reader) Size() int64 { return r.size }

// Read implements [io.Reader].
func (r *Reader) Read(p []byte) (int, error) {
	if r.at == nil {
		at, err := r.open(r.offset)
		if err != nil {
			return 0, err
		}
		r.at = at
	}
	n, err := r.at.Read(p)
	r.offset += int64(n)
	return n, err
}

// Seek implements [io.Seeker].
func (r *Reader) Seek(offset int64, whence int) (int64, error) {
	switch whence {
	case io.SeekStart:
	case io.SeekCurrent:
		offset += r.offset
	case io.SeekEnd:
		offset += r.size
	default:
		return 0, fmt.Errorf("seek in blob: unknown whence %d", whence)
	}
	if offset < 0 {
		return 0, errors.New("seek in blob: before its beginning")
	}
	if offset == r.offset {
		return offset, nil
	}
	r.offset = offset
	return offset, r.Close()
}

// Close gives up the open content, if any. Reading on opens it again.
func (r *Reader) Close() error {
	if r.at == nil {
		return nil
	}
	at := r.at
	r.at = nil
	return at.Close()
}
