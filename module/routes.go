package module

import (
	"context"
	"net/http"
	"net/url"

	"github.com/gorilla/mux"

	"github.com/mailconnector/mailconnector/addin"
	"github.com/mailconnector/mailconnector/admin"
	"github.com/mailconnector/mailconnector/api"
)

// Version is the version of the module.
const Version = "0.1.0"

// routes is the one list of everything the module serves.
func (e *Extension) routes() (http.Handler, error) {
	c := e.config
	calls, err := api.New(api.Config{
		Prefix: c.Prefix, AllowedOrigins: c.AllowedOrigins,
		Sessions: e.sessions, Licensing: e.licensing, Permissions: c.Host.Permissions, Search: e.search, Messages: e.messages,
		Compatibility: e.compatibility, Ready: e.ready, ClientIP: c.ClientIP, Logger: e.log,
	})
	if err != nil {
		return nil, err
	}
	manifest, manifestURL, err := e.manifest()
	if err != nil {
		return nil, err
	}
	pages, err := admin.New(admin.Config{
		Prefix: c.Prefix, CRMURL: c.CRMURL, Installation: c.Installation, AllowedOrigins: c.AllowedOrigins,
		ManifestURL: manifestURL, Version: Version, MinimumCRM: c.MinimumCRM,
		DB: e.db, Licensing: e.licensing, Sessions: e.sessions, Messages: e.messages, Search: e.search, Blobs: e.blobs,
		Accounts: c.Host.Accounts, Records: c.Host.Records, Permissions: c.Host.Permissions,
		AdminUser: c.Host.AdminUser, FindUser: c.Host.FindUser, Explain: c.Host.Explain, Product: e.adminProduct,
		Sharing: e.sharing, ClientIP: c.ClientIP,
		Now: c.Now, Logger: e.log,
	})
	if err != nil {
		return nil, err
	}
	router := mux.NewRouter().SkipClean(true)
	calls.Mount(router)
	pages.Mount(router)
	addin.Mount(router, c.Prefix, manifest)
	e.mountTab(router)
	router.Handle(e.Pattern(), http.RedirectHandler(c.Prefix+"/me", http.StatusSeeOther)) // what people type
	return router, nil
}

// manifest is the add-in's, with its address. A CRM at a loopback address has none: Outlook loads add-ins by https only.
func (e *Extension) manifest() (text []byte, address string, err error) {
	crm, err := url.Parse(e.config.CRMURL)
	if err != nil || crm.Scheme != "https" {
		return nil, "", err
	}
	base := (&url.URL{Scheme: crm.Scheme, Host: crm.Host}).JoinPath(e.config.Prefix)
	text, err = addin.Manifest(base.String())
	return text, base.JoinPath("addin", "manifest.xml").String(), err
}

// ready reports what keeps requests from being answered: the database.
func (e *Extension) ready(ctx context.Context) error { return e.db.SQL().PingContext(ctx) }

func (e *Extension) compatibility(ctx context.Context) (api.Compatibility, error) {
	product, err := e.product(ctx)
	return api.Compatibility{
		Module:       Version,
		CRM:          api.CRM{Name: product.Name, Version: product.Version, Minimum: e.config.MinimumCRM},
		AddinMinimum: "1.0",
		AddinMaximum: "1",
		LoginMethods: []string{"password"},
		Languages:    []string{"en", "it"},
	}, err
}

func (e *Extension) adminProduct(ctx context.Context) (admin.Product, error) {
	p, err := e.product(ctx)
	return admin.Product{Name: p.Name, Version: p.Version}, err
}
