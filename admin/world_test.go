package admin_test

import (
	"context"
	"database/sql"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gorilla/mux"

	"github.com/mailconnector/mailconnector/admin"
	"github.com/mailconnector/mailconnector/api/sessions"
	"github.com/mailconnector/mailconnector/documents"
	"github.com/mailconnector/mailconnector/internal/database"
	"github.com/mailconnector/mailconnector/internal/dbtest"
	"github.com/mailconnector/mailconnector/licensing"
	"github.com/mailconnector/mailconnector/messages"
	"github.com/mailconnector/mailconnector/permissions"
	"github.com/mailconnector/mailconnector/permissions/search"
)

const (
	prefix = "/crm/mailconnector"
	day    = 24 * time.Hour
)

// noon is when most tests take place.
var noon = time.Date(2026, 11, 2, 12, 0, 0, 0, time.UTC)

// world is the pages, served, over real services on SQLite, with a CRM and a vendor beside them.
type world struct {
	t      testing.TB
	crm    *crm
	vendor licensing.Vendor
	config admin.Config
	server *httptest.Server

	mu  sync.Mutex
	now time.Time
}

// newWorld starts one on SQLite. The configuration may be changed first.
func newWorld(t testing.TB, adjust ...func(*admin.Config)) *world {
	t.Helper()
	return newWorldOn(t, dbtest.SQLite(t), adjust...)
}

func newWorldOn(t testing.TB, raw *sql.DB, adjust ...func(*admin.Config)) *world {
	t.Helper()
	w := &world{t: t, crm: newCRM(), now: noon}
	w.vendor = licensing.Vendor{Root: must(licensing.GenerateKey())(t), Now: w.clock}
	log := slog.New(slog.NewTextHandler(t.Output(), nil))
	db := must(database.New(raw, database.Options{Now: w.clock, Logger: log}))(t)
	steps := slices.Concat(database.Migrations(), licensing.Migrations(), sessions.Migrations(), documents.Migrations(),
		search.Migrations(), messages.Migrations())
	if err := db.Migrate(t.Context(), steps); err != nil {
		t.Fatal(err)
	}
	w.config = w.wire(db, log)
	for _, fn := range adjust {
		fn(&w.config)
	}
	router := mux.NewRouter()
	must(admin.New(w.config))(t).Mount(router)
	router.HandleFunc(prefix+"/addin/taskpane.html", func(http.ResponseWriter, *http.Request) {})
	router.HandleFunc(prefix+"/api/v1/compatibility", compatibility)
	w.server = httptest.NewServer(router)
	t.Cleanup(w.server.Close)
	return w
}

// compatibility stands for the API's public call.
func compatibility(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	fmt.Fprint(w, `{"module":"1.0.0","api":"v1","crm":{"name":"Example CRM","version":"24.08","minimum":"","supported":true},`+
		`"license":{"state":"active"}}`)
}

func (w *world) wire(db *database.DB, log *slog.Logger) admin.Config {
	t := w.t
	store := must(documents.Files(t.TempDir()))(t)
	t.Cleanup(func() { _ = store.Close() })
	blobs := must(documents.New(documents.Config{DB: db, Store: store, Logger: log}))(t)
	license := must(licensing.New(licensing.Config{
		DB: db, VendorKeys: []licensing.PublicKey{w.vendor.Root.Public()}, CRMURL: "http://crm.example.com",
		Installation: "Example Ltd CRM", Now: w.clock, Logger: log,
	}))(t)
	labels := func(_ context.Context, _ permissions.Subject, records []permissions.Record) (map[permissions.Record]string, error) {
		return w.crm.labels, nil
	}
	return admin.Config{
		Prefix: prefix, CRMURL: "http://crm.example.com", Installation: "Example Ltd CRM", Version: "1.0.0",
		AllowedOrigins: []string{"https://addin.example.com"}, DB: db, Licensing: license, Blobs: blobs,
		Sessions: must(sessions.New(sessions.Config{DB: db, Accounts: w.crm, Admission: license, Now: w.clock, Logger: log}))(t),
		Messages: must(messages.New(messages.Config{
			DB: db, Blobs: blobs, Filing: w.crm, Permissions: w.crm, Labels: labels, Logger: log,
		}))(t),
		Search:   must(search.New(search.Config{DB: db, Source: w.crm, Permissions: w.crm, Holder: "test", Logger: log}))(t),
		Accounts: w.crm, Permissions: w.crm, Records: w.crm, Now: w.clock, Logger: log,
		Product: func(context.Context) (admin.Product, error) {
			return admin.Product{Name: "Example CRM", Version: "24.08"}, nil
		},
	}
}

func (w *world) clock() time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.now
}

func (w *world) setClock(t time.Time) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.now = t
}

// license issues one for this installation, for a year and ten days of grace unless the terms are changed.
func (w *world) license(users int, change ...func(*licensing.Terms)) licensing.License {
	w.t.Helper()
	order := licensing.Request{
		Installation: "Example Ltd CRM", CRMURL: "http://crm.example.com", Users: users, Product: licensing.DefaultProduct,
	}
	return w.licenseFor(order, change...)
}

func (w *world) licenseFor(order licensing.Request, change ...func(*licensing.Terms)) licensing.License {
	w.t.Helper()
	key := must(licensing.GenerateKey())(w.t)
	certificate := must(w.vendor.Certify(key.Public(), "Good Partner", w.clock().Add(365*day)))(w.t)
	request := must(licensing.SignRequest(key, certificate, order, w.clock()))(w.t)
	terms := licensing.Terms{Kind: licensing.Subscription, ValidTo: w.clock().Add(365 * day), GraceDays: 10}
	for _, fn := range change {
		fn(&terms)
	}
	return must(w.vendor.Issue(request.Document, terms))(w.t)
}

// activate puts a license in force.
func (w *world) activate(l licensing.License) {
	w.t.Helper()
	must(w.config.Licensing.Activate(w.t.Context(), "1", l.Document))(w.t)
}

// addin signs a user in as the add-in does, which takes a seat.
func (w *world) addin(name string) sessions.Grant {
	w.t.Helper()
	return must(w.config.Sessions.SignIn(w.t.Context(), sessions.SignIn{
		Credentials: sessions.Credentials{UserName: name, Password: password, ClientIP: "192.0.2.7"},
		Client:      sessions.Client{Name: "outlook-addin", Version: "1.0.0", Platform: "OutlookWeb"},
		Scope:       sessions.ScopeAddin,
	}))(w.t)
}

// link archives a mail with a subject and links it to a record.
func (w *world) link(userID, subject string, r permissions.Record) messages.Receipt {
	w.t.Helper()
	mail := fmt.Sprintf("From: nora@acme.example\r\nTo: rolf@crm.example\r\nSubject: %s\r\nMessage-ID: <%x@acme.example>\r\n\r\nHello\r\n",
		subject, subject)
	return must(w.config.Messages.Archive(w.t.Context(), permissions.Subject{UserID: userID}, messages.Request{
		Source: messages.Raw(strings.NewReader(mail)), Links: []permissions.Record{r},
	}))(w.t)
}

// must unwraps a result that cannot fail in a sound test: must(f())(t).
func must[T any](v T, err error) func(testing.TB) T {
	return func(t testing.TB) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}
