package api

import (
	"fmt"
	"net/http"
	"time"

	"github.com/mailconnector/mailconnector/api/problem"
	"github.com/mailconnector/mailconnector/api/sessions"
)

type signInJSON struct {
	Username string     `json:"username"`
	Password string     `json:"password"`
	Client   clientJSON `json:"client"`
}

type clientJSON struct {
	Name     string `json:"name"`
	Version  string `json:"version"`
	Platform string `json:"platform"`
}

type grantJSON struct {
	AccessToken string      `json:"access_token"`
	TokenType   string      `json:"token_type"`
	ExpiresAt   time.Time   `json:"expires_at"`
	User        accountJSON `json:"user"`
}

type sessionJSON struct {
	User      accountJSON `json:"user"`
	CreatedAt time.Time   `json:"created_at"`
	ExpiresAt time.Time   `json:"expires_at"`
	Client    clientJSON  `json:"client"`
	License   licenseJSON `json:"license"`
}

type accountJSON struct {
	ID        string   `json:"id"`
	Username  string   `json:"username"`
	Name      string   `json:"name"`
	Addresses []string `json:"addresses"`
	Language  string   `json:"language"`
	Admin     bool     `json:"admin"`
}

func newAccountJSON(a sessions.Account) accountJSON {
	return accountJSON{a.UserID, a.UserName, a.DisplayName, list(a.Addresses), a.Language, a.Admin}
}

// signIn serves POST /sessions.
func (h *Handler) signIn(w http.ResponseWriter, r *http.Request) error {
	var in signInJSON
	if err := readJSON(r, &in); err != nil {
		return err
	}
	if err := in.check(); err != nil {
		return err
	}
	if err := h.requireCompatible(r.Context(), in.Client); err != nil {
		return err
	}
	ip := h.c.ClientIP(r)
	grant, err := h.c.Sessions.SignIn(r.Context(), sessions.SignIn{
		Credentials: sessions.Credentials{UserName: in.Username, Password: in.Password, ClientIP: ip},
		Client:      sessions.Client{Name: in.Client.Name, Version: in.Client.Version, Platform: in.Client.Platform, IP: ip},
		Scope:       sessions.ScopeAddin,
	})
	if err != nil {
		return err
	}
	return writeJSON(w, http.StatusCreated, grantJSON{
		AccessToken: grant.Token,
		TokenType:   "Bearer",
		ExpiresAt:   grant.Session.Expires,
		User:        newAccountJSON(grant.Session.Account),
	})
}

func (in signInJSON) check() error {
	var f faults
	f.length("/username", in.Username, 1, 255)
	f.length("/password", in.Password, 1, 1024)
	f.length("/client/name", in.Client.Name, 0, 100)
	f.length("/client/version", in.Client.Version, 0, 40)
	f.length("/client/platform", in.Client.Platform, 0, 100)
	return f.err()
}

// whoAmI serves GET /session.
func (h *Handler) whoAmI(w http.ResponseWriter, r *http.Request) error {
	license, err := h.licenseState(r.Context())
	if err != nil {
		return err
	}
	s := callerOf(r)
	return writeJSON(w, http.StatusOK, sessionJSON{
		User:      newAccountJSON(s.Account),
		CreatedAt: s.Created,
		ExpiresAt: s.Expires,
		Client:    clientJSON{s.Client.Name, s.Client.Version, s.Client.Platform},
		License:   license,
	})
}

// signOut serves DELETE /session.
func (h *Handler) signOut(w http.ResponseWriter, r *http.Request) error {
	if err := h.c.Sessions.SignOut(r.Context(), callerOf(r)); err != nil {
		return err
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}

// faults collects what is wrong with the values of a request, so that its author mends all of it at once.
type faults []problem.Fault

func (f *faults) add(pointer, detail string) {
	*f = append(*f, problem.Fault{Pointer: pointer, Detail: detail})
}

// length asks for a length in bytes.
func (f *faults) length(pointer, value string, least, most int) {
	switch {
	case len(value) < least:
		f.add(pointer, "is missing")
	case len(value) > most:
		f.add(pointer, fmt.Sprintf("must have at most %d bytes, has %d", most, len(value)))
	}
}

// count asks for a number of entries.
func (f *faults) count(pointer string, n, most int) {
	if n > most {
		f.add(pointer, fmt.Sprintf("must have at most %d entries, has %d", most, n))
	}
}

// err is the problem with all faults, or nil.
func (f *faults) err() error {
	if len(*f) == 0 {
		return nil
	}
	return &problem.Problem{Type: problem.Invalid, Faults: *f}
}
