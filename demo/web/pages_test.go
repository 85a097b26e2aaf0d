package web_test

import (
	"database/sql"
	"net/http"
	"net/url"
	"strings"
	"testing"
)

func TestPages(t *testing.T) {
	s := newSite(t)
	mine, others := s.record(t, "Contacts", "Jürgen Müller"), s.record(t, "Accounts", "Fromagerie Lefèvre")
	lead := s.record(t, "Leads", "Sabine Oßwald")
	for _, row := range []struct {
		name, user, path string
		status           int
		has, hasNot      string
	}{
		{"a stranger is asked to sign in", "", "/records/Contacts", 200, "Pick one of four people", "Müller"},
		{"a representative sees her customers", "sales.rep", "/records/Accounts", 200, "Brauhaus Müller", "Fromagerie Lefèvre"},
		{"her manager sees all of them", "sales.manager", "/records/Accounts", 200, "Fromagerie Lefèvre", "Nordlicht Kosmetik"},
		{"a list is narrowed by a text", "sales.rep", "/records/Contacts?q=m%C3%BCller", 200, "Jürgen Müller", "Niccolò Ravà"},
		{"she opens a record", "sales.rep", mine, 200, "49 171 1234567", "You may not change this record"},
		{"the agent sees no mobile number", "support.agent", mine, 200, "49 89 400100-10", "49 171"},
		{"the agent may not change a company", "support.agent", others, 200, "You may not change this record", "Hand over"},
		{"what she may not see is not there", "sales.rep", others, 404, "There is no such record", "Fromagerie"},
		{"no more than what never was", "sales.rep", "/records/Accounts/999999", 404, "There is no such record", ""},
		{"nor what is of another type", "sales.rep", strings.Replace(mine, "Contacts", "Accounts", 1), 404, "no such record", ""},
		{"nor a module that is not hers", "support.agent", "/records/Leads", 404, "no such record", ""},
		{"nor one that does not exist", "admin", "/records/Invoices", 404, "no such record", ""},
		{"a converted lead points to the contact", "sales.rep", lead, 200, "the contact it became", ""},
		{"the messages are the module's", "sales.rep", mine + "/messages", 200, "<p>the tab of the module</p>", ""},
		{"documents start empty", "sales.rep", mine + "/documents", 200, "No documents yet", ""},
		{"so does their list", "admin", "/documents", 200, "No documents yet", ""},
		{"the admin's menu has the module's page", "admin", "/", 200, "/mailconnector/admin/", ""},
		{"nobody else's has", "sales.manager", "/", 200, "Simulated Outlook", "/mailconnector/admin/"},
		{"a user cannot look as another", "sales.manager", "/view-as?q=Accounts", 404, "no such record", "Brauhaus"},
		{"no such document", "admin", "/documents/999999", 404, "no such record", ""},
	} {
		status, page := s.browse(t, row.user).get(row.path)
		if status != row.status || !strings.Contains(page, row.has) || row.hasNot != "" && strings.Contains(page, row.hasNot) {
			t.Errorf("%s: status %d, has %q: %v, has %q: %v", row.name, status,
				row.has, strings.Contains(page, row.has), row.hasNot, strings.Contains(page, row.hasNot))
		}
	}
}

func TestViewAsShowsTheReasons(t *testing.T) {
	s := newSite(t)
	status, page := s.browse(t, "admin").get("/view-as?q=Accounts&a=u3&b=u2")
	for _, want := range []string{
		"<th>sales.rep</th><th>sales.manager</th>", "Giulia Moretti (u3) owns the record", `<span class="no">hidden</span>`,
	} {
		if status != http.StatusOK || !strings.Contains(page, want) {
			t.Errorf("status %d, page lacks %q", status, want)
		}
	}
}

func TestChangesCountAtOnce(t *testing.T) {
	s := newSite(t)
	brewer := s.record(t, "Contacts", "Jürgen Müller")
	rep, manager := s.browse(t, "sales.rep"), s.browse(t, "sales.manager")
	if status, page := rep.post(brewer+"/owner", url.Values{"owner": {"u2"}}); status != http.StatusOK || strings.Contains(page, "Jürgen Müller") {
		t.Errorf("after she gave it away: status %d, still listed: %v", status, strings.Contains(page, "Jürgen Müller"))
	}
	if status, _ := rep.get(brewer); status != http.StatusNotFound {
		t.Errorf("she still opens it: %d", status)
	}
	if status, _ := rep.post(brewer+"/delete", nil); status != http.StatusNotFound {
		t.Errorf("she deletes it: %d", status)
	}
	if status, _ := s.browse(t, "support.agent").post(s.record(t, "Accounts", "Brauhaus Müller")+"/delete", nil); status != http.StatusForbidden {
		t.Errorf("the agent deletes a company he only sees: %d", status)
	}
	if status, _ := manager.post(brewer+"/delete", nil); status != http.StatusOK {
		t.Errorf("her manager cannot delete it: %d", status)
	}
	if status, _ := s.browse(t, "admin").get(brewer); status != http.StatusNotFound {
		t.Errorf("a deleted record opens: %d", status)
	}
}

func TestANewRecordIsShownAsText(t *testing.T) {
	s := newSite(t)
	rep := s.browse(t, "sales.rep")
	if status, page := rep.get("/records/Contacts/new"); status != http.StatusOK || !strings.Contains(page, `name="lastname"`) {
		t.Fatalf("the form: %d", status)
	}
	hostile := `<script>alert("x")</script>`
	status, page := rep.post("/records/Contacts", url.Values{"lastname": {hostile}, "email": {"x@example.com"}})
	if status != http.StatusOK || strings.Contains(page, hostile) || !strings.Contains(page, "&lt;script&gt;") || !strings.Contains(page, "CON1151") {
		t.Errorf("status %d, page %s", status, page)
	}
	if status, _ := s.browse(t, "support.agent").post("/records/Accounts", url.Values{"accountname": {"x"}}); status != http.StatusForbidden {
		t.Errorf("the agent creates a company: %d", status)
	}
}

func TestSignIn(t *testing.T) {
	s := newSite(t)
	b := s.browse(t, "")
	status, page := b.post("/signin", url.Values{"user": {"sales.rep"}, "password": {"wrong"}})
	if status != http.StatusUnauthorized || !strings.Contains(page, "User name or password is wrong.") {
		t.Errorf("a wrong password: %d", status)
	}
	rep := s.browse(t, "sales.rep")
	if status, page := rep.post("/signout", nil); status != http.StatusOK || !strings.Contains(page, "Pick one of four people") {
		t.Errorf("after signing out: %d", status)
	}
	if _, page := rep.get("/"); !strings.Contains(page, "Pick one of four people") {
		t.Error("still signed in")
	}
}

func TestSessionsEndWithThePasswordAndTheAccount(t *testing.T) {
	s := newSite(t)
	rep, agent := s.browse(t, "sales.rep"), s.browse(t, "support.agent")
	if err := s.crm.SetPassword(t.Context(), "sales.rep", "another"); err != nil {
		t.Fatal(err)
	}
	err := s.crm.ChangePolicy(t.Context(), func(tx *sql.Tx) error {
		_, err := tx.ExecContext(t.Context(), "UPDATE crm_users SET active = 0 WHERE id = 'u4'")
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	for name, b := range map[string]*browser{"a new password": rep, "a disabled account": agent} {
		if _, page := b.get("/"); !strings.Contains(page, "Pick one of four people") {
			t.Errorf("%s leaves the session open", name)
		}
	}
}

func TestFormsOfOtherSitesAreRefused(t *testing.T) {
	s := newSite(t)
	brewer := s.record(t, "Contacts", "Jürgen Müller")
	rep := s.browse(t, "sales.rep")
	for name, header := range map[string]http.Header{
		"told by the browser": {"Sec-Fetch-Site": {"cross-site"}},
		"told by the origin":  {"Origin": {"https://evil.example"}},
	} {
		if status, _ := rep.send(http.MethodPost, brewer+"/delete", nil, header); status != http.StatusForbidden {
			t.Errorf("%s: %d", name, status)
		}
	}
	if status, _ := rep.get(brewer); status != http.StatusOK {
		t.Errorf("the record is gone: %d", status)
	}
}

func TestAdminUser(t *testing.T) {
	s := newSite(t)
	for user, want := range map[string]string{"admin": "u1", "sales.rep": "", "": ""} {
		b := s.browse(t, user)
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.URL, nil)
		if err != nil {
			t.Fatal(err)
		}
		for _, cookie := range b.Jar.Cookies(r.URL) {
			r.AddCookie(cookie)
		}
		if subject, ok := s.pages.AdminUser(r); subject.UserID != want || ok != (want != "") {
			t.Errorf("the browser of %q is admin %q, %v", user, subject.UserID, ok)
		}
	}
}
