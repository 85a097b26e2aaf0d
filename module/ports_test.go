package module_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/mailconnector/mailconnector/api/sessions"
	"github.com/mailconnector/mailconnector/module"
	"github.com/mailconnector/mailconnector/module/moduletest"
	"github.com/mailconnector/mailconnector/permissions"
)

func TestTheHostsOwnSessionOpensTheAdminPage(t *testing.T) {
	ext, _ := mount(t, func(c *module.Config) {
		c.Host.AdminUser = func(r *http.Request) (permissions.Subject, bool) {
			return permissions.Subject{UserID: r.URL.Query().Get("as")}, r.URL.Query().Has("as")
		}
	})
	if status, _, page := get(t, ext, "/mailconnector/admin/health?as=1"); status != http.StatusOK || !strings.Contains(page, "Memory CRM 1.0") {
		t.Errorf("the page answers %d to the CRM's administrator:\n%s", status, page)
	}
	if status, _, _ := get(t, ext, "/mailconnector/admin/?as="+rep.UserID); status == http.StatusOK {
		t.Error("the page opens to a user who is no administrator")
	}
	if status, _, _ := get(t, ext, "/mailconnector/admin/"); status != http.StatusSeeOther {
		t.Errorf("without a session of the CRM the page answers %d, want that it asks to sign in", status)
	}
}

func TestProductIsOptional(t *testing.T) {
	for name, tt := range map[string]struct {
		product func(context.Context) (module.Product, error)
		status  int
		want    string
	}{
		"named": {func(context.Context) (module.Product, error) {
			return module.Product{Name: "My CRM", Version: "7"}, nil
		}, 200, `"version":"7"`},
		"not named": {nil, 200, `"name":""`},
		"failing":   {func(context.Context) (module.Product, error) { return module.Product{}, errors.New("secret detail") }, 500, "internal"},
	} {
		ext, _ := mount(t, func(c *module.Config) { c.Host.Product = tt.product })
		status, _, body := get(t, ext, "/mailconnector/api/v1/compatibility")
		if status != tt.status || !strings.Contains(body, tt.want) || strings.Contains(body, "secret") {
			t.Errorf("%s: compatibility answers %d %s", name, status, body)
		}
	}
}

// TestALinkOutlivesItsMaker shows a mail that somebody linked who may no longer sign in, or is no longer known at all.
func TestALinkOutlivesItsMaker(t *testing.T) {
	large := append(letter[:len(letter)-2:len(letter)-2], strings.Repeat("0123456789abcdef", 1<<17), "--x--")
	admin := permissions.Subject{UserID: "1"}

	ext, h := mount(t)
	link(t, ext, raw(large...))
	h.PutUser(moduletest.User{ID: rep.UserID, Name: "sales.rep", FullName: "Rolf Rep", Inactive: true})
	if page := tab(t, ext, admin, nora, "en"); !strings.Contains(page, "linked by Rolf Rep") || !strings.Contains(page, "2.0 MB") {
		t.Errorf("of a user who is disabled the tab shows:\n%s", page)
	}

	ext, _ = mount(t, func(c *module.Config) { c.Host.Accounts = without{c.Host.Accounts, rep.UserID} })
	link(t, ext, raw(large...))
	if page := tab(t, ext, admin, nora, "en"); !strings.Contains(page, "The offer") || strings.Contains(page, "linked by") {
		t.Errorf("of a user who is gone the tab shows:\n%s", page)
	}
}

// without is accounts without one.
type without struct {
	sessions.Accounts
	gone string
}

func (a without) Account(ctx context.Context, userID string) (sessions.Account, error) {
	if userID == a.gone {
		return sessions.Account{}, sessions.ErrInactive
	}
	return a.Accounts.Account(ctx, userID)
}
