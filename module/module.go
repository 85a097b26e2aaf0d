package module

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"html/template"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"sync"

	"github.com/mailconnector/mailconnector/api/sessions"
	"github.com/mailconnector/mailconnector/documents"
	"github.com/mailconnector/mailconnector/internal/database"
	"github.com/mailconnector/mailconnector/licensing"
	"github.com/mailconnector/mailconnector/messages"
	"github.com/mailconnector/mailconnector/permissions/search"
)

// ErrNotMigrated says that our tables are missing or older than this module.
var ErrNotMigrated = errors.New("tables are not up to date: call Migrate before Start, or run the command migrate")

// ErrTaken says that tables of the database have the names of ours and are another program's, or that ours serve another
// CRM than [Config.Owner]. The error that wraps it says how to mend it.
var ErrTaken = database.ErrTaken

// Extension is the module, mounted or about to be. It is safe for concurrent use.
type Extension struct {
	config Config
	db     *database.DB
	log    *slog.Logger

	blobs     *documents.Blobs
	licensing *licensing.Service
	sessions  *sessions.Service
	search    *search.Service
	messages  *messages.Service
	sharing   *messages.Sharing // nil where the CRM leaves no choice
	tab       *template.Template
	handler   http.Handler

	mu      sync.Mutex
	running *background // nil while not started
}

// New checks the configuration and wires the module. It does no I/O and starts nothing.
func New(c Config) (*Extension, error) {
	if err := c.check(); err != nil {
		return nil, err
	}
	db, err := c.open()
	if err != nil {
		return nil, err
	}
	e := &Extension{config: c, db: db, log: c.Logger}
	if err := e.wire(); err != nil {
		return nil, err
	}
	return e, nil
}

// wire is the one list of everything the module is made of.
func (e *Extension) wire() (err error) {
	c := e.config
	e.blobs, err = documents.New(documents.Config{DB: e.db, Store: c.Content, Logger: e.log})
	if err != nil {
		return err
	}
	e.licensing, err = licensing.New(licensing.Config{
		DB: e.db, VendorKeys: c.VendorKeys, CRMURL: c.CRMURL, Installation: c.Installation, Now: c.Now, Logger: e.log,
	})
	if err != nil {
		return err
	}
	e.sessions, err = sessions.New(sessions.Config{
		DB: e.db, Accounts: c.Host.Accounts, Admission: e.licensing, Logger: e.log,
	})
	if err != nil {
		return err
	}
	mails := messages.Config{
		DB: e.db, Blobs: e.blobs, Filing: c.Host.Filing, Permissions: c.Host.Permissions,
		Labels: e.labels, UserName: e.userName, Logger: e.log,
	}
	if c.Host.Readers != nil {
		e.sharing = &messages.Sharing{DB: e.db, Readers: c.Host.Readers, Logger: e.log}
		mails.Shared = e.sharing.Shared
	}
	e.messages, err = messages.New(mails)
	if err != nil {
		return err
	}
	e.search, err = search.New(search.Config{
		DB: e.db, Source: c.Host.Records, Permissions: c.Host.Permissions, Conversations: e.messages,
		Holder: rand.Text(), Logger: e.log,
	})
	if err != nil {
		return err
	}
	if e.tab, err = template.ParseFS(tabFiles, "tab.html"); err != nil {
		return err
	}
	e.handler, err = e.routes()
	return err
}

// Migrate creates or extends our tables. It is additive, safe to repeat, and safe to run on several instances at once;
// the host decides when. It changes nothing and answers [ErrTaken] where the tables are not for this CRM.
func (e *Extension) Migrate(ctx context.Context) error {
	return e.db.Migrate(ctx, migrations())
}

// Tables names those of the module's tables that are in a database, in an order in which to drop them when the module
// goes. Of the configuration it takes DB, Dialect and Owner. It answers [ErrTaken] as [Extension.Migrate] does: nothing
// else in the database is the module's.
func Tables(ctx context.Context, c Config) ([]string, error) {
	db, err := c.open()
	if err != nil {
		return nil, err
	}
	return db.Tables(ctx, migrations())
}

func migrations() []database.Migration {
	return slices.Concat(
		database.Migrations(),
		licensing.Migrations(),
		sessions.Migrations(),
		documents.Migrations(),
		search.Migrations(),
		messages.Migrations(),
	)
}

// Check tells whether Start would work, without starting anything: nil, or the error Start would answer.
func (e *Extension) Check(ctx context.Context) error {
	if err := e.db.Check(ctx); err != nil {
		return err
	}
	pending, err := e.db.Pending(ctx, migrations())
	if err != nil {
		return err
	}
	if len(pending) > 0 {
		return fmt.Errorf("%w (pending: %s)", ErrNotMigrated, strings.Join(pending, ", "))
	}
	return nil
}

// Start checks the database and begins the background work: refreshing the search index, sealing events, sweeping what
// was abandoned. ctx bounds the start only. It answers [ErrNotMigrated] where Migrate was not called, [ErrTaken] where
// the tables are not for this CRM, and refuses a connection that would alter or lose data, such as one that does not speak utf8mb4, saying how to mend it.
func (e *Extension) Start(ctx context.Context) error {
	if err := e.Check(ctx); err != nil {
		return err
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.running != nil {
		return errors.New("module: already started")
	}
	e.running = begin(context.WithoutCancel(ctx), e.messages.Run, e.search.Run, e.sweep)
	return nil
}

// Stop ends the background work and waits for it, at most until ctx ends; then the work still ends, and calling Stop
// again waits for it. An Extension that is not started stays so, and one that was stopped may be started again.
// Requests that are being served are the host's server's to wait for.
func (e *Extension) Stop(ctx context.Context) error {
	e.mu.Lock()
	running := e.running
	e.mu.Unlock()
	if running == nil {
		return nil
	}
	if err := running.end(ctx); err != nil {
		return fmt.Errorf("stop background work: %w", err)
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.running == running {
		e.running = nil
	}
	return nil
}

// Pattern is what to register with an http.ServeMux: the prefix and all below it.
func (e *Extension) Pattern() string { return e.config.Prefix + "/" }

// ServeHTTP serves everything below the prefix: the API, the add-in, the admin page and each user's own page. The
// request's path still begins with the prefix.
func (e *Extension) ServeHTTP(w http.ResponseWriter, r *http.Request) { e.handler.ServeHTTP(w, r) }

// Licensing is the license of this installation and its seats, for a host or a command line that activates a license
// without the admin page.
func (e *Extension) Licensing() *licensing.Service { return e.licensing }
