package demo

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"path/filepath"
	"time"

	"github.com/gorilla/mux"

	"github.com/mailconnector/mailconnector/demo/crm"
	"github.com/mailconnector/mailconnector/demo/outlook"
	"github.com/mailconnector/mailconnector/demo/web"
	"github.com/mailconnector/mailconnector/documents"
	"github.com/mailconnector/mailconnector/licensing"
	"github.com/mailconnector/mailconnector/module"
	"github.com/mailconnector/mailconnector/permissions"
)

// Installation is the name of the demo CRM in licenses.
const Installation = "Alpina CRM"

const prefix = module.DefaultPrefix

// Config says how to run the demo. The zero value runs it, without a license.
type Config struct {
	Addr      string       // where to listen; 127.0.0.1:8080 if empty
	DataDir   string       // for the database, mails and documents; a folder of the user's that stays if empty
	DSN       string       // of a MariaDB or MySQL database to use instead of SQLite; its account may create tables
	Activated bool         // enter the trial license; otherwise Run prints it, to be entered on the admin page
	Out       io.Writer    // where Run says what to do next; nowhere if nil
	Logger    *slog.Logger // discards when nil

	Content documents.ContentStore // for the mails; a folder in DataDir if nil
	Origins []string               // from which the add-in is served, besides that of the demo itself
}

// Run serves the demo until ctx ends. Then it finishes the requests it is serving, for at most ten seconds.
func Run(ctx context.Context, c Config) error {
	c, err := c.withDefaults()
	if err != nil {
		return err
	}
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", c.Addr)
	if err != nil {
		return fmt.Errorf("listen: %w", err)
	}
	app, err := Open(ctx, c, address(listener))
	if err != nil {
		return errors.Join(err, listener.Close())
	}
	server := &http.Server{Handler: app, ReadHeaderTimeout: 10 * time.Second}
	served := make(chan error, 1)
	go func() { served <- server.Serve(listener) }()
	app.greet(c)
	select {
	case err = <-served:
	case <-ctx.Done():
		c.Logger.Info("demo stops")
	}
	ending, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
	defer cancel()
	return errors.Join(err, server.Shutdown(ending), app.Close(ending))
}

// App is the demo CRM with the module in it, ready to serve.
type App struct {
	http.Handler
	url     string
	license licensing.License
	db      *sql.DB
	mails   *documents.FileStore // nil where the mails are elsewhere
	module  *module.Extension
}

// Open starts the demo without listening. url is where it will be reached, such as http://127.0.0.1:8080.
func Open(ctx context.Context, c Config, url string) (*App, error) {
	c, err := c.withDefaults()
	if err != nil {
		return nil, err
	}
	db, dialect, err := openDatabase(c)
	if err != nil {
		return nil, fmt.Errorf("open database: %w", err)
	}
	app := &App{url: url, db: db}
	if err := app.start(ctx, c, dialect); err != nil {
		return nil, errors.Join(err, app.Close(ctx))
	}
	return app, nil
}

// start brings up the CRM, then the module in it, then the pages.
func (a *App) start(ctx context.Context, c Config, dialect string) error {
	host, err := crm.New(crm.Config{DB: a.db, Dialect: dialect, Storage: filepath.Join(c.DataDir, "storage"), URL: a.url})
	if err != nil {
		return err
	}
	if err := errors.Join(host.Migrate(ctx), host.Seed(ctx)); err != nil {
		return err
	}
	pages, err := web.New(web.Config{CRM: host, AdminURL: prefix + "/admin/", Logger: c.Logger})
	if err != nil {
		return err
	}
	if err := a.newModule(c, dialect, hostOf(host, pages)); err != nil {
		return err
	}
	if err := a.module.Migrate(ctx); err != nil {
		return err
	}
	if err := a.module.Start(ctx); err != nil {
		return err
	}
	if err := a.enterLicense(ctx, c.Activated); err != nil {
		return err
	}
	return a.mount(pages)
}

// newModule makes the module, with the trial license that it will be asked for and the folder of mails.
func (a *App) newModule(c Config, dialect string, host module.Host) error {
	vendor, err := openVendor(c.DataDir)
	if err != nil {
		return err
	}
	if a.license, err = vendor.trial(a.url); err != nil {
		return fmt.Errorf("issue trial license: %w", err)
	}
	content := c.Content
	if content == nil {
		if a.mails, err = documents.Files(filepath.Join(c.DataDir, "mails")); err != nil {
			return err
		}
		content = a.mails
	}
	a.module, err = module.New(module.Config{
		DB: a.db, Dialect: dialect, Prefix: prefix, CRMURL: a.url, Installation: Installation,
		AllowedOrigins: append([]string{a.url}, c.Origins...),
		VendorKeys:     []licensing.PublicKey{vendor.root.Public()},
		Content:        content,
		Logger:         c.Logger,
		Host:           host,
	})
	return err
}

// hostOf is the demo CRM as the module meets it.
func hostOf(c *crm.CRM, pages *web.Server) module.Host {
	return module.Host{
		Accounts: c, Permissions: c, Records: c, Filing: c,
		AdminUser: pages.AdminUser, FindUser: c.FindUser,
		Explain: func(ctx context.Context, user permissions.Subject, r permissions.Record) (string, error) {
			decisions, err := c.Explain(ctx, user, permissions.View, []permissions.Record{r})
			if err != nil {
				return "", err
			}
			return fmt.Sprintf("View is %s. %s", decisions[0].Outcome, decisions[0].Reason.Detail), nil
		},
		Product: func(context.Context) (module.Product, error) {
			return module.Product{Name: Installation, Version: "1.0"}, nil
		},
	}
}

// mount puts everything on one router. The simulated Outlook comes first, for it serves the task pane in the module's
// place.
func (a *App) mount(pages *web.Server) error {
	simulated, err := outlook.New(prefix)
	if err != nil {
		return err
	}
	router := mux.NewRouter()
	simulated.Mount(router)
	router.PathPrefix(a.module.Pattern()).Handler(a.module)
	pages.Mount(router, a.module)
	a.Handler = router
	return nil
}

// Close ends the background work of the module, at most until ctx ends, and closes what it used.
func (a *App) Close(ctx context.Context) error {
	var errs []error
	if a.module != nil {
		errs = append(errs, a.module.Stop(ctx))
	}
	if a.mails != nil {
		errs = append(errs, a.mails.Close())
	}
	return errors.Join(append(errs, a.db.Close())...)
}
