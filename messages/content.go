package messages

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/mailconnector/mailconnector/documents"
	"github.com/mailconnector/mailconnector/messages/mail"
	"github.com/mailconnector/mailconnector/permissions"
)

// Source opens the raw bytes of a message exactly as the subject uploaded them. The bytes that others uploaded, which
// may name receivers of blind copies, are not served to him: then, and where he may not see the message, it answers
// permissions.ErrNotFound.
func (s *Service) Source(ctx context.Context, sub permissions.Subject, id string) (Content, Info, error) {
	if err := s.checkVisible(ctx, sub, id); err != nil {
		return nil, Info{}, err
	}
	own, err := s.ownSource(ctx, sub, id)
	if err != nil {
		return nil, Info{}, err
	}
	info := Info{
		Name: id + ".eml", ContentType: "message/rfc822", Size: own.Size, SHA256: hash32(own.SHA256),
		Modified: timeOf(own.Created),
	}
	raw := part{blob: own.BlobKey, length: own.Size}
	raw.Size = own.Size
	return s.content(ctx, raw), info, nil
}

// ownSource finds the newest raw copy that the subject uploaded.
func (s *Service) ownSource(ctx context.Context, sub permissions.Subject, id string) (renditionRow, error) {
	rows, err := s.store.renditionsOf(ctx, id, sub.UserID)
	if err != nil {
		return renditionRow{}, err
	}
	for _, row := range rows {
		if row.Shape == string(shapeRaw) {
			return row, nil
		}
	}
	return renditionRow{}, permissions.ErrNotFound
}

// Part opens the decoded bytes of one part, body texts included. It answers permissions.ErrNotFound for a message the
// subject may not see, and for a part that is not there or came without bytes.
func (s *Service) Part(ctx context.Context, sub permissions.Subject, id string, number int) (Content, Info, error) {
	if err := s.checkVisible(ctx, sub, id); err != nil {
		return nil, Info{}, err
	}
	p, created, err := s.store.part(ctx, id, number)
	if errors.Is(err, errNoRow) || (err == nil && p.blob == "") {
		return nil, Info{}, permissions.ErrNotFound
	}
	if err != nil {
		return nil, Info{}, err
	}
	info := Info{
		Name: documents.SafeName(p.Name, p.Sniffed, p.Number), ContentType: served(p), Size: p.Size, SHA256: p.SHA256,
		Modified: created,
	}
	return s.content(ctx, p), info, nil
}

// served is the type under which a part is served. Its bytes decide, never the sender; and a body text is just bytes, or
// a browser would run what is in it.
func served(p part) string {
	if p.isBody() || p.Sniffed == "" {
		return "application/octet-stream"
	}
	return p.Sniffed
}

// open reads the decoded bytes of a part.
func (s *Service) open(ctx context.Context, p part) (io.ReadCloser, error) {
	encoded, err := s.c.Blobs.Open(ctx, p.blob, p.start, p.length)
	if err != nil {
		return nil, fmt.Errorf("open content: %w", err)
	}
	return readCloser{mail.Decode(p.encoding, encoded), encoded}, nil
}

// readCloser reads through one reader and closes what is behind it.
type readCloser struct {
	io.Reader
	io.Closer
}

// content reads a part from any position on. Where it is encoded, what lies before the position is decoded and thrown
// away: base64 with line breaks has no positions.
func (s *Service) content(ctx context.Context, p part) *documents.Reader {
	return documents.NewReader(p.Size, func(offset int64) (io.ReadCloser, int64, error) {
		if p.length != p.Size { // encoded
			offset = 0
		}
		from := p
		from.start, from.length = p.start+offset, p.length-offset
		r, err := s.open(ctx, from)
		return r, offset, err
	})
}
