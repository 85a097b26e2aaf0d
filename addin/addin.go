// Package addin holds the Outlook add-in's task pane, icons and manifest, and serves them.
//
// The pane is plain TypeScript in src, bundled into dist/taskpane.js, which is committed so that building the module
// needs no Node. A test keeps the two together.
package addin

import (
	"embed"
	"fmt"
	"html"
	"io/fs"
	"net/http"
	"net/url"
	"strings"
	"time"

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

// bundle is where the script is embedded.
const bundle = "dist/taskpane.js"

// apiBeside is where the page says the API is.
const apiBeside = `data-api="../api/v1"`

// Mount serves the pane and the add-in's icons below {prefix}/addin/, beside the API, and the manifest as manifest.xml
// where one is given, see [Manifest].
func Mount(r *mux.Router, prefix string, manifest []byte) {
	for name, path := range map[string]string{
		"taskpane.html": "taskpane.html",
		"taskpane.css":  "taskpane.css",
		"taskpane.js":   bundle,
	} {
		r.Handle(prefix+"/addin/"+name, file(path)).Methods(http.MethodGet, http.MethodHead)
	}
	mountIcons(r, prefix)
	if manifest != nil {
		r.Handle(prefix+"/addin/manifest.xml", download(manifest)).Methods(http.MethodGet, http.MethodHead)
	}
}

// Elsewhere serves the pane at /taskpane.html of an origin of its own. api is the address of the API, such as
// https://crm.example.com/mailconnector/api/v1; the module there has to allow that origin.
func Elsewhere(api string) (http.Handler, error) {
	address, err := url.Parse(api)
	if err != nil || address.Scheme != "https" && address.Scheme != "http" || address.Host == "" {
		return nil, fmt.Errorf("add-in: %q is no address of an API, such as https://crm.example.com/mailconnector/api/v1", api)
	}
	calls := strings.Replace(policy, "connect-src 'self'", "connect-src 'self' "+address.Scheme+"://"+address.Host, 1)
	page := strings.Replace(source(), apiBeside, `data-api="`+html.EscapeString(strings.TrimRight(api, "/"))+`"`, 1)
	routes := http.NewServeMux()
	routes.Handle("GET /taskpane.css", file("taskpane.css"))
	routes.Handle("GET /taskpane.js", file(bundle))
	routes.HandleFunc("GET /taskpane.html", func(w http.ResponseWriter, r *http.Request) {
		secure(w.Header(), calls)
		http.ServeContent(w, r, "taskpane.html", time.Time{}, strings.NewReader(page))
	})
	return routes, nil
}

// Page returns the pane's HTML with another address for Office.js. A simulated Outlook needs it; nothing else may.
func Page(officeJS string) string {
	return strings.Replace(source(), OfficeJS, officeJS, 1)
}

// source is the page as it is embedded.
func source() string {
	page, err := fs.ReadFile(files, "taskpane.html")
	if err != nil {
		panic(err) // embedded
	}
	return string(page)
}

func file(path string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		secure(w.Header(), policy)
		http.ServeFileFS(w, r, files, path)
	}
}

func secure(h http.Header, policy string) {
	h.Set("Content-Security-Policy", policy)
	h.Set("Cache-Control", "no-cache") // the names carry no hash: ask each time, so that pane and API fit
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("X-Content-Type-Options", "nosniff")
}
