package licensing

import (
	"crypto/ed25519"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"

	"aidanwoods.dev/go-paseto"
)

// PublicKey checks signatures. It is comparable; the zero value trusts nothing.
type PublicKey struct {
	raw [ed25519.PublicKeySize]byte
}

// PrivateKey signs documents: the vendor's root key, or a partner's. Printing one shows only the id of its public
// half; [EncodePrivate] is the way to its text. The zero value signs nothing.
type PrivateKey struct {
	seed [ed25519.SeedSize]byte
}

// GenerateKey makes a new key pair from the system's randomness.
func GenerateKey() (PrivateKey, error) {
	var k PrivateKey
	if _, err := rand.Read(k.seed[:]); err != nil {
		return PrivateKey{}, fmt.Errorf("generate key: %w", err)
	}
	return k, nil
}

// Public returns the half that may be published.
func (k PrivateKey) Public() PublicKey {
	var public PublicKey
	copy(public.raw[:], ed25519.NewKeyFromSeed(k.seed[:])[ed25519.SeedSize:])
	return public
}

// String names the key without revealing it.
func (k PrivateKey) String() string { return "private half of " + k.Public().ID() }

// GoString keeps %#v from revealing the key.
func (k PrivateKey) GoString() string { return k.String() }

// ID is a short name for people to compare: 16 hexadecimal digits of the key's SHA-256.
func (k PublicKey) ID() string {
	sum := sha256.Sum256(k.raw[:])
	return hex.EncodeToString(sum[:8])
}

// String returns the text of [EncodePublic].
func (k PublicKey) String() string { return EncodePublic(k) }

// EncodePrivate returns the key as one armoured line. Whoever reads it can sign.
func EncodePrivate(k PrivateKey) string { return encodeKey(KindPrivateKey, k.seed[:]) }

// DecodePrivate reads what [EncodePrivate] wrote. It returns [ErrArmour], [ErrWrongKind] or [ErrKey].
func DecodePrivate(text string) (PrivateKey, error) {
	var k PrivateKey
	if err := decodeKey(KindPrivateKey, text, k.seed[:]); err != nil {
		return PrivateKey{}, err
	}
	return k, nil
}

// EncodePublic returns the key as one armoured line.
func EncodePublic(k PublicKey) string { return encodeKey(KindPublicKey, k.raw[:]) }

// DecodePublic reads what [EncodePublic] wrote. It returns [ErrArmour], [ErrWrongKind] or [ErrKey].
func DecodePublic(text string) (PublicKey, error) {
	var k PublicKey
	if err := decodeKey(KindPublicKey, text, k.raw[:]); err != nil {
		return PublicKey{}, err
	}
	return k, nil
}

// MarshalText is [EncodePublic], so that keys can stand in JSON and configuration.
func (k PublicKey) MarshalText() ([]byte, error) { return []byte(EncodePublic(k)), nil }

// UnmarshalText is [DecodePublic].
func (k *PublicKey) UnmarshalText(text []byte) (err error) {
	*k, err = DecodePublic(string(text))
	return err
}

func encodeKey(kind Kind, raw []byte) string {
	return armour(kind, base64.RawURLEncoding.EncodeToString(raw))
}

func decodeKey(kind Kind, text string, into []byte) error {
	body, err := unarmour(kind, text)
	if err != nil {
		return err
	}
	raw, err := base64.RawURLEncoding.Strict().DecodeString(body)
	if err != nil || len(raw) != len(into) || allZero(raw) {
		return fmt.Errorf("%w: this is no %s", ErrKey, kind)
	}
	copy(into, raw)
	return nil
}

// allZero recognises a key nobody filled in. As an Ed25519 point it has order four, so that signatures could be made
// for it by guessing.
func allZero(raw []byte) bool {
	for _, b := range raw {
		if b != 0 {
			return false
		}
	}
	return true
}

func (k PrivateKey) paseto() (paseto.V4AsymmetricSecretKey, error) {
	if k == (PrivateKey{}) {
		return paseto.V4AsymmetricSecretKey{}, fmt.Errorf("%w: the private key is empty", ErrKey)
	}
	return paseto.NewV4AsymmetricSecretKeyFromEd25519(ed25519.NewKeyFromSeed(k.seed[:]))
}

func (k PublicKey) paseto() (paseto.V4AsymmetricPublicKey, error) {
	if k == (PublicKey{}) {
		return paseto.V4AsymmetricPublicKey{}, fmt.Errorf("%w: the public key is empty", ErrKey)
	}
	return paseto.NewV4AsymmetricPublicKeyFromBytes(k.raw[:])
}
