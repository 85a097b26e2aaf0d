package admin_test

import (
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/mailconnector/mailconnector/admin"
)

func TestNewRefusesWhatCannotWork(t *testing.T) {
	good := newWorld(t).config
	for name, spoil := range map[string]func(*admin.Config){
		"no database":             func(c *admin.Config) { c.DB = nil },
		"no accounts":             func(c *admin.Config) { c.Accounts = nil },
		"no name":                 func(c *admin.Config) { c.Installation = "" },
		"a prefix with two ends":  func(c *admin.Config) { c.Prefix = "/mailconnector/" },
		"a prefix without a root": func(c *admin.Config) { c.Prefix = "mailconnector" },
		"an address without host": func(c *admin.Config) { c.CRMURL = "crm.example.com" },
		"an address of files":     func(c *admin.Config) { c.CRMURL = "ftp://crm.example.com" },
	} {
		t.Run(name, func(t *testing.T) {
			c := good
			spoil(&c)
			if _, err := admin.New(c); err == nil || !strings.HasPrefix(err.Error(), "admin: ") {
				t.Errorf("error is %v", err)
			}
		})
	}
}

var assetPattern = regexp.MustCompile(`(?:href|src)="([^"]*/admin/static/[^"]*)"`)

func TestAssetsAreKeptForGoodUnderTheirHashedNames(t *testing.T) {
	w := newWorld(t)
	b := w.browser()
	found := assetPattern.FindAllStringSubmatch(b.get("/admin/signin").Body, -1)
	if len(found) != 3 {
		t.Fatalf("the page names %d assets, want an icon, a style sheet and a script", len(found))
	}
	for _, m := range found {
		got := b.get(strings.TrimPrefix(m[1], prefix))
		if got.Status != http.StatusOK || !strings.Contains(got.Header.Get("Cache-Control"), "immutable") {
			t.Errorf("%s: %d, %q", m[1], got.Status, got.Header.Get("Cache-Control"))
		}
	}
	for _, path := range []string{"/admin/static/admin.css", "/admin/static/"} {
		b.get(path).want(t, http.StatusNotFound)
	}
}

func TestAddressesThatAreNoPages(t *testing.T) {
	b := newWorld(t).signedIn("admin", "admin")
	b.get("/admin/nothing").want(t, http.StatusNotFound, "No such page")
	for from, to := range map[string]string{"/admin": "/admin/", "/me/": "/me"} {
		if got := b.get(from); got.Status != http.StatusPermanentRedirect || got.Header.Get("Location") != prefix+to {
			t.Errorf("%s answers %d and leads to %q", from, got.Status, got.Header.Get("Location"))
		}
	}
}

func TestEveryAddressIsBelowThePrefix(t *testing.T) {
	w := newWorld(t)
	w.activate(w.license(5))
	w.addin("sales.rep")
	b := w.signedIn("admin", "admin")
	local := regexp.MustCompile(`(?:href|src|action)="(/[^"]*)"`)
	for _, path := range []string{"/admin/", "/admin/license", "/admin/seats", "/admin/sessions", "/admin/activity", "/admin/health", "/me"} {
		found := local.FindAllStringSubmatch(b.get(path).Body, -1)
		if len(found) == 0 {
			t.Errorf("%s has no address", path)
		}
		for _, m := range found {
			if !strings.HasPrefix(m[1], prefix+"/") {
				t.Errorf("%s has %q", path, m[1])
			}
		}
	}
}
