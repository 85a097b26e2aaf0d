package licensing_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/mailconnector/mailconnector/licensing"
)

func TestDocumentIsReadHoweverItWasPasted(t *testing.T) {
	w := newWorld(t)
	doc := w.license(t).Document
	for name, text := range map[string]string{
		"one line":                        doc,
		"a line end behind it":            doc + "\r\n",
		"wrapped":                         licensing.Wrap(doc),
		"wrapped with Windows line ends":  strings.ReplaceAll(licensing.Wrap(doc), "\n", "\r\n"),
		"quoted in a reply":               "> " + strings.ReplaceAll(licensing.Wrap(doc), "\n", "\n> "),
		"indented and spaced":             "\t  " + doc[:40] + "   " + doc[40:] + "  ",
		"in double quotes":                `"` + doc + `"`,
		"in typographic quotes":           "“" + doc + "”",
		"in a code span":                  "```\n" + doc + "\n```",
		"with a byte order mark":          "\uFEFF" + doc,
		"with zero-width and soft breaks": doc[:30] + "\u200b" + doc[30:60] + "\u00ad" + doc[60:],
		"with no-break spaces":            "\u00a0" + doc[:80] + "\u00a0" + doc[80:],
	} {
		t.Run(name, func(t *testing.T) {
			got, err := licensing.Verify(text, w.vendorKey())
			if err != nil {
				t.Fatal(err)
			}
			if got.Document != doc {
				t.Errorf("Document = %q, want the canonical %q", got.Document, doc)
			}
		})
	}
}

func TestDamagedTextIsNoForgery(t *testing.T) {
	w := newWorld(t)
	doc := w.license(t).Document
	for name, text := range map[string]string{
		"nothing":                       "",
		"only spaces":                   " \n ",
		"a greeting instead":            "Dear customer, your license is attached.",
		"a greeting before it":          "Dear customer: " + doc,
		"a signature below it":          doc + "\nKind regards",
		"a slip in the first word":      strings.Replace(doc, "mailconnector", "mailconector", 1),
		"another kind written in":       strings.Replace(doc, "-license.", "-revocation-list.", 1),
		"the beginning missing":         doc[5:],
		"only the first word":           "mailconnector-",
		"only the kind":                 "mailconnector-license",
		"a kind and a dot":              "mailconnector-license.",
		"cut in the middle":             doc[:len(doc)/2],
		"cut before the checksum":       doc[:len(doc)-9],
		"cut within the checksum":       doc[:len(doc)-1],
		"a letter too much":             doc[:50] + "A" + doc[50:],
		"a letter lost":                 doc[:50] + doc[51:],
		"checksum in upper case digits": doc[:len(doc)-8] + "ZZZZZZZZ",
		"more than any document":        strings.Repeat("x", 1<<20+1),
		"bytes that are no text":        "\xff\xfe\x00",
	} {
		t.Run(name, func(t *testing.T) {
			_, err := licensing.Verify(text, w.vendorKey())
			var armour *licensing.ArmourError
			if !errors.Is(err, licensing.ErrArmour) || !errors.As(err, &armour) || armour.Problem == "" {
				t.Fatalf("err = %v, want an ErrArmour that says what was noticed", err)
			}
			if errors.Is(err, licensing.ErrNotGenuine) {
				t.Error("damage was called a forgery")
			}
		})
	}
}

func TestEveryWrongLetterIsNoticed(t *testing.T) {
	w := newWorld(t)
	doc := w.license(t).Document
	for i := range doc {
		for _, wrong := range []byte("A.") {
			if doc[i] == wrong {
				continue
			}
			mistyped := doc[:i] + string(wrong) + doc[i+1:]
			if _, err := licensing.Verify(mistyped, w.vendorKey()); !errors.Is(err, licensing.ErrArmour) {
				t.Fatalf("letter %d as %q: err = %v, want ErrArmour", i, wrong, err)
			}
		}
	}
}

func TestSwappedNeighboursAreNoticed(t *testing.T) {
	w := newWorld(t)
	doc := w.license(t).Document
	for i := range len(doc) - 1 {
		if doc[i] == doc[i+1] {
			continue
		}
		swapped := doc[:i] + doc[i+1:i+2] + doc[i:i+1] + doc[i+2:]
		if _, err := licensing.Verify(swapped, w.vendorKey()); !errors.Is(err, licensing.ErrArmour) {
			t.Fatalf("letters %d and %d swapped: err = %v, want ErrArmour", i, i+1, err)
		}
	}
}
