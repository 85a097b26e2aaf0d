package module_test

import (
	"context"
	"database/sql"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/mailconnector/mailconnector/documents"
	"github.com/mailconnector/mailconnector/internal/dbtest"
	"github.com/mailconnector/mailconnector/licensing"
	"github.com/mailconnector/mailconnector/messages"
	"github.com/mailconnector/mailconnector/module"
	"github.com/mailconnector/mailconnector/module/moduletest"
	"github.com/mailconnector/mailconnector/permissions"
)

// Users and records of the in-memory host; see moduletest.NewMemoryHost.
var (
	rep   = permissions.Subject{UserID: "3"}
	agent = permissions.Subject{UserID: "4"}
	acme  = permissions.Record{Type: "Accounts", ID: "11"} // of the representative; the agent may only read it
	nora  = permissions.Record{Type: "Contacts", ID: "12"} // of the representative; hidden from the agent
)

// newHost returns the in-memory host on a database.
func newHost(t *testing.T, db *sql.DB) *moduletest.MemoryHost {
	t.Helper()
	h, err := moduletest.NewMemoryHost(t.Context(), db)
	if err != nil {
		t.Fatal(err)
	}
	return h
}

// mount mounts the module on the in-memory host, licensed and started, with a seat for the representative.
func mount(t *testing.T, change ...func(*module.Config)) (*module.Extension, *moduletest.MemoryHost) {
	t.Helper()
	h := newHost(t, dbtest.SQLite(t))
	ext := moduletest.Mount(t, h.UnderTest(), change...)
	if err := ext.Licensing().TakeSeat(t.Context(), rep.UserID); err != nil {
		t.Fatal(err)
	}
	return ext, h
}

// config is a configuration that New accepts, on an in-memory host.
func config(t *testing.T, db *sql.DB) module.Config {
	t.Helper()
	store, err := documents.Files(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = store.Close() })
	return module.Config{
		DB: db, Host: newHost(t, db).Host(), CRMURL: "https://crm.example.com", Installation: "Example Ltd CRM",
		AllowedOrigins: []string{"https://addin.example.com"}, VendorKeys: []licensing.PublicKey{vendorKey(t)}, Content: store,
	}
}

func vendorKey(t *testing.T) licensing.PublicKey {
	t.Helper()
	key, err := licensing.GenerateKey()
	if err != nil {
		t.Fatal(err)
	}
	return key.Public()
}

// newExtension returns what New makes of a configuration.
func newExtension(t *testing.T, c module.Config) *module.Extension {
	t.Helper()
	ext, err := module.New(c)
	if err != nil {
		t.Fatal(err)
	}
	return ext
}

// soon is a context that ends before anybody would wait.
func soon(t *testing.T) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	t.Cleanup(cancel)
	return ctx
}

// link archives a mail through the Go API, on Nora Berg.
func link(t *testing.T, ext *module.Extension, source messages.Source) messages.Receipt {
	t.Helper()
	receipt, err := ext.LinkMail(t.Context(), rep, messages.Request{Source: source, Links: []permissions.Record{nora}})
	if err != nil {
		t.Fatalf("LinkMail = %v", err)
	}
	return receipt
}

// raw is a mail of these lines.
func raw(lines ...string) messages.Source {
	return messages.Raw(strings.NewReader(strings.Join(lines, "\r\n") + "\r\n"))
}

// get asks a handler for a path.
func get(t *testing.T, h http.Handler, path string) (status int, header http.Header, body string) {
	t.Helper()
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, path, nil))
	res := w.Result()
	content, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res.StatusCode, res.Header, string(content)
}
