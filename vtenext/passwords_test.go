package vtenext

import "testing"

// The first hash is a CRM's own; the others were made by other implementations of crypt().
func TestStoredPasswordsAreTold(t *testing.T) {
	for _, tt := range []struct {
		name, scheme, user, password, stored string
		want                                 bool
	}{
		{"the CRM's default", "PHP5.3MD5", "user0", "Secret#0-pw", "$1$us000000$CrrRzyi2Ys9m/NIOW62I31", true},
		{"the default, wrong password", "PHP5.3MD5", "user0", "secret#0-pw", "$1$us000000$CrrRzyi2Ys9m/NIOW62I31", false},
		{"md5-crypt with a short salt", "MD5", "user0", "Secret#0-pw", "$1$us$ZgyRmXL2iVrG0cTOX9WF40", true},
		{"a salt of half a letter", "MD5", "日本", "Secret#0-pw", "$1$\xe6\x97$q1ohEW4RBywbTVLDQUFtK1", true},
		{"a salt that ends at a dollar sign", "PHP5.3MD5", "u$er", "Secret#0-pw", "$1$u$U0Y9zZcFoZrmLzmpGkOPr0", true},
		{"a user name of one letter", "PHP5.3MD5", "u", "Secret#0-pw", "$1$u0000000$zQeHUlguD294QMHSPfc7F0", true},
		{"DES", "", "user0", "Secret#0-pw", "ussg1WkFW.uA.", true},
		{"DES looks at eight bytes", "", "user0", "Secret#0-other", "ussg1WkFW.uA.", true},
		{"DES, wrong password", "", "user0", "Secret", "ussg1WkFW.uA.", false},
		{"DES without a salt of letters", "", "é", "Secret#0-pw", "*0", false},
		{"the scheme that never matches", "BLOWFISH", "user0", "Secret#0-pw", "*0", false},
		{"a hash that is none", "MD5", "user0", "", "*0", false},
		{"no hash at all", "MD5", "user0", "", "", false},
	} {
		computed, err := schemes()[tt.scheme].hash(tt.user, tt.password)
		if got := err == nil && sameHash(computed, tt.stored); got != tt.want {
			t.Errorf("%s: %t, want %t (computed %q)", tt.name, got, tt.want, computed)
		}
	}
}

func FuzzHashes(f *testing.F) {
	f.Add("user0", "Secret#0-pw")
	f.Add("", "")
	f.Add("$", "\x00")
	f.Fuzz(func(t *testing.T, user, password string) {
		for name, scheme := range schemes() {
			computed, err := scheme.hash(user, password)
			if err == nil && !scheme.form(computed) {
				t.Errorf("%q makes %q, which is not of its form", name, computed)
			}
		}
	})
}
