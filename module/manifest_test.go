package module_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/mailconnector/mailconnector/addin"
	"github.com/mailconnector/mailconnector/internal/dbtest"
	"github.com/mailconnector/mailconnector/module"
	"github.com/mailconnector/mailconnector/permissions"
)

// TestManifestIsServedWhereOutlookCanLoadTheAddIn asks for the manifest at CRMs of several addresses.
func TestManifestIsServedWhereOutlookCanLoadTheAddIn(t *testing.T) {
	c := config(t, dbtest.SQLite(t))
	for crm, base := range map[string]string{
		"https://crm.example.com":          "https://crm.example.com/a/b",
		"https://CRM.example.com:8443/vte": "https://crm.example.com:8443/a/b",
		"http://127.0.0.1:8080":            "",
		"http://localhost":                 "",
	} {
		c.CRMURL, c.Prefix = crm, "/a/b"
		status, header, text := get(t, newExtension(t, c), "/a/b/addin/manifest.xml")
		if base == "" {
			if status != http.StatusNotFound {
				t.Errorf("the manifest of %s, which Outlook cannot use: %d", crm, status)
			}
			continue
		}
		want, err := addin.Manifest(base)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(string(want), text); diff != "" || status != http.StatusOK {
			t.Errorf("the manifest of %s: %d (-want +got):\n%s", crm, status, diff)
		}
		if got := header.Get("Content-Disposition"); got != `attachment; filename="manifest.xml"` {
			t.Errorf("the manifest of %s is offered as %q", crm, got)
		}
	}
}

// TestOwnPageOffersTheManifest looks for the link on the page of somebody who is signed in to the CRM.
func TestOwnPageOffersTheManifest(t *testing.T) {
	signedIn := func(c *module.Config) {
		c.Host.AdminUser = func(*http.Request) (permissions.Subject, bool) { return permissions.Subject{UserID: "1"}, true }
	}
	ext, _ := mount(t, signedIn)
	if status, _, page := get(t, ext, "/mailconnector/me"); !strings.Contains(page, `href="https://crm.example.com/mailconnector/addin/manifest.xml"`) {
		t.Errorf("the page, %d, has no link to the manifest:\n%s", status, page)
	}
	ext, _ = mount(t, signedIn, func(c *module.Config) { c.CRMURL = "http://localhost:8080" })
	if status, _, page := get(t, ext, "/mailconnector/me"); status != http.StatusOK || strings.Contains(page, "manifest.xml") {
		t.Errorf("the page of a CRM on this machine, %d, links to a manifest:\n%s", status, page)
	}
}
