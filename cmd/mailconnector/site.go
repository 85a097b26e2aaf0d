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
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/go-sql-driver/mysql"

	"github.com/mailconnector/mailconnector/documents"
	"github.com/mailconnector/mailconnector/internal/database"
	"github.com/mailconnector/mailconnector/licensing"
	"github.com/mailconnector/mailconnector/module"
	"github.com/mailconnector/mailconnector/permissions"
	"github.com/mailconnector/mailconnector/vtenext"
)

// crmFlags name an installation of vtenext: by its folder, or setting by setting. A setting that is given wins over what
// the folder says.
type crmFlags struct {
	folder, dsn, dsnFile, prefix, timeZone, version, storage, url string
}

func (c *crmFlags) declare(f *flag.FlagSet) {
	f.StringVar(&c.folder, "vtenext", "", "`folder` of the CRM, whose config.inc.php and vteversion.php say the rest")
	f.StringVar(&c.dsn, "dsn", "", "data source `name` of the CRM's database, without a password: user@tcp(host:3306)/crm")
	f.StringVar(&c.dsnFile, "dsn-file", "", "`file` that holds the data source name, password included; MAILCONNECTOR_DSN does too")
	f.StringVar(&c.prefix, "table-prefix", "", "`prefix` of the CRM's tables (default: $table_prefix, or vte)")
	f.StringVar(&c.timeZone, "time-zone", "", "`zone` the CRM keeps its times in (default: $default_timezone, or Europe/Rome)")
	f.StringVar(&c.version, "crm-version", "", "`version` of the CRM, which its database does not tell (default: that of vteversion.php)")
	f.StringVar(&c.storage, "storage", "", "`folder` in which the CRM's folder storage is (default: that of --vtenext)")
	f.StringVar(&c.url, "crm-url", "", "`address` of the CRM as its users know it (default: $site_URL)")
}

// crm is an installation that was opened.
type crm struct {
	db *sql.DB
	*vtenext.CRM
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
		Storage: installed.Folder, Logger: logger,
	})
	if err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return &crm{db, host, vtenext.NewPermissions(host), installed.BlockedExtensions}, nil
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

// dataSource reads the data source name from where it was given, and adds what the module needs of a connection.
func (c *crmFlags) dataSource(s streams, installed vtenext.Installation) (string, error) {
	text := c.dsn
	switch {
	case c.dsn != "" && c.dsnFile != "":
		return "", usageError{"give --dsn or --dsn-file, not both"}
	case c.dsnFile != "":
		content, err := readText(s, c.dsnFile)
		if err != nil {
			return "", err
		}
		text = strings.TrimSpace(content)
	case c.dsn == "":
		text = os.Getenv("MAILCONNECTOR_DSN")
	}
	if text == "" && c.folder != "" {
		text = installed.DSN()
	}
	if text == "" {
		return "", usageError{"wants --vtenext, --dsn, --dsn-file or MAILCONNECTOR_DSN"}
	}
	config, err := mysql.ParseDSN(text)
	if err != nil {
		return "", errors.New("the data source name cannot be read: use user:password@tcp(host:3306)/database") // not err: it may quote the password
	}
	if c.dsn != "" && config.Passwd != "" {
		return "", usageError{"--dsn must not hold a password, other users of this machine could see it: use --dsn-file or MAILCONNECTOR_DSN"}
	}
	if config.Params == nil {
		config.Params = make(map[string]string)
	}
	config.Params["charset"] = "utf8mb4"
	config.InterpolateParams = true
	return config.FormatDSN(), nil
}

// siteFlags name an installation with the module in it.
type siteFlags struct {
	crmFlags
	path, installation, content string
	vendors, origins            list
	share                       bool
}

// list is a flag that may be given several times.
type list []string

func (l *list) String() string     { return strings.Join(*l, ", ") }
func (l *list) Set(v string) error { *l = append(*l, v); return nil }

func (c *siteFlags) declare(f *flag.FlagSet) {
	c.crmFlags.declare(f)
	f.StringVar(&c.path, "prefix", module.DefaultPrefix, "`path` everything is served below")
	f.StringVar(&c.installation, "installation", "", "`name` of this CRM in licenses (default: the host in --crm-url)")
	f.StringVar(&c.content, "content", "", "`folder` to keep mails in")
	f.BoolVar(&c.share, "share", false, "let everyone who sees a record read the mails linked to it. Where the CRM keeps messages private, this\nmarks linked mails public: every user of the CRM who knows the address of such a mail can then open it")
	f.Var(&c.vendors, "vendor", "public key `file` of who signs licenses; may be given several times")
	f.Var(&c.origins, "origin", "`origin` the add-in is served from, such as https://crm.example.com; may be given several times (default: that of --crm-url)")
}

// site is the module in an installation.
type site struct {
	*crm
	*module.Extension
}

func (c *siteFlags) open(ctx context.Context, s streams, logger *slog.Logger) (*site, error) {
	keys, err := c.complete(s)
	if err != nil {
		return nil, err
	}
	if c.storage == "" || c.content == "" {
		return nil, usageError{"wants --content, and --vtenext or --storage"}
	}
	if _, err := os.Stat(filepath.Join(c.storage, "storage")); err != nil {
		return nil, fmt.Errorf("--storage: the CRM's folder for files is not there or closed to this user: %w", err)
	}
	content, err := documents.Files(c.content)
	if err != nil {
		return nil, err
	}
	installed, err := c.crmFlags.open(ctx, s, logger)
	if err != nil {
		return nil, err
	}
	host, err := installed.host(c.url, c.version)
	if err == nil {
		var ext *module.Extension
		ext, err = module.New(module.Config{
			DB: installed.db, Host: host, Prefix: c.path, CRMURL: c.url, Installation: c.installation,
			AllowedOrigins: c.origins, VendorKeys: keys, Content: content, Logger: logger,
			Shared: func(context.Context) (bool, error) { return c.share, nil },
		})
		if err == nil {
			return &site{installed, ext}, nil
		}
	}
	return nil, errors.Join(err, installed.db.Close())
}

// license opens the license of an installation, for which its folders are not needed.
func (c *siteFlags) license(ctx context.Context, s streams) (service *licensing.Service, done func() error, err error) {
	keys, err := c.complete(s)
	if err != nil {
		return nil, nil, err
	}
	installed, err := c.crmFlags.open(ctx, s, slog.New(slog.DiscardHandler))
	if err != nil {
		return nil, nil, err
	}
	db, err := database.New(installed.db, database.Options{})
	if err == nil {
		service, err = licensing.New(licensing.Config{DB: db, VendorKeys: keys, CRMURL: c.url, Installation: c.installation})
	}
	if err != nil {
		return nil, nil, errors.Join(err, installed.db.Close())
	}
	return service, installed.db.Close, nil
}

// complete refuses what is missing, fills in what follows from the rest, and reads the keys that sign licenses.
func (c *siteFlags) complete(s streams) (keys []licensing.PublicKey, err error) {
	if _, err := c.read(); err != nil {
		return nil, err
	}
	address, err := url.Parse(c.url)
	if err != nil || address.Host == "" {
		return nil, usageError{"wants --crm-url, such as https://crm.example.com"}
	}
	if len(c.vendors) == 0 {
		return nil, usageError{"wants --vendor: the public key of who signs licenses"}
	}
	if c.installation == "" {
		c.installation = address.Host
	}
	if len(c.origins) == 0 {
		c.origins = list{address.Scheme + "://" + address.Host}
	}
	for _, name := range c.vendors {
		key, err := readPublic(s, name)
		if err != nil {
			return nil, err
		}
		keys = append(keys, key)
	}
	return keys, nil
}

// host is vtenext as the module meets it.
func (c *crm) host(siteURL, version string) (module.Host, error) {
	filing, err := vtenext.NewFiling(vtenext.FilingConfig{CRM: c.CRM, Permissions: c.permissions, BlockedExtensions: c.blocked})
	if err != nil {
		return module.Host{}, err
	}
	accounts := vtenext.NewAccounts(c.CRM)
	return module.Host{
		Accounts: accounts, Permissions: c.permissions, Records: vtenext.NewRecords(c.CRM, c.permissions, siteURL), Filing: filing,
		Product: func(context.Context) (module.Product, error) {
			return module.Product{Name: "vtenext", Version: version}, nil
		},
		FindUser: accounts.Find,
		Explain: func(ctx context.Context, user permissions.Subject, r permissions.Record) (string, error) {
			explanation, err := c.permissions.Explain(ctx, user, r)
			return explanation.String(), err
		},
	}, nil
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
