package api

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/rs/cors"
)

// origins are the allowed ones, normalised.
type origins map[string]bool

func newOrigins(list []string) (origins, error) {
	if len(list) == 0 {
		return nil, errors.New("api: AllowedOrigins is empty: list the origin the add-in is served from")
	}
	allowed := origins{}
	for _, o := range list {
		normal, ok := normalOrigin(o)
		if !ok {
			return nil, fmt.Errorf("api: allowed origin %q is none: write scheme, host and port only, "+
				"such as https://addin.example.com; there is no wildcard", o)
		}
		allowed[normal] = true
	}
	return allowed, nil
}

// normalOrigin is the form origins are compared in. A slash at the end is dropped, because some Outlooks send one.
func normalOrigin(origin string) (normal string, ok bool) {
	u, err := url.Parse(strings.TrimSuffix(origin, "/"))
	if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Hostname() == "" || strings.Contains(u.Host, "*") {
		return "", false
	}
	bare := url.URL{Scheme: u.Scheme, Host: u.Host}
	if *u != bare {
		return "", false
	}
	bare.Host = strings.ToLower(u.Host)
	if port := u.Port(); port == "443" && u.Scheme == "https" || port == "80" && u.Scheme == "http" {
		bare.Host = strings.TrimSuffix(bare.Host, ":"+port)
	}
	return bare.String(), true
}

func (o origins) allow(origin string) bool {
	normal, ok := normalOrigin(origin)
	return ok && o[normal]
}

// around answers preflights and adds the headers of CORS to every answer of next. It goes around the router: a preflight
// carries no credentials and fits no route.
func (o origins) around(next http.Handler) http.Handler {
	return cors.New(cors.Options{
		AllowOriginFunc: o.allow,
		// PUT is in no path; it is here so that a page may read that it is not.
		AllowedMethods: []string{
			http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete,
		},
		AllowedHeaders: []string{
			"Authorization", "Content-Type", "Idempotency-Key", "X-Internet-Message-Id", "X-Request-Id", "Range", "If-None-Match",
			"If-Range", "Tus-Resumable", "Upload-Length", "Upload-Metadata", "Upload-Offset", "Upload-Checksum", "X-HTTP-Method-Override",
		},
		ExposedHeaders: []string{
			"Location", "Retry-After", "ETag", "X-Request-Id", "Content-Disposition", "Tus-Resumable", "Tus-Version",
			"Tus-Extension", "Tus-Max-Size", "Tus-Checksum-Algorithm", "Upload-Length", "Upload-Metadata", "Upload-Offset",
			"Upload-Expires",
		},
		MaxAge: 600,
	}).Handler(next)
}
