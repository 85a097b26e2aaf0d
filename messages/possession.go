package messages

import (
	"bytes"
	"maps"
	"slices"
	"strings"
)

// provesPossession reports whether a copy has all that the archived message shows but its HTML, for which see
// [provesHTML], and nothing beside it: what tries many guesses at once proves nothing. Nothing proves to hold what an
// incomplete message lacks, and who joins one completes it: that takes somebody who sees it. Nor can be proven what our
// tables have cut.
func provesPossession(arriving, archived *letter) bool {
	if archived.complete == Partial || archived.has(ProblemHTMLCut) || archived.has(ProblemTextCut) {
		return false
	}
	return maps.Equal(filesOf(arriving.parts), filesOf(archived.parts)) &&
		plainSubject(arriving.subject) == plainSubject(archived.subject) &&
		sameAddresses(arriving, archived, roleFrom) && sameAddresses(arriving, archived, roleReplyTo) &&
		slices.Equal(recipients(arriving), recipients(archived)) && provesWords(arriving.copy, archived.copy)
}

// contents is what a part holds, or where its bytes did not come what it is called.
type contents struct {
	sum       [32]byte
	name, url string
}

// filesOf returns what the parts hold that are no body texts.
func filesOf(parts []part) map[contents]bool {
	files := make(map[contents]bool, len(parts))
	for _, p := range parts {
		switch {
		case p.isBody():
		case p.blob != "":
			files[contents{sum: p.SHA256}] = true
		default:
			files[contents{name: p.Name, url: p.URL}] = true
		}
	}
	return files
}

func sameAddresses(a, b *letter, in role) bool {
	return slices.Equal(addresses(a.in(in)), addresses(b.in(in)))
}

// provesWords wants the words of every text that the archived copy has. An empty one proves that another is empty.
func provesWords(arriving, archived copyInfo) bool {
	if !archived.hasWords() {
		return !arriving.hasWords()
	}
	return (archived.htmlHash == nil || bytes.Equal(arriving.htmlHash, archived.htmlHash)) &&
		(archived.textHash == nil || bytes.Equal(arriving.textHash, archived.textHash))
}

// provesHTML wants all of the archived HTML but its white space: the same words may stand over links that only the receiver of the
// mail knows.
func provesHTML(arriving, archived string) bool {
	return archived == "" || slices.Equal(strings.Fields(arriving), strings.Fields(archived))
}
