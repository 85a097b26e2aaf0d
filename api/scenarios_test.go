package api_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/mailconnector/mailconnector/api/sessions"
	"github.com/mailconnector/mailconnector/licensing"
	"github.com/mailconnector/mailconnector/permissions"
)

const (
	get, post, del = http.MethodGet, http.MethodPost, http.MethodDelete
	loginBody      = `{"username":"ada","password":"secret","client":{"name":"outlook-add-in","version":"1.4.2","platform":"web"}}`
)

// scenario is a sentence: with the world arranged so, this call answers that. A text that begins with ! must be absent.
type scenario struct {
	name    string
	arrange func(*server)
	call    call
	status  int
	slug    string
	texts   []string
}

func run(t *testing.T, list []scenario) {
	t.Helper()
	for _, sc := range list {
		t.Run(sc.name, func(t *testing.T) {
			s := newServer(t)
			if sc.arrange != nil {
				sc.arrange(s)
			}
			s.want(sc.call, sc.status, sc.slug, sc.texts...)
		})
	}
}

func TestCompatibility(t *testing.T) {
	path := "/compatibility?addin_version="
	run(t, []scenario{
		{"it is public", nil, call{get, "/compatibility", nil, "", true}, 200, "",
			[]string{`"supported":true`, `"state":"active"`, `"mail_bytes":150000000`, `"metadata-only"`, `!compatible":`}},
		{"an add-in in the range fits", nil, call{get, path + "1.9.3", nil, "", true}, 200, "", []string{`"compatible":true`}},
		{"an old add-in is to be updated", nil, call{get, path + "0.9", nil, "", true}, 200, "",
			[]string{`"compatible":false`, `"update":"addin"`}},
		{"a newer add-in wants a newer CRM", nil, call{get, path + "2.0", nil, "", true}, 200, "", []string{`"update":"crm"`}},
		{"a version is made of numbers", nil, call{get, path + "new", nil, "", true}, 400, "malformed-request", []string{"addin_version"}},
		{"it works without a license", unlicensed, call{get, "/compatibility", nil, "", true}, 200, "", []string{`"state":"none"`}},
	})
}

func unlicensed(s *server) {
	s.licensing.state = licensing.None
	s.licensing.gate = &licensing.StateError{State: licensing.None, Message: "No license is active."}
}

func TestSignIn(t *testing.T) {
	with := func(err error) func(*server) { return func(s *server) { s.sessions.signIn = err } }
	login := call{post, "/sessions", nil, loginBody, true}
	run(t, []scenario{
		{"the right password gets a token", nil, login, 201, "",
			[]string{`"access_token":"mcs_good"`, `"token_type":"Bearer"`, `"name":"Ada L."`, "!secret"}},
		{"a wrong password", nil, call{post, "/sessions", nil, strings.Replace(loginBody, "secret", "guess", 1), true},
			401, "invalid-credentials", []string{"!guess"}},
		{"an inactive account looks the same", with(sessions.ErrInactive), login, 401, "invalid-credentials", []string{"!inactive"}},
		{"too many attempts", with(&sessions.ThrottledError{RetryAfter: time.Minute}), login, 429, "rate-limited", []string{`"retry_after":60`}},
		{"a second factor", with(&sessions.SecondFactorError{Methods: []string{"totp"}}), login, 401, "mfa-required", []string{"totp"}},
		{"no seat", with(&sessions.AdmissionError{UserID: "7", Err: licensing.ErrSeatLimit}), login, 403, "seat-limit", nil},
		{"an add-in that is too old", nil, call{post, "/sessions", nil, strings.Replace(loginBody, "1.4.2", "0.1", 1), true},
			403, "incompatible-version", []string{`"update":"addin"`}},
		{"an add-in that is too new", nil, call{post, "/sessions", nil, strings.Replace(loginBody, "1.4.2", "2.1", 1), true},
			403, "incompatible-version", []string{`"update":"crm"`}},
		{"the version of another client is its own", nil,
			call{post, "/sessions", nil, strings.NewReplacer("outlook-add-in", "curl", "1.4.2", "8.5").Replace(loginBody), true}, 201, "", nil},
		{"no client is fine", nil, call{post, "/sessions", nil, `{"username":"ada","password":"secret"}`, true}, 201, "", nil},
		{"all that is missing is told at once", nil, call{post, "/sessions", nil, `{}`, true}, 422, "invalid", []string{"/username", "/password"}},
		{"a password too long to be one", nil,
			call{post, "/sessions", nil, `{"username":"ada","password":"` + strings.Repeat("x", 1025) + `"}`, true}, 422, "invalid", nil},
	})
}

func TestTheSession(t *testing.T) {
	refused := func(err error) func(*server) { return func(s *server) { s.sessions.refusal = err } }
	whoAmI := call{method: get, path: "/session"}
	run(t, []scenario{
		{"who am I", nil, whoAmI, 200, "", []string{`"username":"ada"`, `"created_at":"2026-03-01T12:00:00Z"`, `"state":"active"`}},
		{"who am I without a license", unlicensed, whoAmI, 200, "", []string{`"state":"none"`}},
		{"sign out", nil, call{method: del, path: "/session"}, 204, "", nil},
		{"sign out without a license", unlicensed, call{method: del, path: "/session"}, 204, "", nil},
		{"no token", nil, call{get, "/session", nil, "", true}, 401, "unauthenticated", nil},
		{"a wrong token", nil, call{get, "/session", []string{"Authorization: Bearer mcs_bad"}, "", true}, 401, "unauthenticated", nil},
		{"another scheme", nil, call{get, "/session", []string{"Authorization: Basic mcs_good"}, "", true}, 401, "unauthenticated", nil},
		{"a token in the query", nil, call{get, "/session?access_token=mcs_good", nil, "", true}, 401, "unauthenticated", nil},
		{"a scheme in other letters", nil, call{get, "/session", []string{"Authorization: bearer mcs_good"}, "", true}, 200, "", nil},
		{"an expired session", refused(sessions.ErrSessionExpired), whoAmI, 401, "session-expired", nil},
		{"a revoked session", refused(&sessions.RevokedError{Reason: sessions.OverLimit}), whoAmI, 401, "session-revoked",
			[]string{`"reason":"over-limit"`}},
	})
}

func TestNothingWorksWithoutALicense(t *testing.T) {
	calls := []call{
		{method: get, path: "/modules"}, {method: get, path: "/records"}, {method: get, path: "/records/Contacts/42"},
		{method: get, path: "/records/Contacts/42/messages"}, {method: post, path: "/suggestions", body: `{}`},
		{method: post, path: "/messages", body: "x"}, {method: post, path: "/messages/status", body: `{}`},
		{method: get, path: "/messages/m1"}, {method: get, path: "/messages/m1/source"}, {method: get, path: "/messages/m1/body"},
		{method: get, path: "/messages/m1/parts/3"}, {method: post, path: "/messages/m1/links", body: `{}`},
		{method: del, path: "/messages/m1/links/Contacts/42"},
	}
	for state, slug := range map[licensing.State]string{
		licensing.None: "license-required", licensing.Expired: "license-expired", licensing.Revoked: "license-revoked",
		licensing.Mismatch: "license-mismatch", licensing.Clock: "license-required",
	} {
		s := newServer(t)
		s.licensing.gate = &licensing.StateError{State: state, Message: "Ask your partner."}
		for _, c := range calls {
			s.want(c, 403, slug, "Ask your partner.")
		}
	}
	s := newServer(t)
	s.licensing.gate = licensing.ErrSeatLimit
	for _, c := range calls {
		s.want(c, 403, "seat-limit")
	}
}

func TestTheLanguageAskedForComesFirst(t *testing.T) {
	for asked, want := range map[string]string{
		"": "it", "*": "it", " ;q=0.5": "it", "de-AT, en;q=0.8": "de-AT", "fr;q=0.9": "fr",
	} {
		s := newServer(t)
		s.want(call{method: get, path: "/modules", headers: []string{"Accept-Language: " + asked}}, 200, "")
		if s.crm.lang != want {
			t.Errorf("asked for %q, the modules are in %q, want %q: the user's own is it", asked, s.crm.lang, want)
		}
	}
}

func TestRecords(t *testing.T) {
	run(t, []scenario{
		{"modules in the user's language", nil, call{method: get, path: "/modules"}, 200, "",
			[]string{`"label":"Persone"`, `"can_link":false`, `"next_cursor":null`}},
		{"search", nil, call{method: get, path: "/records?q=nora&limit=5"}, 200, "",
			[]string{`"matched":{"field":"email","label":"E-mail"}`, `"next_cursor":"more"`, `"partial":["Potentials"]`,
				`"can_link":false,"successor":{"module":"Contacts","record":"42","can_link":true}`, `"fields":[]`}},
		{"a limit that is no number", nil, call{method: get, path: "/records?limit=ten"}, 400, "malformed-request", []string{"limit"}},
		{"a limit of nothing", nil, call{method: get, path: "/records?limit=0"}, 422, "invalid", []string{"limit"}},
		{"a module nobody has", nil, call{method: get, path: "/records?module=Nonsense"}, 422, "invalid", []string{`"parameter":"module"`}},
		{"one record", nil, call{method: get, path: "/records/Contacts/42"}, 200, "", []string{`"label":"Nora Rossi"`, `"can_link":true`}},
		{"a record that may not be linked to", nil, call{method: get, path: "/records/Accounts/10"}, 200, "", []string{`"can_link":false`}},
		{"a record that is hidden", nil, call{method: get, path: "/records/Contacts/99"}, 404, "not-found", []string{"!99"}},
		{"a record that does not exist", nil, call{method: get, path: "/records/Contacts/404"}, 404, "not-found", nil},
		{"an id longer than any", nil, call{method: get, path: "/records/Contacts/" + strings.Repeat("1", 65)}, 404, "not-found", nil},
		{"an id that is not UTF-8", nil, call{method: get, path: "/records/Contacts/%ff"}, 404, "not-found", nil},
		{"an id with a slash", nil, call{method: get, path: "/records/Contacts/a%2Fb"}, 200, "", []string{`"record":"a/b"`}},
		{"its messages", nil, call{method: get, path: "/records/Contacts/42/messages"}, 200, "",
			[]string{`"id":null,"origin":"crm"`, `"id":"m1","origin":"connector"`, `"next_cursor":"older"`}},
		{"messages of a hidden record", nil, call{method: get, path: "/records/Contacts/99/messages"}, 404, "not-found", nil},
		{"messages with a foreign cursor", nil, call{method: get, path: "/records/Contacts/42/messages?cursor=foreign"}, 422, "invalid",
			[]string{`"parameter":"cursor"`, "another list"}},
		{"messages with a bad limit", nil, call{method: get, path: "/records/Contacts/42/messages?limit=-1"}, 422, "invalid", nil},
	})
}

func TestHiddenAndMissingAreTheSame(t *testing.T) {
	s := newServer(t)
	same := []string{"X-Request-Id: the-same-id"}
	missing := s.do(call{method: get, path: "/records/Contacts/404", headers: same})
	invisible := s.do(call{method: get, path: "/records/Contacts/99", headers: same})
	if missing.text != invisible.text {
		t.Errorf("a missing record answers %s and a hidden one %s", missing.text, invisible.text)
	}
}

func TestSuggestionsHandTheWholeMailOver(t *testing.T) {
	s := newServer(t)
	s.want(call{method: post, path: "/suggestions", body: `{"internet_message_id":"<2@x>","in_reply_to":"<1@x>",
		"references":["<0@x>","<1@x>"],"thread_index":null,"subject":"Offer",
		"participants":[{"role":"from","name":"Nora","address":"nora@example.com"}]}`}, 200, "",
		`"kind":"earlier-choice"`, `"reason":{"code":"earlier-choice","text":"Scelto"}`, `"partial":[]`)
	m := s.search.mail
	if m.MessageID != "<2@x>" || m.InReplyTo != "<1@x>" || len(m.References) != 2 || m.Subject != "Offer" ||
		m.Participants[0].Address != "nora@example.com" || m.Own[0] != "ada@example.com" {
		t.Errorf("handed over: %+v", m)
	}
}

func TestRequestsAreReadStrictly(t *testing.T) {
	suggest := func(body string, headers ...string) call { return call{post, "/suggestions", headers, body, false} }
	run(t, []scenario{
		{"nothing at all", nil, call{post, "/suggestions", []string{"Content-Type: application/json"}, "", false}, 400, "malformed-request", []string{"is empty"}},
		{"null", nil, suggest(`null`), 400, "malformed-request", []string{"must be an object"}},
		{"a list", nil, suggest(`[]`), 400, "malformed-request", []string{"must be an object, not a list"}},
		{"half of it", nil, suggest(`{"subject":"x`), 400, "malformed-request", []string{`"pointer":"/subject"`, "is not JSON"}},
		{"two of them", nil, suggest(`{}{}`), 400, "malformed-request", []string{"after its end"}},
		{"something after it", nil, suggest(`{} x`), 400, "malformed-request", []string{"after its end"}},
		{"an unknown name", nil, suggest(`{"subjects":"x"}`), 400, "malformed-request", []string{`"pointer":"/subjects"`, "use one of", "thread_index"}},
		{"a name in other letters", nil, suggest(`{"Subject":"x"}`), 400, "malformed-request", []string{`"pointer":"/Subject"`}},
		{"an unknown name deep inside", nil, suggest(`{"participants":[{"role":"to"},{"mail~/x":"x"}]}`), 400, "malformed-request",
			[]string{`"pointer":"/participants/1/mail~0~1x"`}},
		{"a name given twice", nil, suggest(`{"subject":"x","subject":"y"}`), 400, "malformed-request", []string{"is given twice"}},
		{"a number for a string", nil, suggest(`{"subject":1}`), 400, "malformed-request", []string{`"pointer":"/subject"`, "must be a string, not a number"}},
		{"a string for a list", nil, suggest(`{"references":"<1@x>"}`), 400, "malformed-request", []string{"must be a list, not a string"}},
		{"an object for a string", nil, suggest(`{"references":[{}]}`), 400, "malformed-request", []string{`"pointer":"/references/0"`, "not an object"}},
		{"not UTF-8", nil, suggest("{\"subject\":\"\xff\"}"), 400, "malformed-request", []string{"UTF-8"}},
		{"a value that is not allowed", nil, suggest(`{"participants":[{"role":"boss","address":""}]}`), 422, "invalid", []string{`"pointer":"/participants/0/role"`}},
		{"too many values", nil, suggest(`{"references":["` + strings.Repeat(`x","`, 200) + `"]}`), 422, "invalid", []string{"at most 200 entries"}},
		{"far too many values", nil, suggest(`{"participants":[` + strings.Repeat(`{},`, 300_000) + `{}]}`), 422, "invalid",
			[]string{`"pointer":"/participants"`, "at most 5000 entries", "!/participants/0"}},
		{"a value too long", nil, suggest(`{"subject":"` + strings.Repeat("x", 2001) + `"}`), 422, "invalid", []string{"2001"}},
		{"too many bytes", nil, suggest(`{"subject":"` + strings.Repeat("x", 1<<20) + `"}`), 413, "content-too-large", []string{`"limit":1048576`}},
		{"another content type", nil, suggest(`{}`, "Content-Type: text/plain"), 415, "unsupported-media-type", []string{"application/json"}},
		{"no content type", nil, suggest(`{}`, "Content-Type: "), 415, "unsupported-media-type", nil},
		{"another charset", nil, suggest(`{}`, "Content-Type: application/json; charset=latin1"), 415, "unsupported-media-type", nil},
		{"compressed", nil, suggest(`{}`, "Content-Encoding: gzip"), 415, "unsupported-media-type", nil},
		{"a charset that is right", nil, suggest(`{}`, "Content-Type: application/json; charset=UTF-8"), 200, "", nil},
	})
}

func TestTheRouterAnswersWithProblems(t *testing.T) {
	run(t, []scenario{
		{"an unknown path", nil, call{method: get, path: "/nonsense"}, 404, "not-found", nil},
		{"an unknown path without a token", nil, call{get, "/nonsense", nil, "", true}, 404, "not-found", nil},
		{"a slash too many", nil, call{method: get, path: "/modules/"}, 404, "not-found", nil},
		{"two slashes", nil, call{method: get, path: "//modules"}, 404, "not-found", nil},
		{"a way out", nil, call{method: get, path: "/../../etc/passwd"}, 404, "not-found", nil},
		{"a wrong method", nil, call{method: http.MethodPut, path: "/modules"}, 405, "method-not-allowed", nil},
		{"a wrong method without a token", nil, call{post, "/modules", nil, "", true}, 405, "method-not-allowed", nil},
		{"an answer nobody wants", nil, call{method: get, path: "/modules", headers: []string{"Accept: text/html"}}, 406, "not-acceptable", nil},
		{"an answer refused by name", nil, call{method: get, path: "/modules", headers: []string{"Accept: application/json;q=0, */*"}}, 406, "not-acceptable", nil},
		{"an answer some will take", nil, call{method: get, path: "/modules", headers: []string{"Accept: text/html, application/*;q=0.1"}}, 200, "", nil},
		{"an Accept nobody can read", nil, call{method: get, path: "/modules", headers: []string{"Accept: ;;"}}, 406, "not-acceptable", nil},
		{"the body as anything but HTML", nil, call{method: get, path: "/messages/m1/body", headers: []string{"Accept: application/json"}}, 406, "not-acceptable", nil},
	})
}

func TestAllowNamesTheMethods(t *testing.T) {
	s := newServer(t)
	for method, status := range map[string]int{http.MethodPut: 405, http.MethodOptions: 204} {
		a := s.do(call{method, "/session", nil, "", true})
		if got := a.Header.Get("Allow"); got != "DELETE, GET, HEAD, OPTIONS" || a.StatusCode != status {
			t.Errorf("%s answers %d, Allow: %q", method, a.StatusCode, got)
		}
	}
}

func TestHeadAnswersAsGetDoes(t *testing.T) {
	s := newServer(t)
	got, head := s.do(call{method: get, path: "/modules"}), s.do(call{method: http.MethodHead, path: "/modules"})
	if head.StatusCode != http.StatusOK || head.Header.Get("Content-Length") != got.Header.Get("Content-Length") {
		t.Errorf("HEAD answers %d with %v", head.StatusCode, head.Header)
	}
	s.want(call{method: http.MethodHead, path: "/suggestions"}, 405, "method-not-allowed")
}

func TestMessages(t *testing.T) {
	status := func(ids string) call {
		return call{method: post, path: "/messages/status", body: `{"internet_message_ids":[` + ids + `]}`}
	}
	run(t, []scenario{
		{"one message", nil, call{method: get, path: "/messages/m1"}, 200, "", []string{
			`"url":"/crm/api/v1/messages/m1/parts/3"`, `"url":"https://cloud.example/plan"`, `"status":"inline"`, `"status":"body"`,
			`"linked_at":null,"linked_by":null`, `"mine":true`, `"to":[]`, `"part":1}]`}},
		{"a message of somebody else", nil, call{method: get, path: "/messages/m2"}, 404, "not-found", nil},
		{"where mails are linked", nil, status(`"<1@example.com>","<2@example.com>"`), 200, "",
			[]string{`"linked":true,"message":"m1"`, `"mine":false,"messages":["m1","m3"]`, `"internet_message_id":"\u003c2@example.com\u003e","linked":false,"links":[]`}},
		{"no mails", nil, status(``), 200, "", []string{`{"items":[]}`}},
		{"more mails than allowed", nil, status(strings.Repeat(`"x",`, 100) + `"x"`), 422, "invalid", []string{"at most 100"}},
		{"an id that cannot be", nil, status(`"` + strings.Repeat("x", 999) + `"`), 422, "invalid", []string{"/internet_message_ids/0"}},
		{"take it off a record", nil, call{method: del, path: "/messages/m1/links/Contacts/42"}, 204, "", nil},
		{"take it off a hidden record", nil, call{method: del, path: "/messages/m1/links/Contacts/99"}, 404, "not-found", nil},
		{"take an unknown message off", nil, call{method: del, path: "/messages/m2/links/Contacts/42"}, 404, "not-found", nil},
	})
}

func TestLinkingAgain(t *testing.T) {
	link := func(body string, headers ...string) call {
		return call{post, "/messages/m1/links", headers, body, false}
	}
	one := `{"links":[{"module":"Contacts","record":"42"}]}`
	run(t, []scenario{
		{"a new link is created", nil, link(one), 201, "", []string{`"created":true`, `"replayed":false`, `"parts":[]`}},
		{"the same request again", nil, link(one, "Idempotency-Key: k1"), 200, "", []string{`"replayed":true`}},
		{"the bad one of two is named", nil, link(`{"links":[{"module":"Contacts","record":"42"},{"module":"Contacts","record":"99"}]}`),
			404, "not-found", []string{`"pointer":"/links/1"`, "Contacts:99"}},
		{"an unknown message", nil, call{post, "/messages/m2/links", nil, one, false}, 404, "not-found", nil},
		{"an unknown name", nil, link(`{"records":[]}`), 400, "malformed-request", nil},
	})
}

func TestALinkIsLearnedFromOnce(t *testing.T) {
	s := newServer(t)
	body := `{"links":[{"module":"Contacts","record":"42"}]}`
	s.want(call{post, "/messages/m1/links", []string{"Idempotency-Key: k1"}, body, false}, 200, "")
	if len(s.search.touched) != 0 {
		t.Error("a replayed request was learned from")
	}
	s.want(call{method: post, path: "/messages/m1/links", body: body}, 201, "")
	if !contains(s.search.touched, nora) || s.search.mail.Participants[0].Address != "nora@example.com" || s.search.mail.Own[0] != "ada@example.com" {
		t.Errorf("touched %v with %+v", s.search.touched, s.search.mail)
	}
}

func TestTheRecordsOwnPermissionDecides(t *testing.T) {
	s := newServer(t)
	s.messages.err = &permissions.DeniedError{Action: permissions.Link, Record: acme}
	s.want(call{method: post, path: "/messages/m1/links", body: `{"links":[{"module":"Accounts","record":"10"}]}`},
		403, "permission-denied", "You may see Accounts:10 but not link it.")
	if !contains(s.sessions.notes, "7 permission-denied") {
		t.Errorf("noted for the administrator: %v", s.sessions.notes)
	}
}

func TestWhatIsNotedForTheAdministrator(t *testing.T) {
	s := newServer(t)
	s.sessions.signIn = &sessions.AdmissionError{UserID: "9", Err: licensing.ErrSeatLimit}
	s.want(call{post, "/sessions", nil, loginBody, true}, 403, "seat-limit")
	s.want(call{method: get, path: "/messages/m2"}, 404, "not-found")
	s.want(call{get, "/session", nil, "", true}, 401, "unauthenticated")
	if len(s.sessions.notes) != 1 || s.sessions.notes[0] != "9 seat-limit" {
		t.Errorf("notes: %v", s.sessions.notes)
	}
}
