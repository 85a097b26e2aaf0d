package messages

import (
	"fmt"
	"net/url"

	"github.com/mailconnector/mailconnector/documents"
	"github.com/mailconnector/mailconnector/messages/mail"
)

// addAttachments returns the attachments of a draft as parts, numbered after those the letter has. What the bytes of
// the whole mail hold already is left out.
func (in received) addAttachments(l *letter, list []DraftAttachment) []part {
	number := 0
	names, hashes := make(map[string]bool), make(map[[32]byte]bool)
	for _, p := range l.parts {
		number, names[p.Name], hashes[p.SHA256] = max(number, p.Number), true, true
	}
	var parts []part
	shown := imagesShown(l.html)
	for _, a := range list {
		blob, arrived := in.blobs[a.ID]
		if (arrived && hashes[blob.SHA256]) || (!arrived && names[a.Name]) {
			continue
		}
		number++
		p := l.draftPart(number, a, blob, arrived)
		if a.Inline && shown.has(a.ContentID, a.Name) {
			p.Role = mail.RoleInline
		}
		parts = append(parts, p)
	}
	return parts
}

// draftPart is one attachment, with what went wrong noted.
func (l *letter) draftPart(number int, a DraftAttachment, blob documents.Blob, arrived bool) part {
	p := part{
		Part: Part{
			Number: number, Role: mail.RoleAttachment, Name: a.Name, ContentType: a.ContentType, ContentID: a.ContentID,
			URL: webAddress(a.URL), Size: a.Size,
		},
		state: a.State, detail: a.Detail,
	}
	if !arrived {
		if a.State == StateOK {
			p.state, p.detail = StateFailed, DetailNoBytes
		}
		l.problems = append(l.problems, Problem{Code: ProblemAttachmentMissing, Part: number,
			Detail: fmt.Sprintf("The attachment %q came without its bytes.", clip(oneLine(a.Name), maxHint))})
		return p
	}
	if a.Size > 0 && a.Size != blob.Size {
		l.problems = append(l.problems, Problem{Code: ProblemSizeDiffers, Part: number,
			Detail: fmt.Sprintf("The client announced %d bytes; %d came.", a.Size, blob.Size)})
	}
	p.state, p.blob, p.length, p.Size, p.SHA256 = StateOK, blob.Key, blob.Size, blob.Size, blob.SHA256
	return p
}

// webAddress keeps what may be offered as a link.
func webAddress(address string) string {
	u, err := url.Parse(address)
	if err != nil || (u.Scheme != "https" && u.Scheme != "http") {
		return ""
	}
	return u.String()
}

// attachmentMissing reports whether an attachment is known by name only.
func (l *letter) attachmentMissing() bool {
	for _, p := range l.parts {
		if p.blob == "" {
			return true
		}
	}
	return false
}
