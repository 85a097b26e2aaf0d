package admin_test

import "testing"

func TestEveryPageIsShownInEveryLanguage(t *testing.T) {
	w := newWorld(t)
	w.activate(w.license(5))
	w.addin("sales.rep")
	w.link("3", "Offer 7", nora)
	for user, titles := range map[string]map[string]string{
		"admin": {
			"/admin/": "Overview", "/admin/license": "Request for your partner", "/admin/license/deactivate": "Keep it",
			"/admin/seats": "Assigned seats", "/admin/sessions": "Open sessions", "/admin/activity": "Ledger",
			"/admin/health": "Free-mail domains", "/me": "Hello, Alma Admin",
		},
		"capo": {
			"/admin/": "Panoramica", "/admin/license": "Richiesta per il tuo partner", "/admin/license/deactivate": "Mantienila",
			"/admin/seats": "Postazioni assegnate", "/admin/sessions": "Sessioni aperte", "/admin/activity": "Registro",
			"/admin/health": "Domini di posta gratuita", "/me": "Ciao, Carla Capo",
		},
	} {
		b := w.signedIn("admin", user)
		for path, title := range titles {
			t.Run(user+path, func(t *testing.T) { b.get(path).want(t, 200, title) })
		}
	}
}
