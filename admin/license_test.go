package admin_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/mailconnector/mailconnector/licensing"
)

func TestALicenseIsEntered(t *testing.T) {
	for name, enter := range map[string]func(*browser, string) answer{
		"by pasting it": func(b *browser, l string) answer { return b.post("/admin/license", url.Values{"document": {l}}) },
		"pasted in lines from a mail": func(b *browser, l string) answer {
			return b.post("/admin/license", url.Values{"document": {"> " + strings.ReplaceAll(licensing.Wrap(l), "\n", "\r\n> ")}})
		},
		"as a file": func(b *browser, l string) answer { return b.upload("/admin/license", licensing.Wrap(l)) },
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			b := w.signedIn("admin", "admin")
			b.get("/admin/license").want(t, http.StatusOK, "No license", "Installation: Example Ltd CRM", "No license has been entered yet.")
			done := enter(b, w.license(5).Document)
			done.want(t, http.StatusSeeOther)
			b.follow(done).want(t, http.StatusOK, "The license is active.", "Licensed until 2 November 2027. 365 days left.",
				"Good Partner", "10 days", "Subscription", "in use", "Alma Admin")
		})
	}
}

func TestALicenseThatIsRefusedSaysHowToMendIt(t *testing.T) {
	w := newWorld(t)
	inForce := w.license(5)
	w.activate(inForce)
	good := w.license(7)
	other := newWorld(t)
	b := w.signedIn("admin", "admin")
	for name, row := range map[string]struct {
		document string
		says     string
	}{
		"a slip of the keyboard":     {good.Document[:60] + "_" + good.Document[61:], "The text was damaged on its way"},
		"the end cut off":            {good.Document[:len(good.Document)-30], "Copy it once more"},
		"nothing at all":             {"", "The text was damaged on its way"},
		"another vendor's":           {other.license(7).Document, "no vendor trusted here has signed it"},
		"a key instead of a license": {licensing.EncodePublic(w.vendor.Root.Public()), "What you entered is a public key, but a license is needed here."},
		"another installation's": {
			w.licenseFor(licensing.Request{Installation: "Other CRM", CRMURL: "https://other.example", Users: 3, Product: licensing.DefaultProduct}).Document,
			"Here it must name “Example Ltd CRM” at http://crm.example.com."},
		"one that begins later": {
			w.license(5, func(terms *licensing.Terms) { terms.ValidFrom = noon.Add(5 * day) }).Document, "This license is not valid yet"},
	} {
		t.Run(name, func(t *testing.T) {
			got := b.post("/admin/license", url.Values{"document": {row.document}})
			got.want(t, http.StatusUnprocessableEntity, row.says, row.document)
			if status := must(w.config.Licensing.Status(t.Context()))(t); status.License.Serial != inForce.Serial {
				t.Error("the license in force was replaced")
			}
		})
	}
}

func TestAnUploadedFileThatIsRefusedIsShown(t *testing.T) {
	b := newWorld(t).signedIn("admin", "admin")
	b.upload("/admin/license", "mailconnector-license.damaged </textarea><b>\xff").want(t,
		http.StatusUnprocessableEntity, "mailconnector-license.damaged &lt;/textarea&gt;&lt;b&gt;�")
}

func TestEveryStateOfTheLicenseIsSaid(t *testing.T) {
	for name, row := range map[string]struct {
		days int
		says []string
	}{
		"in force":                {0, []string{"Active", "365 days left."}},
		"on its last day but one": {364, []string{"Ends soon", "The license ends on 2 November 2027.", "1 day left."}},
		"in the grace period":     {366, []string{"In the grace period", "Everything works until 12 November 2027."}},
		"over":                    {400, []string{"Expired", "The license expired on 12 November 2027.", "What was linked stays in the CRM."}},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.activate(w.license(5))
			w.setClock(noon.Add(day*1).AddDate(0, 0, row.days-1))
			b := w.signedIn("admin", "admin")
			b.get("/admin/license").want(t, http.StatusOK, row.says...)
			b.get("/admin/").want(t, http.StatusOK, row.says[0])
		})
	}
}

func TestARevocationListIsApplied(t *testing.T) {
	w := newWorld(t)
	l := w.license(5)
	w.activate(l)
	empty := must(w.vendor.Revoke(nil, nil))(t)
	w.setClock(noon.Add(day))
	list := must(w.vendor.Revoke([]string{l.Serial}, nil))(t)
	b := w.signedIn("admin", "admin")
	b.post("/admin/license/revocations", url.Values{"document": {"nonsense"}}).want(t,
		http.StatusUnprocessableEntity, "The text was damaged on its way", "nonsense")
	b.post("/admin/license/revocations", url.Values{"document": {l.Document}}).want(t,
		http.StatusUnprocessableEntity, "What you entered is a license, but a revocation list is needed here.")
	b.follow(b.upload("/admin/license/revocations", list.Document)).want(t, http.StatusOK,
		"The revocation list is in force.", "The license "+l.Serial+" was revoked.")
	b.post("/admin/license/revocations", url.Values{"document": {empty.Document}}).want(t,
		http.StatusUnprocessableEntity, "A newer list is in force already")
}

func TestDeactivatingIsAskedTwice(t *testing.T) {
	w := newWorld(t)
	b := w.signedIn("admin", "admin")
	b.get("/admin/license/deactivate").want(t, http.StatusSeeOther)
	w.activate(w.license(5))
	b.get("/admin/license/deactivate").want(t, http.StatusOK, "nobody can work with the add-in", "Keep it")
	b.follow(b.post("/admin/license/deactivate", nil)).want(t, http.StatusOK, "The license was deactivated.", "No license")
}

func TestTheRequestNamesTheUsersAskedFor(t *testing.T) {
	w := newWorld(t)
	b := w.signedIn("admin", "admin")
	for typed, want := range map[string]string{"25": "Users: 25", "0": "Users: 1", "many": "Users: 1", "99999999": "Users: 1"} {
		b.get("/admin/license?users="+typed).want(t, http.StatusOK, want)
	}
	w.activate(w.license(7))
	b.get("/admin/license").want(t, http.StatusOK, "Users: 7")
}
