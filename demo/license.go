package demo

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/mailconnector/mailconnector/demo/crm"
	"github.com/mailconnector/mailconnector/licensing"
)

// trialDays is how long a trial license lasts. Each start issues a new one.
const trialDays = 90

// vendor is the demo's own vendor of licenses, and its own partner, with a key that is made at the first start.
type vendor struct{ root licensing.PrivateKey }

// openVendor reads the key from the data folder, or makes it.
func openVendor(folder string) (vendor, error) {
	path := filepath.Join(folder, "vendor.key")
	text, err := os.ReadFile(path)
	if err == nil {
		root, err := licensing.DecodePrivate(string(text))
		return vendor{root}, err
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return vendor{}, err
	}
	root, err := licensing.GenerateKey()
	if err != nil {
		return vendor{}, err
	}
	return vendor{root}, os.WriteFile(path, []byte(licensing.EncodePrivate(root)+"\n"), 0o600)
}

// trial goes the whole way of a license: the vendor certifies a partner, the partner signs the customer's request, the
// vendor issues the license.
func (v vendor) trial(url string) (licensing.License, error) {
	partner, err := licensing.GenerateKey()
	if err != nil {
		return licensing.License{}, err
	}
	now := time.Now()
	end := now.AddDate(0, 0, trialDays)
	issuer := licensing.Vendor{Root: v.root}
	certificate, err := issuer.Certify(partner.Public(), "Demo Partner", end)
	if err != nil {
		return licensing.License{}, err
	}
	order := licensing.Request{Installation: Installation, CRMURL: url, Users: 10, Product: licensing.DefaultProduct}
	request, err := licensing.SignRequest(partner, certificate, order, now)
	if err != nil {
		return licensing.License{}, err
	}
	return issuer.Issue(request.Document, licensing.Terms{Kind: licensing.Trial, ValidTo: end, GraceDays: 3})
}

// enterLicense activates the trial license, or ends an earlier one so that the license can be entered by hand.
func (a *App) enterLicense(ctx context.Context, activated bool) error {
	service := a.module.Licensing()
	state, err := service.State(ctx)
	switch {
	case err != nil:
		return err
	case activated && !state.InForce():
		_, err = service.Activate(ctx, Installation, a.license.Document)
	case !activated && state.InForce():
		err = service.Deactivate(ctx, Installation)
	}
	if err != nil {
		return fmt.Errorf("enter license: %w", err)
	}
	return nil
}

func names(logins []crm.Login) string {
	var all []string
	for _, login := range logins {
		all = append(all, login.UserName)
	}
	return strings.Join(all, ", ")
}

// greet says where the demo is and what to do first.
func (a *App) greet(c Config) {
	fmt.Fprintf(c.Out, `
  %s is at

      %s

  Sign in as %s; every password is %q.
  The simulated Outlook with the real task pane is at %s/outlook/.

  Data is in %s; remove the folder to start over. Ctrl-C stops.

`, Installation, a.url, names(crm.Logins()), crm.Password, a.url, c.DataDir)
	if !c.Activated {
		fmt.Fprintf(c.Out, "  There is no license yet. As admin, enter this one at %s%s/admin/:\n\n%s\n", a.url, prefix, licensing.Wrap(a.license.Document))
	}
}
