package admin

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"

	"github.com/mailconnector/mailconnector/internal/database"
	"github.com/mailconnector/mailconnector/permissions"
)

// maxForm bounds what a form may send: a license file or a revocation list, and some room.
const maxForm = 2 << 20

// area is a part of the pages: who may see it, and which session opens it.
type area string

const (
	areaAnyone area = ""
	areaAdmin  area = "admin"
	areaMe     area = "me"
)

// page answers one request. What it returns is answered by fail.
type page func(*visit) error

// methods are the pages of one path.
type methods struct{ get, post page }

func (m methods) pick(method string) page {
	switch method {
	case http.MethodGet, http.MethodHead:
		return m.get
	case http.MethodPost:
		return m.post
	default:
		return nil
	}
}

func (m methods) allow() string {
	var allowed []string
	if m.get != nil {
		allowed = append(allowed, http.MethodGet, http.MethodHead)
	}
	if m.post != nil {
		allowed = append(allowed, http.MethodPost)
	}
	return strings.Join(allowed, ", ")
}

// visit is one request to a page.
type visit struct {
	h     *Handler
	w     http.ResponseWriter
	r     *http.Request
	area  area
	who   *visitor // nil where nobody is signed in
	say   *language
	names map[string]person // users looked up so far
	token string            // of this browser, from which forms are signed
}

func (v *visit) ctx() context.Context { return v.r.Context() }

// serve is what every page passes: the headers, the check of forms, and who it is.
func (h *Handler) serve(a area, m methods) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		setHeaders(w.Header())
		v := &visit{h: h, w: w, r: r, area: a, names: map[string]person{}}
		v.say = h.languages.of("", r.Header.Get("Accept-Language"))
		v.token = h.browserToken(w, r)
		if err := v.answer(m); err != nil {
			v.fail(err)
		}
	})
}

// setHeaders keeps the page from loading anything from elsewhere, from being framed and from being kept.
func setHeaders(header http.Header) {
	header.Set("Content-Security-Policy", "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "+
		"connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'")
	header.Set("Cache-Control", "no-store")
	header.Set("Referrer-Policy", "same-origin")
	header.Set("X-Content-Type-Options", "nosniff")
	header.Set("X-Frame-Options", "DENY")
}

func (v *visit) answer(m methods) error {
	p := m.pick(v.r.Method)
	if p == nil {
		v.w.Header().Set("Allow", m.allow())
		return errMethod
	}
	err := v.identify()
	if err != nil {
		return err
	}
	if v.r.Method == http.MethodPost {
		if err := v.checkForm(); err != nil {
			return err
		}
	}
	return p(v)
}

// fail answers an error. Only what nobody foresaw is logged.
func (v *visit) fail(err error) {
	var asked *signInError
	switch {
	case errors.As(err, &asked):
		http.Redirect(v.w, v.r, v.signInURL(asked.why), http.StatusSeeOther)
	case errors.Is(err, errNotAdmin):
		v.message(http.StatusForbidden, "refused")
	case errors.Is(err, errForm):
		v.message(http.StatusForbidden, "form")
	case errors.Is(err, errTooLarge):
		v.message(http.StatusRequestEntityTooLarge, "toolarge")
	case errors.Is(err, errMethod):
		v.message(http.StatusMethodNotAllowed, "method")
	case errors.Is(err, errNotFound):
		v.message(http.StatusNotFound, "notfound")
	case v.ctx().Err() != nil: // nobody waits for the answer
	case database.IsUnavailable(err), errors.Is(err, permissions.ErrUnavailable):
		v.h.c.Logger.ErrorContext(v.ctx(), "serve admin page", "err", err)
		v.w.Header().Set("Retry-After", "10")
		v.message(http.StatusServiceUnavailable, "unavailable")
	default:
		v.h.c.Logger.ErrorContext(v.ctx(), "serve admin page", "err", err)
		v.message(http.StatusInternalServerError, "internal")
	}
}

var (
	errMethod   = errors.New("method not allowed")
	errNotFound = errors.New("no such page")
	errNotAdmin = errors.New("not an administrator")
	errForm     = errors.New("form was not sent by a page of ours, or by one that is out of date")
	errTooLarge = errors.New("form is too large")
)

func (h *Handler) notFound(*visit) error { return errNotFound }

// message shows a page of one heading and one paragraph.
func (v *visit) message(status int, name string) {
	v.render(status, "message", name+".title", map[string]any{"Name": name})
}

// redirect ends a change that was done: the page shows what, and reloading it repeats nothing.
func (v *visit) redirect(path, done string) error {
	target := v.h.c.Prefix + path
	if done != "" {
		separator := "?"
		if strings.Contains(path, "?") {
			separator = "&"
		}
		target += separator + url.Values{"done": {done}}.Encode()
	}
	http.Redirect(v.w, v.r, target, http.StatusSeeOther)
	return nil
}

// try reports whether a part of a page could be read. A page about how things are doing shows the rest where it was not.
func (v *visit) try(what string, err error) bool {
	if err != nil && v.ctx().Err() == nil {
		v.h.c.Logger.ErrorContext(v.ctx(), "read part of admin page", "part", what, "err", err)
	}
	return err == nil
}
