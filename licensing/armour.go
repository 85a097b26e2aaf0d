package licensing

import (
	"fmt"
	"hash/crc32"
	"strings"
	"unicode"
)

// Kind names what a text is: the first word of its armour, and part of what is signed.
type Kind string

// The kinds of text this package writes and reads.
const (
	KindLicense     Kind = "license"
	KindRequest     Kind = "license request"
	KindCertificate Kind = "partner certificate"
	KindRevocations Kind = "revocation list"
	KindPublicKey   Kind = "public key"
	KindPrivateKey  Kind = "private key"
)

// An armoured text reads "mailconnector-license.BODY.CHECKSUM": its kind, a body of the base64url alphabet, and the
// CRC-32C of everything before the last dot as eight hexadecimal digits. A CRC rather than a hash, because it is
// certain to notice any single wrong letter and any two neighbours in the wrong order.
const (
	armourStart  = "mailconnector-"
	checksumSize = 8
	lineWidth    = 64
	maxArmour    = 1 << 20 // bytes; a revocation list of some 20,000 serials
)

// Wrap breaks a document or key into lines that survive being mailed or saved as a file. It reads back like the
// unbroken text.
func Wrap(document string) string {
	var b strings.Builder
	for len(document) > lineWidth {
		b.WriteString(document[:lineWidth] + "\n")
		document = document[lineWidth:]
	}
	b.WriteString(document + "\n")
	return b.String()
}

// armour writes the one canonical form of a body.
func armour(kind Kind, body string) string {
	text := armourStart + strings.ReplaceAll(string(kind), " ", "-") + "." + body
	return text + "." + checksum(text)
}

// unarmour reads the body of a text that should be of the given kind, however it was pasted.
func unarmour(kind Kind, text string) (body string, err error) {
	got, body, err := openArmour(text)
	if err != nil {
		return "", err
	}
	if got != kind {
		return "", &WrongKindError{Want: kind, Got: got}
	}
	return body, nil
}

func openArmour(text string) (Kind, string, error) {
	if len(text) > maxArmour {
		return "", "", &ArmourError{"it is far too long: choose the file or text you were sent"}
	}
	text = strings.Map(dropPasted, text)
	rest, ok := strings.CutPrefix(text, armourStart)
	if !ok {
		return "", "", &ArmourError{fmt.Sprintf("it does not begin with %q: paste only the document, from that word on", armourStart)}
	}
	name, _, _ := strings.Cut(rest, ".")
	last := strings.LastIndexByte(text, '.')
	if last <= len(armourStart)+len(name) || len(text)-last-1 < checksumSize {
		return "", "", &ArmourError{"the end is missing: copy the document once more, to its last letter"}
	}
	if checksum(text[:last]) != text[last+1:] {
		return "", "", &ArmourError{"a letter is wrong, missing or added: copy the document once more rather than typing it"}
	}
	body := text[len(armourStart)+len(name)+1 : last]
	return Kind(strings.ReplaceAll(name, "-", " ")), body, nil
}

func checksum(text string) string {
	return fmt.Sprintf("%08x", crc32.Checksum([]byte(text), crc32.MakeTable(crc32.Castagnoli)))
}

// dropPasted removes what mail programs, word processors and terminals put around and between the letters.
func dropPasted(r rune) rune {
	switch {
	case unicode.IsSpace(r), unicode.Is(unicode.Cf, r): // Cf: byte order mark, zero-width space, soft hyphen
		return -1
	case strings.ContainsRune("\"'`>“”„‘’«»", r):
		return -1
	default:
		return r
	}
}
