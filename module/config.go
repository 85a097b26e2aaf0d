package module

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/netip"
	"net/url"
	"path"
	"slices"
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

// DefaultPrefix is where the module lives when [Config.Prefix] is empty.
const DefaultPrefix = "/mailconnector"

// Config is what a host gives the module. DB, Host, CRMURL, Installation, AllowedOrigins, VendorKeys and Content are
// required.
type Config struct {
	// DB is the CRM's own database. It is never closed or reconfigured. On MySQL and MariaDB its connections speak
	// utf8mb4; Start refuses others.
	DB *sql.DB

	// Dialect is "mysql" or "sqlite". Defaults to what the driver's type says; set it where the driver is wrapped.
	Dialect string

	// Owner names the CRM that our tables in DB serve, as no other on the same database server is named: by its database
	// and the prefix of its tables, say. Migrate notes it, and everything else is refused where the tables serve another
	// one. It is for hosts whose databases may hold several CRMs, or be copied; empty asks nothing.
	Owner string

	// Host is what the CRM can do for us.
	Host Host

	// Prefix is the path everything lives below, without a slash at its end. Defaults to DefaultPrefix.
	Prefix string

	// CRMURL is the address of the CRM as its users know it, https except on a loopback address. Licenses, manifests
	// and pairing pages name it.
	CRMURL string

	// Installation is the name of the CRM as licenses and the admin page show it.
	Installation string

	// AllowedOrigins are the origins whose pages may call the API: where the add-in is served from. There is no
	// wildcard.
	AllowedOrigins []string

	// VendorKeys are the public keys that sign licenses. Several are trusted at once while one replaces another.
	VendorKeys []licensing.PublicKey

	// Content keeps the bytes of mails: documents.Files for a folder.
	Content documents.ContentStore

	// MinimumCRM is the lowest version of the CRM this host works with; empty for any.
	MinimumCRM string

	// ClientIP returns the address of the client, which failed sign-ins are counted for. Defaults to the address of the
	// connection. Behind a reverse proxy set one that trusts that proxy's header.
	ClientIP func(*http.Request) string

	// Logger receives operations and errors, never passwords, tokens, addresses, subjects or bodies. Defaults to
	// discarding.
	Logger *slog.Logger

	// Now is the clock. Defaults to time.Now.
	Now func() time.Time
}

// Host is the set of ports through which the module meets the CRM. Accounts, Permissions, Records and Filing are
// required; the functions are optional.
type Host struct {
	Accounts    sessions.Accounts   // who may sign in
	Permissions permissions.Checker // who may do what
	Records     search.Source       // what can be found
	Filing      messages.Filing     // the CRM's own rows of messages and documents

	// AdminUser tells from the CRM's own session who opens the admin page. Where it is nil or answers false, the page
	// asks for the CRM's credentials itself.
	AdminUser func(*http.Request) (permissions.Subject, bool)

	// Product names the CRM and its version. An empty version is unknown, of which the admin page warns.
	Product func(context.Context) (Product, error)

	// FindUser returns the id of the user with a user name, or sessions.ErrInactive. Without it the admin page knows by
	// name only those who have signed in.
	FindUser func(ctx context.Context, userName string) (userID string, err error)

	// Readers tells who reads a linked mail by the CRM's own rule, where that may be fewer than see the record and
	// messages.Mail.Shared widens it. Administrators then choose on the admin page whether mails are shared, at first not.
	// Without it mails are shared, and nothing is asked.
	Readers func(context.Context) (messages.Readers, error)

	// Explain tells an administrator in a sentence or two which rule decides what a user may do with a record. Without
	// it the admin page leaves the question out.
	Explain func(ctx context.Context, user permissions.Subject, r permissions.Record) (string, error)
}

// Product is the CRM the module runs in.
type Product struct {
	Name    string
	Version string
}

// check fills in what was left empty and refuses what cannot work, saying how to mend it.
func (c *Config) check() error {
	if missing := c.Host.missing(); len(missing) > 0 {
		return fmt.Errorf("module: Host lacks %s: give the ports of this CRM", strings.Join(missing, ", "))
	}
	switch {
	case c.DB == nil:
		return errors.New("module: DB is missing: give the CRM's *sql.DB")
	case c.Content == nil:
		return errors.New("module: Content is missing: documents.Files(dir) keeps mails in a folder")
	case c.Installation == "":
		return errors.New("module: Installation is missing: give the name of this CRM, as licenses will show it")
	case len(c.VendorKeys) == 0:
		return errors.New("module: VendorKeys are missing: give the public key that signs licenses")
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	if err := checkURL(c.CRMURL); err != nil {
		return err
	}
	return c.normalizePrefix()
}

// missing names the required ports that are nil.
func (h Host) missing() (names []string) {
	for name, port := range map[string]any{
		"Accounts": h.Accounts, "Permissions": h.Permissions, "Records": h.Records, "Filing": h.Filing,
	} {
		if port == nil {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

// normalizePrefix takes what is a path to browsers, to mux and to http.ServeMux alike, without anything to escape.
func (c *Config) normalizePrefix() error {
	given := cmp.Or(c.Prefix, DefaultPrefix)
	c.Prefix = strings.TrimRight(given, "/")
	escaped := (&url.URL{Path: c.Prefix}).EscapedPath()
	if c.Prefix == "" || c.Prefix[0] != '/' || path.Clean(c.Prefix) != c.Prefix || escaped != c.Prefix {
		return fmt.Errorf("module: Prefix %q is no path to mount at: use one such as %q", given, DefaultPrefix)
	}
	return nil
}

func checkURL(raw string) error {
	normal, err := licensing.NormalizeURL(raw)
	if err != nil {
		return fmt.Errorf("module: CRMURL is no address, give one such as https://crm.example.com: %w", err)
	}
	u, err := url.Parse(normal)
	if err != nil || u.Scheme != "https" && !isLoopback(u.Hostname()) {
		return fmt.Errorf("module: CRMURL %q: use https, because passwords and mails travel; http is for a loopback address", raw)
	}
	return nil
}

func isLoopback(host string) bool {
	ip, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && ip.IsLoopback()
}

func (c *Config) open() (*database.DB, error) {
	return database.New(c.DB, database.Options{Dialect: database.Dialect(c.Dialect), Owner: c.Owner, Logger: c.Logger, Now: c.Now})
}
