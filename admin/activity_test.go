package admin_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
)

func TestTheLedgerShowsWhatTheAdministratorMayOpen(t *testing.T) {
	w := newWorld(t)
	w.link("3", "Offer 7", nora)
	w.link("2", "Secret merger", acme)
	b := w.signedIn("admin", "admin")
	b.get("/admin/activity").want(t, http.StatusOK, "Offer 7", "Nora Berg", "Contact", "Secret merger", "Acme &lt;b&gt;Instruments&lt;/b&gt;",
		"Rolf Rep", "Mira Manager", "Linked", "Archived")

	w.crm.hide("1", acme)
	got := b.get("/admin/activity")
	got.want(t, http.StatusOK, "Offer 7", "Nora Berg", "Accounts:11")
	got.wantNot(t, "Secret merger", "Acme")
}

func TestSubjectsAreText(t *testing.T) {
	w := newWorld(t)
	w.link("3", `<script>alert(1)</script>`, nora)
	b := w.signedIn("admin", "admin")
	for _, path := range []string{"/admin/activity", "/me"} {
		b.get(path).wantNot(t, "<script>alert")
	}
	b.get("/admin/activity").want(t, http.StatusOK, "&lt;script&gt;alert(1)&lt;/script&gt;")
}

func TestTheLedgerIsNarrowedToAUserAndPaged(t *testing.T) {
	w := newWorld(t)
	for i := range 20 {
		w.link("3", "Offer "+strings.Repeat("i", i+1), nora)
	}
	w.link("2", "From Mira", nora)
	b := w.signedIn("admin", "admin")
	b.get("/admin/activity?user=2").want(t, http.StatusOK, "From Mira")
	b.get("/admin/activity?user=2").wantNot(t, "Offer")

	first := b.get("/admin/activity?user=3")
	first.want(t, http.StatusOK, "Older")
	_, rest, _ := strings.Cut(first.Body, `class="button small" href="`+prefix)
	next, _, _ := strings.Cut(rest, `"`)
	second := b.get(strings.ReplaceAll(next, "&amp;", "&"))
	second.want(t, http.StatusOK, "Newest")
	second.wantNot(t, "Older", "From Mira")
	if rows := strings.Count(first.Body, "<tr>") + strings.Count(second.Body, "<tr>"); rows != 40+2 {
		t.Errorf("%d rows on two pages, want 40 events and 2 heads", rows)
	}
}

func TestVerifyingTheLedgerSaysWhatHolds(t *testing.T) {
	w := newWorld(t)
	b := w.signedIn("admin", "admin")
	b.get("/admin/activity").want(t, http.StatusOK, "Nothing has happened yet.")
	w.link("3", "Offer 7", nora)
	b.post("/admin/activity", url.Values{}).want(t, http.StatusOK, "The ledger is whole", "2 wait to be sealed.")
}
