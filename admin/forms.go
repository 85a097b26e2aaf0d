package admin

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"net/http"

	"github.com/mailconnector/mailconnector/api/sessions"
)

// formField carries the token of a form.
const formField = "form_token"

// cookieName follows RFC 6265bis, section 4.1.3: the name of a cookie that goes over https only says so, so that no page
// served over http can set it. The prefix __Host- would ask for the path "/", which would show the cookie to the CRM.
func (h *Handler) cookieName(scope sessions.Scope) string {
	name := "mailconnector-" + string(scope)
	switch {
	case h.secure && h.c.Prefix == "":
		return "__Host-" + name
	case h.secure:
		return "__Secure-" + name
	default:
		return name
	}
}

// cookie is one that scripts and other sites do not get at. An empty value removes it.
func (h *Handler) cookie(r *http.Request, scope sessions.Scope, value string) *http.Cookie {
	c := &http.Cookie{
		Name: h.cookieName(scope), Value: value, Path: h.c.Prefix,
		HttpOnly: true, Secure: h.secure || r.TLS != nil, SameSite: http.SameSiteStrictMode,
	}
	if c.Path == "" {
		c.Path = "/"
	}
	if value == "" {
		c.MaxAge = -1
	}
	return c
}

// browserToken tells browsers apart, signed in or not. It gives no right: it only proves that a form comes from a page
// that this browser was given, also where the CRM's own session is used.
func (h *Handler) browserToken(w http.ResponseWriter, r *http.Request) string {
	const scope sessions.Scope = "form"
	if cookie, err := r.Cookie(h.cookieName(scope)); err == nil && len(cookie.Value) >= 26 {
		return cookie.Value
	}
	cookie := h.cookie(r, scope, rand.Text())
	// Lax, so that a page reached from a link elsewhere does not get another token and spoil the forms of open pages.
	cookie.SameSite = http.SameSiteLaxMode
	http.SetCookie(w, cookie)
	return cookie.Value
}

// formToken signs the forms of one browser.
func (v *visit) formToken() string {
	mac := hmac.New(sha256.New, []byte(v.token))
	mac.Write([]byte("form"))
	return hex.EncodeToString(mac.Sum(nil))
}

// checkForm reads a form and answers errForm unless it comes from a page of ours: by what the browser says of its origin,
// and by the token.
func (v *visit) checkForm() error {
	if err := v.h.origin.Check(v.r); err != nil {
		return errForm
	}
	v.r.Body = http.MaxBytesReader(v.w, v.r.Body, maxForm)
	err := v.r.ParseMultipartForm(maxForm)
	var large *http.MaxBytesError
	switch {
	case errors.As(err, &large):
		return errTooLarge
	case err != nil && !errors.Is(err, http.ErrNotMultipart):
		return errForm
	case !hmac.Equal([]byte(v.r.PostFormValue(formField)), []byte(v.formToken())):
		return errForm
	}
	return nil
}
