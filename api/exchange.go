package api

import (
	"context"
	"crypto/rand"
	"net/http"
	"strings"

	"github.com/mailconnector/mailconnector/api/sessions"
)

// exchange is what is known of one request besides the request itself.
type exchange struct {
	id      string
	session sessions.Session // zero until the caller is known
}

type exchangeKey struct{}

func exchangeOf(ctx context.Context) *exchange {
	x, _ := ctx.Value(exchangeKey{}).(*exchange)
	return x
}

// callerOf returns the session of a request that was let through.
func callerOf(r *http.Request) sessions.Session { return exchangeOf(r.Context()).session }

// identified gives each request an id, the client's own where it is sane, and tells it in the answer.
func identified(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		x := &exchange{id: r.Header.Get("X-Request-Id")}
		if !saneID(x.id) {
			x.id = strings.ToLower(rand.Text())
		}
		w.Header().Set("X-Request-Id", x.id)
		next.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), exchangeKey{}, x)))
	})
}

// saneID refuses ids that could confuse whoever reads the log.
func saneID(id string) bool {
	return len(id) >= 8 && len(id) <= 64 && strings.Trim(id, idLetters) == ""
}

const idLetters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_."

// secured sets the headers that keep browsers from making more of an answer than it is. A handler that shows a document
// replaces the policy by that document's own.
func secured(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'")
		h.Set("Cache-Control", "no-store")
		next.ServeHTTP(w, r)
	})
}
