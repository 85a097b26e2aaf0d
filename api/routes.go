package api

import (
	"net/http"
	"slices"
	"strings"

	"github.com/gorilla/mux"

	"github.com/mailconnector/mailconnector/api/problem"
)

// handlerFunc is a handler that leaves its failure to the adapter.
type handlerFunc func(http.ResponseWriter, *http.Request) error

// access says who may call an operation.
type access int

const (
	anyone   access = iota
	signedIn        // with a session
	licensed        // with a session and a seat, while a license is in force
)

// operation is one method of one path.
type operation struct {
	access   access
	produces string // media type of success; empty where it depends on the content
	handle   handlerFunc
}

// methods are the operations of one path.
type methods map[string]operation

const (
	mediaJSON = "application/json"
	mediaMail = "message/rfc822"
	mediaForm = "multipart/form-data"
	mediaHTML = "text/html"
	mediaYAML = "application/yaml"
)

// router is the one list of everything there is. Each path is registered once, with all its methods, so that the answer
// to a wrong method names the right ones.
func (h *Handler) router() http.Handler {
	const get, post, del = http.MethodGet, http.MethodPost, http.MethodDelete
	// Ids are opaque and may hold a slash: paths are matched as they were sent.
	router := mux.NewRouter().UseEncodedPath().SkipClean(true)
	for _, route := range []struct {
		path    string
		methods methods
	}{
		{"/compatibility", methods{get: {anyone, mediaJSON, h.compatibility}}},
		{"/sessions", methods{post: {anyone, mediaJSON, h.signIn}}},
		{"/session", methods{get: {signedIn, mediaJSON, h.whoAmI}, del: {signedIn, "", h.signOut}}},
		{"/modules", methods{get: {licensed, mediaJSON, h.modules}}},
		{"/records", methods{get: {licensed, mediaJSON, h.search}}},
		{"/records/{module}/{record}", methods{get: {licensed, mediaJSON, h.record}}},
		{"/records/{module}/{record}/messages", methods{get: {licensed, mediaJSON, h.recordMessages}}},
		{"/suggestions", methods{post: {licensed, mediaJSON, h.suggest}}},
		{"/messages", methods{post: {licensed, mediaJSON, h.archive}}},
		{"/messages/status", methods{post: {licensed, mediaJSON, h.status}}},
		{"/messages/{message}", methods{get: {licensed, mediaJSON, h.message}}},
		{"/messages/{message}/source", methods{get: {licensed, mediaMail, h.source}}},
		{"/messages/{message}/body", methods{get: {licensed, mediaHTML, h.body}}},
		{"/messages/{message}/parts/{part}", methods{get: {licensed, "", h.part}}},
		{"/messages/{message}/links", methods{post: {licensed, mediaJSON, h.link}}},
		{"/messages/{message}/links/{module}/{record}", methods{del: {licensed, "", h.unlink}}},
		{"/content/{token}", methods{get: {anyone, "", h.content}}},
		{"/health/live", methods{get: {anyone, mediaJSON, h.live}}},
		{"/health/ready", methods{get: {anyone, mediaJSON, h.ready}}},
		{"/openapi.yaml", methods{get: {anyone, mediaYAML, h.contract}}},
	} {
		router.Handle(h.base+route.path, h.adapt(h.dispatch(route.methods)))
	}
	const options, patch, head = http.MethodOptions, http.MethodPatch, http.MethodHead
	for path, m := range map[string]methods{ // in the words of a protocol of their own
		"/uploads": {options: {anyone, "", h.uploadOptions}, post: {licensed, "", tus(h.createUpload)}},
		"/uploads/{upload}": {
			options: {anyone, "", h.uploadOptions}, head: {licensed, "", tus(h.uploadState)},
			patch: {licensed, "", tus(h.writeChunk)}, del: {licensed, "", tus(h.deleteUpload)},
		},
	} {
		router.Handle(h.base+path, h.adapt(resumable(h.dispatch(m))))
	}
	router.NotFoundHandler = h.adapt(notFound)
	return router
}

func notFound(http.ResponseWriter, *http.Request) error {
	return problem.New(problem.NotFound, "There is no such path. GET /openapi.yaml lists them all.")
}

// dispatch chooses the operation, and checks in this order: the method, the form of the answer, the caller, the license.
func (h *Handler) dispatch(m methods) handlerFunc {
	return func(w http.ResponseWriter, r *http.Request) error {
		op, ok := m[r.Method]
		if !ok && r.Method == http.MethodHead {
			op, ok = m[http.MethodGet]
		}
		if !ok || r.Method == http.MethodOptions {
			w.Header().Set("Allow", m.allowed())
		}
		switch {
		case !ok && r.Method == http.MethodOptions:
			w.WriteHeader(http.StatusNoContent)
			return nil
		case !ok:
			return problem.New(problem.MethodNotAllowed, "This path takes "+m.allowed()+".")
		case !accepts(r, op.produces):
			return problem.New(problem.NotAcceptable, "The answer is "+op.produces+": let Accept allow it.")
		}
		if err := h.admit(r, op.access); err != nil {
			return err
		}
		return op.handle(w, r)
	}
}

// allowed lists the methods as the header Allow does.
func (m methods) allowed() string {
	list := []string{http.MethodOptions}
	for method := range m {
		list = append(list, method)
		if method == http.MethodGet {
			list = append(list, http.MethodHead)
		}
	}
	slices.Sort(list)
	return strings.Join(slices.Compact(list), ", ")
}
