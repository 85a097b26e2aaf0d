package main

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"net/netip"
	"net/url"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/mailconnector/mailconnector/vtenext"
)

// crmFlags name an installation of vtenext: by its folder, or setting by setting. A setting that is given wins over what
// the folder says.
type crmFlags struct {
	folder, dsnFile, prefix, timeZone, version, storage, url string
	dsn                                                      dataSource
	trusted                                                  list
}

// list is a flag that may be given several times.
type list []string

func (l *list) String() string     { return strings.Join(*l, ", ") }
func (l *list) Set(v string) error { *l = append(*l, v); return nil }

func (c *crmFlags) declare(f *flag.FlagSet) {
	c.declareAddress(f)
	f.Var(&c.dsn, "dsn", "data source `name` of the CRM's database: user@tcp(host:3306)/crm; with a password only in the file of --config")
	f.StringVar(&c.dsnFile, "dsn-file", "", "`file` that holds the data source name, with a password only if nobody but its owner, or where that is root its\ngroup too, may read it (chmod 600 or 640); - is standard input, and MAILCONNECTOR_DSN does without a file")
	f.StringVar(&c.prefix, "table-prefix", "", "`prefix` of the CRM's tables (default: $table_prefix, or vte)")
	f.StringVar(&c.timeZone, "time-zone", "", "`zone` the CRM keeps its times in (default: $default_timezone, or Europe/Rome)")
	f.StringVar(&c.version, "crm-version", "", "`version` of the CRM, which its database does not tell (default: that of vteversion.php)")
	f.StringVar(&c.storage, "storage", "", "`folder` in which the CRM's folder storage is (default: that of --vtenext)")
	f.Var(&c.trusted, "trusted", "`module` of the CRM whose extensions you looked at and found to leave permissions alone; may be given several\ntimes. Other modules with such extensions are closed to everybody but administrators")
}

// declareAddress declares what tells where users find the CRM.
func (c *crmFlags) declareAddress(f *flag.FlagSet) {
	f.String(configFlag, "", "`file` in YAML that says what the command line and the environment do not, by the names of these flags")
	f.StringVar(&c.folder, "vtenext", "", "`folder` of the CRM, whose config.inc.php and vteversion.php say the rest")
	f.StringVar(&c.url, "crm-url", "", "`address` of the CRM as its users know it (default: $site_URL)")
}

// crm is an installation that was opened.
type crm struct {
	db *sql.DB
	*vtenext.CRM
	name        string // among all on the database server
	permissions *vtenext.Permissions
	blocked     []string // extensions of file names
}

// open connects to the CRM's database and checks that it answers.
func (c *crmFlags) open(ctx context.Context, s streams, logger *slog.Logger) (*crm, error) {
	installed, err := c.read()
	if err != nil {
		return nil, err
	}
	dsn, err := c.dataSource(s, installed)
	if err != nil {
		return nil, err
	}
	db, err := sql.Open("mysql", dsn)
	if err != nil {
		return nil, err
	}
	db.SetMaxIdleConns(16)
	db.SetConnMaxLifetime(5 * time.Minute)
	if err := db.PingContext(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("connect to the CRM's database: %w", err), db.Close())
	}
	host, err := vtenext.New(vtenext.Config{
		DB: db, TablePrefix: installed.TablePrefix, TimeZone: installed.TimeZone, Version: installed.Version,
		Storage: installed.Folder, Trusted: c.trusted, Logger: logger,
	})
	if err != nil {
		return nil, errors.Join(err, db.Close())
	}
	name, err := host.Name(ctx)
	if err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return &crm{db, host, name, vtenext.NewPermissions(host), installed.BlockedExtensions}, nil
}

// with opens the installation for as long as fn takes. What fn needs of the command line besides is refused with the rest.
func (c *crmFlags) with(ctx context.Context, s streams, fn func(*crm) error, needs ...need) error {
	if err := require(slices.Insert(needs, 0, c.database())...); err != nil {
		return err
	}
	installed, err := c.open(ctx, s, slog.New(slog.DiscardHandler))
	if err != nil {
		return err
	}
	return errors.Join(fn(installed), installed.db.Close())
}

// read takes what the CRM's own files say, and over it what the flags say.
func (c *crmFlags) read() (installed vtenext.Installation, err error) {
	if c.folder != "" {
		if installed, err = vtenext.ReadConfig(c.folder); err != nil {
			return installed, err
		}
	}
	zone := c.timeZone
	if zone == "" && installed.TimeZone == nil {
		zone = "Europe/Rome"
	}
	if zone != "" {
		if installed.TimeZone, err = time.LoadLocation(zone); err != nil {
			return installed, usageError{fmt.Sprintf("--time-zone: %v", err)}
		}
	}
	installed.TablePrefix = cmp.Or(c.prefix, installed.TablePrefix)
	installed.Version = cmp.Or(c.version, installed.Version)
	installed.Folder = cmp.Or(c.storage, installed.Folder)
	installed.SiteURL = cmp.Or(c.url, installed.SiteURL)
	c.version, c.storage, c.url = installed.Version, installed.Folder, installed.SiteURL
	return installed, nil
}

// database is the need for the CRM's database.
func (c *crmFlags) database() need {
	met := c.folder != "" || c.dsn.name != "" || c.dsnFile != "" || os.Getenv("MAILCONNECTOR_DSN") != ""
	return need{met, "--vtenext, --dsn, --dsn-file or MAILCONNECTOR_DSN", "the database of the CRM"}
}

// address is that of the CRM, by https except on this machine. What else the command needs is refused with it.
func (c *crmFlags) address(needs ...need) (*url.URL, error) {
	if _, err := c.read(); err != nil {
		return nil, err
	}
	address, err := url.Parse(c.url)
	given := need{err == nil && address.Host != "", "--crm-url, or --vtenext with $site_URL", "where users find the CRM, such as https://crm.example.com"}
	if err := require(append(needs, given)...); err != nil {
		return nil, err
	}
	if address.Scheme == "http" && !isLoopback(address.Hostname()) {
		return nil, usageError{fmt.Sprintf("the address of the CRM is %s, but passwords and mails travel, which Outlook lets through over https only: "+
			"let the web server answer by https too, and give --crm-url https://%s%s", c.url, address.Hostname(), address.Path)}
	}
	return address, nil
}

// isLoopback reports whether a host is this machine, where http stays.
func isLoopback(host string) bool {
	ip, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && ip.IsLoopback()
}

// pageOf is where users find a page of the module: on the host of the CRM, below the module's own path, whatever path the
// CRM has there.
func pageOf(crm *url.URL, prefix, page string) string {
	return (&url.URL{Scheme: crm.Scheme, Host: crm.Host}).JoinPath(prefix, page).String()
}

// report prints what an administrator should know of the installation.
func (c *crm) report(ctx context.Context, w io.Writer) error {
	inspection, err := c.permissions.Inspect(ctx)
	if err != nil {
		return fmt.Errorf("inspect the CRM's tables: %w", err)
	}
	for _, finding := range inspection.Findings {
		if _, err := fmt.Fprintln(w, finding); err != nil {
			return err
		}
	}
	return nil
}
