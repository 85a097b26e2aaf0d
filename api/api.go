package api

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"strings"

	"github.com/gorilla/mux"

	"github.com/mailconnector/mailconnector/permissions"
)

// DefaultMailBytes is the largest mail taken unless [Limits] says otherwise.
const DefaultMailBytes = 150_000_000

// Config is what a [Handler] is made of.
type Config struct {
	// Prefix is the path the module is mounted under, without a slash at its end: "/mailconnector". The API lives under
	// Prefix + "/api/v1". May be empty.
	Prefix string

	// AllowedOrigins are the origins whose pages may call the API, such as "https://addin.example.com". At least one,
	// and each exact: "*" is refused, because the API would be open to every page a user visits.
	AllowedOrigins []string

	Sessions    Sessions            // required
	Licensing   Licensing           // required
	Permissions permissions.Checker // required
	Search      Search              // required
	Messages    Messages            // required

	// Compatibility tells versions and limits. Required.
	Compatibility func(context.Context) (Compatibility, error)

	// Ready reports what keeps the module from working, nil if nothing does. Nil means always ready.
	Ready func(context.Context) error

	// MailBytes is the size of the largest mail. Defaults to DefaultMailBytes. It is the limit that the messages
	// service enforces, known here so that a larger upload is refused before it is sent.
	MailBytes int64

	// ClientIP returns the address of the client, which failed sign-ins are counted for. Defaults to the address of the
	// connection. Behind a reverse proxy set one that trusts the proxy's header.
	ClientIP func(*http.Request) string

	// Logger receives failures of the server with the id of their request, and never a path, a body or a token. An error may
	// name our own ids of messages, and nothing that a mail says: no Message-ID, subject, address or file name. Defaults to
	// discarding.
	Logger *slog.Logger
}

// Handler serves the API. It is safe for concurrent use.
type Handler struct {
	c       Config
	base    string // Prefix + "/api/v1"
	log     *slog.Logger
	handler http.Handler
}

// New checks the configuration. It does no I/O.
func New(c Config) (*Handler, error) {
	if err := c.check(); err != nil {
		return nil, err
	}
	origins, err := newOrigins(c.AllowedOrigins)
	if err != nil {
		return nil, err
	}
	if c.MailBytes == 0 {
		c.MailBytes = DefaultMailBytes
	}
	if c.Ready == nil {
		c.Ready = func(context.Context) error { return nil }
	}
	if c.ClientIP == nil {
		c.ClientIP = connectionIP
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	h := &Handler{c: c, base: c.Prefix + "/api/v1", log: c.Logger}
	h.handler = identified(secured(origins.around(h.router())))
	return h, nil
}

func (c Config) check() error {
	switch {
	case c.Sessions == nil, c.Licensing == nil, c.Permissions == nil, c.Search == nil, c.Messages == nil,
		c.Compatibility == nil:
		return errors.New("api: Sessions, Licensing, Permissions, Search, Messages and Compatibility are required")
	case c.MailBytes < 0:
		return errors.New("api: MailBytes must not be negative")
	case c.Prefix != "" && (!strings.HasPrefix(c.Prefix, "/") || strings.HasSuffix(c.Prefix, "/")):
		return fmt.Errorf("api: Prefix %q must begin with a slash and end without one", c.Prefix)
	}
	return nil
}

// Mount puts the API on a router, whatever its methods: the API answers what it does not know itself, so that CORS and
// problem documents are right there too.
func (h *Handler) Mount(r *mux.Router) { r.PathPrefix(h.base + "/").Handler(h) }

// ServeHTTP serves the API under its full path, Prefix included.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) { h.handler.ServeHTTP(w, r) }

func connectionIP(r *http.Request) string {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		return ""
	}
	return host
}
