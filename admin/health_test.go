package admin_test

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/mailconnector/mailconnector/admin"
	"github.com/mailconnector/mailconnector/permissions"
)

func TestHealthTellsWhatTheConnectorIsMadeOf(t *testing.T) {
	w := newWorld(t, func(c *admin.Config) { c.MinimumCRM = "24.08.02" })
	w.link("3", "Offer 7", nora)
	w.signedIn("admin", "admin").get("/admin/health").want(t, http.StatusOK, "being built", "Example CRM 24.08", "24.08.02",
		"SQLite 3", "in 1 file", "https://addin.example.com", prefix+"/api/v1/compatibility")
}

func TestLinksThatWaitForAttachmentsAreCounted(t *testing.T) {
	w := newWorld(t)
	b := w.signedIn("admin", "admin")
	b.get("/admin/health").wantNot(t, "wait for attachments", "given up")
	for _, row := range []string{"('link1', 'message1', 2, 0)", "('link2', 'message1', 10, 0)"} {
		must(w.config.DB.SQL().ExecContext(t.Context(), "INSERT INTO mc_refilings (link_id, message_id, attempts, due) VALUES "+row))(t)
	}
	b.get("/admin/health").want(t, http.StatusOK, "Links that wait for attachments 2 Of these, given up 1", "Link these mails again")
}

func TestAnUnknownVersionOfTheCRMIsPointedOut(t *testing.T) {
	w := newWorld(t, func(c *admin.Config) { c.Product = nil })
	w.signedIn("admin", "admin").get("/admin/health").want(t, http.StatusOK, "Not known", "version not known")
}

func TestFreeMailDomainsAreEdited(t *testing.T) {
	w := newWorld(t)
	b := w.signedIn("admin", "admin")
	b.get("/admin/health").want(t, http.StatusOK, "gmail.com")
	b.follow(b.post("/admin/health/domains", url.Values{"domains": {"Free.example\r\n\r\n# a note\r\nmail.example\r\n"}})).
		want(t, http.StatusOK, "The list is saved.", "free.example mail.example")
	got := b.post("/admin/health/domains", url.Values{"domains": {"mail.example\nno domain\n"}})
	got.want(t, http.StatusUnprocessableEntity, "which are no domains: no domain", "mail.example no domain")
	if kept := must(w.config.Search.FreeMailDomains(t.Context()))(t); strings.Join(kept, " ") != "mail.example" {
		t.Errorf("kept %v", kept)
	}
}

func TestAccessIsExplainedWhereTheHostCan(t *testing.T) {
	w := newWorld(t, func(c *admin.Config) {
		c.Explain = func(_ context.Context, user permissions.Subject, r permissions.Record) (string, error) {
			if r == gone {
				return "", permissions.ErrNotFound
			}
			return "User " + user.UserID + " owns <" + r.String() + ">.", nil
		}
	})
	b := w.signedIn("admin", "admin")
	b.get("/admin/health").want(t, http.StatusOK, "Why can somebody see a record?")
	ask := func(user, record string) answer {
		return b.post("/admin/health/explain", url.Values{"user": {user}, "module": {"Contacts"}, "record": {record}})
	}
	ask("3", " 12 ").want(t, http.StatusOK, "User 3 owns &lt;Contacts:12&gt;.")
	ask("3", "16").want(t, http.StatusUnprocessableEntity, "There is no such record.")
	ask("nobody", "12").want(t, http.StatusUnprocessableEntity, "No active user “nobody” is known.")
}

func TestAccessIsNotExplainedWhereTheHostCannot(t *testing.T) {
	b := newWorld(t).signedIn("admin", "admin")
	b.get("/admin/health").wantNot(t, "Why can somebody see a record?")
	b.post("/admin/health/explain", nil).want(t, http.StatusNotFound)
}
