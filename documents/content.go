package documents

import (
	"context"
	"errors"
	"fmt"
	"io"
)

// The failures of a [ContentStore] that a caller answers differently.
var (
	// ErrNoContent says that a content store has nothing under a key.
	ErrNoContent = errors.New("no content under this key")

	// ErrStoreFull says that the store has no room left: a full disk or an exhausted quota. Nothing was stored, and
	// the same Put succeeds once somebody made room.
	ErrStoreFull = errors.New("content store is full")

	// ErrStoreUnavailable says that the store does not answer, or is too busy to. The same call may succeed later.
	ErrStoreUnavailable = errors.New("content store is unavailable")

	// ErrStoreReadOnly says that the store does not take content: it is mounted read-only, or this process may not
	// write to it. Reading still works.
	ErrStoreReadOnly = errors.New("content store is read-only")
)

// maxKey is the longest key in bytes.
const maxKey = 128

// ContentStore keeps bytes under keys, durably. Keys are chosen by this module: lower-case letters, digits and
// slashes, at most 128 bytes, never what a client sent; see [CheckKey]. Implementations are safe for concurrent use.
// The package documentstest holds the tests every implementation passes.
type ContentStore interface {
	// Put reads r to its end and stores it under key. When Put returns nil, the bytes and their name have reached
	// stable storage; when it returns an error, nothing is visible under key. Storing twice under one key replaces,
	// and nobody ever reads a mixture. An error of r is found in the error by errors.Is and errors.As; a store that
	// cannot take the bytes answers ErrStoreFull or ErrStoreReadOnly, with the cause.
	Put(ctx context.Context, key string, r io.Reader) error

	// Open reads length bytes from offset on, or what there is of them; a negative length reads to the end, and an
	// offset at or beyond the end reads nothing. A negative offset is an error. It answers ErrNoContent for a key
	// that was never stored or was deleted.
	Open(ctx context.Context, key string, offset, length int64) (io.ReadCloser, error)

	// Size returns the number of bytes under key, or ErrNoContent.
	Size(ctx context.Context, key string) (int64, error)

	// Delete removes what is under key. A key without content is no error.
	Delete(ctx context.Context, key string) error
}

// CheckKey refuses a key outside the alphabet and length that every [ContentStore] takes: lower-case letters, digits
// and single slashes between them, 1 to 128 bytes. Stores call it first, so that no key ever leaves their folder.
func CheckKey(key string) error {
	if key == "" || len(key) > maxKey {
		return fmt.Errorf("content key %.32q: want 1 to %d bytes", key, maxKey)
	}
	previous := byte('/')
	for i := range len(key) {
		c := key[i]
		switch {
		case c >= 'a' && c <= 'z', c >= '0' && c <= '9':
		case c == '/' && previous != '/' && i < len(key)-1:
		default:
			return fmt.Errorf("content key %.32q: only a-z, 0-9 and single slashes between them", key)
		}
		previous = c
	}
	return nil
}
