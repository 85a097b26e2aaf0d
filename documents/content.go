package documents

import (
	"context"
	"errors"
	"io"
)

// ErrNoContent says that a content store has nothing under a key.
var ErrNoContent = errors.New("no content under this key")

// ContentStore keeps bytes under keys, durably. Keys are chosen by this module: lower-case letters, digits and
// slashes, at most 128 bytes, never what a client sent. Implementations are safe for concurrent use.
type ContentStore interface {
	// Put reads r to its end and stores it under key. When Put returns nil, the bytes and their name have reached
	// stable storage; when it returns an error, nothing is visible under key. Storing twice under one key replaces.
	Put(ctx context.Context, key string, r io.Reader) error

	// Open reads length bytes from offset on; a negative length reads to the end. It answers ErrNoContent for a key
	// that was never stored or was deleted.
	Open(ctx context.Context, key string, offset, length int64) (io.ReadCloser, error)

	// Size returns the number of bytes under key, or ErrNoContent.
	Size(ctx context.Context, key string) (int64, error)

	// Delete removes what is under key. A key without content is no error.
	Delete(ctx context.Context, key string) error
}
