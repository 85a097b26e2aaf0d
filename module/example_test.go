package module_test

import (
	"context"
	"database/sql"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"

	"github.com/mailconnector/mailconnector/documents"
	"github.com/mailconnector/mailconnector/internal/dbtest"
	"github.com/mailconnector/mailconnector/licensing"
	"github.com/mailconnector/mailconnector/module"
	"github.com/mailconnector/mailconnector/module/moduletest"
)

// A CRM mounts the module into its own router.
func Example() {
	ctx := context.Background()
	db, host, folder, vendor := openCRM(ctx) // your CRM: its *sql.DB, and what it implements of module.Host
	defer os.RemoveAll(folder)

	mails, err := documents.Files(filepath.Join(folder, "mails"))
	if err != nil {
		log.Fatal(err)
	}
	ext, err := module.New(module.Config{
		DB:             db,
		Host:           host,
		Prefix:         "/mailconnector",
		CRMURL:         "https://crm.example.com",
		Installation:   "Example Ltd CRM",
		AllowedOrigins: []string{"https://addin.example.com"},
		VendorKeys:     []licensing.PublicKey{vendor},
		Content:        mails,
	})
	if err != nil {
		log.Fatal(err)
	}
	if err := ext.Migrate(ctx); err != nil { // creates our tables, all named mc_…
		log.Fatal(err)
	}
	if err := ext.Start(ctx); err != nil { // background work; never listens
		log.Fatal(err)
	}

	router := http.NewServeMux()
	router.Handle(ext.Pattern(), ext) // with gorilla/mux: router.PathPrefix(ext.Pattern()).Handler(ext)

	for _, path := range []string{"api/v1/health/ready", "addin/taskpane.html", "admin/signin"} {
		fmt.Println(path, statusOf(router, ext.Pattern()+path))
	}
	if err := ext.Stop(ctx); err != nil { // after the server has finished its requests
		log.Fatal(err)
	}
	// Output:
	// api/v1/health/ready 200
	// addin/taskpane.html 200
	// admin/signin 200
}

// openCRM stands for the CRM: here the one in memory.
func openCRM(ctx context.Context) (db *sql.DB, host module.Host, folder string, vendor licensing.PublicKey) {
	folder, err := os.MkdirTemp("", "crm")
	if err != nil {
		log.Fatal(err)
	}
	if db, err = sql.Open("sqlite", dbtest.SQLiteDSN(filepath.Join(folder, "crm.db"))); err != nil {
		log.Fatal(err)
	}
	crm, err := moduletest.NewMemoryHost(ctx, db)
	if err != nil {
		log.Fatal(err)
	}
	key, err := licensing.GenerateKey()
	if err != nil {
		log.Fatal(err)
	}
	return db, crm.Host(), folder, key.Public()
}

func statusOf(h http.Handler, path string) int {
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest(http.MethodGet, path, nil))
	_, _ = io.Copy(io.Discard, w.Body)
	return w.Code
}
