package documents

import (
	"context"
	"errors"
	"fmt"
	"io"
)

// Reader reads content from any position on, for answering range requests. It opens the content where it is first read
// after a Seek. It is for one goroutine at a time.
type Reader struct {
	open   Opener
	size   int64
	offset int64         // where to read next
	from   io.ReadCloser // nil until the first Read
	at     int64         // where from is
}

var _ io.ReadSeekCloser = (*Reader)(nil)

// Opener opens content at an offset, or before it where it cannot begin there, as in the middle of an encoding; at is
// where the reader begins.
type Opener func(offset int64) (r io.ReadCloser, at int64, err error)

// NewReader returns a reader of content of a known size in bytes. What an Opener gives before the wanted offset is read
// and thrown away.
func NewReader(size int64, open Opener) *Reader { return &Reader{open: open, size: size} }

// Reader returns a reader of the whole blob. ctx bounds all reading. A blob that is gone answers ErrNoContent.
func (b *Blobs) Reader(ctx context.Context, key string) (*Reader, error) {
	size, err := b.store.Size(ctx, key)
	if err != nil {
		return nil, err
	}
	return NewReader(size, func(offset int64) (io.ReadCloser, int64, error) {
		r, err := b.store.Open(ctx, key, offset, -1)
		return r, offset, err
	}), nil
}

// Size returns the number of bytes of the content.
func (r *Reader) Size() int64 { return r.size }

// Read implements [io.Reader].
func (r *Reader) Read(p []byte) (int, error) {
	if err := r.position(); err != nil {
		return 0, err
	}
	n, err := r.from.Read(p)
	r.at += int64(n)
	r.offset = r.at
	return n, err
}

// position brings what is open to the offset.
func (r *Reader) position() (err error) {
	if r.offset >= r.size {
		return io.EOF
	}
	if r.from != nil && r.at > r.offset {
		if err := r.Close(); err != nil {
			return err
		}
	}
	if r.from == nil {
		from, at, err := r.open(r.offset)
		if err != nil {
			return err
		}
		r.from, r.at = from, at
	}
	skipped, err := io.CopyN(io.Discard, r.from, r.offset-r.at)
	r.at += skipped
	return err
}

// Seek implements [io.Seeker]. It opens nothing.
func (r *Reader) Seek(offset int64, whence int) (int64, error) {
	switch whence {
	case io.SeekStart:
	case io.SeekCurrent:
		offset += r.offset
	case io.SeekEnd:
		offset += r.size
	default:
		return 0, fmt.Errorf("seek in content: unknown whence %d", whence)
	}
	if offset < 0 {
		return 0, errors.New("seek in content: before its beginning")
	}
	r.offset = offset
	return offset, nil
}

// Close gives up the open content, if any. Reading on opens it again.
func (r *Reader) Close() error {
	if r.from == nil {
		return nil
	}
	from := r.from
	r.from = nil
	return from.Close()
}
