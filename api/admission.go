package api

import (
	"net/http"
	"strings"

	"github.com/mailconnector/mailconnector/api/sessions"
)

// admit lets a request through or says what is missing.
func (h *Handler) admit(r *http.Request, need access) error {
	if need == anyone {
		return nil
	}
	session, err := h.c.Sessions.Authenticate(r.Context(), bearer(r), sessions.ScopeAddin)
	if err != nil {
		return err
	}
	exchangeOf(r.Context()).session = session
	if need == signedIn {
		return nil
	}
	return h.c.Licensing.Allow(r.Context(), session.Account.UserID)
}

// bearer returns the token of RFC 6750, section 2.1; it is never looked for anywhere else.
func bearer(r *http.Request) string {
	scheme, token, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	if !strings.EqualFold(scheme, "Bearer") {
		return ""
	}
	return strings.TrimSpace(token)
}
