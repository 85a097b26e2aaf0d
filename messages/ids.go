package messages

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base32"
	"encoding/binary"
	"strings"
	"time"
)

// idEncoding keeps the order of the bytes, so that ids sort by their time.
var idEncoding = base32.NewEncoding("0123456789abcdefghijklmnopqrstuv").WithPadding(base32.NoPadding)

// idLength is the length of our ids.
const idLength = 26

// newID returns an id of 26 characters: 56 bits of microseconds since 1970, then 72 random bits. Chosen here, not by
// the database, it is known before anything is inserted.
func newID(now time.Time) string {
	var b [16]byte
	binary.BigEndian.PutUint64(b[:8], uint64(now.UnixMicro())<<8)
	_, _ = rand.Read(b[7:]) // never fails, see crypto/rand
	return idEncoding.EncodeToString(b[:])
}

// isID tells ids from other input, which no table need be asked about.
func isID(id string) bool {
	return len(id) == idLength && strings.Trim(id, "0123456789abcdefghijklmnopqrstuv") == ""
}

// hashOf separates its fields by their lengths, so that two lists never hash alike by moving a border.
func hashOf(fields ...string) (sum [32]byte) {
	h := sha256.New()
	var length [8]byte
	for _, field := range fields {
		binary.BigEndian.PutUint64(length[:], uint64(len(field)))
		h.Write(length[:])
		h.Write([]byte(field))
	}
	h.Sum(sum[:0])
	return sum
}
