package web

import (
	"crypto/rand"
	"errors"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/mailconnector/mailconnector/api/sessions"
	"github.com/mailconnector/mailconnector/demo/crm"
	"github.com/mailconnector/mailconnector/permissions"
)

const (
	cookieName  = "crm_session"
	sessionLife = 12 * time.Hour
)

var errSignedOut = errors.New("signed out")

// visitor is the user who looks at a page.
type visitor struct {
	sessions.Account
	Subject permissions.Subject
	Modules []permissions.EntityType // for the menu
}

// visits are the signed-in browsers. They are kept in memory: after a restart everybody signs in again.
type visits struct {
	mu      sync.Mutex
	byToken map[string]visit
}

type visit struct {
	userID, stamp string
	end           time.Time
}

func (v *visits) open(a sessions.Account, now time.Time) (token string) {
	v.mu.Lock()
	defer v.mu.Unlock()
	for token, old := range v.byToken {
		if now.After(old.end) {
			delete(v.byToken, token)
		}
	}
	token = rand.Text()
	v.byToken[token] = visit{userID: a.UserID, stamp: a.CredentialStamp, end: now.Add(sessionLife)}
	return token
}

func (v *visits) find(r *http.Request) (visit, bool) {
	cookie, err := r.Cookie(cookieName)
	if err != nil {
		return visit{}, false
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	found, ok := v.byToken[cookie.Value]
	return found, ok && time.Now().Before(found.end)
}

func (v *visits) close(token string) {
	v.mu.Lock()
	defer v.mu.Unlock()
	delete(v.byToken, token)
}

// visitor reads who looks, and whether the account is still as it was when the session began.
func (s *Server) visitor(r *http.Request) (*visitor, error) {
	found, ok := s.visits.find(r)
	if !ok {
		return nil, errSignedOut
	}
	account, err := s.CRM.Account(r.Context(), found.userID)
	if errors.Is(err, sessions.ErrInactive) || err == nil && account.CredentialStamp != found.stamp {
		return nil, errSignedOut
	}
	if err != nil {
		return nil, err
	}
	u := &visitor{Account: account, Subject: permissions.Subject{UserID: account.UserID}}
	u.Modules, err = s.CRM.Types(r.Context(), u.Subject, u.Language)
	return u, err
}

// AdminUser says which administrator of the CRM sent a request, if one did. The module's admin page asks it.
func (s *Server) AdminUser(r *http.Request) (permissions.Subject, bool) {
	u, err := s.visitor(r)
	if err != nil || !u.Admin {
		return permissions.Subject{}, false
	}
	return u.Subject, true
}

func (s *Server) showSignIn(w http.ResponseWriter, r *http.Request) {
	s.askSignIn(w, http.StatusOK, "")
}

func (s *Server) askSignIn(w http.ResponseWriter, status int, problem string) {
	s.render(w, status, "signin.html", nil, map[string]any{
		"Title": "Sign in", "Logins": crm.Logins(), "Password": crm.Password, "Problem": problem,
	})
}

func (s *Server) signIn(w http.ResponseWriter, r *http.Request) {
	ip, _, _ := net.SplitHostPort(r.RemoteAddr)
	account, err := s.CRM.Verify(r.Context(), sessions.Credentials{
		UserName: r.PostFormValue("user"), Password: r.PostFormValue("password"), ClientIP: ip,
	})
	var locked *sessions.LockedError
	switch {
	case errors.As(err, &locked):
		s.askSignIn(w, http.StatusForbidden, "Too many attempts: try again at "+locked.Until.Local().Format("15:04")+".")
	case errors.Is(err, sessions.ErrInvalidCredentials), errors.Is(err, sessions.ErrInactive):
		s.askSignIn(w, http.StatusUnauthorized, "User name or password is wrong.")
	case err != nil:
		s.fail(w, r, nil, err)
	default:
		s.setCookie(w, r, s.visits.open(account, time.Now()), int(sessionLife.Seconds()))
		http.Redirect(w, r, "/", http.StatusSeeOther)
	}
}

func (s *Server) signOut(w http.ResponseWriter, r *http.Request) {
	if cookie, err := r.Cookie(cookieName); err == nil {
		s.visits.close(cookie.Value)
	}
	s.setCookie(w, r, "", -1)
	http.Redirect(w, r, "/signin", http.StatusSeeOther)
}

func (s *Server) setCookie(w http.ResponseWriter, r *http.Request, token string, maxAge int) {
	http.SetCookie(w, &http.Cookie{
		Name: cookieName, Value: token, Path: "/", MaxAge: maxAge,
		HttpOnly: true, Secure: r.TLS != nil, SameSite: http.SameSiteLaxMode,
	})
}
