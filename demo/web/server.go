package web

import (
	"context"
	"embed"
	"errors"
	"html/template"
	"log/slog"
	"net/http"
	"strings"

	"github.com/gorilla/mux"

	"github.com/mailconnector/mailconnector/demo/crm"
	"github.com/mailconnector/mailconnector/permissions"
	"github.com/mailconnector/mailconnector/permissions/search"
)

//go:embed static templates
var files embed.FS

// Connector is what the pages ask of the mounted module.
type Connector interface {
	// MessagesTab is the ready list of the mails on a record.
	MessagesTab(ctx context.Context, s permissions.Subject, r permissions.Record, lang string) (template.HTML, error)
	// Search finds records as the task pane does.
	Search(ctx context.Context, s permissions.Subject, q search.Query) (search.Results, error)
}

// Config is what the pages need. CRM is required.
type Config struct {
	CRM      *crm.CRM
	AdminURL string       // of the connector's page, for the menu of administrators
	Logger   *slog.Logger // receives internal errors; discards when nil
}

// Server serves the pages.
type Server struct {
	Config
	connector Connector
	pages     *template.Template
	visits    visits
}

// New parses the pages.
func New(c Config) (*Server, error) {
	if c.CRM == nil {
		return nil, errors.New("web: CRM is required")
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	pages, err := template.New("").Funcs(template.FuncMap{"size": size}).ParseFS(files, "templates/*.html")
	if err != nil {
		return nil, err
	}
	return &Server{Config: c, pages: pages, visits: visits{byToken: map[string]visit{}}}, nil
}

// Mount adds every page to the router. The module comes only now, because it was made with AdminUser.
func (s *Server) Mount(r *mux.Router, c Connector) {
	s.connector = c
	pages := r.NewRoute().Subrouter()
	pages.Use(protect)
	pages.PathPrefix("/static/").Handler(http.FileServerFS(files)).Methods(http.MethodGet)
	pages.HandleFunc("/signin", s.showSignIn).Methods(http.MethodGet)
	pages.HandleFunc("/signin", s.signIn).Methods(http.MethodPost)
	pages.HandleFunc("/signout", s.signOut).Methods(http.MethodPost)
	for route, page := range map[string]page{
		"GET /":                           s.home,
		"GET /records/{type}":             s.list,
		"GET /records/{type}/new":         s.newRecord,
		"GET /records/{type}/{id:[0-9]+}": s.record,
		"GET /records/{type}/{id:[0-9]+}/{tab:messages|documents}": s.record,
		"POST /records/{type}":                    s.create,
		"POST /records/{type}/{id:[0-9]+}/owner":  s.setOwner,
		"POST /records/{type}/{id:[0-9]+}/delete": s.remove,
		"GET /documents":                          s.documents,
		"GET /documents/{id:[0-9]+}":              s.download,
		"GET /view-as":                            s.viewAs,
	} {
		method, path, _ := strings.Cut(route, " ")
		pages.HandleFunc(path, s.signedIn(page)).Methods(method)
	}
}

// protect refuses forms that another site sends, and tells the browser to load nothing from elsewhere.
func protect(next http.Handler) http.Handler {
	return http.NewCrossOriginProtection().Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "+
			"connect-src 'self'; frame-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'")
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "same-origin")
		next.ServeHTTP(w, r)
	}))
}

// page answers one request of a signed-in user. What it returns is mapped to an answer by fail.
type page func(w http.ResponseWriter, r *http.Request, u *visitor) error

// signedIn lets a page be seen by users only, and sends others to sign in first.
func (s *Server) signedIn(p page) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		u, err := s.visitor(r)
		if errors.Is(err, errSignedOut) {
			http.Redirect(w, r, "/signin", http.StatusSeeOther)
			return
		}
		if err == nil {
			w.Header().Set("Cache-Control", "no-store")
			err = p(w, r, u)
		}
		if err != nil {
			s.fail(w, r, u, err)
		}
	}
}

// fail answers an error. What may not be seen is as absent as what is not there.
func (s *Server) fail(w http.ResponseWriter, r *http.Request, u *visitor, err error) {
	status, title, text := http.StatusInternalServerError, "Something went wrong", "Please try again in a moment."
	switch {
	case errors.Is(err, permissions.ErrNotFound):
		status, title, text = http.StatusNotFound, "Not found", "There is no such record, or it is not yours to see."
	case errors.Is(err, permissions.ErrDenied):
		status, title, text = http.StatusForbidden, "Not allowed", "You may look at this, but not do that."
	default:
		s.Logger.ErrorContext(r.Context(), "serve page", "path", r.URL.Path, "err", err)
	}
	s.render(w, status, "error.html", u, map[string]any{"Title": title, "Text": text})
}

// render writes a page. Data is a map so that every page can read who is looking beside what is its own.
func (s *Server) render(w http.ResponseWriter, status int, name string, u *visitor, data map[string]any) {
	if u != nil {
		data["User"] = u
	}
	data["AdminURL"] = s.AdminURL
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	if err := s.pages.ExecuteTemplate(w, name, data); err != nil {
		s.Logger.Error("render page", "page", name, "err", err)
	}
}
