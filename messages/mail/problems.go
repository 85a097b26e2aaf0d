package mail

import "slices"

// maxProblems bounds Message.Problems: a broken mail tends to be broken in thousands of places.
const maxProblems = 100

// Problem is something odd, broken, beyond a limit or worth a note in a mail. It never stops the mail from being read.
type Problem struct {
	Code   string `json:"code"`           // one of the Problem… and Note… constants
	Detail string `json:"detail"`         // one English sentence for the user; quotes at most short labels of the mail
	Part   int    `json:"part,omitempty"` // number of the part it is about; 0 is the mail as a whole
}

// Structure: what the splitter had to bridge.
const (
	ProblemHeaderMissing    = "header-missing"     // the mail starts with its body
	ProblemHeaderUnfinished = "header-unfinished"  // no blank line between header and body
	ProblemHeaderDamaged    = "header-damaged"     // lines that are no fields, skipped
	ProblemHeaderTooLong    = "header-too-long"    // beyond Limits.Header; later fields not read
	ProblemBoundary         = "boundary-unusable"  // multipart without a boundary, or with one over 256 bytes: kept whole
	ProblemNoParts          = "multipart-empty"    // its boundary never occurs: kept whole
	ProblemUnclosed         = "multipart-unclosed" // closing delimiter missing: the mail may be cut short
	ProblemReopened         = "multipart-reopened" // parts after the closing delimiter, read all the same
	ProblemEpilogue         = "multipart-epilogue" // text after the closing delimiter, not shown
	ProblemTooDeep          = "too-deep"           // beyond Limits.Depth: kept whole
	ProblemTooManyParts     = "too-many-parts"     // beyond Limits.Parts: the rest of the mail is one part
)

// Content: what was damaged, cut or guessed.
const (
	ProblemEncodingUnknown = "encoding-unknown"   // transfer encoding not known: bytes kept as they are
	ProblemEncodingDamaged = "encoding-damaged"   // bytes foreign to the transfer encoding were skipped or kept
	ProblemEncodingCut     = "encoding-cut"       // the encoded data ends in the middle of a group: it may be cut short
	ProblemCharsetUnknown  = "charset-unknown"    // read as UTF-8 or Windows-1252
	ProblemCharsetWrong    = "charset-wrong"      // the text has bytes that its charset has not
	ProblemTextTooLong     = "text-too-long"      // beyond Limits.Text: cut in Message, whole in the part
	ProblemDate            = "date-unreadable"    // RawDate has it as written
	ProblemAddresses       = "too-many-addresses" // more than 5,000 in one field: the first were read
	ProblemAddress         = "address-malformed"  // no address could be made out; Raw has it as written
)

// Notes: nothing is wrong, but a reader should know.
const (
	NoteCalendar    = "calendar"      // an invitation or another iCalendar object
	NoteSMIME       = "smime"         // S/MIME signature or encrypted content, kept as it is, not checked
	NotePGP         = "pgp"           // PGP signature or encrypted content, kept as it is, not checked
	NoteUuencoded   = "uuencoded"     // a body text with a file in uuencode in it, kept as text
	NoteTNEF        = "tnef"          // Outlook's winmail.dat, kept closed; it may hold attachments
	NoteOutlookItem = "outlook-item"  // an Outlook .msg file, kept closed
	NoteExternal    = "external-body" // the content is elsewhere; only the pointer is in the mail
)

// problems collects the problems of one mail.
type problems []Problem

// add adds a problem of a part, or of the mail as a whole (0); once per part and code, and never more than maxProblems.
func (ps *problems) add(part int, code, detail string) {
	n := len(*ps)
	if n == maxProblems {
		return
	}
	if p := (Problem{Code: code, Detail: detail, Part: part}); !slices.Contains(*ps, p) {
		*ps = append(*ps, p)
	}
}
