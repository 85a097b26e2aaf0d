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

// texts gathers the body texts of a mail, converted, in document order.
type texts struct {
	parser      *enmime.Parser
	plain, html body
}

// body is one of the two bodies of a mail.
type body struct {
	pieces []string
	room   int // bytes still free
}

func newTexts(limit int64) *texts {
	return &texts{parser: newParser(), plain: body{room: int(limit)}, html: body{room: int(limit)}}
}

// of is the body that a part of that role belongs to; nil if it is no body text.
func (ts *texts) of(r Role) *body {
	switch r {
	case RoleText:
		return &ts.plain
	case RoleHTML:
		return &ts.html
	}
	return nil
}

// add appends text, with a separator where text came before it, as far as there is room.
func (b *body) add(text, separator string) {
	if len(b.pieces) > 0 {
		text = separator + text
	}
	text = cut(text, b.room)
	b.room -= len(text)
	b.pieces = append(b.pieces, text)
}

func (b *body) String() string { return strings.Join(b.pieces, "") }

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

// convert makes a body text UTF-8. What is UTF-8 already stays; the rest enmime reads from a skeleton of its own, a mail that is this
// text alone and has no boundary or transfer encoding left to trip over. The problem is "" or what was wrong with the charset.
func (ts *texts) convert(p Part, text []byte) (converted, problem string) {
	text = bytes.TrimPrefix(text, []byte("\xef\xbb\xbf"))
	if isUnicode(p.Charset) && utf8.Valid(text) {
		return cleanText(string(text)), ""
	}
	if converted, ok := decodeUnicode(p.Charset, text); ok { // enmime reads UTF-16 only, and that in one byte order
		return cleanText(converted), ""
	}
	part, err := ts.parser.ReadParts(io.MultiReader(strings.NewReader(skeletonHeader(p, text)), bytes.NewReader(text)))
	if err == nil && utf8.Valid(part.Content) && !hasError(part, enmime.ErrorCharsetConversion) {
		return cleanText(string(part.Content)), ""
	}
	converted, known := toUTF8(p.Charset, text)
	switch {
	case !known:
		problem = ProblemCharsetUnknown
	case p.Charset != "":
		problem = ProblemCharsetWrong
	}
	return cleanText(converted), problem
}

// skeletonHeader is the header of a skeleton. A charset that only the HTML itself names is written there.
func skeletonHeader(p Part, text []byte) string {
	typ, label := "text/plain", webName(p.Charset)
	if p.Role == RoleHTML {
		typ = "text/html"
		if label == "" {
			label = metaCharset(text)
		}
	}
	if label != "" {
		typ += fmt.Sprintf("; charset=%q", label)
	}
	return "Content-Type: " + typ + "\r\n\r\n"
}

// metaCharset is the charset that HTML names itself; "" when it names none, or the one a browser would take anyway.
func metaCharset(text []byte) string {
	_, name, certain := charset.DetermineEncoding(text[:min(len(text), 1024)], "")
	if !certain && name == "windows-1252" {
		return ""
	}
	return name
}

// wholeRunes drops the beginning of a UTF-8 character at the end of text, which a limit has cut in two.
func wholeRunes(text []byte) []byte {
	for n := 1; n < utf8.UTFMax && n <= len(text); n++ {
		if last := text[len(text)-n:]; utf8.RuneStart(last[0]) {
			if !utf8.FullRune(last) {
				return text[:len(text)-n]
			}
			break
		}
	}
	return text
}

func hasError(p *enmime.Part, name string) bool {
	for _, e := range p.Errors {
		if e.Name == name {
			return true
		}
	}
	return false
}

// addText adds what was kept of a body text to its body.
func (s *splitter) addText(p Part, kept []byte) {
	b := s.texts.of(p.Role)
	if int64(len(kept)) < p.Size {
		s.problems.add(p.Number, ProblemTextTooLong, "A body text is longer than the limit and is cut; the part has it whole.")
		kept = wholeRunes(kept)
	}
	if len(kept) == 0 {
		return
	}
	converted, problem := s.texts.convert(p, kept)
	if problem != "" {
		s.problems.add(p.Number, problem, fmt.Sprintf("The text does not fit its charset %q, or the charset is not known; it may read wrongly.", p.Charset))
	}
	if strings.Contains(converted, "-----BEGIN PGP ") {
		s.problems.add(p.Number, NotePGP, "PGP signed or encrypted text, kept as it is and not checked.")
	}
	if holdsUUFile(converted) {
		s.problems.add(p.Number, NoteUuencoded, "The text holds a file in uuencode, kept as text.")
	}
	b.add(converted, "\n\n")
}
