package admin_test

import (
	"net/http"
	"net/url"
	"testing"

	"github.com/mailconnector/mailconnector/admin"
)

func TestOnesOwnPage(t *testing.T) {
	w := newWorld(t, func(c *admin.Config) { c.ManifestURL = "https://crm.example.com/manifest.xml" })
	w.activate(w.license(5))
	w.addin("sales.rep")
	w.link("3", "Offer 7", nora)
	w.link("3", "Secret merger", acme)
	w.link("2", "Mira’s own", nora)
	b := w.signedIn("me", "sales.rep")
	got := b.get("/me")
	got.want(t, http.StatusOK, "Hello, Rolf Rep", "Offer 7", "Nora Berg", "Secret merger", "outlook-addin 1.0.0", "this one",
		"http://crm.example.com"+prefix+"/addin/taskpane.html", "Manifest of the add-in", "Outlook for Mac")
	got.wantNot(t, "Mira", prefix+"/admin/license")

	w.crm.hide("3", acme)
	b.get("/me").wantNot(t, "Secret merger", "Acme")
}

func TestOnesOwnPageSaysWhereTheManifestIs(t *testing.T) {
	texts := map[string]struct{ link, here, elsewhere string }{
		"sales.rep": {"Manifest of the add-in", "Save it first, with the link above.", "Your administrator hands it out."},
		"capo":      {"Manifesto del componente aggiuntivo", "Salvalo prima, con il collegamento qui sopra.", "Lo fornisce il tuo amministratore."},
	}
	for _, address := range []string{"", "https://crm.example.com/mailconnector/addin/manifest.xml"} {
		w := newWorld(t, func(c *admin.Config) { c.ManifestURL = address })
		for user, say := range texts {
			page := w.signedIn("me", user).get("/me")
			if address == "" {
				page.want(t, http.StatusOK, say.elsewhere)
				page.wantNot(t, say.link, say.here)
				continue
			}
			page.want(t, http.StatusOK, say.link, say.here)
			page.wantNot(t, say.elsewhere)
		}
	}
}

func TestOnesOwnPageIsNotTheAdministrators(t *testing.T) {
	w := newWorld(t)
	b := w.signedIn("me", "sales.rep")
	b.get("/admin/license").want(t, http.StatusSeeOther)
	w.signedIn("me", "admin").get("/admin/license").want(t, http.StatusSeeOther)
	w.signedIn("admin", "admin").get("/me").want(t, http.StatusOK, "Hello, Alma Admin")
}

func TestOwnSessionsAreEndedAndNobodyElses(t *testing.T) {
	w := newWorld(t)
	w.activate(w.license(5))
	first, second, manager := w.addin("sales.rep"), w.addin("sales.rep"), w.addin("sales.manager")
	b := w.signedIn("me", "sales.rep")
	b.post("/me/end", url.Values{"session": {manager.Session.ID}}).want(t, http.StatusSeeOther)
	b.follow(b.post("/me/end", url.Values{"session": {first.Session.ID}})).want(t, http.StatusOK, "The session has ended.")
	if w.alive(first) || !w.alive(second) || !w.alive(manager) {
		t.Error("the wrong sessions ended")
	}
	b.follow(b.post("/me/end-all", nil)).want(t, http.StatusOK, "You are signed out.")
	b.get("/me").want(t, http.StatusSeeOther)
	if w.alive(second) || !w.alive(manager) {
		t.Error("the wrong sessions ended")
	}
}
