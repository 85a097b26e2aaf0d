package messages

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/mailconnector/mailconnector/documents"
	"github.com/mailconnector/mailconnector/messages/mail"
)

const (
	// defaultSize is what Limits.Size of package mail defaults to, in bytes.
	defaultSize    = 150_000_000
	maxAttachments = 500
	maxUploadID    = 100
)

// received is what came with a draft.
type received struct {
	eml   *letter // the whole mail, if it came
	blobs map[string]documents.Blob
}

// receiveDraft stores the uploads of a draft, one after the other, and the draft itself.
func (s *Service) receiveDraft(ctx context.Context, source draftSource, messageID string) (*letter, error) {
	d := source.draft
	if err := checkDraft(d); err != nil {
		return nil, err
	}
	in, err := s.receiveUploads(ctx, source, messageID)
	if err != nil {
		return nil, err
	}
	content, err := draftContent(d, in.blobs)
	if err != nil {
		return nil, err
	}
	l := in.eml
	if l == nil {
		l = draftLetter(d, messageID)
		if l.copy, err = s.keepDraft(ctx, content, in.blobs); err != nil {
			return nil, err
		}
	}
	l.sent = hashOf("draft", string(l.copy.sha256[:]), string(content))
	arrived := in.addAttachments(l, d.Attachments)
	if err := s.sniff(ctx, arrived); err != nil {
		return nil, err
	}
	l.threading.Attached = append(l.threading.Attached, s.attachedMails(ctx, arrived)...)
	l.parts = append(l.parts, arrived...)
	if l.attachmentMissing() && l.copy.shape == shapeDraft {
		l.complete = Partial
	}
	l.finish()
	return l, nil
}

func checkDraft(d Draft) error {
	if len(d.Attachments) > maxAttachments {
		return &InvalidError{Pointer: "/draft/attachments", Detail: fmt.Sprintf("must have at most %d entries", maxAttachments)}
	}
	seen := make(map[string]bool, len(d.Attachments))
	for i, a := range d.Attachments {
		pointer := "/draft/attachments/" + strconv.Itoa(i)
		switch {
		case a.ID == "" || len(a.ID) > maxUploadID || a.ID == EML || seen[a.ID]:
			return &InvalidError{Pointer: pointer + "/id", Detail: "must be unique, with 1 to 100 bytes"}
		case !slices.Contains([]AttachmentState{StateOK, StateURL, StateUnsupported, StateFailed, StateBlocked}, a.State):
			return &InvalidError{Pointer: pointer + "/state", Detail: "is not a known state"}
		}
		seen[a.ID] = true
	}
	return nil
}

// receiveUploads reads the uploads in the order they arrive. All together may be as large as one mail.
func (s *Service) receiveUploads(ctx context.Context, source draftSource, messageID string) (received, error) {
	in := received{blobs: make(map[string]documents.Blob)}
	if source.uploads == nil {
		return in, nil
	}
	quota := &quota{limit: s.mailLimit()}
	for {
		upload, err := source.uploads()
		if errors.Is(err, io.EOF) {
			return in, nil
		}
		if err != nil {
			return in, uploadError(err)
		}
		if err := s.receiveUpload(ctx, &in, source.draft, upload, quota, messageID); err != nil {
			return in, err
		}
	}
}

func (s *Service) receiveUpload(ctx context.Context, in *received, d Draft, u Upload, q *quota, messageID string) (err error) {
	q.r = u.Body
	if u.ID == EML && in.eml == nil {
		in.eml, err = s.receiveRaw(ctx, q, messageID)
		return err
	}
	named := slices.ContainsFunc(d.Attachments, func(a DraftAttachment) bool { return a.ID == u.ID })
	if _, twice := in.blobs[u.ID]; twice || !named {
		return &InvalidError{Pointer: "/draft/attachments", Detail: fmt.Sprintf("has no place for the upload %.100q", u.ID)}
	}
	in.blobs[u.ID], err = s.c.Blobs.Write(ctx, q)
	return uploadError(err)
}

// quota bounds several uploads together.
type quota struct {
	r     io.Reader
	read  int64
	limit int64
}

func (q *quota) Read(p []byte) (int, error) {
	n, err := q.r.Read(p)
	if q.read += int64(n); q.read > q.limit {
		return n, &mail.TooLargeError{Limit: q.limit}
	}
	return n, err
}

// draftContent is the fields as they came, Bcc included. It names the uploads by their hashes, so that the same fields with
// other attachments are another draft.
func draftContent(d Draft, blobs map[string]documents.Blob) ([]byte, error) {
	content, err := json.Marshal(struct {
		Draft   Draft
		Uploads map[string]documents.Blob
	}{d, withoutKeys(blobs)})
	if err != nil {
		return nil, fmt.Errorf("encode draft: %w", err)
	}
	return content, nil
}

// keepDraft stores a draft as the uploader's own copy.
func (s *Service) keepDraft(ctx context.Context, content []byte, blobs map[string]documents.Blob) (copyInfo, error) {
	blob, err := s.c.Blobs.Write(ctx, bytes.NewReader(content))
	if err != nil {
		return copyInfo{}, fmt.Errorf("keep draft: %w", err)
	}
	size := blob.Size
	for _, b := range blobs {
		size += b.Size
	}
	return copyInfo{shape: shapeDraft, blob: blob.Key, size: size, sha256: blob.SHA256}, nil
}

// withoutKeys leaves the keys of the store out, which say nothing about the content.
func withoutKeys(blobs map[string]documents.Blob) map[string]documents.Blob {
	plain := make(map[string]documents.Blob, len(blobs))
	for id, b := range blobs {
		plain[id] = documents.Blob{SHA256: b.SHA256, Size: b.Size}
	}
	return plain
}

// draftLetter is the letter of a draft without its attachments. Header lines, where the client has them, fill what it
// left empty, and their date is the sender's.
func draftLetter(d Draft, messageID string) *letter {
	headers, err := mail.Parse(strings.NewReader(strings.TrimRight(d.Headers, "\r\n")+"\r\n\r\n"), mail.Limits{Size: 2 << 20})
	if err != nil || d.Headers == "" {
		headers = &mail.Message{}
	}
	l := rawLetter(headers, documents.Blob{}, messageID)
	l.parts, l.problems = nil, nil
	l.html, l.text, l.complete = d.HTML, d.Text, Full
	if d.Subject != "" {
		l.subject = d.Subject
	}
	if l.date.IsZero() {
		l.date = d.Date.UTC()
	}
	if len(d.References) > 0 || d.InReplyTo != "" {
		l.threading.References, l.threading.InReplyTo = d.References, d.InReplyTo
		l.threading.shorten()
	}
	l.people = mergePeople(l.people, d)
	l.settleMessageID()
	if !d.Complete {
		l.complete = Partial
		l.note(ProblemIncomplete, "The client could not read the whole mail.")
	}
	return l
}

// mergePeople takes each field from the draft, or from the headers where the draft has none.
func mergePeople(fromHeaders []person, d Draft) []person {
	var merged []person
	for _, field := range []struct {
		role role
		list []Participant
	}{{roleFrom, []Participant{d.From}}, {roleReplyTo, d.ReplyTo}, {roleTo, d.To}, {roleCc, d.Cc}} {
		given := len(merged)
		for _, p := range field.list {
			if p != (Participant{}) {
				merged = append(merged, person{field.role, p})
			}
		}
		if len(merged) > given {
			continue
		}
		for _, p := range fromHeaders {
			if p.role == field.role {
				merged = append(merged, p)
			}
		}
	}
	return merged
}
