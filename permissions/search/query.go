package search

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/mailconnector/mailconnector/permissions"
)

// The bounds of a query.
const (
	DefaultLimit = 10
	MaxLimit     = 50
	MaxText      = 500 // bytes
	maxWords     = 8
)

// Query asks for records by what a person typed.
type Query struct {
	Text   string // words in any order, an e-mail address, a telephone or record number; empty asks for the last ten linked
	Type   string // one entity type; empty means all the subject sees
	Limit  int    // records wanted, from 1 to MaxLimit; 0 means DefaultLimit
	Cursor string // Results.Next of the page before
	Lang   string // BCP 47, for labels
}

// termRange is a range of terms of one kind: every term that begins with prefix.
type termRange struct {
	kind   termKind
	prefix []byte
}

// queryWord is one word of a query: a document matches it by a term of any of its ranges.
type queryWord []termRange

// parsed is a query that was found right.
type parsed struct {
	words []queryWord
	text  string // folded, for ranking
	limit int
	after position
	key   [8]byte // of subject and query, to tell a foreign cursor
}

func parse(s permissions.Subject, q Query) (parsed, error) {
	p := parsed{limit: q.Limit, text: fold(strings.TrimSpace(q.Text))}
	switch {
	case len(q.Text) > MaxText:
		return p, &QueryError{"q", fmt.Sprintf("is longer than %d bytes: leave out some words", MaxText)}
	case !utf8.ValidString(q.Text):
		return p, &QueryError{"q", "is not valid UTF-8: encode it as UTF-8"}
	case q.Limit < 0 || q.Limit > MaxLimit:
		return p, &QueryError{"limit", fmt.Sprintf("must be from 1 to %d", MaxLimit)}
	case q.Limit == 0:
		p.limit = DefaultLimit
	}
	sum := sha256.Sum256([]byte(s.UserID + "\x00" + q.Text + "\x00" + q.Type))
	copy(p.key[:], sum[:])
	p.words = queryWords(q.Text)
	if q.Cursor == "" {
		return p, nil
	}
	var err error
	p.after, err = p.open(q.Cursor)
	return p, err
}

// queryWords takes a query apart. What looks like one telephone number as a whole is one word.
func queryWords(text string) []queryWord {
	if number := digits(text); len(number) >= minPhone && strings.Trim(text, "+0123456789 ()-/.\t") == "" {
		return []queryWord{numericWord(number)}
	}
	var list []queryWord
	for _, piece := range strings.Fields(text) {
		if strings.Contains(piece, "@") {
			list = append(list, queryWord{{emailTerm, []byte(address(piece))}})
			continue
		}
		if folded := cut(fold(piece)); strings.ContainsAny(folded, "0123456789") {
			if w := words(piece); len(w) == 1 {
				list = append(list, queryWord{{wordTerm, []byte(w[0])}, {numberTerm, []byte(folded)}})
				continue
			}
		}
		for _, w := range words(piece) {
			list = append(list, queryWord{{wordTerm, []byte(w)}})
		}
	}
	return list[:min(len(list), maxWords)]
}

func numericWord(number string) queryWord {
	return queryWord{
		{phoneTerm, []byte(number)},
		{phoneEndTerm, []byte(reversed(number))},
		{wordTerm, []byte(number)},
		{numberTerm, []byte(number)},
	}
}

// position is the place of a hit in the order of results. It stays what it is while other records come and go, so
// that paging repeats nothing.
type position struct {
	Score    int   `json:"s"`
	Modified int64 `json:"m"`
	Doc      int64 `json:"d"`
}

// before reports whether p comes earlier in the results than other: a better score, then later modified, then newer.
func (p position) before(other position) bool {
	if p.Score != other.Score {
		return p.Score > other.Score
	}
	if p.Modified != other.Modified {
		return p.Modified > other.Modified
	}
	return p.Doc > other.Doc
}

type cursor struct {
	Key [8]byte `json:"k"`
	At  position
}

func (p parsed) seal(at position) string {
	encoded, err := json.Marshal(cursor{p.key, at})
	if err != nil {
		panic(err) // numbers always encode
	}
	return base64.RawURLEncoding.EncodeToString(encoded)
}

func (p parsed) open(text string) (position, error) {
	var c cursor
	decoded, err := base64.RawURLEncoding.DecodeString(text)
	if err == nil {
		err = json.Unmarshal(decoded, &c)
	}
	if err != nil || c.Key != p.key || c.At == (position{}) {
		return position{}, &QueryError{"cursor", "belongs to another query: start again without a cursor"}
	}
	return c.At, nil
}
