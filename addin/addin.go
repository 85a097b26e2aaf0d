// Package addin holds the Outlook add-in's task pane and serves it.
//
// The pane is plain TypeScript in src, bundled into dist/taskpane.js, which is committed so that building the module
// needs no Node. A test keeps the two together.
package addin

import (
	"embed"
	"io/fs"
	"net/http"
	"strings"

	"github.com/gorilla/mux"
)

// Version is the add-in's own version, which the pane tells the API.
const Version = "1.0.0"

// OfficeJS is the one script that is not ours. Microsoft wants it loaded from its own address, whatever serves the pane.
const OfficeJS = "https://appsforoffice.microsoft.com/lib/1/hosted/office.js"

//go:generate go test -run TestBundleMatchesItsSource -update .

//go:embed taskpane.html taskpane.css dist/taskpane.js
var files embed.FS

// policy lets the pane load Office.js and call the API it was served beside. It may be framed: Outlook on the web shows
// it in a frame of one of many hosts.
const policy = "default-src 'none'; script-src 'self' https://appsforoffice.microsoft.com https://*.cdn.office.net; " +
	"style-src 'self'; img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'"

// Mount serves the pane below {prefix}/addin/.
func Mount(r *mux.Router, prefix string) {
	for name, path := range map[string]string{
		"taskpane.html": "taskpane.html",
		"taskpane.css":  "taskpane.css",
		"taskpane.js":   "dist/taskpane.js",
	} {
		r.Handle(prefix+"/addin/"+name, file(path)).Methods(http.MethodGet, http.MethodHead)
	}
}

// Page returns the pane's HTML with another address for Office.js. A simulated Outlook needs it; nothing else may.
func Page(officeJS string) string {
	page, err := fs.ReadFile(files, "taskpane.html")
	if err != nil {
		panic(err) // embedded
	}
	return strings.Replace(string(page), OfficeJS, officeJS, 1)
}

func file(path string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", policy)
		h.Set("Cache-Control", "no-cache") // the names carry no hash: ask each time, so that pane and API fit
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("X-Content-Type-Options", "nosniff")
		http.ServeFileFS(w, r, files, path)
	}
}
