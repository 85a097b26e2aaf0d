package mail

import (
	"bytes"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"github.com/jhillyerd/enmime/v2"
	"golang.org/x/net/html/charset"
)

// text is one body text: decoded bytes, still in their charset.
type text struct {
	part    int // its number
	role    Role
	charset string // as declared
	bytes   []byte
}

// newParser is the enmime parser for skeletons: it must neither reject nor guess where the mail says what it is.
func newParser() *enmime.Parser {
	return enmime.NewParser(
		enmime.SkipMalformedParts(true),
		enmime.MultipartWOBoundaryAsSinglePart(true),
		enmime.MaxStoredPartErrors(50),
		enmime.DisableTextConversion(true),
		enmime.DisableCharacterDetection(true),
	)
}

// utf8 converts a body text. What is UTF-8 already stays; the rest enmime reads from a skeleton of its own, a mail that is this
// text alone and has no boundary or transfer encoding left to trip over. It tells whether the charset was known.
func (t text) utf8(parser *enmime.Parser) (string, bool) {
	body := bytes.TrimPrefix(t.bytes, []byte("\xef\xbb\xbf"))
	if isUnicode(t.charset) && validUTF8(body) {
		return cleanText(string(body)), true
	}
	part, err := parser.ReadParts(io.MultiReader(strings.NewReader(t.header()), bytes.NewReader(body)))
	if err != nil || hasError(part, enmime.ErrorCharsetConversion) {
		decoded, _ := toUTF8("", body)
		return cleanText(decoded), false
	}
	return cleanText(string(part.Content)), true
}

// header is the header of the skeleton. A charset that only the HTML itself names is written there.
func (t text) header() string {
	label := t.charset
	typ := "text/plain"
	if t.role == RoleHTML {
		typ = "text/html"
		if _, name, certain := charset.DetermineEncoding(t.bytes[:min(len(t.bytes), 1024)], ""); label == "" && certain {
			label = name
		}
	}
	if label != "" {
		typ += fmt.Sprintf("; charset=%q", label)
	}
	return "Content-Type: " + typ + "\r\n\r\n"
}

// validUTF8 tolerates a character that a limit cut at the end.
func validUTF8(b []byte) bool {
	for n := range utf8.UTFMax {
		if n <= len(b) && utf8.Valid(b[:len(b)-n]) {
			return true
		}
	}
	return false
}

func hasError(p *enmime.Part, name string) bool {
	for _, e := range p.Errors {
		if e.Name == name {
			return true
		}
	}
	return false
}

// bodies joins the texts of a mail to its plain and its HTML body.
func (s *splitter) bodies(m *Message) {
	var plain, html []string
	parser := newParser()
	for _, t := range s.texts {
		converted, known := t.utf8(parser)
		if !known {
			s.problems.add(t.part, ProblemCharsetUnknown, fmt.Sprintf("The charset %q is not known; the text may read wrongly.", t.charset))
		}
		if t.role == RoleHTML {
			html = append(html, converted)
		} else {
			plain = append(plain, converted)
		}
	}
	m.Text = cut(strings.Join(plain, "\n\n"), int(s.limits.Text))
	m.HTML = cut(strings.Join(html, "\n"), int(s.limits.Text))
	if strings.Contains(m.Text, "-----BEGIN PGP ") {
		s.problems.add(0, NotePGP, "The text is signed or encrypted with PGP; it is kept as it is and not checked.")
	}
}
