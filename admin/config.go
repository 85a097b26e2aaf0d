package admin

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/mailconnector/mailconnector/api/sessions"
	"github.com/mailconnector/mailconnector/documents"
	"github.com/mailconnector/mailconnector/internal/database"
	"github.com/mailconnector/mailconnector/licensing"
	"github.com/mailconnector/mailconnector/messages"
	"github.com/mailconnector/mailconnector/permissions"
	"github.com/mailconnector/mailconnector/permissions/search"
)

// Accounts tells who a user is; [sessions.Accounts] does.
type Accounts interface {
	// Account reads one account. One that is gone or disabled answers sessions.ErrInactive.
	Account(ctx context.Context, userID string) (sessions.Account, error)
}

// Records names records as a subject may see them; [search.Source] does.
type Records interface {
	// Cards describes records from fields visible to the subject. Records that are gone or not visible are left out.
	Cards(ctx context.Context, s permissions.Subject, records []permissions.Record) ([]search.Card, error)
}

// Product is the CRM the module runs in. An empty version is unknown.
type Product struct {
	Name, Version string
}

// Config is what a [Handler] is made of. The services, Accounts, Permissions, Records, CRMURL and Installation are
// required.
type Config struct {
	// Prefix is the path the module is mounted under, without a slash at its end: "/mailconnector". May be empty.
	Prefix string

	// CRMURL is the address of the CRM as its users know it. Where it is https, cookies are sent over https only.
	CRMURL string

	// Installation is the name of the CRM, shown on every page.
	Installation string

	// TaskPaneURL is the address Outlook loads the add-in from. Defaults to {prefix}/addin/taskpane.html at the origin of
	// CRMURL.
	TaskPaneURL string

	// ManifestURL is the address of the add-in's manifest, offered for download. Empty offers none.
	ManifestURL string

	// AllowedOrigins are the origins whose pages may call the API, shown in the first steps and the connection check.
	AllowedOrigins []string

	// Version is the version of this module. Empty shows none.
	Version string

	// MinimumCRM is the lowest version of the CRM the host works with. Empty shows none.
	MinimumCRM string

	DB          *database.DB        // keeps what an administrator acknowledged
	Licensing   *licensing.Service  // the license and the seats
	Sessions    *sessions.Service   // who is signed in
	Messages    *messages.Service   // the ledger and what is stored
	Search      *search.Service     // the state of the index
	Blobs       *documents.Blobs    // what the stored bytes take up
	Accounts    Accounts            // who users are, and who may administer
	Records     Records             // the labels of records
	Permissions permissions.Checker // what the one who looks may see

	// AdminUser tells from the CRM's own session who sends a request. Where it is nil or answers false, or names a user
	// who is no administrator, the pages ask for the CRM's credentials.
	AdminUser func(*http.Request) (permissions.Subject, bool)

	// FindUser returns the id of the user with a user name, or sessions.ErrInactive. Nil finds users by their id, and by
	// name those who have signed in.
	FindUser func(ctx context.Context, userName string) (userID string, err error)

	// Product names the CRM and its version. Nil is an unknown CRM.
	Product func(context.Context) (Product, error)

	// Sharing is the choice whether everyone who sees a record reads the mails linked to it. Nil is for a CRM where they
	// do anyway: nothing is asked then.
	Sharing *messages.Sharing

	// Explain tells an administrator in one or two sentences which rule decides what a user may do with a record. Nil
	// leaves the question out.
	Explain func(ctx context.Context, user permissions.Subject, r permissions.Record) (string, error)

	// ClientIP returns the address of the client, which failed sign-ins are counted for. Defaults to the address of the
	// connection. Behind a reverse proxy set one that trusts the proxy's header.
	ClientIP func(*http.Request) string

	// Now is the clock. Defaults to time.Now.
	Now func() time.Time

	// Logger receives what failed, by ids and never by names, subjects or labels. Defaults to discarding.
	Logger *slog.Logger
}

// check fills in what was left empty and refuses what cannot work.
func (c *Config) check() error {
	switch {
	case c.DB == nil, c.Licensing == nil, c.Sessions == nil, c.Messages == nil, c.Search == nil, c.Blobs == nil:
		return errors.New("admin: DB, Licensing, Sessions, Messages, Search and Blobs are required")
	case c.Accounts == nil, c.Permissions == nil, c.Records == nil:
		return errors.New("admin: Accounts, Permissions and Records are required")
	case c.Installation == "":
		return errors.New("admin: Installation is missing: give the name of this CRM")
	case c.Prefix != "" && (!strings.HasPrefix(c.Prefix, "/") || strings.HasSuffix(c.Prefix, "/")):
		return fmt.Errorf("admin: Prefix %q must begin with a slash and end without one", c.Prefix)
	}
	crm, err := url.Parse(c.CRMURL)
	if err != nil || crm.Host == "" || crm.Scheme != "https" && crm.Scheme != "http" {
		return fmt.Errorf("admin: CRMURL %q is no address: use one such as https://crm.example.com", c.CRMURL)
	}
	if c.TaskPaneURL == "" {
		c.TaskPaneURL = crm.Scheme + "://" + crm.Host + c.Prefix + "/addin/taskpane.html"
	}
	c.setDefaults()
	return nil
}

func (c *Config) setDefaults() {
	if c.AdminUser == nil {
		c.AdminUser = func(*http.Request) (permissions.Subject, bool) { return permissions.Subject{}, false }
	}
	if c.Product == nil {
		c.Product = func(context.Context) (Product, error) { return Product{}, nil }
	}
	if c.ClientIP == nil {
		c.ClientIP = connectionIP
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
}

func connectionIP(r *http.Request) string {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		return ""
	}
	return host
}
