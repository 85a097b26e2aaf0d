package admin_test

import (
	"database/sql"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/mailconnector/mailconnector/internal/dbtest"
	"github.com/mailconnector/mailconnector/messages"
)

func TestThePagesWorkOnEveryDatabase(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, raw *sql.DB) {
		w := newWorldOn(t, raw)
		b := w.signedIn("admin", "admin")
		b.follow(b.post("/admin/license", url.Values{"document": {w.license(5).Document}})).want(t, http.StatusOK, "Active")
		readers := b.shown("/admin/")
		b.follow(b.post("/admin/readers", readers)).want(t, http.StatusOK, "Noted.")
		b.post("/admin/readers", readers).want(t, http.StatusSeeOther)
		w.addin("sales.rep")
		w.link("3", "Offer 7", nora)
		b.get("/admin/").want(t, http.StatusOK, "1 / 5", "1 link in 30 days")
		b.get("/admin/activity?user=sales.rep").want(t, http.StatusOK, "Offer 7", "Nora Berg")
		b.get("/admin/sessions").want(t, http.StatusOK, "Rolf Rep")
		engine, _, _ := strings.Cut(strings.SplitN(t.Name(), "/", 2)[1], "#")
		b.get("/admin/health").want(t, http.StatusOK, "Database "+engine+" ")
	})
}

func TestEveryPageIsShownInEveryLanguage(t *testing.T) {
	rule := messages.ReadersOwner
	w := newWorld(t, readersBy(&rule))
	w.activate(w.license(5))
	w.addin("sales.rep")
	w.link("3", "Offer 7", nora)
	for user, titles := range map[string]map[string]string{
		"admin": {
			"/admin/": "Overview", "/admin/license": "Request for your partner", "/admin/license/deactivate": "Keep it",
			"/admin/seats": "Assigned seats", "/admin/sessions": "Open sessions", "/admin/activity": "Ledger",
			"/admin/sharing": "Share with everyone", "/admin/health": "Free-mail domains", "/me": "Hello, Alma Admin",
		},
		"capo": {
			"/admin/": "Panoramica", "/admin/license": "Richiesta per il tuo partner", "/admin/license/deactivate": "Mantienila",
			"/admin/seats": "Postazioni assegnate", "/admin/sessions": "Sessioni aperte", "/admin/activity": "Registro",
			"/admin/sharing": "Condividi con chiunque", "/admin/health": "Domini di posta gratuita", "/me": "Ciao, Carla Capo",
		},
	} {
		b := w.signedIn("admin", user)
		for path, title := range titles {
			t.Run(user+path, func(t *testing.T) { b.get(path).want(t, 200, title) })
		}
	}
}
