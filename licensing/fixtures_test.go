package licensing_test

import (
	"crypto/ed25519"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"hash/crc32"
	"strings"
	"testing"
	"time"

	"github.com/mailconnector/mailconnector/licensing"
)

// noon is the moment most tests take place at.
var noon = time.Date(2026, 11, 2, 12, 0, 0, 0, time.UTC)

const day = 24 * time.Hour

// world is a vendor, its certified partner, and a customer's order.
type world struct {
	vendor      licensing.Vendor
	partner     licensing.PrivateKey
	certificate licensing.Certificate
	order       licensing.Request
}

func newWorld(t testing.TB) world {
	t.Helper()
	w := world{
		vendor:  licensing.Vendor{Root: newKey(t), Now: func() time.Time { return noon }},
		partner: newKey(t),
		order: licensing.Request{
			Installation: "Example Ltd CRM", CRMURL: "https://crm.example.com", Users: 5, Product: "mailconnector",
		},
	}
	w.certificate = must(w.vendor.Certify(w.partner.Public(), "Good Partner", noon.Add(365*day)))(t)
	return w
}

// vendorKey is what installations trust.
func (w world) vendorKey() licensing.PublicKey { return w.vendor.Root.Public() }

func (w world) request(t testing.TB) licensing.SignedRequest {
	t.Helper()
	return must(licensing.SignRequest(w.partner, w.certificate, w.order, noon))(t)
}

// license issues one for a year from noon with ten days of grace, unless the terms are changed.
func (w world) license(t testing.TB, change ...func(*licensing.Terms)) licensing.License {
	t.Helper()
	terms := licensing.Terms{Kind: licensing.Subscription, ValidTo: noon.Add(365 * day), GraceDays: 10}
	for _, f := range change {
		f(&terms)
	}
	return must(w.vendor.Issue(w.request(t).Document, terms))(t)
}

// must unwraps a result that cannot fail in a sound test: must(f())(t).
func must[T any](v T, err error) func(testing.TB) T {
	return func(t testing.TB) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

func newKey(t testing.TB) licensing.PrivateKey {
	t.Helper()
	return must(licensing.GenerateKey())(t)
}

// forge signs any payload with a real key, as only somebody holding that key could. It builds PASETO v4.public by hand,
// because the library would turn null into an object.
func forge(t testing.TB, key licensing.PrivateKey, kind, payload string) string {
	t.Helper()
	encoded := strings.Split(licensing.EncodePrivate(key), ".")[1]
	seed := must(base64.RawURLEncoding.DecodeString(encoded))(t)
	signed := preAuth("v4.public.", payload, "", "mailconnector "+kind+" v1")
	signature := ed25519.Sign(ed25519.NewKeyFromSeed(seed), signed)
	body := base64.RawURLEncoding.EncodeToString(append([]byte(payload), signature...))
	return seal(strings.ReplaceAll(kind, " ", "-"), body)
}

// preAuth is PASETO's pre-authentication encoding.
func preAuth(pieces ...string) []byte {
	out := binary.LittleEndian.AppendUint64(nil, uint64(len(pieces)))
	for _, piece := range pieces {
		out = binary.LittleEndian.AppendUint64(out, uint64(len(piece)))
		out = append(out, piece...)
	}
	return out
}

// seal puts a right checksum on any body.
func seal(kind, body string) string {
	text := "mailconnector-" + kind + "." + body
	return fmt.Sprintf("%s.%08x", text, crc32.Checksum([]byte(text), crc32.MakeTable(crc32.Castagnoli)))
}

// claimsOf returns the license's claims as JSON, changed.
func claimsOf(t testing.TB, l licensing.License, change func(map[string]any)) string {
	t.Helper()
	var claims map[string]any
	raw := must(json.Marshal(l))(t)
	if err := json.Unmarshal(raw, &claims); err != nil {
		t.Fatal(err)
	}
	change(claims)
	return string(must(json.Marshal(claims))(t))
}

// relabel puts another kind on a document, and more behind its body, under a right checksum.
func relabel(document, kind string, more ...string) string {
	first, last := strings.IndexByte(document, '.'), strings.LastIndexByte(document, '.')
	return seal(kind, document[first+1:last]+strings.Join(more, ""))
}

// tamper changes a letter in the middle of the body under a right checksum.
func tamper(document string) string {
	first, last := strings.IndexByte(document, '.'), strings.LastIndexByte(document, '.')
	body := []byte(document[first+1 : last])
	if middle := &body[len(body)/2]; *middle == 'A' {
		*middle = 'B'
	} else {
		*middle = 'A'
	}
	return seal(document[len("mailconnector-"):first], string(body))
}
