package messages

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/mailconnector/mailconnector/documents"
	"github.com/mailconnector/mailconnector/messages/mail"
	"github.com/mailconnector/mailconnector/permissions"
)

const (
	// maxOpenUploads is how many uploads a user may have open. Each is at most as large as a mail, so together they
	// bound what he can store without a link.
	maxOpenUploads = 8
	// maxChunks keeps an upload from being cut into more rows than it is worth.
	maxChunks = 10_000
	// maxMetadata bounds what a client may say beside an upload, in bytes.
	maxMetadata = 1000
)

// StagedUpload is a mail that arrives chunk by chunk, over connections that break. Only its owner can see it.
type StagedUpload struct {
	ID       string
	Length   int64     // bytes of the whole mail, as announced
	Offset   int64     // bytes that are durable; the next chunk begins here
	Metadata string    // as given
	Expires  time.Time // unless another chunk arrives
}

// NewUpload announces a mail that is to arrive in chunks.
type NewUpload struct {
	Length   int64  // bytes
	Metadata string // kept and given back, never looked at; at most 1000 bytes
}

// Chunk is the next piece of an upload.
type Chunk struct {
	Offset int64     // where it begins: the upload's Offset
	SHA256 *[32]byte // of the whole chunk; nil where the client gives none
	Body   io.Reader
}

// Staged is a mail that arrived chunk by chunk, as [Service.WriteChunk] took it; the upload must be whole and the
// subject's own. Archiving it consumes the upload in the same transaction. Where the request has no idempotency key, the
// upload's id is one: whoever repeats it gets the receipt, not the answer that the upload is gone.
func Staged(upload string) Source { return stagedSource{upload: upload} }

// StagedForm is [Staged] for an upload that holds more than the mail's own bytes: read finds out which mail it is, [Raw]
// or [Structured], and the uploads it hands out go on reading the same body. An error of read comes back wrapped.
func StagedForm(upload string, read func(body io.Reader) (Source, error)) Source {
	return stagedSource{upload, read}
}

type stagedSource struct {
	upload string
	read   func(io.Reader) (Source, error) // nil where the upload is the mail
}

// CreateUpload opens an upload. It answers an *InvalidError, a *mail.TooLargeError for a length beyond the size limit
// of mails, and ErrUploads for a user who has too many open.
func (s *Service) CreateUpload(ctx context.Context, sub permissions.Subject, u NewUpload) (StagedUpload, error) {
	switch {
	case u.Length <= 0:
		return StagedUpload{}, ErrEmpty
	case u.Length > s.mailLimit():
		return StagedUpload{}, &mail.TooLargeError{Limit: s.mailLimit()}
	case len(u.Metadata) > maxMetadata || oneLine(u.Metadata) != u.Metadata:
		detail := fmt.Sprintf("must be one line of at most %d bytes", maxMetadata)
		return StagedUpload{}, &InvalidError{Pointer: "/metadata", Detail: detail}
	}
	row := uploadRow{
		ID: newID(s.c.DB.Now()), Owner: sub.UserID, Length: u.Length, Metadata: u.Metadata, Expires: s.uploadExpiry(),
	}
	err := s.store.addUpload(ctx, row, maxOpenUploads)
	if errors.Is(err, ErrUploads) { // those that have expired only wait for the sweeper
		if err := s.expireUploads(ctx, sub.UserID); err != nil {
			return StagedUpload{}, err
		}
		err = s.store.addUpload(ctx, row, maxOpenUploads)
	}
	if err != nil {
		return StagedUpload{}, fmt.Errorf("create upload: %w", err)
	}
	return row.upload(), nil
}

// FindUpload tells how far an upload is. It answers permissions.ErrNotFound for one that is not the subject's, has
// expired, or was committed or deleted.
func (s *Service) FindUpload(ctx context.Context, sub permissions.Subject, id string) (StagedUpload, error) {
	row, err := s.ownUpload(ctx, sub, id)
	return row.upload(), err
}

// WriteChunk appends a chunk and tells how far the upload is now. Of a chunk that was cut off, what arrived counts,
// unless it came with a hash. When it returns, the bytes that count are durable.
//
// Of several chunks for one place one counts; the others answer ErrOffset, as does a chunk for any other place. It
// answers ErrChecksum where the hash is another, a *mail.TooLargeError for more bytes than were announced,
// permissions.ErrNotFound as FindUpload, documents.ErrStoreFull and documents.ErrStoreReadOnly; then nothing counts.
func (s *Service) WriteChunk(ctx context.Context, sub permissions.Subject, id string, c Chunk) (StagedUpload, error) {
	row, err := s.ownUpload(ctx, sub, id)
	switch {
	case err != nil:
		return StagedUpload{}, err
	case c.Offset != row.Received:
		return StagedUpload{}, ErrOffset
	case row.Chunks >= maxChunks:
		detail := fmt.Sprintf("has %d chunks already: send larger ones", maxChunks)
		return StagedUpload{}, &InvalidError{Pointer: "", Detail: detail}
	}
	body := &arriving{r: &quota{r: c.Body, limit: row.Length - row.Received}, exact: c.SHA256 != nil}
	blob, err := s.c.Blobs.Write(context.WithoutCancel(ctx), body) // who is gone sends no more: reading ends, storing need not
	if err != nil {
		return StagedUpload{}, fmt.Errorf("store chunk: %w", uploadError(err))
	}
	if c.SHA256 != nil && blob.SHA256 != *c.SHA256 {
		return StagedUpload{}, ErrChecksum
	}
	if blob.Size == 0 {
		return row.upload(), nil
	}
	return s.addChunk(context.WithoutCancel(ctx), row, blob)
}

func (s *Service) addChunk(ctx context.Context, row uploadRow, blob documents.Blob) (StagedUpload, error) {
	chunk := chunkRow{Upload: row.ID, Start: row.Received, ID: newID(s.c.DB.Now()), BlobKey: blob.Key, Size: blob.Size}
	row.Expires = s.uploadExpiry()
	if err := s.store.addChunk(ctx, s.c.Blobs, chunk, row.Expires); err != nil {
		return StagedUpload{}, fmt.Errorf("append chunk: %w", err)
	}
	row.Received += blob.Size
	return row.upload(), nil
}

// DeleteUpload gives an upload up. It answers permissions.ErrNotFound as FindUpload.
func (s *Service) DeleteUpload(ctx context.Context, sub permissions.Subject, id string) error {
	row, err := s.ownUpload(ctx, sub, id)
	if err != nil {
		return err
	}
	if err := s.store.dropUpload(ctx, s.c.Blobs, row.ID); err != nil {
		return fmt.Errorf("delete upload: %w", err)
	}
	return nil
}

func (s *Service) ownUpload(ctx context.Context, sub permissions.Subject, id string) (uploadRow, error) {
	if !isID(id) {
		return uploadRow{}, permissions.ErrNotFound
	}
	row, err := s.store.upload(ctx, id, sub.UserID)
	if errors.Is(err, errNoRow) || (err == nil && row.Expires <= s.store.now()) {
		return uploadRow{}, permissions.ErrNotFound
	}
	return row, err
}

// receiveStaged reads the chunks of an upload as one body.
func (s *Service) receiveStaged(ctx context.Context, sub permissions.Subject, from stagedSource, r Request) (*letter, error) {
	row, err := s.ownUpload(ctx, sub, from.upload)
	if err != nil {
		return nil, err
	}
	if row.Received < row.Length {
		return nil, ErrUnfinished
	}
	chunks, err := s.store.chunks(ctx, row.ID)
	if err != nil {
		return nil, err
	}
	open := func(c chunkRow) (io.ReadCloser, error) { return s.c.Blobs.Open(ctx, c.BlobKey, 0, c.Size) }
	whole := &chain{open: open, rest: chunks}
	defer whole.close()
	r.Source = Raw(whole)
	if from.read != nil {
		if r.Source, err = from.read(whole); err != nil {
			return nil, err
		}
	}
	return s.receive(ctx, sub, r)
}

// expireUploads drops what has expired, of one user or, for no user, of all.
func (s *Service) expireUploads(ctx context.Context, owner string) error {
	ids, err := s.store.expiredUploads(ctx, owner)
	for _, id := range ids {
		err = errors.Join(err, s.store.dropExpired(ctx, s.c.Blobs, id))
	}
	return err
}

func (s *Service) uploadExpiry() int64 { return s.store.now() + s.c.UploadAge.Microseconds() }

func (s *Service) mailLimit() int64 {
	if s.c.Limits.Size > 0 {
		return s.c.Limits.Size
	}
	return defaultSize
}
