package api

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"strconv"
	"strings"

	"github.com/mailconnector/mailconnector/api/problem"
	"github.com/mailconnector/mailconnector/messages"
	"github.com/mailconnector/mailconnector/permissions"
)

// source serves GET /messages/{message}/source.
func (h *Handler) source(w http.ResponseWriter, r *http.Request) error {
	id, err := pathID(r, "message")
	if err != nil {
		return err
	}
	content, info, err := h.c.Messages.Source(r.Context(), callerOf(r).Subject(), id)
	if err != nil {
		return fmt.Errorf("open source: %w", err)
	}
	return serve(w, r, content, info)
}

// part serves GET /messages/{message}/parts/{part}.
func (h *Handler) part(w http.ResponseWriter, r *http.Request) error {
	id, err := pathID(r, "message")
	if err != nil {
		return err
	}
	text, err := pathID(r, "part")
	if err != nil {
		return err
	}
	number, err := strconv.Atoi(text)
	if err != nil || number < 1 {
		return permissions.ErrNotFound
	}
	return h.servePart(w, r, callerOf(r).Subject(), id, number)
}

// body serves GET /messages/{message}/body.
func (h *Handler) body(w http.ResponseWriter, r *http.Request) error {
	id, err := pathID(r, "message")
	if err != nil {
		return err
	}
	images := r.URL.Query().Get("images")
	if images != "" && images != "blocked" && images != "allowed" {
		return problem.Parameter("images", "must be blocked or allowed")
	}
	return h.serveBody(w, r, callerOf(r).Subject(), id, images == "allowed")
}

// content serves GET /content/{token}.
func (h *Handler) content(w http.ResponseWriter, r *http.Request) error {
	token, err := pathToken(r)
	if err != nil {
		return err
	}
	subject, named, err := h.c.Messages.OpenSigned(r.Context(), token)
	if err != nil {
		return fmt.Errorf("open signed content: %w", err)
	}
	if named.Kind == messages.SignedBody {
		return h.serveBody(w, r, subject, named.Message, named.Images)
	}
	return h.servePart(w, r, subject, named.Message, named.Part)
}

func (h *Handler) servePart(w http.ResponseWriter, r *http.Request, s permissions.Subject, id string, number int) error {
	content, info, err := h.c.Messages.Part(r.Context(), s, id, number)
	if err != nil {
		return fmt.Errorf("open part: %w", err)
	}
	return serve(w, r, content, info)
}

func (h *Handler) serveBody(w http.ResponseWriter, r *http.Request, s permissions.Subject, id string, images bool) error {
	body, err := h.c.Messages.Body(r.Context(), s, id, messages.BodyOptions{
		RemoteImages: images,
		PartURL:      func(part int) string { return h.contentURL(r.Context(), s, id, part) },
	})
	if err != nil {
		return fmt.Errorf("read body: %w", err)
	}
	header := w.Header()
	header.Set("Content-Type", mediaHTML+"; charset=utf-8")
	header.Set("Content-Security-Policy", body.CSP)
	header.Set("Content-Length", strconv.Itoa(len(body.HTML)))
	_, _ = io.WriteString(w, body.HTML) // who does not read the answer is gone
	return nil
}

// contentURL is the address of an image of the mail itself. Where none can be made, the image stays away.
func (h *Handler) contentURL(ctx context.Context, s permissions.Subject, id string, part int) string {
	token, err := h.c.Messages.Sign(ctx, s, messages.Signed{Kind: messages.SignedPart, Message: id, Part: part})
	if err != nil {
		h.log.WarnContext(ctx, "sign address of image", "request", exchangeOf(ctx).id, "err", err)
		return ""
	}
	return h.base + "/content/" + token
}

// serve sends bytes as a download that no browser runs, in ranges too.
func serve(w http.ResponseWriter, r *http.Request, content messages.Content, info messages.Info) error {
	defer func() { _ = content.Close() }()
	h := w.Header()
	h.Set("Content-Type", info.ContentType)
	h.Set("Content-Disposition", mime.FormatMediaType("attachment", map[string]string{"filename": info.Name}))
	h.Set("Content-Security-Policy", "sandbox; default-src 'none'")
	h.Set("Cache-Control", "private, no-cache")
	h.Set("ETag", `"`+hex.EncodeToString(info.SHA256[:])+`"`)
	if strings.Contains(r.Header.Get("Range"), ",") { // each would decode all that is before it; RFC 9110, 14.2 allows the whole
		r.Header.Del("Range")
	}
	ranged, watched := &rangeWriter{ResponseWriter: w}, &watchedContent{Content: content}
	http.ServeContent(ranged, r, "", info.Modified, watched)
	if ranged.refused {
		return refuseRange(w, info.Size)
	}
	if watched.err != nil {
		return fmt.Errorf("read content: %w", watched.err)
	}
	return nil
}

func refuseRange(w http.ResponseWriter, size int64) error {
	h := w.Header()
	for _, name := range []string{"Content-Disposition", "ETag", "Last-Modified"} {
		h.Del(name)
	}
	h.Set("Content-Range", fmt.Sprintf("bytes */%d", size))
	return problem.New(problem.RangeNotSatisfiable, fmt.Sprintf("The content has %d bytes.", size))
}

// rangeWriter holds back what http.ServeContent says to a range that cannot be, so that a problem document can say it.
type rangeWriter struct {
	http.ResponseWriter
	refused bool
}

func (w *rangeWriter) WriteHeader(status int) {
	if status == http.StatusRequestedRangeNotSatisfiable {
		w.refused = true
		return
	}
	w.ResponseWriter.WriteHeader(status)
}

func (w *rangeWriter) Write(p []byte) (int, error) {
	if w.refused {
		return len(p), nil
	}
	return w.ResponseWriter.Write(p)
}

// watchedContent remembers a failure of the storage, which http.ServeContent keeps to itself.
type watchedContent struct {
	messages.Content
	err error
}

func (c *watchedContent) Read(p []byte) (int, error) {
	n, err := c.Content.Read(p)
	if err != nil && !errors.Is(err, io.EOF) {
		c.err = err
	}
	return n, err
}
