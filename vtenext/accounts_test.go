package vtenext_test

import (
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/mailconnector/mailconnector/api/sessions"
	"github.com/mailconnector/mailconnector/vtenext"
)

// signIns is a CRM whose people sign in.
type signIns struct {
	db  *sql.DB
	now time.Time
	*vtenext.Accounts
}

func newSignIns(t *testing.T) *signIns {
	t.Helper()
	rome, err := time.LoadLocation("Europe/Rome")
	if err != nil {
		t.Fatal(err)
	}
	s := &signIns{db: organisation(t, "organisation-a"), now: time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC)}
	crm, err := vtenext.New(vtenext.Config{DB: s.db, TimeZone: rome, Now: func() time.Time { return s.now }})
	if err != nil {
		t.Fatal(err)
	}
	s.Accounts = vtenext.NewAccounts(crm)
	return s
}

func (s *signIns) signIn(t *testing.T, name, password string) error {
	t.Helper()
	_, err := s.Verify(t.Context(), sessions.Credentials{UserName: name, Password: password, ClientIP: "192.0.2.1"})
	return err
}

func password(i int) string { return fmt.Sprintf("Secret#%d-pw", i) }

// TestSignIn shares a CRM, because loading one takes longer than all these tests. Each changes a user of its own.
func TestSignIn(t *testing.T) {
	s := newSignIns(t)
	for _, tt := range []struct {
		name string
		run  func(*testing.T, *signIns)
	}{
		{"everybody signs in with the CRM's password", everybodySignsIn},
		{"an account tells what the module asks", tellsAccount},
		{"names count to the letter", namesCount},
		{"a name with markup is looked up as the CRM stores it", markupInNames},
		{"passwords of every scheme", everyScheme},
		{"what cannot be verified is refused with its reason", refusedWithReason},
		{"the criteria count at each sign-in", criteriaCount},
		{"passwords expire by the calendar of the CRM", passwordsExpire},
		{"the table of password changes is never written", passwordTableUntouched},
		{"wrong passwords lock out", locksOut},
		{"an address is banned after a hundred wrong passwords", bans},
		{"a right password ends the count", rightPasswordForgets},
		{"whitelisted people are not locked out", whitelisted},
		{"names nobody has are counted without consequence", unknownNames},
		{"the stamp follows the password", stampFollows},
	} {
		t.Run(tt.name, func(t *testing.T) { tt.run(t, s) })
	}
}

func everybodySignsIn(t *testing.T, s *signIns) {
	admins := 0
	for i := range 40 {
		name := fmt.Sprintf("user%d", i)
		a, err := s.Verify(t.Context(), sessions.Credentials{UserName: name, Password: password(i)})
		if status := text(t, s.db, "SELECT status FROM vte_users WHERE user_name = ?", name); status == "Inactive" {
			if !errors.Is(err, sessions.ErrInactive) {
				t.Errorf("%s is inactive and signs in: %v", name, err)
			}
			if err := s.signIn(t, name, "wrong"); !errors.Is(err, sessions.ErrInvalidCredentials) {
				t.Errorf("%s is told to be inactive without the password: %v", name, err)
			}
			continue
		}
		if err != nil || a.UserName != name || !a.Active {
			t.Errorf("%s: %+v, %v", name, a, err)
		}
		if a.Admin {
			admins++
		}
	}
	if admins != 2 {
		t.Errorf("%d of them are admins, want 2", admins)
	}
}

func tellsAccount(t *testing.T, s *signIns) {
	exec(t, s.db, `UPDATE vte_users SET email2 = 'Second@Corp.Example ', yahoo_id = 'no address', default_language = 'it_it'
		WHERE user_name = 'user1'`)
	exec(t, s.db, "INSERT INTO vte_messages_account (id, userid, email, username) VALUES (1, 5, 'user1@corp.example', 'box@corp.example')")
	id, err := s.Find(t.Context(), "user1")
	if err != nil {
		t.Fatal(err)
	}
	got, err := s.Account(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	got.CredentialStamp = ""
	want := sessions.Account{
		UserID: "5", UserName: "user1", DisplayName: "First1 Last1", Language: "it", Active: true,
		Addresses: []string{"user1@corp.example", "second@corp.example", "box@corp.example"},
		Policy:    sessions.Policy{Concurrent: 5},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("account (-want +got):\n%s", diff)
	}
	if _, err := s.Find(t.Context(), "nobody"); !errors.Is(err, sessions.ErrInactive) {
		t.Errorf("Find(nobody) = %v", err)
	}
}

func namesCount(t *testing.T, s *signIns) {
	for _, name := range []string{"User2", "user2 ", " user2", "us\u00e9r2", "user2\x00"} {
		if err := s.signIn(t, name, password(2)); !errors.Is(err, sessions.ErrInvalidCredentials) {
			t.Errorf("%q signs in: %v", name, err)
		}
	}
}

func markupInNames(t *testing.T, s *signIns) {
	exec(t, s.db, "UPDATE vte_users SET user_name = 'us&#039;r &lt;3', last_name = 'X' WHERE user_name = 'user3'")
	a, err := s.Verify(t.Context(), sessions.Credentials{UserName: "us'r <3", Password: password(3)})
	if err != nil || a.UserName != "us'r <3" {
		t.Errorf("signed in as %q, %v", a.UserName, err)
	}
	if err := s.signIn(t, "us&#039;r &lt;3", password(3)); !errors.Is(err, sessions.ErrInvalidCredentials) {
		t.Errorf("the stored name signs in: %v", err)
	}
}

func everyScheme(t *testing.T, s *signIns) {
	for _, tt := range []struct {
		scheme, hash string
		want         error
	}{
		{"MD5", "$1$us$ZgyRmXL2iVrG0cTOX9WF40", nil},
		{"", "ussg1WkFW.uA.", nil},
		{"BLOWFISH", "*0", sessions.ErrInvalidCredentials},
		{"BLOWFISH", "", sessions.ErrInvalidCredentials},
		{"PHP5.3MD5", "*1", sessions.ErrInvalidCredentials},
		{"PHP5.3MD5", "", sessions.ErrInvalidCredentials},
		{"PHP5.3MD5", "$1$US000000$CRRRZYI2YS9M/NIOW62I31", sessions.ErrInvalidCredentials},
	} {
		exec(t, s.db, "UPDATE vte_users SET user_password = ?, crypt_type = ? WHERE user_name = 'user0'", tt.hash, tt.scheme)
		if err := s.signIn(t, "user0", password(0)); !errors.Is(err, tt.want) {
			t.Errorf("scheme %q, hash %q: %v, want %v", tt.scheme, tt.hash, err, tt.want)
		}
		exec(t, s.db, "DELETE FROM vte_check_logins")
	}
}

func refusedWithReason(t *testing.T, s *signIns) {
	check := func(name string, i int, want vtenext.DirectLoginReason) {
		t.Helper()
		var refused *vtenext.DirectLoginError
		err := s.signIn(t, name, password(i))
		if !errors.As(err, &refused) || refused.Reason != want || !errors.Is(err, sessions.ErrSSOOnly) {
			t.Errorf("%s: %v, want the reason %s", name, err, want)
		}
	}
	exec(t, s.db, "UPDATE vte_users SET crypt_type = 'ARGON2' WHERE user_name = 'user4'")
	check("user4", 4, vtenext.UnknownScheme)
	exec(t, s.db, "UPDATE vte_users SET user_password = '$2y$10$abcdefghijklmnopqrstuv' WHERE user_name = 'user5'")
	check("user5", 5, vtenext.UnexpectedHash)
	exec(t, s.db, "UPDATE vte_users SET use_ldap = 1 WHERE user_name IN ('user6', 'user13')")
	if err := s.signIn(t, "user6", password(6)); err != nil {
		t.Errorf("the directory is not in use, and user6 is refused: %v", err)
	}
	exec(t, s.db, "INSERT INTO tbl_s_ldap_config (ldap_active) VALUES (1)")
	check("user6", 6, vtenext.DirectoryUser)
	if err := s.signIn(t, "user7", password(7)); err != nil {
		t.Errorf("user7 is not in the directory, and refused: %v", err)
	}
	inactive := text(t, s.db, "SELECT user_name FROM vte_users WHERE status = 'Inactive' LIMIT 1")
	exec(t, s.db, "UPDATE vte_users SET use_ldap = 1 WHERE user_name = ?", inactive)
	if err := s.signIn(t, inactive, "wrong"); !errors.Is(err, sessions.ErrInactive) {
		t.Errorf("an inactive user of the directory: %v", err)
	}
}

func criteriaCount(t *testing.T, s *signIns) {
	for _, tt := range []struct{ change, user string }{
		{"last_name = 'SECRET'", "user8"},
		{"last_name = 'X', first_name = '8-pw'", "user8"},
		{"first_name = '', user_name = 'secret#8', user_password = '$1$se000000$GfbpoByMi3j.64mTmz4WH0'", "secret#8"},
	} {
		exec(t, s.db, "UPDATE vte_users SET "+tt.change+" WHERE id = 12")
		if err := s.signIn(t, tt.user, password(8)); !errors.Is(err, sessions.ErrPasswordExpired) {
			t.Errorf("a password against the criteria, with %s: %v, want ErrPasswordExpired", tt.change, err)
		}
	}
}

func passwordsExpire(t *testing.T, s *signIns) {
	for _, tt := range []struct {
		changed any
		expired bool
	}{
		{nil, true},
		{"0000-00-00 00:00:00", true},
		{"1970-01-01 01:00:00", true},
		{"2026-08-22 10:00:01", false}, // three months are over a second from now
		{"2026-08-22 09:59:59", true},
		{"2026-11-21 10:00:00", false},
	} {
		exec(t, s.db, "REPLACE INTO vte_check_pwd (userid, last_login, last_change_pwd) VALUES (13, '2026-01-01 00:00:00', ?)", tt.changed)
		err := s.signIn(t, "user9", password(9))
		if expired := errors.Is(err, sessions.ErrPasswordExpired); expired != tt.expired || err != nil && !expired {
			t.Errorf("password changed %v: %v, want expired %t", tt.changed, err, tt.expired)
		}
	}
}

func passwordTableUntouched(t *testing.T, s *signIns) {
	const sum = "SELECT CONCAT(COUNT(*), GROUP_CONCAT(userid, last_login, COALESCE(last_change_pwd, '-'))) FROM vte_check_pwd"
	before := text(t, s.db, sum)
	if err := s.signIn(t, "user10", password(10)); err != nil {
		t.Fatal(err)
	}
	if after := text(t, s.db, sum); after != before {
		t.Errorf("vte_check_pwd was %s, is %s", before, after)
	}
}

func locksOut(t *testing.T, s *signIns) {
	for i := range 5 {
		if err := s.signIn(t, "user11", password(11)); err != nil {
			t.Fatalf("after %d wrong passwords: %v", i, err)
		}
		for range i + 1 {
			_ = s.signIn(t, "user11", "wrong")
		}
	}
	var locked *sessions.LockedError
	if err := s.signIn(t, "user11", password(11)); !errors.As(err, &locked) || !locked.Until.IsZero() {
		t.Errorf("after five wrong passwords: %v, want locked without an end", err)
	}
	if err := s.signIn(t, "user11", "wrong"); !errors.Is(err, sessions.ErrInvalidCredentials) {
		t.Errorf("a locked account, wrong password: %v", err)
	}
	elsewhere := sessions.Credentials{UserName: "user11", Password: password(11), ClientIP: "192.0.2.2"}
	if _, err := s.Verify(t.Context(), elsewhere); err != nil {
		t.Errorf("from another address: %v", err)
	}
	row := text(t, s.db, "SELECT CONCAT_WS(' ', type, ip, attempts, status, last_attempt, mailkey) FROM vte_check_logins WHERE userid = 15")
	if want := "ws 192.0.2.1 6 L 2026-11-22 10:00:00"; row != want {
		t.Errorf("the lock-out row is %q, want %q", row, want)
	}
}

func bans(t *testing.T, s *signIns) {
	exec(t, s.db, "INSERT INTO vte_check_logins (id, userid, ip, type, attempts, status) VALUES (900, 22, '192.0.2.9', 'ws', 99, 'L')")
	from := func(name, password string) error {
		_, err := s.Verify(t.Context(), sessions.Credentials{UserName: name, Password: password, ClientIP: "192.0.2.9"})
		return err
	}
	if err := from("user17", password(17)); err != nil {
		t.Fatal(err)
	}
	if err := from("user18", "wrong"); !errors.Is(err, sessions.ErrInvalidCredentials) {
		t.Fatal(err)
	}
	if err := from("user17", password(17)); !errors.Is(err, sessions.ErrLocked) {
		t.Errorf("somebody else from a banned address: %v", err)
	}
}

func rightPasswordForgets(t *testing.T, s *signIns) {
	for range 3 {
		_ = s.signIn(t, "user15", "wrong")
	}
	if err := s.signIn(t, "user15", password(15)); err != nil {
		t.Fatal(err)
	}
	if n := text(t, s.db, "SELECT COUNT(*) FROM vte_check_logins WHERE userid = 19"); n != "0" {
		t.Errorf("%s rows are left", n)
	}
}

func whitelisted(t *testing.T, s *signIns) {
	exec(t, s.db, "INSERT INTO vte_check_logins (id, userid, ip, type, attempts, status) VALUES (901, 20, '192.0.2.1', 'ws', 80, 'W')")
	for range 30 {
		_ = s.signIn(t, "user16", "wrong")
	}
	if err := s.signIn(t, "user16", password(16)); err != nil {
		t.Error(err)
	}
}

func unknownNames(t *testing.T, s *signIns) {
	for range 7 {
		if err := s.signIn(t, "nobody", "wrong"); !errors.Is(err, sessions.ErrInvalidCredentials) {
			t.Fatal(err)
		}
	}
	if status := text(t, s.db, "SELECT status FROM vte_check_logins WHERE userid = 0"); status != "" {
		t.Errorf("status %q", status)
	}
}

func stampFollows(t *testing.T, s *signIns) {
	stamp := func() string {
		a, err := s.Account(t.Context(), "21")
		if err != nil {
			t.Fatal(err)
		}
		return a.CredentialStamp
	}
	stamps := []string{stamp(), stamp()}
	exec(t, s.db, "UPDATE vte_users SET date_modified = NOW() WHERE id = 21")
	stamps = append(stamps, stamp())
	if len(slices.Compact(slices.Clone(stamps))) != 1 {
		t.Errorf("the stamp changes by itself: %v", stamps)
	}
	exec(t, s.db, "UPDATE vte_users SET user_password = '$1$us000000$0123456789012345678901' WHERE id = 21")
	if stamp() == stamps[0] {
		t.Error("the stamp stays when the password changes")
	}
	exec(t, s.db, "UPDATE vte_users SET status = 'Inactive' WHERE id = 21")
	if _, err := s.Account(t.Context(), "21"); !errors.Is(err, sessions.ErrInactive) {
		t.Errorf("an inactive account: %v", err)
	}
}
