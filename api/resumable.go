package api

import (
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"io"
	"mime"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/gorilla/mux"

	"github.com/mailconnector/mailconnector/api/problem"
	"github.com/mailconnector/mailconnector/messages"
)

// What of the tus protocol 1.0.0 (https://tus.io/protocols/resumable-upload) is spoken here.
const (
	tusVersion    = "1.0.0"
	tusExtensions = "creation,expiration,checksum,termination"
	tusAlgorithms = "sha256"
	mediaChunk    = "application/offset+octet-stream"
)

// resumable is around the paths of staged uploads. Every answer names the protocol, errors included; and a method that
// does not get through every proxy may be sent as a POST that names it.
func resumable(next handlerFunc) handlerFunc {
	return func(w http.ResponseWriter, r *http.Request) error {
		w.Header().Set("Tus-Resumable", tusVersion)
		if method := r.Header.Get("X-HTTP-Method-Override"); method != "" && r.Method == http.MethodPost {
			r = r.Clone(r.Context())
			r.Method = method
		}
		return next(w, r)
	}
}

// tus refuses clients that speak another version of the protocol.
func tus(next handlerFunc) handlerFunc {
	return func(w http.ResponseWriter, r *http.Request) error {
		if r.Header.Get("Tus-Resumable") != tusVersion {
			w.Header().Set("Tus-Version", tusVersion)
			return problem.New(problem.PreconditionFailed, "Send Tus-Resumable: "+tusVersion+".")
		}
		return next(w, r)
	}
}

// uploadOptions serves OPTIONS of the paths of staged uploads: what a client may rely on.
func (h *Handler) uploadOptions(w http.ResponseWriter, _ *http.Request) error {
	w.Header().Set("Tus-Version", tusVersion)
	w.Header().Set("Tus-Extension", tusExtensions)
	w.Header().Set("Tus-Checksum-Algorithm", tusAlgorithms)
	w.Header().Set("Tus-Max-Size", strconv.FormatInt(h.c.MailBytes, 10))
	w.WriteHeader(http.StatusNoContent)
	return nil
}

// createUpload serves POST /uploads.
func (h *Handler) createUpload(w http.ResponseWriter, r *http.Request) error {
	length, err := number(r, "Upload-Length")
	if err != nil {
		return err
	}
	u, err := h.c.Messages.CreateUpload(r.Context(), callerOf(r).Subject(), messages.NewUpload{
		Length: length, Metadata: r.Header.Get("Upload-Metadata"),
	})
	if err != nil {
		return fmt.Errorf("create upload: %w", err)
	}
	w.Header().Set("Location", h.base+"/uploads/"+u.ID)
	tell(w, u)
	w.WriteHeader(http.StatusCreated)
	return nil
}

// uploadState serves HEAD /uploads/{upload}.
func (h *Handler) uploadState(w http.ResponseWriter, r *http.Request) error {
	u, err := h.c.Messages.FindUpload(r.Context(), callerOf(r).Subject(), mux.Vars(r)["upload"])
	if err != nil {
		return fmt.Errorf("find upload: %w", err)
	}
	tell(w, u)
	w.Header().Set("Upload-Length", strconv.FormatInt(u.Length, 10))
	if u.Metadata != "" {
		w.Header().Set("Upload-Metadata", u.Metadata)
	}
	w.WriteHeader(http.StatusOK)
	return nil
}

// writeChunk serves PATCH /uploads/{upload}.
func (h *Handler) writeChunk(w http.ResponseWriter, r *http.Request) error {
	if _, _, err := contentType(r, mediaChunk); err != nil {
		return err
	}
	offset, err := number(r, "Upload-Offset")
	if err != nil {
		return err
	}
	sum, err := checksum(r.Header.Get("Upload-Checksum"))
	if err != nil {
		return err
	}
	if r.ContentLength > h.c.MailBytes {
		return problem.TooLarge(h.c.MailBytes)
	}
	u, err := h.c.Messages.WriteChunk(r.Context(), callerOf(r).Subject(), mux.Vars(r)["upload"], messages.Chunk{
		Offset: offset, SHA256: sum, Body: r.Body,
	})
	if err != nil {
		return fmt.Errorf("write chunk: %w", err)
	}
	tell(w, u)
	w.WriteHeader(http.StatusNoContent)
	return nil
}

// deleteUpload serves DELETE /uploads/{upload}.
func (h *Handler) deleteUpload(w http.ResponseWriter, r *http.Request) error {
	if err := h.c.Messages.DeleteUpload(r.Context(), callerOf(r).Subject(), mux.Vars(r)["upload"]); err != nil {
		return fmt.Errorf("delete upload: %w", err)
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}

// staged is a mail that was uploaded before. It is what Content-Type says, as if it were the body of this request: a form,
// or else the mail's bytes.
func staged(r *http.Request, upload string) messages.Source {
	media, params, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil || media != mediaForm {
		return messages.Staged(upload)
	}
	return messages.StagedForm(upload, func(body io.Reader) (messages.Source, error) {
		var beside envelope
		source, err := readForm(body, params["boundary"], &beside)
		if len(beside.Links) > 0 {
			return nil, problem.At(problem.Invalid, "/links", "must be in the query: a staged form is read only after they are checked")
		}
		return source, err
	})
}

// tell says how far an upload is and until when it is kept.
func tell(w http.ResponseWriter, u messages.StagedUpload) {
	w.Header().Set("Upload-Offset", strconv.FormatInt(u.Offset, 10))
	w.Header().Set("Upload-Expires", u.Expires.UTC().Truncate(time.Second).Format(http.TimeFormat))
}

// number reads a header that counts bytes.
func number(r *http.Request, header string) (int64, error) {
	n, err := strconv.ParseInt(r.Header.Get(header), 10, 64)
	if err != nil || n < 0 {
		return 0, problem.Parameter(header, "must be a number of bytes")
	}
	return n, nil
}

// checksum reads the header Upload-Checksum: the name of the algorithm and the hash in base64. None is nil.
func checksum(header string) (*[sha256.Size]byte, error) {
	if header == "" {
		return nil, nil
	}
	algorithm, encoded, _ := strings.Cut(header, " ")
	sum, err := base64.StdEncoding.DecodeString(encoded)
	if algorithm != tusAlgorithms || err != nil || len(sum) != sha256.Size {
		return nil, problem.Parameter("Upload-Checksum", "must be sha256 and the hash in base64, with a space between them")
	}
	return (*[sha256.Size]byte)(sum), nil
}
