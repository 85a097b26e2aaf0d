package search

import (
	"bytes"
	"context"
	"database/sql"
	"slices"
	"strings"

	"github.com/mailconnector/mailconnector/internal/database"
)

// writtenTerm is a term as it is written: with the entity type and the pairs of its document.
type writtenTerm struct {
	termRow
	entityType int32
	pairs      pairs
}

// termRow is a term as a reading finds it.
type termRow struct {
	Owner int32
	Kind  termKind
	Term  []byte
	Doc   int64
	Field int32
	Stage int    // of the walk that found it
	Key   []byte // by which the stage is ordered
}

func (t termRow) place() place { return place{t.Stage, t.Key, t.Doc, t.Field} }

// filter narrows a reading in the database: to some fields, where they are few, and to documents with all pairs of
// other words, most of which match them.
type filter struct {
	fields []int32
	pairs  pairs
}

// fewFields is the number of fields up to which the database leaves out the others.
const fewFields = 16

// condition returns the filter as SQL on terms t.
func (f filter) condition() (text string, args []any) {
	if n := len(f.fields); n > 0 && n <= fewFields {
		args = fill(f.fields)
		text = " AND t.field IN " + in(args)
	}
	if f.pairs != 0 {
		text += " AND t.pairs & ? = ?"
		args = append(args, int64(f.pairs), int64(f.pairs))
	}
	return text, args
}

// bounds returns the range from a term on as SQL on terms t.
func (r termRange) bounds(from []byte) (string, []any) {
	return " AND t.kind = ? AND t.term >= ? AND t.term < ?", []any{r.kind, from, after(r.text)}
}

const termColumns = "SELECT t.kind, t.term, t.doc, t.field, t.owner FROM mc_search_terms t"

// along reads terms in an order. MariaDB and MySQL would now and then take another one and sort.
func (s store) along(o order) string {
	if s.db.Dialect() == database.SQLite {
		return termColumns + " INDEXED BY " + string(o)
	}
	return termColumns + " FORCE INDEX (" + string(o) + ")"
}

// lead is the beginning of an order: an owner, an entity type, or nothing.
type lead struct {
	order order
	id    int32
}

// part is what is read of the terms in one order.
type part struct {
	lead   lead
	filter filter
}

// from returns the beginning of a statement that reads behind a lead, up to its next condition.
func (s store) from(l lead) (text string, args []any) {
	switch text = s.along(l.order) + " WHERE "; l.order {
	case byOwner:
		return text + "t.owner = ? AND ", []any{l.id}
	case byType:
		return text + "t.type = ? AND ", []any{l.id}
	default:
		return text, nil
	}
}

// rest reads on in a term, behind a document and field.
func (s store) rest(ctx context.Context, part part, kind termKind, term []byte, behind place, limit int) ([]termRow, error) {
	from, id := s.from(part.lead)
	condition, args := part.filter.condition()
	return s.terms(ctx, "walk terms", from+"t.kind = ? AND t.term = ? AND t.doc >= ? AND (t.doc > ? OR t.field > ?)"+condition+
		" ORDER BY t.doc, t.field LIMIT ?", join(id, []any{kind, term, behind.Doc, behind.Doc, behind.Field}, args, []any{limit})...)
}

// behind reads the terms of a range that come behind a place.
func (s store) behind(ctx context.Context, part part, r termRange, at place, limit int) ([]termRow, error) {
	text, args := s.readBehind(part, r, at, limit)
	return s.terms(ctx, "walk terms", text, args...)
}

func (s store) readBehind(part part, r termRange, at place, limit int) (string, []any) {
	from, id := s.from(part.lead)
	condition, args := part.filter.condition()
	return from + "(t.kind = ? AND t.term = ? AND t.doc >= ? AND (t.doc > ? OR t.field > ?)" +
			" OR t.kind = ? AND t.term > ? AND t.term < ?)" + condition + " ORDER BY t.term, t.doc, t.field LIMIT ?",
		join(id, []any{r.kind, at.Key, at.Doc, at.Doc, at.Field, r.kind, at.Key, after(r.text)}, args, []any{limit})
}

// behindEach reads the terms of a range in the streams of owners, each behind its place and in order, so many of each.
// There is at least one.
func (s store) behindEach(ctx context.Context, streams []stream, r termRange, limit int) ([]termRow, error) {
	var all []any
	one, n := "", 0
	for ; n < len(streams) || !slices.Contains(unionSizes[:], n); n++ {
		part, at := part{lead: lead{order: byOwner}, filter: streams[0].filter}, streams[0].at // of nobody
		if n < len(streams) {
			part, at = streams[n].part, streams[n].at
		}
		text, args := s.readBehind(part, r, at, limit)
		one, all = text, append(all, args...)
	}
	return s.terms(ctx, "walk terms of owners", s.union(one, n), all...)
}

// union returns a statement so many times, as one.
func (s store) union(one string, n int) string {
	one = "(" + one + ")"
	if s.db.Dialect() == database.SQLite {
		one = "SELECT * FROM " + one
	}
	return one + strings.Repeat(" UNION ALL "+one, n-1)
}

// ofTokens reads the given words.
func (s store) ofTokens(ctx context.Context, part part, tokens []token, limit int) ([]termRow, error) {
	from, id := s.from(part.lead)
	condition, args := part.filter.condition()
	list := fill(termsOfTokens(tokens))
	order := " ORDER BY t.term, t.doc, t.field LIMIT ?"
	if len(list) == 1 { // MariaDB would sort by a constant, and read all documents with the word for that
		order = " ORDER BY t.doc, t.field LIMIT ?"
	}
	return s.terms(ctx, "walk words", from+"t.kind = ? AND t.term IN "+in(list)+condition+order,
		join(id, []any{wordTerm}, list, args, []any{limit})...)
}

// ofOwners reads the terms of a range, from one of them on, that belong to documents of the owners: in the order of
// owners, or in that of all terms. It gives up behind limit terms.
func (s store) ofOwners(ctx context.Context, o order, f filter, r termRange, from []byte, owners []int32, limit int) ([]termRow, error) {
	bounds, args := r.bounds(from)
	return s.eachOwners(ctx, o, f, bounds, args, owners, limit)
}

// tokensOfOwners reads the given words of documents of the owners.
func (s store) tokensOfOwners(ctx context.Context, f filter, tokens []token, owners []int32, limit int) ([]termRow, error) {
	list := fill(termsOfTokens(tokens))
	return s.eachOwners(ctx, byOwner, f, " AND t.kind = ? AND t.term IN "+in(list), join([]any{wordTerm}, list), owners, limit)
}

// tokensOfTypes reads the given words of documents of the types. It gives up behind limit terms.
func (s store) tokensOfTypes(ctx context.Context, f filter, tokens []token, types []int32, limit int) ([]termRow, error) {
	if len(types) == 0 {
		return nil, nil
	}
	condition, args := f.condition()
	of, list := fill(types), fill(termsOfTokens(tokens))
	return s.terms(ctx, "read terms of types", s.along(byType)+" WHERE t.type IN "+in(of)+" AND t.kind = ? AND t.term IN "+in(list)+condition+" LIMIT ?",
		join(of, []any{wordTerm}, list, args, []any{limit})...)
}

func (s store) eachOwners(ctx context.Context, o order, f filter, bounds string, args []any, owners []int32, limit int) ([]termRow, error) {
	condition, more := f.condition()
	var rows []termRow
	for len(owners) > 0 && len(rows) < limit {
		n := min(len(owners), longestList)
		list := fill(owners[:n])
		part, err := s.terms(ctx, "read terms of owners", s.along(o)+" WHERE t.owner IN "+in(list)+bounds+condition+" LIMIT ?",
			join(list, args, more, []any{limit - len(rows)})...)
		if err != nil {
			return nil, err
		}
		rows, owners = append(rows, part...), owners[n:]
	}
	return rows, nil
}

// ofHoldings reads the words that have a fragment behind their beginning, of all documents in the holdings that have
// the pairs.
func (s store) ofHoldings(ctx context.Context, f filter, fragment []byte, holdings []holding) ([]termRow, error) {
	condition, args := f.condition()
	some, list := inHoldings(holdings)
	from := "mc_search_docs d FORCE INDEX (mc_search_docs_owner) STRAIGHT_JOIN mc_search_terms t FORCE INDEX (PRIMARY)"
	if s.db.Dialect() == database.SQLite {
		from = "mc_search_docs d CROSS JOIN mc_search_terms t"
	}
	return s.terms(ctx, "read words of documents", "SELECT t.kind, t.term, t.doc, t.field, t.owner FROM "+from+" ON t.doc = d.id WHERE "+some+
		" AND d.pairs & ? = ? AND t.kind = ? AND INSTR(t.term, ?) > 1"+condition,
		join(list, []any{int64(f.pairs), int64(f.pairs), wordTerm, fragment}, args)...)
}

// inHoldings returns the holdings as SQL on documents d.
func inHoldings(list []holding) (string, []any) {
	var args []any
	for _, h := range fill(list) {
		args = append(args, h.(holding).entityType, h.(holding).owner)
	}
	return "(d.type = ? AND d.owner = ?" + strings.Repeat(" OR d.type = ? AND d.owner = ?", len(args)/2-1) + ")", args
}

// ofDocs reads those terms of documents that contain a text of one of the words, and are of a kind with it.
func (s store) ofDocs(ctx context.Context, docs []int64, words []queryWord) ([]termRow, error) {
	ids, kinds, texts := fill(docs), fill(kindsOf(words)), fill(textsOf(words))
	from := termColumns + " FORCE INDEX (PRIMARY)"
	if s.db.Dialect() == database.SQLite {
		from = termColumns
	}
	return s.terms(ctx, "read terms of documents", from+" WHERE t.doc IN "+in(ids)+" AND t.kind IN "+in(kinds)+
		" AND (INSTR(t.term, ?) > 0"+strings.Repeat(" OR INSTR(t.term, ?) > 0", len(texts)-1)+")", join(ids, kinds, texts)...)
}

func (s store) terms(ctx context.Context, doing, text string, args ...any) ([]termRow, error) {
	var list []termRow
	var t termRow
	into := []any{&t.Kind, &t.Term, &t.Doc, &t.Field, &t.Owner}
	err := s.statements.read(ctx, doing, func(rows *sql.Rows) error {
		err := rows.Scan(into...)
		list = append(list, t)
		return err
	}, text, args...)
	return list, err
}

func join(parts ...[]any) []any {
	var all []any
	for _, part := range parts {
		all = append(all, part...)
	}
	return all
}

// matches reports whether a term is in the range.
func (r termRange) matches(kind termKind, term []byte) bool {
	if kind != r.kind {
		return false
	}
	if r.how == within {
		return len(r.keyOf(term)) > 0
	}
	return bytes.HasPrefix(term, r.text)
}
