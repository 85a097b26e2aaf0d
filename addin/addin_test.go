package addin_test

import (
	"flag"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"

	"github.com/evanw/esbuild/pkg/api"
	"github.com/gorilla/mux"

	"github.com/mailconnector/mailconnector/addin"
)

var update = flag.Bool("update", false, "write dist/taskpane.js")

// TestBundleMatchesItsSource builds the bundle anew. Where it differs, run: make addin
func TestBundleMatchesItsSource(t *testing.T) {
	result := api.Build(api.BuildOptions{
		EntryPoints:       []string{"src/main.ts"},
		Bundle:            true,
		Format:            api.FormatIIFE,
		Target:            api.ES2020, // the oldest web view Outlook still runs in
		Charset:           api.CharsetUTF8,
		MinifyWhitespace:  true,
		MinifySyntax:      true,
		MinifyIdentifiers: true,
		Define:            map[string]string{"VERSION": `"` + addin.Version + `"`},
		LogLevel:          api.LogLevelSilent,
	})
	for _, problem := range result.Errors {
		t.Errorf("%s:%d: %s", problem.Location.File, problem.Location.Line, problem.Text)
	}
	if t.Failed() {
		return
	}
	built := result.OutputFiles[0].Contents
	if *update {
		if err := os.WriteFile("dist/taskpane.js", built, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	committed, err := os.ReadFile("dist/taskpane.js")
	if err != nil || string(committed) != string(built) {
		t.Errorf("dist/taskpane.js is not what src makes (%v): run make addin", err)
	}
}

func TestPaneIsServedUnderAnyPrefix(t *testing.T) {
	router := mux.NewRouter()
	addin.Mount(router, "/crm/mail", nil)
	for path, want := range map[string]string{
		"/crm/mail/addin/taskpane.html": "text/html",
		"/crm/mail/addin/taskpane.css":  "text/css",
		"/crm/mail/addin/taskpane.js":   "text/javascript",
	} {
		w := httptest.NewRecorder()
		router.ServeHTTP(w, httptest.NewRequest(http.MethodGet, path, nil))
		if w.Code != http.StatusOK || !strings.HasPrefix(w.Header().Get("Content-Type"), want) {
			t.Errorf("GET %s: %d %s", path, w.Code, w.Header().Get("Content-Type"))
		}
		if csp := w.Header().Get("Content-Security-Policy"); strings.Contains(csp, "unsafe") || !strings.Contains(csp, "default-src 'none'") {
			t.Errorf("GET %s: policy %q", path, csp)
		}
	}
}

func TestOnlyTheAddressOfOfficeJSIsReplaced(t *testing.T) {
	original, err := os.ReadFile("taskpane.html")
	if err != nil {
		t.Fatal(err)
	}
	page := addin.Page("/office.js")
	if strings.ReplaceAll(page, `"/office.js"`, `"`+addin.OfficeJS+`"`) != string(original) {
		t.Errorf("the page differs in more than the address:\n%s", page)
	}
}
