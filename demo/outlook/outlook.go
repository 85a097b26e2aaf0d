package outlook

import (
	"embed"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io/fs"
	"net/http"
	"path"
	"slices"
	"strings"

	"github.com/gorilla/mux"

	"github.com/mailconnector/mailconnector/addin"
)

//go:embed mails/*.eml
var mails embed.FS

//go:embed static
var static embed.FS

// Handler serves the simulated Outlook below /outlook/.
type Handler struct {
	prefix  string
	samples []*sample // newest first
}

// New reads the sample mails. prefix is where the module is mounted.
func New(prefix string) (*Handler, error) {
	h := &Handler{prefix: prefix}
	names, err := fs.Glob(mails, "mails/*.eml")
	if err != nil {
		return nil, err
	}
	for _, name := range names {
		raw, err := mails.ReadFile(name)
		if err != nil {
			return nil, err
		}
		s, err := read(strings.TrimSuffix(path.Base(name), ".eml"), raw)
		if err != nil {
			return nil, fmt.Errorf("sample mail %s: %w", name, err)
		}
		h.samples = append(h.samples, s)
	}
	slices.SortFunc(h.samples, func(a, b *sample) int { return b.Date.Compare(a.Date) })
	return h, nil
}

// Mount adds the pages. It has to come before the module's own route, because it serves the task pane in its place:
// the same page, with another address for office.js.
func (h *Handler) Mount(r *mux.Router) {
	r.HandleFunc(h.prefix+"/addin/taskpane.html", h.pane).Methods(http.MethodGet)
	r.HandleFunc("/outlook/mails", h.list).Methods(http.MethodGet)
	r.HandleFunc("/outlook/mails/{mail}/body", h.body).Methods(http.MethodGet)
	r.HandleFunc("/outlook/mails/{mail}/file", h.file).Methods(http.MethodGet)
	r.HandleFunc("/outlook/attachments/{attachment}", h.attachment).Methods(http.MethodGet)
	pages, err := fs.Sub(static, "static")
	if err != nil {
		panic(err) // embedded
	}
	r.PathPrefix("/outlook/").Handler(http.StripPrefix("/outlook/", secured(http.FileServerFS(pages)))).Methods(http.MethodGet)
}

// secured lets a page load and frame what this server has, and nothing else.
func secured(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Security-Policy", "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "+
			"connect-src 'self'; frame-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'self'")
		w.Header().Set("Cache-Control", "no-cache")
		w.Header().Set("X-Content-Type-Options", "nosniff")
		next.ServeHTTP(w, r)
	})
}

func (h *Handler) pane(w http.ResponseWriter, r *http.Request) {
	secured(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		_, _ = w.Write([]byte(addin.Page("/outlook/office.js")))
	})).ServeHTTP(w, r)
}

// list answers everything about the mails but their bytes, and where the pane is.
func (h *Handler) list(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(map[string]any{"mails": h.samples, "pane": h.prefix + "/addin/taskpane.html"})
}

// body shows a mail in the reading pane, where nothing it brings along runs or loads.
func (h *Handler) body(w http.ResponseWriter, r *http.Request) {
	if s := h.find(w, r); s != nil {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		w.Header().Set("Content-Security-Policy", "sandbox; default-src 'none'; img-src data:; style-src 'unsafe-inline'")
		_, _ = w.Write([]byte(s.display()))
	}
}

// file answers a whole mail in the base64 of getAsFileAsync.
func (h *Handler) file(w http.ResponseWriter, r *http.Request) {
	if s := h.find(w, r); s != nil {
		writeBase64(w, s.raw)
	}
}

// attachment answers the bytes of an attachment in the base64 of getAttachmentContentAsync.
func (h *Handler) attachment(w http.ResponseWriter, r *http.Request) {
	for _, s := range h.samples {
		for _, a := range s.Attachments {
			if a.ID == mux.Vars(r)["attachment"] {
				writeBase64(w, a.content)
				return
			}
		}
	}
	http.NotFound(w, r)
}

func (h *Handler) find(w http.ResponseWriter, r *http.Request) *sample {
	for _, s := range h.samples {
		if s.ID == mux.Vars(r)["mail"] {
			return s
		}
	}
	http.NotFound(w, r)
	return nil
}

func writeBase64(w http.ResponseWriter, content []byte) {
	w.Header().Set("Content-Type", "text/plain; charset=us-ascii")
	_, _ = w.Write([]byte(base64.StdEncoding.EncodeToString(content)))
}
