package moduletest

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/mailconnector/mailconnector/documents"
	"github.com/mailconnector/mailconnector/internal/database"
	"github.com/mailconnector/mailconnector/licensing"
	"github.com/mailconnector/mailconnector/module"
)

// The installation that [Mount] mounts the module in.
const (
	testInstallation = "Host under test"
	testCRMURL       = "https://crm.example.com"
	testOrigin       = "https://addin.example.com"
)

// Mount mounts the module on a host, migrated, licensed for ten users, started, and with its search index built. It is
// stopped when the test ends. change may alter the configuration before.
func Mount(t testing.TB, h HostUnderTest, change ...func(*module.Config)) *module.Extension {
	t.Helper()
	store, err := documents.Files(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	root, err := licensing.GenerateKey()
	if err != nil {
		t.Fatal(err)
	}
	c := module.Config{
		DB: h.DB, Dialect: h.Dialect, Host: h.Host, CRMURL: testCRMURL, Installation: testInstallation,
		AllowedOrigins: []string{testOrigin}, VendorKeys: []licensing.PublicKey{root.Public()}, Content: store,
	}
	for _, f := range change {
		f(&c)
	}
	ext, err := module.New(c)
	if err != nil {
		t.Fatalf("module.New = %v", err)
	}
	if err := ext.Migrate(t.Context()); err != nil {
		t.Fatalf("Migrate = %v", err)
	}
	if err := license(t.Context(), c, root); err != nil {
		t.Fatalf("activate a license: %v", err)
	}
	if err := ext.Start(t.Context()); err != nil {
		t.Fatalf("Start = %v", err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		if err := ext.Stop(ctx); err != nil {
			t.Errorf("Stop = %v", err)
		}
		_ = store.Close()
	})
	waitForIndex(t, ext)
	return ext
}

// indexTime is how long the index of a test's few records may take on a busy machine.
const indexTime = 2 * time.Minute

// waitForIndex waits until searches are answered in full: the index is built while the module serves already.
func waitForIndex(t testing.TB, ext *module.Extension) {
	t.Helper()
	for end := time.Now().Add(indexTime); time.Now().Before(end); time.Sleep(10 * time.Millisecond) {
		status, err := ext.IndexStatus(t.Context())
		if err != nil {
			t.Fatalf("IndexStatus = %v", err)
		}
		if status.Built {
			return
		}
	}
	t.Fatalf("the search index is not built within %s", indexTime)
}

// license issues a license of the vendor and activates it, the whole way a real one goes.
func license(ctx context.Context, c module.Config, root licensing.PrivateKey) error {
	db, err := database.New(c.DB, database.Options{Dialect: database.Dialect(c.Dialect)})
	if err != nil {
		return err
	}
	service, err := licensing.New(licensing.Config{
		DB: db, VendorKeys: c.VendorKeys, CRMURL: c.CRMURL, Installation: c.Installation,
	})
	if err != nil {
		return err
	}
	partner, err := licensing.GenerateKey()
	if err != nil {
		return err
	}
	now := time.Now()
	vendor := licensing.Vendor{Root: root}
	certificate, err := vendor.Certify(partner.Public(), "Test Partner", now.AddDate(1, 0, 0))
	if err != nil {
		return fmt.Errorf("certify partner: %w", err)
	}
	signed, err := licensing.SignRequest(partner, certificate, service.Request(10), now)
	if err != nil {
		return fmt.Errorf("sign request: %w", err)
	}
	issued, err := vendor.Issue(signed.Document, licensing.Terms{Kind: licensing.Subscription, ValidTo: now.AddDate(1, 0, 0)})
	if err != nil {
		return fmt.Errorf("issue license: %w", err)
	}
	_, err = service.Activate(ctx, "moduletest", issued.Document)
	return err
}
