package messages

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"hash"
	"io"
	"slices"
	"time"

	"github.com/mailconnector/mailconnector/permissions"
)

// ErrCorrupt says that stored bytes are not those whose hash was recorded.
var ErrCorrupt = errors.New("stored bytes differ from their recorded hash")

// ExportedMail is one mail of a record, as Export hands it out.
type ExportedMail struct {
	ID        string
	MessageID string // with its brackets; empty when the mail has none
	Subject   string
	From      Participant
	Date      time.Time // zero when the mail has none that can be read
	// Exact says that the bytes are the mail as a client uploaded it. Otherwise no client had its bytes, and they are the
	// fields one read, as JSON.
	Exact  bool
	Size   int64 // bytes
	SHA256 [32]byte
}

// FileName returns a safe name that no other exported mail has, and that sorts by date.
func (m ExportedMail) FileName() string {
	extension := ".json"
	if m.Exact {
		extension = ".eml"
	}
	if m.Date.IsZero() {
		return "undated-" + m.ID + extension
	}
	return m.Date.UTC().Format("20060102-150405-") + m.ID + extension
}

// Export hands every archived mail that is on a record now to write, oldest archived first, with its bytes: of several
// copies the one that is shown, or else the newest exact one. The bytes are checked against their recorded hash while
// they are read, also what write leaves unread; the first that differ end the export with ErrCorrupt, as any error does.
//
// This is for whoever operates the CRM and its database. It asks for no permission, and exact bytes may name receivers of
// blind copies: never offer it to users.
func (s *Service) Export(
	ctx context.Context, r permissions.Record, write func(ExportedMail, io.Reader) error,
) (mails int, err error) {
	ids, err := s.messagesOn(ctx, r)
	if err != nil {
		return 0, err
	}
	for _, id := range ids {
		if err := s.exportMail(ctx, id, write); err != nil {
			return mails, fmt.Errorf("export message %s: %w", id, err)
		}
		mails++
	}
	return mails, nil
}

// messagesOn lists the archived messages that the host says are on a record.
func (s *Service) messagesOn(ctx context.Context, r permissions.Record) ([]string, error) {
	ids, err := s.store.linkedTo(ctx, r)
	if err != nil {
		return nil, err
	}
	var on []string
	for batch := range slices.Chunk(ids, maxStatus) {
		copies, err := s.store.hostCopies(ctx, batch)
		if err != nil {
			return nil, err
		}
		hostIDs := make([]string, len(copies))
		for i, c := range copies {
			hostIDs[i] = c.HostID
		}
		places, err := s.c.Filing.Records(ctx, hostIDs)
		if err != nil {
			return nil, fmt.Errorf("find records of messages: %w", err)
		}
		for i, c := range copies {
			if slices.Contains(places[i], r) {
				on = append(on, c.MessageID)
			}
		}
	}
	slices.Sort(on) // by age
	return slices.Compact(on), nil
}

func (s *Service) exportMail(ctx context.Context, id string, write func(ExportedMail, io.Reader) error) error {
	a, err := s.store.message(ctx, id)
	if err != nil {
		return err
	}
	l := a.letter
	source := l.copy
	if source.shape != shapeRaw {
		if source, err = s.store.exactCopy(ctx, id, source); err != nil {
			return err
		}
	}
	m := ExportedMail{
		ID: id, MessageID: l.messageID, Subject: l.subject, From: l.from(), Date: l.date, Exact: source.shape == shapeRaw,
		SHA256: source.sha256,
	}
	if m.Size, err = s.sizeOf(ctx, source); err != nil {
		return err
	}
	content, err := s.c.Blobs.Open(ctx, source.blob, 0, -1)
	if err != nil {
		return err
	}
	defer func() { _ = content.Close() }() // it was only read
	checked := &checking{r: content, hash: sha256.New(), want: source.sha256}
	if err := write(m, checked); err != nil {
		return err
	}
	_, err = io.Copy(io.Discard, checked)
	return err
}

// sizeOf is what a file of the copy takes: the size of a draft counts its attachments, which are not in it.
func (s *Service) sizeOf(ctx context.Context, source copyInfo) (int64, error) {
	if source.shape == shapeRaw {
		return source.size, nil
	}
	r, err := s.c.Blobs.Reader(ctx, source.blob)
	if err != nil {
		return 0, err
	}
	return r.Size(), nil
}

// checking answers ErrCorrupt at the end of bytes that have another hash.
type checking struct {
	r    io.Reader
	hash hash.Hash
	want [32]byte
	size int64
}

// Read implements io.Reader.
func (c *checking) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	_, _ = c.hash.Write(p[:n]) // a hash never fails
	c.size += int64(n)
	if errors.Is(err, io.EOF) && [32]byte(c.hash.Sum(nil)) != c.want {
		err = ErrCorrupt
	}
	return n, err
}
