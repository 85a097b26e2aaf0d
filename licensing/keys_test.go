package licensing_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/mailconnector/mailconnector/licensing"
)

func TestKeysSurviveTheirText(t *testing.T) {
	key := newKey(t)
	private, err := licensing.DecodePrivate(licensing.Wrap(licensing.EncodePrivate(key)))
	if err != nil || private != key {
		t.Errorf("DecodePrivate = %v, %v; want the key", private, err)
	}
	public, err := licensing.DecodePublic(licensing.EncodePublic(key.Public()))
	if err != nil || public != key.Public() {
		t.Errorf("DecodePublic = %v, %v; want the key", public, err)
	}
	var fromJSON licensing.PublicKey
	if err := json.Unmarshal(must(json.Marshal(key.Public()))(t), &fromJSON); err != nil || fromJSON != key.Public() {
		t.Errorf("through JSON = %v, %v; want the key", fromJSON, err)
	}
}

func TestPrintingAPrivateKeyHidesIt(t *testing.T) {
	key := newKey(t)
	secret := strings.Split(licensing.EncodePrivate(key), ".")[1]
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x"} {
		got := fmt.Sprintf(verb, key)
		if strings.Contains(got, secret) {
			t.Errorf("%s reveals the key", verb)
		}
	}
	if !strings.Contains(key.String(), key.Public().ID()) {
		t.Errorf("String() = %q does not name the key", key)
	}
}

func TestKeysThatAreRefused(t *testing.T) {
	key := newKey(t)
	zeros := strings.Repeat("A", 43)
	for name, tt := range map[string]struct {
		text string
		want error
	}{
		"a private key in place of the public one": {licensing.EncodePrivate(key), licensing.ErrWrongKind},
		"a damaged key":           {licensing.EncodePublic(key.Public())[1:], licensing.ErrArmour},
		"a key of zeros":          {seal("public-key", zeros), licensing.ErrKey},
		"a key that is too short": {seal("public-key", "AAAA"), licensing.ErrKey},
		"a key that is no base64": {seal("public-key", "!"), licensing.ErrKey},
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := licensing.DecodePublic(tt.text); !errors.Is(err, tt.want) {
				t.Errorf("err = %v, want %v", err, tt.want)
			}
		})
	}
}

func TestEmptyKeysNeitherSignNorVerify(t *testing.T) {
	w := newWorld(t)
	doc := w.license(t).Document
	if _, err := licensing.Verify(doc, licensing.PublicKey{}); !errors.Is(err, licensing.ErrKey) {
		t.Errorf("verify with an empty key: err = %v, want ErrKey", err)
	}
	if _, err := licensing.Verify(doc); !errors.Is(err, licensing.ErrNotGenuine) {
		t.Errorf("verify without keys: err = %v, want ErrNotGenuine", err)
	}
	w.vendor.Root = licensing.PrivateKey{}
	if _, err := w.vendor.Revoke(nil, nil); !errors.Is(err, licensing.ErrKey) {
		t.Errorf("sign with an empty key: err = %v, want ErrKey", err)
	}
}
