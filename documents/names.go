package documents

import (
	"fmt"
	"path"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/gabriel-vasile/mimetype"
	"golang.org/x/text/unicode/norm"
)

const (
	// maxName is the longest file name in bytes on the file systems in use.
	maxName = 255
	// maxExtension is the longest ending in bytes that counts as an extension and survives shortening.
	maxExtension = 32
	// maxMarks is how many combining marks in a row stay. No script needs as many; some senders pile up hundreds.
	maxMarks = 8
)

// SafeName turns the name a mail gives an attachment into one that is safe to store, to show and to save on any
// system. Folders are cut off, Windows ones included; control, bidirectional and invisible characters are removed;
// characters and device names that Windows reserves are replaced; the result is NFC and at most 255 bytes, its
// extension kept. The original must be decoded already (RFC 2047, RFC 2231). What is left of nothing is named after
// the part's number and content type: "part-3.pdf".
//
// A safe name is its own safe name.
func SafeName(original, contentType string, part int) string {
	name := strings.ToValidUTF8(original, "_")
	name = name[strings.LastIndexAny(name, `/\`)+1:]
	name = strings.Map(safeRune(), norm.NFC.String(name))
	name = norm.NFC.String(name) // once more: what was apart may have met
	name = trimName(name)
	if name == "" {
		return "part-" + strconv.Itoa(part) + extensionOf(contentType)
	}
	if name = shorten(name, ""); reservedName(name) { // only now: shortening can bare a reserved stem
		name = shorten("_"+name, "")
	}
	return name
}

// safeRune returns a mapping that drops what a person cannot see, and replaces what file systems or shells take for
// something else.
func safeRune() func(rune) rune {
	marks := 0
	return func(r rune) rune {
		switch {
		case unicode.In(r, unicode.Cc, unicode.Cf, unicode.Zl, unicode.Zp, unicode.Other_Default_Ignorable_Code_Point):
			return -1
		case unicode.Is(unicode.M, r):
			if marks++; marks > maxMarks {
				return -1
			}
			return r
		}
		marks = 0
		if strings.ContainsRune(`<>:"|?*`, r) {
			return '_'
		}
		return r
	}
}

// trimName removes leading dots, which hide a file, and trailing dots, which Windows drops, and spaces at both ends.
func trimName(name string) string {
	space := func(r rune) bool { return r == '.' || unicode.IsSpace(r) }
	return strings.TrimRightFunc(strings.TrimLeftFunc(name, space), space)
}

// reservedName reports whether Windows takes a name for a device, whatever its extension: "nul.txt", "COM¹".
// https://learn.microsoft.com/windows/win32/fileio/naming-a-file
func reservedName(name string) bool {
	stem, _, _ := strings.Cut(name, ".")
	stem = strings.ToUpper(strings.TrimRightFunc(stem, unicode.IsSpace))
	switch stem {
	case "CON", "PRN", "AUX", "NUL", "CONIN$", "CONOUT$", "CLOCK$":
		return true
	}
	if port, ok := strings.CutPrefix(stem, "COM"); ok {
		return isPort(port)
	}
	port, ok := strings.CutPrefix(stem, "LPT")
	return ok && isPort(port)
}

func isPort(s string) bool {
	return utf8.RuneCountInString(s) == 1 && strings.Contains("0123456789¹²³", s)
}

// shorten puts mark before the extension of name and cuts what is before it until all fits into maxName bytes.
func shorten(name, mark string) string {
	if mark == "" && len(name) <= maxName {
		return name
	}
	extension := path.Ext(name)
	if len(extension) > maxExtension || len(extension) == len(name) {
		extension = ""
	}
	stem := cutBytes(strings.TrimSuffix(name, extension), maxName-len(extension)-len(mark))
	return trimName(stem) + mark + extension
}

// cutBytes returns the longest prefix of at most n bytes that ends between two runes.
func cutBytes(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n]
}

// extensionOf names the usual extension of a content type, ".bin" for one it does not know. The operating system's
// own table is left aside: names must not depend on the machine.
func extensionOf(contentType string) string {
	if known := mimetype.Lookup(contentType); known != nil && known.Extension() != "" {
		return known.Extension()
	}
	return ".bin"
}

// UniqueNames makes the names of one mail's attachments differ from each other even where case does not count, as on
// Windows and macOS: the second "a.pdf" becomes "a (2).pdf". It changes no name that is the first of its kind, and
// returns them in the order given. Names are expected to be safe, and stay so.
func UniqueNames(names []string) []string {
	taken := make(map[string]bool, len(names))
	for _, name := range names {
		taken[foldName(name)] = true
	}
	unique, kept, next := make([]string, len(names)), make(map[string]bool, len(names)), make(map[string]int)
	for i, name := range names {
		key := foldName(name)
		if !kept[key] {
			kept[key], unique[i] = true, name
			continue
		}
		unique[i], next[key] = numbered(name, max(next[key], 2), taken)
	}
	return unique
}

// numbered finds the first number from n on that makes name free, takes it, and says where to go on.
func numbered(name string, n int, taken map[string]bool) (string, int) {
	for ; ; n++ {
		candidate := shorten(name, fmt.Sprintf(" (%d)", n))
		if key := foldName(candidate); !taken[key] {
			taken[key] = true
			return candidate, n + 1
		}
	}
}

// foldName maps names that a file system may take for one to one. Upper then lower, so that "ſ" meets "s".
func foldName(name string) string { return strings.ToLower(strings.ToUpper(name)) }

// WithoutName is an error that does not show the name of a file, which the system puts into its errors: names of documents
// come from mails, and nothing of a mail is logged. The error behind it is still found by errors.Is and errors.As. A nil
// error stays nil.
func WithoutName(err error, name string) error {
	if err == nil || name == "" {
		return err
	}
	return &namelessError{err, name}
}

type namelessError struct {
	err  error
	name string
}

func (e *namelessError) Error() string { return strings.ReplaceAll(e.err.Error(), e.name, "*") }

func (e *namelessError) Unwrap() error { return e.err }
