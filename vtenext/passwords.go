package vtenext

import (
	"crypto/subtle"
	"errors"
	"strings"

	"github.com/sergeymakinen/go-crypt/des"
	"github.com/sergeymakinen/go-crypt/hash"
	"github.com/sergeymakinen/go-crypt/md5/md5crypt"
)

// errNoHash says that a scheme makes no hash of its input, as PHP's crypt() then makes none: it answers "*0", which
// nobody's password is stored as.
var errNoHash = errors.New("no hash")

// scheme is a way the CRM stores passwords, by the name in crypt_type. All of them derive the salt from the user name,
// so that the stored hash can be told before it is read.
type scheme struct {
	// hash returns what the CRM stores, or errNoHash.
	hash func(userName, password string) (string, error)
	// form reports whether a stored hash could be one of this scheme.
	form func(stored string) bool
}

// schemes are those the CRM knows. Its BLOWFISH asks for a cipher that PHP refuses since 5.3, so it makes no hash.
func schemes() map[string]scheme {
	md5Form := func(stored string) bool { return strings.HasPrefix(stored, md5Prefix) }
	return map[string]scheme{
		"":          {hash: desHash, form: func(stored string) bool { return len(stored) == 13 && stored[0] != '$' }},
		"MD5":       {hash: plainMD5Hash, form: md5Form},
		"PHP5.3MD5": {hash: paddedMD5Hash, form: md5Form},
		"BLOWFISH":  {hash: func(string, string) (string, error) { return "", errNoHash }, form: func(string) bool { return true }},
	}
}

// md5Salt is the longest salt of md5-crypt in bytes.
const md5Salt = 8

// paddedMD5Hash is crypt() with the salt "$1$" and two bytes of the user name, filled up with zeros.
func paddedMD5Hash(userName, password string) (string, error) {
	return md5Hash(saltOf(userName)+strings.Repeat("0", md5Salt), password)
}

// plainMD5Hash is crypt() with the salt "$1$" and two bytes of the user name.
func plainMD5Hash(userName, password string) (string, error) {
	return md5Hash(saltOf(userName), password)
}

// md5Prefix begins what md5-crypt makes.
const md5Prefix = "$1$"

// md5Hash ends the salt where crypt() does: at the eighth byte or the first dollar sign.
func md5Hash(salt, password string) (string, error) {
	salt, _, _ = strings.Cut(salt[:min(len(salt), md5Salt)], "$")
	key := md5crypt.Encrypt([]byte(password), []byte(salt), []byte(md5Prefix))
	sum := make([]byte, hash.LittleEndianEncoding.EncodedLen(len(key)))
	hash.LittleEndianEncoding.Encode(sum, key)
	return md5Prefix + salt + "$" + string(sum), nil
}

// desHash is the crypt() of old: it looks at eight bytes of the password and wants two of the salt.
func desHash(userName, password string) (string, error) {
	salt := saltOf(userName)
	key, err := des.Key([]byte(password[:min(len(password), des.MaxPasswordLength)]), []byte(salt))
	if err != nil {
		return "", errNoHash
	}
	sum := make([]byte, hash.BigEndianEncoding.EncodedLen(len(key)))
	hash.BigEndianEncoding.Encode(sum, key)
	return salt + string(sum), nil
}

// saltOf returns the first two bytes of a user name, be they half a letter.
func saltOf(userName string) string { return userName[:min(len(userName), 2)] }

// sameHash compares in a time that does not depend on where two hashes differ. The marks by which crypt() and people
// say that there is no hash never match.
func sameHash(computed, stored string) bool {
	return stored != "" && stored[0] != '*' && subtle.ConstantTimeCompare([]byte(computed), []byte(stored)) == 1
}
