package licensing

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"time"

	"aidanwoods.dev/go-paseto"
)

// claims is what a kind of document says, as a struct whose every field is a required claim.
type claims interface {
	// check returns an [ErrIncomplete] that names the first claim making no sense. It knows nothing of the time.
	check() error
}

const pasetoHeader = "v4.public."

// assertion binds a signature to one kind of document and to this version of its claims.
func assertion(kind Kind) []byte { return []byte("mailconnector " + string(kind) + " v1") }

// sign returns the armoured document. The footer is signed too, and readable before the signature is checked.
func sign(kind Kind, key PrivateKey, c claims, footer string) (string, error) {
	if err := c.check(); err != nil {
		return "", err
	}
	secret, err := key.paseto()
	if err != nil {
		return "", err
	}
	payload, err := json.Marshal(c)
	if err != nil {
		return "", err
	}
	token, err := paseto.NewTokenFromClaimsJSON(payload, []byte(footer))
	if err != nil {
		return "", err
	}
	body := strings.TrimPrefix(token.V4Sign(secret, assertion(kind)), pasetoHeader)
	return armour(kind, body), nil
}

// open fills the claims from a text that one of the keys signed, and returns the text in its canonical form.
func open(kind Kind, text string, keys []PublicKey, into claims) (document string, err error) {
	body, err := unarmour(kind, text)
	if err != nil {
		return "", err
	}
	token, err := parse(kind, body, keys)
	if err != nil {
		return "", err
	}
	if err := decode(token.ClaimsJSON(), into); err != nil {
		return "", err
	}
	return armour(kind, body), into.check()
}

// parse tries the keys in turn: a vendor that changes its root key is trusted under both for a while.
func parse(kind Kind, body string, keys []PublicKey) (*paseto.Token, error) {
	parser := paseto.NewParserWithoutExpiryCheck() // whether it is in force is another question
	for _, key := range keys {
		public, err := key.paseto()
		if err != nil {
			return nil, err
		}
		if token, err := parser.ParseV4Public(public, pasetoHeader+body, assertion(kind)); err == nil {
			return token, nil
		}
	}
	return nil, ErrNotGenuine
}

// decode asks for every field of the struct by name: encoding/json alone takes null, and an absent claim, for zero.
func decode(payload []byte, into claims) error {
	var present map[string]json.RawMessage
	if err := json.Unmarshal(payload, &present); err != nil {
		return incomplete("its claims are no JSON object")
	}
	for _, field := range reflect.VisibleFields(reflect.TypeOf(into).Elem()) {
		name := field.Tag.Get("json")
		if name == "-" || field.Anonymous {
			continue
		}
		if value, ok := present[name]; !ok || bytes.Equal(value, []byte("null")) {
			return incomplete("%s is missing", name)
		}
	}
	if err := json.Unmarshal(payload, into); err != nil {
		var wrong *json.UnmarshalTypeError
		if errors.As(err, &wrong) {
			return incomplete("%s cannot be a %s", wrong.Field, wrong.Value)
		}
		return fmt.Errorf("%w: %w", ErrIncomplete, err)
	}
	return nil
}

const maxName = 200 // bytes of a name of an installation, partner or product

// checkName refuses what would be unreadable, or would break the line it is printed on.
func checkName(claim, value string) error {
	switch {
	case strings.TrimSpace(value) == "":
		return incomplete("%s is empty", claim)
	case len(value) > maxName:
		return incomplete("%s is longer than %d bytes", claim, maxName)
	case strings.ContainsFunc(value, func(r rune) bool { return r < ' ' || r == '\x7f' || r == '\uFFFD' }):
		return incomplete("%s contains characters that cannot be printed", claim)
	}
	return nil
}

// checkPeriod refuses a period without a beginning, and one that ends before it begins.
func checkPeriod(from, to time.Time) error {
	if from.IsZero() || !to.After(from) {
		return incomplete("valid_to has to be later than valid_from")
	}
	return nil
}

// stamp is the precision of times in documents: whole seconds UTC.
func stamp(t time.Time) time.Time { return t.UTC().Truncate(time.Second) }
