package mail

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"strconv"
)

// splitter walks the mail once and finds its parts.
type splitter struct {
	src    *source
	limits Limits

	open   [][]byte  // boundaries of the multiparts we are in, outermost first
	sealed bool      // the last part has begun: nothing is a delimiter any more
	at     delimiter // where the last body ended
	leaf   leaf      // the one being read

	header   header // of the mail
	parts    []Part
	texts    *texts
	problems problems
}

// next is the number of the part being read.
func (s *splitter) next() int { return len(s.parts) + 1 }

func newSplitter(src *source, l Limits) *splitter {
	return &splitter{src: src, limits: l, leaf: leaf{sum: sha256.New()}, texts: newTexts(l.Text)}
}

// mail walks the whole mail.
func (s *splitter) mail() {
	s.prelude()
	otherwise := "text/plain"
	head := s.src.peek(headSize)
	strange := len(head) == 0 || blankLine(head) == 0 && !isField(head, false)
	if strange {
		otherwise = typeOfOther(head)
	}
	s.header = s.readHeader()
	if strange && len(s.header) == 0 {
		s.problems.add(0, ProblemHeaderMissing, "The mail has no header.")
	}
	s.entity(s.header, otherwise, "")
}

// prelude reads over what mail stores and gateways put before a header: a byte order mark, blank lines, the "From " line of an mbox.
func (s *splitter) prelude() {
	if bytes.HasPrefix(s.src.peek(3), []byte("\xef\xbb\xbf")) {
		s.src.skip(3)
	}
	for n := blankLine(s.src.peek(lookahead)); n > 0; n = blankLine(s.src.peek(lookahead)) {
		s.src.skip(n)
	}
	if w := s.src.peek(lookahead); bytes.HasPrefix(w, []byte("From ")) || bytes.HasPrefix(w, []byte(">From ")) {
		s.line(nil)
	}
}

// typeOfOther is the type of what came instead of a mail, by its beginning: a text, an Outlook item, the inside of a winmail.dat.
func typeOfOther(head []byte) string {
	switch {
	case bytes.HasPrefix(head, []byte("\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1")):
		return "application/vnd.ms-outlook"
	case bytes.HasPrefix(head, []byte("\x78\x9f\x3e\x22")):
		return "application/ms-tnef"
	case bytes.IndexByte(head, 0) >= 0:
		return "application/octet-stream"
	}
	return "text/plain"
}

// entity reads what a header heads, to the delimiter after it: a leaf or a multipart. Path is "" for the mail itself.
func (s *splitter) entity(h header, otherwise, path string) {
	c := describe(h, otherwise)
	switch {
	case !isMultipart(c.part.ContentType):
		s.single(c.part, path)
	case c.boundary == "":
		s.problems.add(s.next(), ProblemBoundary, "A multipart names no boundary; it is kept as one text.")
		s.single(asText(c.part), path)
	case len(c.boundary) > maxBoundary:
		s.problems.add(s.next(), ProblemBoundary, "A multipart names a boundary that is too long; it is kept as one text.")
		s.single(asText(c.part), path)
	case len(s.open) == s.limits.Depth:
		s.problems.add(s.next(), ProblemTooDeep, "Multiparts are nested too deeply; this one is kept as one file.")
		s.single(c.part, path)
	default:
		s.multipart(c, path)
	}
}

// single reads a leaf.
func (s *splitter) single(p Part, path string) {
	l := s.start(p)
	s.readBody(l.write)
	s.finish(path)
}

// asText gives a multipart that cannot be taken apart the role of the text it may well be, unless its header makes it a file.
func asText(p Part) Part {
	if p.Disposition != "attachment" && p.Name == "" {
		p.Role = RoleText
	}
	return p
}

// multipart reads the parts of a multipart. What comes before the first one is read as a leaf, in case there are none.
func (s *splitter) multipart(c content, path string) {
	level := len(s.open)
	s.open = append(s.open, []byte(c.boundary))
	defer func() { s.open = s.open[:level] }()

	l := s.start(asText(c.part))
	s.readBody(l.write)
	empty := s.at.level != level || s.at.closing
	if empty {
		s.problems.add(s.next(), ProblemNoParts, "A multipart has no parts; it is kept as one text.")
		s.finish(path)
	}
	closed := empty
	for n := 1; s.at.level == level; {
		s.src.skip(s.at.length)
		if s.at.closing {
			closed = true
			s.epilogue(level)
			continue
		}
		if closed {
			s.problems.add(0, ProblemReopened, "Parts follow the end of their multipart; they were read all the same.")
		}
		s.child(c.part.ContentType, join(path, n))
		n++
	}
	if !closed {
		s.problems.add(0, ProblemUnclosed, "A multipart has no end; the mail may be cut short.")
	}
}

func join(path string, n int) string {
	if path == "" {
		return strconv.Itoa(n)
	}
	return path + "." + strconv.Itoa(n)
}

// child reads one part of a multipart, or everything that is left as the last one.
func (s *splitter) child(parent, path string) {
	if len(s.parts) >= s.limits.Parts {
		s.sealed = true
		s.problems.add(s.next(), ProblemTooManyParts, fmt.Sprintf("The mail has more than %d parts; the rest is kept as one file.", s.limits.Parts))
		s.single(Part{ContentType: "application/octet-stream", Role: RoleAttachment}, path)
		return
	}
	otherwise := "text/plain"
	if parent == "multipart/digest" { // RFC 2046 section 5.1.5
		otherwise = "message/rfc822"
	}
	s.entity(s.readHeader(), otherwise, path)
}

// epilogue reads over what follows the end of the multipart at level. Its delimiters still count there, unless the one around it
// has the same boundary: then they are those of the outer one.
func (s *splitter) epilogue(level int) {
	if level > 0 && bytes.Equal(s.open[level], s.open[level-1]) {
		s.open = s.open[:level]
	}
	blank := true
	s.readBody(func(piece []byte) { blank = blank && len(bytes.TrimSpace(piece)) == 0 })
	if !blank {
		s.problems.add(0, ProblemEpilogue, "Text follows the end of a multipart; it is no part and is not shown.")
	}
}

// finish ends the leaf being read and adds it to the parts.
func (s *splitter) finish(path string) {
	d := s.leaf.finish()
	p := s.leaf.part
	p.Path = path
	if path == "" {
		p.Path = "1"
	}
	p.Number = s.next()
	s.encodingProblems(p, d)
	if s.texts.of(p.Role) != nil {
		s.addText(p, s.leaf.kept)
	} else if isMail(p.ContentType) && p.Name == "" {
		p.Name = mailName(s.leaf.kept)
	}
	if code, detail := note(p); code != "" {
		s.problems.add(p.Number, code, detail)
	}
	s.parts = append(s.parts, p)
}

// encodingProblems says what was wrong with the transfer encoding of a part.
func (s *splitter) encodingProblems(p Part, d defect) {
	if _, known := newDecoder(p.Encoding); !known {
		s.problems.add(p.Number, ProblemEncodingUnknown, fmt.Sprintf("The transfer encoding %q is not known; the bytes are kept as they are.", p.Encoding))
	}
	if d.foreign {
		s.problems.add(p.Number, ProblemEncodingDamaged, fmt.Sprintf("Some bytes are not %s; the rest was read.", p.Encoding))
	}
	if d.cut {
		s.problems.add(p.Number, ProblemEncodingCut, fmt.Sprintf("The %s data ends early; it may be cut short.", p.Encoding))
	}
}
