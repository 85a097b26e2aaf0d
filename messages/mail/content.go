package mail

import "strings"

// content is what the header of a leaf or a multipart says of it.
type content struct {
	part     Part // without number, path, place and hash
	boundary string
}

// maxPartName bounds the name of a part, in bytes; file systems take 255 characters.
const maxPartName = 1000

// describe reads the content fields of a header. A header that says no type, or none that is one, means otherwise.
func describe(h header, otherwise string) content {
	typ, params := mediaType(h.get("content-type"))
	if major, minor, ok := strings.Cut(typ, "/"); !ok || major == "" || minor == "" {
		typ = otherwise
	}
	disposition, dispositionParams := mediaType(h.get("content-disposition"))
	c := content{part: Part{
		ContentType: typ,
		Charset:     strings.TrimPrefix(label(params["charset"]), "charset="),
		Disposition: disposition,
		ContentID:   strings.Trim(cleanLine(h.get("content-id")), "<> "),
		Name:        dispositionParams["filename"],
		Encoding:    transferEncoding(h.get("content-transfer-encoding")),
	}}
	if c.part.Name == "" {
		c.part.Name = params["name"]
	}
	if len(c.part.Name) > maxPartName {
		c.part.Name = strings.Clone(cut(c.part.Name, maxPartName)) // the rest is let go
	}
	if isMultipart(typ) {
		c.boundary = strings.TrimRight(params["boundary"], " \t") // RFC 2046 section 5.1.1: it does not end in white space
	}
	c.part.Role = role(c.part)
	return c
}

func isMultipart(typ string) bool { return strings.HasPrefix(typ, "multipart/") }

// isMail tells whether a part is a mail of its own (RFC 2046 section 5.2.1, RFC 6532 section 3.7).
func isMail(typ string) bool { return typ == "message/rfc822" || typ == "message/global" }

// role tells the texts of the mail itself from what is attached to it, as far as the header of the part can tell: a text under a
// name is a file.
func role(p Part) Role {
	switch {
	case p.Disposition == "attachment" || p.Name != "":
		return RoleAttachment
	case p.ContentType == "text/plain":
		return RoleText
	case p.ContentType == "text/html":
		return RoleHTML
	}
	return RoleAttachment
}

// note says what a reader should know of a part by its type or name; "" is nothing.
func note(p Part) (code, detail string) {
	name := strings.ToLower(p.Name)
	switch p.ContentType {
	case "text/calendar", "application/ics":
		return NoteCalendar, "An invitation or another calendar object."
	case "application/pkcs7-mime", "application/x-pkcs7-mime", "application/pkcs7-signature", "application/x-pkcs7-signature":
		return NoteSMIME, "S/MIME signed or encrypted content, kept as it is and not checked."
	case "application/pgp-encrypted", "application/pgp-signature":
		return NotePGP, "PGP signed or encrypted content, kept as it is and not checked."
	case "application/ms-tnef", "application/vnd.ms-tnef":
		return NoteTNEF, "Outlook's winmail.dat, kept closed; it may hold attachments."
	case "application/vnd.ms-outlook":
		return NoteOutlookItem, "An Outlook item, kept closed."
	case "message/external-body":
		return NoteExternal, "The content is elsewhere; the mail has only the pointer to it."
	}
	switch {
	case name == "winmail.dat":
		return NoteTNEF, "Outlook's winmail.dat, kept closed; it may hold attachments."
	case strings.HasSuffix(name, ".msg") && !isMail(p.ContentType):
		return NoteOutlookItem, "An Outlook item, kept closed."
	case strings.HasSuffix(name, ".p7m"), strings.HasSuffix(name, ".p7s"):
		return NoteSMIME, "S/MIME signed or encrypted content, kept as it is and not checked."
	case strings.HasSuffix(name, ".ics"):
		return NoteCalendar, "An invitation or another calendar object."
	}
	return "", ""
}
