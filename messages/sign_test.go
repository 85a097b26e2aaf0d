package messages_test

import (
	"bytes"
	"encoding/base64"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/mailconnector/mailconnector/internal/dbtest"
	"github.com/mailconnector/mailconnector/messages"
)

func TestSign(t *testing.T) {
	onBoth(t, func(t *testing.T, h *harness) {
		for _, want := range []messages.Signed{
			{Kind: messages.SignedBody, Message: "06gvqlbqg2i7cc3jsgkb911at0", Images: true},
			{Kind: messages.SignedPart, Message: "06gvqlbqg2i7cc3jsgkb911at0", Part: 3},
		} {
			token, err := h.Sign(t.Context(), ann, want)
			if err != nil || strings.Trim(token, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_") != "" {
				t.Fatalf("Sign = %q, %v, want a token for a URL path", token, err)
			}
			who, got, err := h.OpenSigned(t.Context(), token)
			if err != nil || who != ann || got != want {
				t.Errorf("OpenSigned = %v, %+v, %v, want ann and %+v", who, got, err, want)
			}
		}
	})
}

func TestForgedAndOldTokensOpenNothing(t *testing.T) {
	h := newHarness(t, dbtest.SQLite(t))
	token, err := h.Sign(t.Context(), ann, messages.Signed{Kind: messages.SignedPart, Message: "m", Part: 1})
	if err != nil {
		t.Fatal(err)
	}
	raw, err := base64.RawURLEncoding.DecodeString(token)
	if err != nil {
		t.Fatal(err)
	}
	changed := func(at int) string {
		b := bytes.Clone(raw)
		b[at] ^= 1
		return base64.RawURLEncoding.EncodeToString(b)
	}
	other := newWith(t, h, func(c *messages.Config) { c.SigningKey = bytes.Repeat([]byte{7}, 32) })
	foreign, err := other.Sign(t.Context(), ann, messages.Signed{Kind: messages.SignedPart, Message: "m", Part: 1})
	if err != nil {
		t.Fatal(err)
	}
	for name, bad := range map[string]string{
		"empty": "", "no base64": "%%%", "too short": token[:40], "another signature": changed(0), "another content": changed(len(raw) - 3),
		"another key": foreign, "more behind it": token + "AAAA", "a line break in it": token[:40] + "\n" + token[40:],
	} {
		if _, _, err := h.OpenSigned(t.Context(), bad); !errors.Is(err, messages.ErrToken) {
			t.Errorf("token with %s: %v, want ErrToken", name, err)
		}
	}
	h.clock.forward(4 * time.Minute)
	if _, _, err := h.OpenSigned(t.Context(), token); err != nil {
		t.Errorf("after four minutes: %v", err)
	}
	h.clock.forward(time.Minute)
	if _, _, err := h.OpenSigned(t.Context(), token); !errors.Is(err, messages.ErrToken) {
		t.Errorf("after five minutes: %v, want ErrToken", err)
	}
}

func TestInstancesShareTheirKey(t *testing.T) {
	onBoth(t, func(t *testing.T, h *harness) {
		const instances = 6
		var wg sync.WaitGroup
		tokens, errs := make([]string, instances), make([]error, instances)
		for i := range instances {
			one := newWith(t, h, func(*messages.Config) {})
			wg.Go(func() {
				tokens[i], errs[i] = one.Sign(t.Context(), ann, messages.Signed{Kind: messages.SignedBody, Message: "m"})
			})
		}
		wg.Wait()
		for i, token := range tokens {
			if errs[i] != nil {
				t.Fatal(errs[i])
			}
			if _, _, err := h.OpenSigned(t.Context(), token); err != nil {
				t.Errorf("token of instance %d: %v", i, err)
			}
		}
	})
}

// FuzzOpenSigned has the same key and the same time in every process, so that the fuzzer's workers know the token they are given.
func FuzzOpenSigned(f *testing.F) {
	h := newHarness(f, dbtest.SQLite(f), func(c *messages.Config) { c.SigningKey = bytes.Repeat([]byte{7}, 32) })
	token, err := h.Sign(f.Context(), ann, messages.Signed{Kind: messages.SignedPart, Message: "m", Part: 1})
	if err != nil {
		f.Fatal(err)
	}
	f.Add(token)
	f.Add("")
	f.Add(strings.Repeat("A", 100))
	f.Fuzz(func(t *testing.T, s string) {
		if _, _, err := h.OpenSigned(t.Context(), s); err == nil && s != token {
			t.Errorf("%q opens something", s)
		}
	})
}
