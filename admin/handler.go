package admin

import (
	"net/http"
	"strings"

	"github.com/gorilla/mux"
)

// Handler serves the pages. It is safe for concurrent use.
type Handler struct {
	c         Config
	secure    bool // cookies go over https only
	languages languages
	pages     pages
	assets    assets
	origin    *http.CrossOriginProtection
}

// New checks the configuration and reads the embedded pages. It does no other I/O.
func New(c Config) (*Handler, error) {
	if err := c.check(); err != nil {
		return nil, err
	}
	h := &Handler{c: c, secure: strings.HasPrefix(c.CRMURL, "https:"), origin: http.NewCrossOriginProtection()}
	var err error
	if h.languages, err = readLanguages(); err != nil {
		return nil, err
	}
	if h.assets, err = readAssets(c.Prefix + "/admin/static/"); err != nil {
		return nil, err
	}
	if h.pages, err = readPages(h.languages, h.assets, c.Prefix, c.Now); err != nil {
		return nil, err
	}
	return h, nil
}

// Mount adds every page to the router, under its full path.
func (h *Handler) Mount(r *mux.Router) {
	admin, prefix := h.c.Prefix+"/admin", h.c.Prefix
	r.Handle(admin+"/static/{name}", h.assets).Methods(http.MethodGet, http.MethodHead)

	for path, page := range map[string]methods{
		"/":                    {get: h.overview},
		"/readers":             {post: h.acknowledgeReaders},
		"/sharing":             {get: h.sharing, post: h.chooseSharing},
		"/license":             {get: h.license, post: h.activate},
		"/license/revocations": {post: h.revocations},
		"/license/deactivate":  {get: h.askDeactivate, post: h.deactivate},
		"/seats":               {get: h.seats, post: h.assignSeat},
		"/seats/release":       {post: h.releaseSeat},
		"/sessions":            {get: h.sessions},
		"/sessions/end":        {post: h.endSession},
		"/sessions/end-all":    {post: h.endSessions},
		"/activity":            {get: h.activity, post: h.verifyLedger},
		"/health":              {get: h.health},
		"/health/domains":      {post: h.setDomains},
		"/health/explain":      {post: h.explain},
	} {
		r.Handle(admin+path, h.serve(areaAdmin, page))
	}
	r.Handle(admin+"/signin", h.serve(areaAnyone, methods{get: h.askSignIn(areaAdmin), post: h.signIn(areaAdmin)}))
	r.Handle(admin+"/signout", h.serve(areaAnyone, methods{post: h.signOut(areaAdmin)}))
	r.Handle(admin, http.RedirectHandler(admin+"/", http.StatusPermanentRedirect))
	r.PathPrefix(admin + "/").Handler(h.serve(areaAnyone, methods{get: h.notFound}))

	r.Handle(prefix+"/me", h.serve(areaMe, methods{get: h.me}))
	r.Handle(prefix+"/me/end", h.serve(areaMe, methods{post: h.endOwnSession}))
	r.Handle(prefix+"/me/end-all", h.serve(areaMe, methods{post: h.endOwnSessions}))
	r.Handle(prefix+"/me/signin", h.serve(areaAnyone, methods{get: h.askSignIn(areaMe), post: h.signIn(areaMe)}))
	r.Handle(prefix+"/me/signout", h.serve(areaAnyone, methods{post: h.signOut(areaMe)}))
	r.Handle(prefix+"/me/", http.RedirectHandler(prefix+"/me", http.StatusPermanentRedirect))
}
