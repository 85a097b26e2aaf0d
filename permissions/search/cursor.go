package search

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"errors"
)

// position is the place of a hit among the hits of a block. It stays what it is while other records come and go, so
// that paging repeats nothing.
type position struct {
	Score    int   `json:"s"`
	Modified int64 `json:"m"`
	Doc      int64 `json:"d"`
}

// before reports whether p comes earlier in the results than other: a better score, then later modified, then newer.
func (p position) before(other position) bool {
	if p.Score != other.Score {
		return p.Score > other.Score
	}
	if p.Modified != other.Modified {
		return p.Modified > other.Modified
	}
	return p.Doc < other.Doc
}

// cursor is where a page ended: behind a hit in the block between two places of a walk. It is sealed, because a place
// may tell of a record that the subject may not see.
type cursor struct {
	Driver int       `json:"w"`           // the word that is walked along
	Terms  int64     `json:"n,omitempty"` // about how many terms it has, where there are several words
	From   place     `json:"f"`           // the zero place is the beginning
	To     *place    `json:"t,omitempty"` // nil is where the block has so many candidates
	After  *position `json:"a,omitempty"` // nil is before the first hit of the block
}

// cursorStep is what the sizes of cursors are multiples of, in bytes: most have one size, so that it tells nothing either.
const cursorStep = 256

// seal encrypts a cursor for the subject and query that context stands for. It looks different each time.
func (c cursor) seal(key, context []byte) (string, error) {
	box, err := newBox(key)
	if err != nil {
		return "", err
	}
	plain, err := json.Marshal(c)
	if err != nil {
		return "", err
	}
	plain = append(plain, bytes.Repeat([]byte(" "), cursorStep-len(plain)%cursorStep)...)
	nonce := make([]byte, box.NonceSize())
	_, _ = rand.Read(nonce) // never fails
	return base64.RawURLEncoding.EncodeToString(box.Seal(nonce, nonce, plain, context)), nil
}

func openCursor(text string, key, context []byte) (c cursor, err error) {
	box, err := newBox(key)
	if err != nil {
		return c, err
	}
	sealed, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil {
		return c, err
	}
	if len(sealed) < box.NonceSize() {
		return c, errors.New("cursor is too short")
	}
	nonce, sealed := sealed[:box.NonceSize()], sealed[box.NonceSize():]
	plain, err := box.Open(nil, nonce, sealed, context)
	if err != nil {
		return c, err
	}
	return c, json.Unmarshal(plain, &c)
}

func newBox(key []byte) (cipher.AEAD, error) {
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	return cipher.NewGCM(block)
}
