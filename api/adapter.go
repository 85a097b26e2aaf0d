package api

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"runtime/debug"
	"time"

	"github.com/gorilla/mux"

	"github.com/mailconnector/mailconnector/api/problem"
	"github.com/mailconnector/mailconnector/api/sessions"
)

// tracker knows whether an answer has begun: after that it is too late for a problem document.
type tracker struct {
	http.ResponseWriter
	began bool
}

func (t *tracker) WriteHeader(status int) {
	t.began = true
	t.ResponseWriter.WriteHeader(status)
}

func (t *tracker) Write(p []byte) (int, error) {
	t.began = true
	return t.ResponseWriter.Write(p)
}

// Unwrap lets http.ResponseController reach the connection.
func (t *tracker) Unwrap() http.ResponseWriter { return t.ResponseWriter }

// adapt makes an http.Handler of a handler that may fail or panic.
func (h *Handler) adapt(handle handlerFunc) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		t, body := &tracker{ResponseWriter: w}, r.Body
		r.Body = sentBody{body}
		if err := survive(handle, t, r); err != nil {
			h.fail(t, r, body, err)
		}
	})
}

// survive turns a panic into an error. http.ErrAbortHandler goes on: it is the server's own way to end a connection.
func survive(handle handlerFunc, w http.ResponseWriter, r *http.Request) (err error) {
	defer func() {
		switch p := recover(); p {
		case nil:
		case http.ErrAbortHandler:
			panic(p)
		default:
			err = fmt.Errorf("panic: %v\n%s", p, debug.Stack())
		}
	}()
	return handle(w, r)
}

// fail answers a request with a problem. An answer that has begun is cut off, so that nobody takes it for whole.
func (h *Handler) fail(w *tracker, r *http.Request, body io.ReadCloser, err error) {
	p := problem.From(err)
	h.report(r, p)
	if w.began {
		panic(http.ErrAbortHandler)
	}
	respond := func() {
		if err := problem.Write(w, p, exchangeOf(r.Context()).id); err != nil {
			h.log.DebugContext(r.Context(), "write problem", "err", err)
		}
	}
	if unread(r) {
		refuseUpload(w, r, body, respond)
	} else {
		respond()
	}
	h.note(r, p)
}

// report logs what is the server's fault. A client that hung up is nobody's.
func (h *Handler) report(r *http.Request, p *problem.Problem) {
	if p.Type.Status() < http.StatusInternalServerError || r.Context().Err() != nil {
		return
	}
	route := ""
	if current := mux.CurrentRoute(r); current != nil {
		route, _ = current.GetPathTemplate() // never the path: it may hold a token
	}
	h.log.LogAttrs(r.Context(), slog.LevelError, "request failed", slog.String("request", exchangeOf(r.Context()).id),
		slog.String("method", r.Method), slog.String("route", route), slog.Any("err", p))
}

// note remembers the problem for the administrator who will be asked for help. What users meet every day is left out,
// and so are clients that hung up and an outage of the place where it would be noted.
func (h *Handler) note(r *http.Request, p *problem.Problem) {
	user := exchangeOf(r.Context()).session.Account.UserID
	if refused := (*sessions.AdmissionError)(nil); errors.As(p, &refused) {
		user = refused.UserID
	}
	if user == "" || p.Type == problem.NotFound || p.Type == problem.Unavailable || r.Context().Err() != nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(r.Context()), 2*time.Second)
	defer cancel()
	if err := h.c.Sessions.NoteError(ctx, user, string(p.Type)); err != nil {
		h.log.WarnContext(ctx, "note error of user", "request", exchangeOf(ctx).id, "err", err)
	}
}
