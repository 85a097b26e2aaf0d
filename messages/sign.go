package messages

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"time"

	"github.com/mailconnector/mailconnector/permissions"
)

// signedFor is how long a content token opens what it names.
const signedFor = 5 * time.Minute

// SignedKind is what a content token opens.
type SignedKind string

// The kinds.
const (
	SignedBody SignedKind = "body"
	SignedPart SignedKind = "part"
)

// Signed names a body or a part that a content token opens.
type Signed struct {
	Kind    SignedKind
	Message string // id
	Part    int    // number, for SignedPart
	Images  bool   // for SignedBody: remote images load
}

// signedClaims is what is in a token. Its names are short: the token stands in a URL.
type signedClaims struct {
	Kind    SignedKind `json:"k"`
	Message string     `json:"m"`
	Part    int        `json:"p,omitempty"`
	Images  bool       `json:"i,omitempty"`
	User    string     `json:"u"`
	Expires int64      `json:"e"` // Unix seconds
}

// Sign returns a token that names one body or part for the subject, for five minutes: for frames and images, which
// cannot send a bearer token. It is safe in a URL path, and grants nothing by itself: whoever opens it calls Body or
// Part with the subject it names, where permissions are checked live.
func (s *Service) Sign(ctx context.Context, sub permissions.Subject, c Signed) (string, error) {
	key, err := s.signingKey(ctx)
	if err != nil {
		return "", err
	}
	payload, err := json.Marshal(signedClaims{
		Kind: c.Kind, Message: c.Message, Part: c.Part, Images: c.Images, User: sub.UserID,
		Expires: s.c.DB.Now().Add(signedFor).Unix(),
	})
	if err != nil {
		return "", fmt.Errorf("sign content token: %w", err)
	}
	return base64.RawURLEncoding.EncodeToString(append(seal(key, payload), payload...)), nil
}

// OpenSigned returns what a content token names and for whom. It answers ErrToken for one that is forged or over its
// time, and checks no permission.
func (s *Service) OpenSigned(ctx context.Context, token string) (permissions.Subject, Signed, error) {
	raw, err := base64.RawURLEncoding.DecodeString(token)
	if err != nil || len(raw) <= sha256.Size {
		return permissions.Subject{}, Signed{}, ErrToken
	}
	key, err := s.signingKey(ctx)
	if err != nil {
		return permissions.Subject{}, Signed{}, err
	}
	mac, payload := raw[:sha256.Size], raw[sha256.Size:]
	if !hmac.Equal(mac, seal(key, payload)) {
		return permissions.Subject{}, Signed{}, ErrToken
	}
	var c signedClaims
	if err := json.Unmarshal(payload, &c); err != nil || s.c.DB.Now().Unix() >= c.Expires {
		return permissions.Subject{}, Signed{}, ErrToken
	}
	return permissions.Subject{UserID: c.User}, Signed{Kind: c.Kind, Message: c.Message, Part: c.Part, Images: c.Images}, nil
}

// seal authenticates a payload. The prefix keeps tokens apart from whatever else may be signed with the key.
func seal(key, payload []byte) []byte {
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte("messages.content.v1\x00"))
	mac.Write(payload)
	return mac.Sum(nil)
}

// signingKey returns the configured key, or the one in the database, which the first who needs it makes.
func (s *Service) signingKey(ctx context.Context) ([]byte, error) {
	s.keyMu.Lock()
	defer s.keyMu.Unlock()
	if s.key != nil {
		return s.key, nil
	}
	fresh := make([]byte, 32)
	_, _ = rand.Read(fresh) // never fails, see crypto/rand
	key, err := s.store.signingKey(ctx, fresh)
	if err != nil {
		return nil, err
	}
	s.key = key
	return key, nil
}
