package documents_test

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/text/unicode/norm"

	"github.com/mailconnector/mailconnector/documents"
)

func TestSafeName(t *testing.T) {
	tests := []struct {
		name        string
		original    string
		contentType string
		want        string
	}{
		{name: "an ordinary name stays", original: "Offer 2026 (final).pdf", want: "Offer 2026 (final).pdf"},
		{name: "letters of any script stay", original: "Angebot für Łódź 見積書.pdf", want: "Angebot für Łódź 見積書.pdf"},
		{name: "traversal is cut off", original: "../../etc/passwd", want: "passwd"},
		{name: "a Windows path is cut off", original: `C:\Users\me\report.doc`, want: "report.doc"},
		{name: "mixed slashes are cut off", original: `..\../a\b/c.txt`, want: "c.txt"},
		{name: "a folder alone leaves nothing", original: "folder/", contentType: "text/plain", want: "part-3.txt"},
		{name: "C0 controls and NUL are removed", original: "a\x00b\r\nc\t.txt\x7f", want: "abc.txt"},
		{name: "C1 controls are removed", original: "a\u0085b\u009f.txt", want: "ab.txt"},
		{name: "a right-to-left override cannot fake an extension", original: "invoice\u202efdp.exe", want: "invoicefdp.exe"},
		{name: "bidirectional isolates and marks are removed", original: "\u2066a\u2069\u200e\u200f\u061c.txt", want: "a.txt"},
		{name: "zero-width characters are removed", original: "a\u200bb\u200c\u200d\u2060\ufeff.txt", want: "ab.txt"},
		{name: "invisible letters are removed", original: "\u3164\u115f\u034f.txt", contentType: "text/plain", want: "txt"},
		{name: "line separators are removed", original: "a\u2028b\u2029.txt", want: "ab.txt"},
		{name: "tag characters are removed", original: "a\U000e0041\U000e007f.txt", want: "a.txt"},
		{name: "characters Windows reserves are replaced", original: `a<b>c:d"e|f?g*h.txt`, want: "a_b_c_d_e_f_g_h.txt"},
		{name: "leading dots are removed", original: "...htaccess", want: "htaccess"},
		{name: "trailing dots and spaces are removed", original: " a.txt. . ", want: "a.txt"},
		{name: "dots alone leave nothing", original: "..", contentType: "application/pdf", want: "part-3.pdf"},
		{name: "device names are escaped", original: "CON", want: "_CON"},
		{name: "device names are escaped with any extension", original: "nul.tar.gz", want: "_nul.tar.gz"},
		{name: "device names are escaped before spaces", original: "Aux .txt", want: "_Aux .txt"},
		{name: "ports are escaped", original: "com1.txt", want: "_com1.txt"},
		{name: "ports with superscripts are escaped", original: "LPT².txt", want: "_LPT².txt"},
		{name: "what begins like a device is none", original: "CONTRACT.pdf", want: "CONTRACT.pdf"},
		{name: "COM10 is none", original: "COM10.txt", want: "COM10.txt"},
		{name: "decomposed letters are composed", original: "u\u0308ber.txt", want: "über.txt"},
		{name: "invalid UTF-8 is replaced", original: "gr\xfc\xdfe.txt", want: "gr_e.txt"},
		{name: "empty is named by its type", original: "", contentType: "application/pdf", want: "part-3.pdf"},
		{name: "parameters of the type do not matter", original: "", contentType: "text/html; charset=utf-8", want: "part-3.html"},
		{name: "a mail is an eml", original: "", contentType: "message/rfc822", want: "part-3.eml"},
		{name: "a calendar is an ics", original: "", contentType: "text/calendar", want: "part-3.ics"},
		{name: "an unknown type is bin", original: "", contentType: "x/y", want: "part-3.bin"},
		{name: "no type is bin", original: "", want: "part-3.bin"},
		{name: "a long name keeps its extension", original: strings.Repeat("a", 300) + ".pdf", want: strings.Repeat("a", 251) + ".pdf"},
		{name: "a cut falls between characters", original: strings.Repeat("ü", 200) + ".pdf", want: strings.Repeat("ü", 125) + ".pdf"},
		{name: "an endless extension is none", original: "a." + strings.Repeat("b", 300), want: "a." + strings.Repeat("b", 253)},
		{name: "a cut cannot bare a device name", original: "CON" + strings.Repeat(" ", 300) + "x.pdf", want: "_CON.pdf"},
		{name: "piles of marks are taken down", original: "a" + strings.Repeat("\u0323", 300), want: "ạ" + strings.Repeat("\u0323", 8)},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := documents.SafeName(tt.original, tt.contentType, 3); got != tt.want {
				t.Errorf("SafeName(%q) = %q, want %q", tt.original, got, tt.want)
			}
		})
	}
}

func FuzzSafeName(f *testing.F) {
	for _, seed := range []string{
		"a.pdf", "../x", `C:\y`, "CON", "com¹.txt", "\u202efdp.exe", "\x00", "..", "a\u0308\u0301", "\xff",
		strings.Repeat("é", 200) + ".tar.gz", "CON" + strings.Repeat(" ", 260) + ".x",
		"a" + strings.Repeat("\u0344", 20), "a" + strings.Repeat("\u0301", 8) + "\u200d" + strings.Repeat("\u0301", 8), "." + strings.Repeat("x", 260),
	} {
		f.Add(seed, "application/pdf", 1)
	}
	f.Fuzz(func(t *testing.T, original, contentType string, part int) {
		name := documents.SafeName(original, contentType, part)
		if problem := unsafe(name); problem != "" {
			t.Errorf("SafeName(%q, %q, %d) = %q: %s", original, contentType, part, name, problem)
		}
		if again := documents.SafeName(name, contentType, part); again != name {
			t.Errorf("SafeName(%q) = %q, a safe name must be its own", name, again)
		}
		twice := documents.UniqueNames([]string{name, name})
		if problem := unsafe(twice[1]); problem != "" || strings.EqualFold(twice[0], twice[1]) {
			t.Errorf("UniqueNames of %q twice = %q: %s", name, twice, problem)
		}
	})
}

// unsafe says what is wrong with a name, by rules of its own making.
func unsafe(name string) string {
	switch {
	case name == "" || len(name) > 255:
		return fmt.Sprintf("%d bytes", len(name))
	case !utf8.ValidString(name):
		return "invalid UTF-8"
	case !norm.NFC.IsNormalString(name):
		return "not NFC"
	case strings.ContainsAny(name, "/\\<>:\"|?*\x00"):
		return "a character with a meaning"
	case strings.IndexFunc(name, func(r rune) bool { return unicode.IsControl(r) || unicode.Is(unicode.Cf, r) }) >= 0:
		return "a character nobody sees"
	case name[0] == '.' || strings.TrimRight(name, ". ") != name:
		return "a dot or space at an end"
	}
	stem, _, _ := strings.Cut(strings.ToUpper(name), ".")
	switch stem = strings.TrimSpace(stem); stem {
	case "CON", "PRN", "AUX", "NUL", "COM1", "LPT9", "COM¹":
		return "a device"
	}
	return ""
}

func TestUniqueNames(t *testing.T) {
	long := strings.Repeat("a", 251) + ".pdf"
	tests := []struct {
		name      string
		in, wants []string
	}{
		{"nothing", nil, []string{}},
		{"different names stay", []string{"a.pdf", "b.pdf"}, []string{"a.pdf", "b.pdf"}},
		{"the second of a name is numbered", []string{"a.pdf", "a.pdf", "a.pdf"}, []string{"a.pdf", "a (2).pdf", "a (3).pdf"}},
		{"case makes no difference", []string{"Ä.PDF", "ä.pdf"}, []string{"Ä.PDF", "ä (2).pdf"}},
		{"a number that is taken is skipped", []string{"a.pdf", "a.pdf", "A (2).pdf"}, []string{"a.pdf", "a (3).pdf", "A (2).pdf"}},
		{"a name without extension", []string{"README", "README"}, []string{"README", "README (2)"}},
		{"a number fits into the longest name", []string{long, long}, []string{long, strings.Repeat("a", 247) + " (2).pdf"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if diff := cmp.Diff(tt.wants, documents.UniqueNames(tt.in)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestUniqueNamesOfThousandsOfTheSame(t *testing.T) {
	names := make([]string, 5000)
	for i := range names {
		names[i] = "image.png"
	}
	seen := make(map[string]bool)
	for _, name := range documents.UniqueNames(names) {
		if seen[name] {
			t.Fatalf("%q twice", name)
		}
		seen[name] = true
	}
}

func TestSniffType(t *testing.T) {
	for content, want := range map[string]string{
		"%PDF-1.7\n":                      "application/pdf",
		"\x89PNG\r\n\x1a\n" + "0000IHDR":  "image/png",
		"<!DOCTYPE html><html></html>":    "text/html",
		"just words":                      "text/plain",
		"\x00\x01\x02\x03":                "application/octet-stream",
		"MZ" + strings.Repeat("\x00", 90): "application/vnd.microsoft.portable-executable",
	} {
		if got, err := documents.SniffType(strings.NewReader(content)); got != want || err != nil {
			t.Errorf("SniffType(%.10q) = %q, %v, want %q", content, got, err, want)
		}
	}
}

func ExampleSafeName() {
	fmt.Println(documents.SafeName(`..\..\Offer: final?.pdf`, "application/pdf", 2))
	fmt.Println(documents.SafeName("", "image/png", 5))
	// Output:
	// Offer_ final_.pdf
	// part-5.png
}

func TestWithoutName(t *testing.T) {
	_, cause := os.Open("/nowhere/7_Offer for Nora.pdf")
	err := documents.WithoutName(fmt.Errorf("write: %w", cause), "7_Offer for Nora.pdf")
	if got := err.Error(); got != "write: open /nowhere/*: no such file or directory" || !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("error = %q", got)
	}
	if err := documents.WithoutName(nil, "x"); err != nil {
		t.Errorf("no error became %v", err)
	}
	if got := documents.WithoutName(cause, "").Error(); got != cause.Error() {
		t.Errorf("without a name, the error is %q", got)
	}
}
