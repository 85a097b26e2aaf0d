package messages

import (
	"bytes"
	"crypto/sha256"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/mailconnector/mailconnector/messages/mail"
)

const (
	// clockSlack is by how much a date may differ between two copies: some servers round it.
	clockSlack = 2 * time.Second
	// deliverySlack is the same where a client names the time of delivery, having no header to read.
	deliverySlack = 24 * time.Hour
)

// normalID is what identifies a Message-ID: what is between its brackets. Case counts.
func normalID(id string) string {
	if _, rest, found := strings.Cut(id, "<"); found {
		id, _, _ = strings.Cut(rest, ">")
	}
	return strings.Join(strings.Fields(id), "")
}

// identityOf is the identity of mails with a Message-ID, and what references are compared by.
func identityOf(messageID string) [32]byte { return hashOf("message-id", normalID(messageID)) }

// identify names what two copies of one mail have in common: the Message-ID, or without one the fields and the words, or
// with hardly any the bytes. Words are compared without the space between them, HTML by what a reader sees of it: a server
// that renders a mail anew keeps them, and two reports about undelivered mails within a second differ in them.
func identify(l *letter) [32]byte {
	if normalID(l.messageID) != "" {
		return identityOf(l.messageID)
	}
	if l.date.IsZero() || len(addresses(l.in(roleFrom))) == 0 {
		return hashOf("raw", string(l.copy.sha256[:]))
	}
	words := l.copy.htmlHash
	if words == nil {
		words = l.copy.textHash
	}
	fields := []string{"fields", strconv.FormatInt(l.date.Unix(), 10), string(words)}
	return hashOf(append(append(fields, agreed(l)...), l.threading.attachedIDs()...)...)
}

// fingerprint sums up what copies of one mail agree on unless a server or a client changed something. It finds the right
// one first where many mails share a Message-ID; what decides are [sameFields] and [sameAttachments].
func fingerprint(l *letter) [32]byte { return hashOf(append([]string{"fingerprint"}, agreed(l)...)...) }

// agreed lists the fields of a mail that its copies have in common.
func agreed(l *letter) []string {
	from, to := addresses(l.in(roleFrom)), recipients(l)
	fields := []string{plainSubject(l.subject), strconv.Itoa(len(from)), strconv.Itoa(len(to))}
	return slices.Concat(fields, from, to, attachmentKeys(l))
}

// sameFields reports whether two letters of one identity may be copies of one mail, which their attachments decide. They
// are compared field by field; a field that is absent, or cut in a copy that is known to be incomplete, is no difference.
// Bodies are left out: servers rewrite them.
func sameFields(a, b *letter) bool {
	return sameDate(a, b) && sameSubject(a, b) && samePeople(a, b)
}

func sameDate(a, b *letter) bool {
	if a.date.IsZero() || b.date.IsZero() {
		return true
	}
	slack := clockSlack
	if a.copy.shape == shapeDraft || b.copy.shape == shapeDraft {
		slack = deliverySlack
	}
	return a.date.Sub(b.date).Abs() <= slack
}

func sameSubject(a, b *letter) bool {
	x, y := plainSubject(a.subject), plainSubject(b.subject)
	if x == "" || y == "" || x == y {
		return true
	}
	return (a.complete == Partial && strings.HasPrefix(y, x)) || (b.complete == Partial && strings.HasPrefix(x, y))
}

func plainSubject(s string) string { return clip(strings.Join(strings.Fields(s), " "), maxSubject) }

func samePeople(a, b *letter) bool {
	return sameSet(addresses(a.in(roleFrom)), addresses(b.in(roleFrom)), false) &&
		sameSet(recipients(a), recipients(b), a.complete == Partial || b.complete == Partial)
}

// sameSet compares two sorted sets. One of them may lack elements if it may be cut.
func sameSet(a, b []string, cut bool) bool {
	if len(a) == 0 || len(b) == 0 || slices.Equal(a, b) {
		return true
	}
	return cut && (contains(a, b) || contains(b, a))
}

func contains(all, some []string) bool {
	for _, s := range some {
		if _, found := slices.BinarySearch(all, s); !found {
			return false
		}
	}
	return true
}

func recipients(l *letter) []string {
	return addresses(append(l.in(roleTo), l.in(roleCc)...))
}

// addresses returns the SMTP addresses of a list, sorted, each once. Others, as the names by which Exchange calls its
// own, are left out: another copy may have them resolved.
func addresses(list []Participant) []string {
	var found []string
	for _, p := range list {
		if strings.Contains(p.Address, "@") {
			found = append(found, strings.ToLower(clip(oneLine(p.Address), maxName)))
		}
	}
	slices.Sort(found)
	return slices.Compact(found)
}

// sameAttachments wants every attachment of a copy among the parts of the other; which of them the HTML shows may
// differ. Of a copy that lacks bytes, only what it has must be there.
func sameAttachments(a, b *letter) bool {
	switch {
	case a.complete == Partial && b.complete == Partial:
		return holds(a, b) || holds(b, a)
	case a.complete == Partial:
		return holds(b, a)
	case b.complete == Partial:
		return holds(a, b)
	}
	return holds(a, b) && holds(b, a)
}

// holds reports whether a letter has every attachment of another.
func holds(l, other *letter) bool {
	have := make(map[[32]byte]bool, len(l.parts))
	for _, p := range l.parts {
		have[p.SHA256] = true
	}
	cut, otherCut := l.cutParts(), other.cutParts()
	for _, p := range other.attached() {
		if !have[p.SHA256] && !slices.ContainsFunc(l.parts, func(q part) bool {
			return p.isLike(q, otherCut[p.Number], cut[q.Number])
		}) {
			return false
		}
	}
	return true
}

// mayHold returns a test that a part of an archived mail must pass for [sameAttachments] to hold, whatever its other parts
// are: it is no attachment that a whole copy lacks.
func mayHold(arriving, archived *letter) func(part) bool {
	if arriving.complete == Partial {
		return func(part) bool { return true }
	}
	anyCut := arriving.anyCut() || archived.anyCut()
	hashes, names := make(map[[32]byte]bool, len(arriving.parts)), make(map[string]bool, len(arriving.parts))
	for _, p := range arriving.parts {
		hashes[p.SHA256], names[p.Name] = true, true
	}
	return func(p part) bool {
		alike := names[p.Name] && (anyCut || p.ContentType == attachedMail)
		return !p.isAttached() || hashes[p.SHA256] || alike
	}
}

// isLike reports whether two parts of different bytes may still be one: where one of them is cut off, or Exchange
// rendered an attached mail anew.
func (p part) isLike(q part, cut, otherCut bool) bool {
	if q.blob == "" || p.Name != q.Name {
		return false
	}
	if p.ContentType == attachedMail && q.ContentType == attachedMail {
		return true
	}
	return (cut && p.Size <= q.Size) || (otherCut && q.Size <= p.Size)
}

const attachedMail = "message/rfc822"

// attached returns the attachments that came with their bytes.
func (l *letter) attached() []part {
	return slices.DeleteFunc(slices.Clone(l.parts), func(p part) bool { return !p.isAttached() })
}

func (p part) isAttached() bool { return p.Role == mail.RoleAttachment && p.blob != "" }

// attachmentKeys names the attachments by their hashes, attached mails by their subjects, sorted.
func attachmentKeys(l *letter) []string {
	var keys []string
	for _, p := range l.attached() {
		if p.ContentType == attachedMail {
			keys = append(keys, p.Name)
			continue
		}
		keys = append(keys, string(p.SHA256[:]))
	}
	slices.Sort(keys)
	return keys
}

// cutParts returns the numbers of the parts that may lack their end: those whose encoding stops in mid-character, and
// the last one of a mail whose own end is missing.
func (l *letter) cutParts() map[int]bool {
	cut := make(map[int]bool)
	for _, p := range l.problems {
		switch {
		case p.Code == mail.ProblemEncodingCut:
			cut[p.Part] = true
		case p.Code == mail.ProblemUnclosed && len(l.parts) > 0:
			cut[l.parts[len(l.parts)-1].Number] = true
		}
	}
	return cut
}

// anyCut reports whether some part may lack its end.
func (l *letter) anyCut() bool { return l.has(mail.ProblemEncodingCut) || l.has(mail.ProblemUnclosed) }

// sameBody reports whether two copies show the same words. Copies with nothing to compare do.
func sameBody(a, b copyInfo) bool {
	if a.htmlHash != nil && b.htmlHash != nil {
		return bytes.Equal(a.htmlHash, b.htmlHash)
	}
	return a.textHash == nil || b.textHash == nil || bytes.Equal(a.textHash, b.textHash)
}

// seenHash hashes the words of a text, nil for none.
func seenHash(text string) []byte {
	words := strings.Join(strings.Fields(text), " ")
	if words == "" {
		return nil
	}
	sum := sha256.Sum256([]byte(words))
	return sum[:]
}

// hasWords reports whether a copy says anything.
func (c copyInfo) hasWords() bool { return c.htmlHash != nil || c.textHash != nil }

// moreComplete reports whether a copy has what the archived one lacks, and lacks nothing that it has.
func moreComplete(arriving, archived *letter) bool {
	if archived.complete != Partial {
		return false
	}
	if arriving.complete == Full || arriving.stored() > archived.stored() {
		return true
	}
	return arriving.stored() == archived.stored() && arriving.copy.hasWords() && !archived.copy.hasWords()
}
