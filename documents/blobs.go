package documents

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"hash"
	"io"
	"log/slog"
	"time"

	"github.com/mailconnector/mailconnector/internal/database"
)

// ErrBlobGone says that a blob is not there to be claimed: the sweeper removed it or is about to. The caller writes
// the bytes again and claims what that returns.
var ErrBlobGone = errors.New("blob is gone")

const (
	// maxClaimant is the longest claimant in bytes.
	maxClaimant = 100

	// keepAlive is how often a write that takes long tells the sweeper that it is still going on.
	keepAlive = time.Minute

	// cleanUp bounds what is done for a caller who may have left already.
	cleanUp = 10 * time.Second
)

// Config says where blobs are kept.
type Config struct {
	DB    *database.DB // records which blobs there are and who needs them; required
	Store ContentStore // holds their bytes; required

	// Logger receives what is mended later by [Blobs.Sweep]. Defaults to discarding.
	Logger *slog.Logger
}

// Blobs keeps byte sequences once each, however often they are written, for as long as anybody claims them. It is safe
// for concurrent use, also by several processes on one database and one store.
//
// A blob's row exists before its bytes and until after them, in one of three states: writing, ready, deleting. So a
// crash at any moment leaves a row from which [Blobs.Sweep] finds what to remove, and never bytes without a row. Keys
// are random and never used again.
type Blobs struct {
	rows  rows
	store ContentStore
	log   *slog.Logger
}

// Blob is one stored sequence of bytes.
type Blob struct {
	Key    string // in the content store, at most 128 bytes
	SHA256 [32]byte
	Size   int64 // bytes
}

// New returns Blobs on a database and a store. It does no I/O.
func New(c Config) (*Blobs, error) {
	switch {
	case c.DB == nil:
		return nil, errors.New("documents: no database given")
	case c.Store == nil:
		return nil, errors.New("documents: no content store given")
	case c.Logger == nil:
		c.Logger = slog.New(slog.DiscardHandler)
	}
	return &Blobs{rows: rows{c.DB}, store: c.Store, log: c.Logger}, nil
}

// Write stores what r reads and returns it as a blob: the one that already holds these bytes, if there is one. When it
// returns, the bytes are on stable storage and the sweeper keeps off them for its olderThan; by then they are claimed,
// or they go. Errors of r come back wrapped, as do ErrStoreFull and ErrStoreReadOnly, and nothing is left behind.
func (b *Blobs) Write(ctx context.Context, r io.Reader) (Blob, error) {
	blob := Blob{Key: newKey()}
	if err := b.rows.insert(ctx, blob.Key); err != nil {
		return Blob{}, fmt.Errorf("announce blob: %w", err)
	}
	stored, err := b.fill(ctx, blob, r)
	if err != nil || stored.Key != blob.Key {
		b.discard(ctx, blob.Key)
	}
	if err != nil {
		return Blob{}, fmt.Errorf("write blob: %w", err)
	}
	return stored, nil
}

// fill stores the bytes under the announced key and then makes the row ready, or finds the blob that was quicker.
func (b *Blobs) fill(ctx context.Context, blob Blob, r io.Reader) (Blob, error) {
	in := &intake{r: r, hash: sha256.New(), now: b.rows.db.Now, next: b.rows.db.Now().Add(keepAlive)}
	in.alive = func() error { return b.rows.keepAlive(ctx, blob.Key) }
	if err := b.store.Put(ctx, blob.Key, in); err != nil {
		return Blob{}, err
	}
	blob.Size = in.size
	in.hash.Sum(blob.SHA256[:0])
	for {
		err := b.rows.ready(ctx, blob)
		if !database.IsDuplicate(err) {
			return blob, err
		}
		same, err := b.rows.reuse(ctx, blob.SHA256)
		if !errors.Is(err, ErrBlobGone) {
			return same, err
		}
	}
}

// discard removes what a write left, at once rather than at the next sweep, also when the caller has gone.
func (b *Blobs) discard(ctx context.Context, key string) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), cleanUp)
	defer cancel()
	err := b.rows.condemnWriting(ctx, key)
	if err == nil {
		_, err = b.remove(ctx, key)
	}
	if err != nil {
		b.log.WarnContext(ctx, "blob is left for the sweeper", "blob", key, "err", err)
	}
}

// Claim keeps a blob from being swept until every claimant has released it, from the moment the caller's transaction
// commits. Claiming twice is one claim. It answers ErrBlobGone when the blob is not ready, also while it is being
// swept; the transaction is still usable, but should be rolled back. A claimant is a name of at most 100 bytes of
// printable ASCII that the caller makes up: "message:0192…".
func (b *Blobs) Claim(tx *database.Tx, key, claimant string) error {
	if err := checkClaimant(claimant); err != nil {
		return err
	}
	if err := b.rows.claim(tx, key, claimant); err != nil {
		return fmt.Errorf("claim blob: %w", err)
	}
	return nil
}

// Release gives up all claims of a claimant, as of the commit of the caller's transaction. Blobs that nobody claims any
// more are swept in time, not at once: who reads one may finish, who changes his mind may claim it again.
func (b *Blobs) Release(tx *database.Tx, claimant string) error {
	if err := checkClaimant(claimant); err != nil {
		return err
	}
	if err := b.rows.release(tx, claimant); err != nil {
		return fmt.Errorf("release blobs: %w", err)
	}
	return nil
}

// Open reads length bytes of a blob from offset on; a negative length reads to the end. A blob that is gone answers
// ErrNoContent.
func (b *Blobs) Open(ctx context.Context, key string, offset, length int64) (io.ReadCloser, error) {
	return b.store.Open(ctx, key, offset, length)
}

// Usage is what the blobs take up.
type Usage struct {
	Blobs int64
	Bytes int64
}

// Usage sums up every blob that is ready, those included that wait for the sweeper.
func (b *Blobs) Usage(ctx context.Context) (Usage, error) {
	u, err := b.rows.usage(ctx)
	if err != nil {
		return Usage{}, fmt.Errorf("sum up blobs: %w", err)
	}
	return u, nil
}

// newKey spreads keys over folders for whoever lists an object store by prefix.
func newKey() string {
	name := randomName()
	return "blobs/" + name[:2] + "/" + name
}

func checkClaimant(claimant string) error {
	if claimant == "" || len(claimant) > maxClaimant {
		return fmt.Errorf("claimant must have 1 to %d bytes, has %d", maxClaimant, len(claimant))
	}
	for _, c := range []byte(claimant) {
		if c <= ' ' || c > '~' {
			return fmt.Errorf("claimant %q is not printable ASCII", claimant)
		}
	}
	return nil
}

// intake counts and hashes what a store reads, and keeps the row of a long write from looking abandoned. A write whose
// row the sweeper has taken all the same ends here, before its bytes get a name.
type intake struct {
	r     io.Reader
	hash  hash.Hash
	size  int64
	now   func() time.Time
	next  time.Time
	alive func() error
}

func (in *intake) Read(p []byte) (int, error) {
	n, err := in.r.Read(p)
	in.size += int64(n)
	_, _ = in.hash.Write(p[:n]) // a hash never fails
	if now := in.now(); now.After(in.next) {
		in.next = now.Add(keepAlive)
		if gone := in.alive(); gone != nil {
			return n, gone
		}
	}
	return n, err
}
