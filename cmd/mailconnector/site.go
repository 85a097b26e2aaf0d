package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"

	"github.com/mailconnector/mailconnector/internal/database"
	"github.com/mailconnector/mailconnector/licensing"
	"github.com/mailconnector/mailconnector/module"
	"github.com/mailconnector/mailconnector/permissions"
	"github.com/mailconnector/mailconnector/vtenext"
)

// siteFlags name an installation with the module in it.
type siteFlags struct {
	crmFlags
	path, installation, content, clientHeader string
	vendors, origins                          list
}

func (c *siteFlags) declare(f *flag.FlagSet) {
	c.crmFlags.declare(f)
	f.StringVar(&c.path, "prefix", module.DefaultPrefix, "`path` everything is served below")
	f.StringVar(&c.installation, "installation", "", "`name` of this CRM in licenses (default: the host in --crm-url)")
	f.StringVar(&c.content, "content", "", contentUsage)
	f.Var(&c.vendors, "vendor", "public key `file` of who signs licenses; may be given several times")
	f.Var(&c.origins, "origin", "`origin` the add-in is served from, such as https://crm.example.com; may be given several times (default: that of --crm-url)")
	f.StringVar(&c.clientHeader, "client-ip-header", "", "`header` in which the web server names its client, such as X-Real-IP; it has to set it itself. Without it wrong\n"+
		"passwords that come through a web server on this machine are counted for each user, but not for each address")
}

// site is the module in an installation.
type site struct {
	*crm
	*module.Extension
	content store
}

func (x *site) close() error { return errors.Join(x.content.Close(), x.db.Close()) }

// open opens the installation, its folders and the module. What the command needs besides is refused with the rest.
func (c *siteFlags) open(ctx context.Context, s streams, logger *slog.Logger, needs ...need) (*site, error) {
	keys, err := c.complete(s, needs...)
	if err != nil {
		return nil, err
	}
	if _, err := os.Stat(c.files()); err != nil {
		return nil, fmt.Errorf("--storage: the CRM's folder for files is not there or closed to this user: %w", err)
	}
	installed, err := c.crmFlags.open(ctx, s, logger)
	if err != nil {
		return nil, err
	}
	x, err := c.mount(installed, keys, logger)
	if err != nil {
		return nil, errors.Join(err, installed.db.Close())
	}
	return x, nil
}

// with opens the installation for as long as fn takes. The module's tables have to be up to date.
func (c *siteFlags) with(ctx context.Context, s streams, fn func(*site) error, needs ...need) error {
	x, err := c.open(ctx, s, slog.New(slog.DiscardHandler), needs...)
	if err != nil {
		return err
	}
	err = x.Check(ctx)
	if err == nil {
		err = fn(x)
	}
	return errors.Join(err, x.close())
}

// files is the folder in which the CRM keeps the files of documents.
func (c *siteFlags) files() string { return filepath.Join(c.storage, "storage") }

// mount mounts the module on an installation, whose database stays open if that fails.
func (c *siteFlags) mount(installed *crm, keys []licensing.PublicKey, logger *slog.Logger) (*site, error) {
	host, err := installed.host(c.url, c.version)
	if err != nil {
		return nil, err
	}
	content, err := openContent(c.content)
	if err != nil {
		return nil, fmt.Errorf("--content: %w", err)
	}
	ext, err := module.New(module.Config{
		DB: installed.db, Owner: installed.name, Host: host, Prefix: c.path, CRMURL: c.url, Installation: c.installation,
		AllowedOrigins: c.origins, VendorKeys: keys, Content: content,
		ClientIP: clientIP(c.clientHeader), Logger: logger,
	})
	if err != nil {
		return nil, errors.Join(err, content.Close())
	}
	return &site{installed, ext, content}, nil
}

// license opens the license of an installation, for which its folders are not needed.
func (c *siteFlags) license(ctx context.Context, s streams) (service *licensing.Service, done func() error, err error) {
	keys, err := c.licensed(s, c.database())
	if err != nil {
		return nil, nil, err
	}
	installed, err := c.crmFlags.open(ctx, s, slog.New(slog.DiscardHandler))
	if err != nil {
		return nil, nil, err
	}
	db, err := database.New(installed.db, database.Options{Owner: installed.name})
	if err == nil {
		err = db.CheckOwner(ctx)
	}
	if err == nil {
		service, err = licensing.New(licensing.Config{DB: db, VendorKeys: keys, CRMURL: c.url, Installation: c.installation})
	}
	if err != nil {
		return nil, nil, errors.Join(err, installed.db.Close())
	}
	return service, installed.db.Close, nil
}

// complete is licensed for commands that need the database and both places for files as well.
func (c *siteFlags) complete(s streams, needs ...need) ([]licensing.PublicKey, error) {
	return c.licensed(s, slices.Concat(needs, []need{
		c.database(),
		{c.folder != "" || c.storage != "", "--vtenext or --storage", "the folder in which the CRM keeps its files"},
		{c.content != "", "--content", "where to keep mails: a folder, or a bucket of S3"},
	})...)
}

// licensed refuses what is missing, fills in what follows from the rest, and reads the keys that sign licenses.
func (c *siteFlags) licensed(s streams, needs ...need) (keys []licensing.PublicKey, err error) {
	signer := need{len(c.vendors) > 0, "--vendor", "the public key of who signs licenses"}
	address, err := c.address(append(needs, signer)...)
	if err != nil {
		return nil, err
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
	host, err := vtenext.NewHost(vtenext.HostConfig{CRM: c.CRM, Permissions: c.permissions, SiteURL: siteURL, BlockedExtensions: c.blocked})
	if err != nil {
		return module.Host{}, err
	}
	return module.Host{
		Accounts: host.Accounts, Permissions: host.Permissions, Records: host.Records, Filing: host.Filing,
		Product: func(context.Context) (module.Product, error) {
			return module.Product{Name: "vtenext", Version: version}, nil
		},
		FindUser: vtenext.NewAccounts(c.CRM).Find, Readers: c.permissions.Readers,
		Explain: func(ctx context.Context, user permissions.Subject, r permissions.Record) (string, error) {
			explanation, err := c.permissions.Explain(ctx, user, r)
			return explanation.String(), err
		},
	}, nil
}
