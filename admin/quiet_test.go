package admin_test

import (
	"bytes"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/gorilla/mux"

	"github.com/mailconnector/mailconnector/admin"
	"github.com/mailconnector/mailconnector/api/sessions"
)

func TestNothingSecretIsLogged(t *testing.T) {
	var log bytes.Buffer
	w := newWorld(t, func(c *admin.Config) { c.Logger = slog.New(slog.NewTextHandler(&log, nil)) })
	license := w.license(5)
	w.link("3", "Secret merger", nora)
	b := w.signedIn("admin", "admin")
	b.post("/admin/signin", credentials("admin", "p4ssw0rd"))
	b.post("/admin/license", url.Values{"document": {license.Document[:50]}})
	b.post("/admin/license", url.Values{"document": {license.Document}})
	b.get("/admin/activity")
	if err := w.config.DB.SQL().Close(); err != nil {
		t.Fatal(err)
	}
	for _, path := range everyPage() {
		b.get(path)
	}
	if log.Len() == 0 {
		t.Error("failures are not logged")
	}
	base := must(url.Parse(b.base))(t)
	secrets := []string{"p4ssw0rd", "Secret merger", "Nora", license.Document[:40], "Alma"}
	for _, cookie := range b.client.Jar.Cookies(base) {
		secrets = append(secrets, cookie.Value)
	}
	for _, secret := range secrets {
		if strings.Contains(log.String(), secret) {
			t.Errorf("the log has %q", secret)
		}
	}
}

func TestErrorsOfTheServerTellNothingOfIt(t *testing.T) {
	w := newWorld(t, hostSession("1"))
	if err := w.config.DB.SQL().Close(); err != nil {
		t.Fatal(err)
	}
	b := w.browser()
	for _, path := range everyPage() {
		b.get(path).wantNot(t, "sql:", ".go:", "database is closed", "goroutine", "mc_")
	}
}

func TestTwoOfThemServeSideBySide(t *testing.T) {
	first, second := newWorld(t), newWorld(t)
	first.config.Prefix, second.config.Prefix = "/one", "/two"
	second.config.Installation = "Second CRM"
	router := mux.NewRouter()
	for _, c := range []admin.Config{first.config, second.config} {
		must(admin.New(c))(t).Mount(router)
	}
	first.server.Config.Handler = router
	b := first.browser()
	b.base = first.server.URL + "/two"
	b.get("/admin/signin").want(t, http.StatusOK, "Second CRM")
	b.base = first.server.URL + "/one"
	b.get("/admin/signin").want(t, http.StatusOK, "Example Ltd CRM")
}

func TestASessionTellsWithWhichBrowserItWasOpened(t *testing.T) {
	const likeAll = "Mozilla/5.0 (%s) AppleWebKit/537.36 (KHTML, like Gecko) "
	for agent, want := range map[string]string{
		strings.Replace(likeAll, "%s", "Windows NT 10.0; Win64; x64", 1) + "Chrome/141.0 Safari/537.36 Edg/141.0":          "Edge · Windows",
		strings.Replace(likeAll, "%s", "X11; Linux x86_64", 1) + "Chrome/141.0 Safari/537.36":                              "Chrome · Linux",
		strings.Replace(likeAll, "%s", "Macintosh; Intel Mac OS X 10_15_7", 1) + "Version/19.0 Safari/605.1.15":            "Safari · macOS",
		strings.Replace(likeAll, "%s", "iPhone; CPU iPhone OS 19_0 like Mac OS X", 1) + "Version/19.0 Mobile Safari/604.1": "Safari · iPhone",
		"Mozilla/5.0 (Android 16; Mobile; rv:143.0) Gecko/143.0 Firefox/143.0":                                             "Firefox · Android",
		"curl/8.14.1": "",
	} {
		t.Run(want, func(t *testing.T) {
			w := newWorld(t)
			b := w.browser()
			b.agent = agent
			b.post("/admin/signin", credentials("admin", password)).want(t, http.StatusSeeOther)
			list, _, err := w.config.Sessions.List(t.Context(), sessions.Filter{})
			if err != nil || len(list) != 1 || list[0].Client.Platform != want {
				t.Errorf("sessions are %+v, %v", list, err)
			}
		})
	}
}
