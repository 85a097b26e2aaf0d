package licensing_test

import (
	"bytes"
	"encoding/base64"
	"errors"
	"strings"
	"testing"

	"github.com/mailconnector/mailconnector/licensing"
)

// FuzzParseDocument feeds every reader with anything, as it is and as a body under a right checksum. None may panic,
// every refusal is one of the documented errors, and whatever verifies is, letter for letter, what was signed.
func FuzzParseDocument(f *testing.F) {
	genuine, vendor := fixedDocuments(f)
	for _, document := range genuine {
		f.Add(document)
		f.Add(licensing.Wrap(document))
		f.Add(document[strings.IndexByte(document, '.')+1 : strings.LastIndexByte(document, '.')])
	}
	f.Add(licensing.EncodePublic(vendor))
	f.Add(licensing.Request{Installation: "A", CRMURL: "https://a", Users: 1, Product: "p"}.Text())
	f.Fuzz(func(t *testing.T, text string) {
		verifyAll(t, genuine, vendor, text)
		for kind := range genuine {
			verifyAll(t, genuine, vendor, seal(strings.ReplaceAll(string(kind), " ", "-"), text))
		}
		if r, err := licensing.ParseRequest(text); err == nil {
			if again, err := licensing.ParseRequest(r.Text()); err != nil || again != r {
				t.Errorf("order %+v read back as %+v, %v", r, again, err)
			}
		}
	})
}

func verifyAll(t *testing.T, genuine map[licensing.Kind]string, vendor licensing.PublicKey, text string) {
	l, err := licensing.Verify(text, vendor)
	expect(t, err, l.Document, genuine[licensing.KindLicense])
	r, err := licensing.VerifyRequest(text, vendor)
	expect(t, err, r.Document, genuine[licensing.KindRequest])
	c, err := licensing.VerifyCertificate(text, vendor)
	expect(t, err, c.Document, genuine[licensing.KindCertificate])
	list, err := licensing.VerifyRevocations(text, vendor)
	expect(t, err, list.Document, genuine[licensing.KindRevocations])
	if key, err := licensing.DecodePublic(text); err == nil {
		if again, err := licensing.DecodePublic(key.String()); err != nil || again != key {
			t.Errorf("key %s read back as %s, %v", key, again, err)
		}
	}
}

func expect(t *testing.T, err error, got, want string) {
	t.Helper()
	if err == nil {
		if got != want {
			t.Errorf("verified %q, which nobody signed", got)
		}
		return
	}
	if got != "" {
		t.Errorf("a document together with an error: %v", err)
	}
	for _, known := range []error{
		licensing.ErrArmour, licensing.ErrWrongKind, licensing.ErrNotGenuine, licensing.ErrIncomplete,
		licensing.ErrUnsigned, licensing.ErrNotCertified,
	} {
		if errors.Is(err, known) {
			return
		}
	}
	t.Errorf("undocumented error %v", err)
}

// fixedDocuments are the same in every process, so that the fuzzer's workers know each other's finds.
func fixedDocuments(t testing.TB) (map[licensing.Kind]string, licensing.PublicKey) {
	t.Helper()
	vendor, partner := fixedKey(t, 1), fixedKey(t, 2)
	certificate := forge(t, vendor, "partner certificate", `{"jti":"P1","name":"Good Partner","key":"`+partner.Public().String()+
		`","nbf":"2026-11-02T12:00:00Z","exp":"2027-11-02T12:00:00Z","iat":"2026-11-02T12:00:00Z"}`)
	request := must(licensing.SignRequest(partner, must(licensing.VerifyCertificate(certificate, vendor.Public()))(t),
		licensing.Request{Installation: "Example Ltd CRM", CRMURL: "https://crm.example.com", Users: 5, Product: "mailconnector"}, noon))(t)
	return map[licensing.Kind]string{
		licensing.KindCertificate: certificate,
		licensing.KindRequest:     request.Document,
		licensing.KindRevocations: forge(t, vendor, "revocation list", `{"licenses":["L1"],"partners":[],"iat":"2026-11-02T12:00:00Z"}`),
		licensing.KindLicense: forge(t, vendor, "license", `{"jti":"L1","kind":"trial","installation":"Example Ltd CRM",`+
			`"crm_url":"https://crm.example.com","product":"mailconnector","users":5,"nbf":"2026-11-02T12:00:00Z",`+
			`"exp":"2027-11-02T12:00:00Z","grace_days":10,"partner":{"jti":"P1","name":"Good Partner"},"iat":"2026-11-02T12:00:00Z"}`),
	}, vendor.Public()
}

func fixedKey(t testing.TB, fill byte) licensing.PrivateKey {
	t.Helper()
	seed := base64.RawURLEncoding.EncodeToString(bytes.Repeat([]byte{fill}, 32))
	return must(licensing.DecodePrivate(seal("private-key", seed)))(t)
}
