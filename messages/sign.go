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
	return base64.RawURLEncoding.EncodeToString(append(seal(key, sealContent, payload), payload...)), nil
}

// OpenSigned returns what a content token names and for whom. It answers ErrToken for one that is forged or over its
// time, and checks no permission.
func (s *Service) OpenSigned(ctx context.Context, token string) (permissions.Subject, Signed, error) {
	raw, err := base64.RawURLEncoding.DecodeString(token)
	if err != nil || len(raw) <= sha256.Size || base64.RawURLEncoding.EncodeToString(raw) != token { // with a line break, say
		return permissions.Subject{}, Signed{}, ErrToken
	}
	key, err := s.signingKey(ctx)
	if err != nil {
		return permissions.Subject{}, Signed{}, err
	}
	mac, payload := raw[:sha256.Size], raw[sha256.Size:]
	if !hmac.Equal(mac, seal(key, sealContent, payload)) {
		return permissions.Subject{}, Signed{}, ErrToken
	}
	var c signedClaims
	if err := json.Unmarshal(payload, &c); err != nil || s.c.DB.Now().Unix() >= c.Expires {
		return permissions.Subject{}, Signed{}, ErrToken
	}
	return permissions.Subject{UserID: c.User}, Signed{Kind: c.Kind, Message: c.Message, Part: c.Part, Images: c.Images}, nil
}

// What a seal is good for; the two never stand in for each other.
const (
	sealContent = "messages.content.v1"
	sealCursor  = "messages.cursor.v1"
)

// seal authenticates a payload for one use of the key.
func seal(key []byte, use string, payload []byte) []byte {
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte(use + "\x00"))
	mac.Write(payload)
	return mac.Sum(nil)
}

// sealedCursor makes a cursor of the host one that only the subject can use, and only for the record. So a host gets back
// what it gave out, and nothing else.
func (s *Service) sealedCursor(ctx context.Context, sub permissions.Subject, r permissions.Record, cursor string) (string, error) {
	if cursor == "" {
		return "", nil
	}
	key, err := s.signingKey(ctx)
	if err != nil {
		return "", err
	}
	about := hashOf(sub.UserID, r.Type, r.ID, cursor)
	return base64.RawURLEncoding.EncodeToString(append(seal(key, sealCursor, about[:]), cursor...)), nil
}

// openCursor returns the host's cursor, or an [*InvalidError] for one that was not given to this subject for this record.
func (s *Service) openCursor(ctx context.Context, sub permissions.Subject, r permissions.Record, sealed string) (string, error) {
	if sealed == "" {
		return "", nil
	}
	foreign := &InvalidError{Pointer: "/cursor", Detail: "belongs to another list: start again without a cursor"}
	raw, err := base64.RawURLEncoding.DecodeString(sealed)
	if err != nil || len(raw) <= sha256.Size {
		return "", foreign
	}
	key, err := s.signingKey(ctx)
	if err != nil {
		return "", err
	}
	about := hashOf(sub.UserID, r.Type, r.ID, string(raw[sha256.Size:]))
	if !hmac.Equal(raw[:sha256.Size], seal(key, sealCursor, about[:])) {
		return "", foreign
	}
	return string(raw[sha256.Size:]), nil
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
