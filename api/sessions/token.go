package sessions

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"strings"
	"time"
)

// tokenPrefix lets scanners of leaked secrets recognise a token.
const tokenPrefix = "mcs_"

// tokenBytes are 256 random bits: too many to guess, so a plain hash protects the stored form.
const tokenBytes = 32

var tokenLength = len(tokenPrefix) + base64.RawURLEncoding.EncodedLen(tokenBytes)

// newToken draws a token. Only its hash is ever stored.
func newToken() string {
	var secret [tokenBytes]byte
	_, _ = rand.Read(secret[:]) // never fails since Go 1.24
	return tokenPrefix + base64.RawURLEncoding.EncodeToString(secret[:])
}

// tokenHash is what a token is found by. It is false for what cannot be a token, which spares the database.
func tokenHash(token string) (hash [32]byte, ok bool) {
	if len(token) != tokenLength || !strings.HasPrefix(token, tokenPrefix) {
		return hash, false
	}
	return sha256.Sum256([]byte(token)), true
}

// newSessionID names a session. Ids sort by time of creation, so that lists need no second column to page by.
func newSessionID(now time.Time) string {
	var id [16]byte
	binary.BigEndian.PutUint64(id[:8], uint64(now.UnixMicro()))
	_, _ = rand.Read(id[8:])
	return hex.EncodeToString(id[:])
}
