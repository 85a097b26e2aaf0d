package vtenext

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"html"
	"strconv"
	"strings"
	"unicode/utf8"
)

// layout tells what fits the text columns that are written, by table and column.
type layout map[[2]string]textColumn

type textColumn struct {
	length int  // characters, or bytes of a column without a width
	bytes  bool // length is in bytes
	wide   bool // takes characters beyond the Basic Multilingual Plane
}

// ErrTimeZone says that the connections of this process have another time zone than the server's own, in which the CRM
// reads and writes times.
var ErrTimeZone = errors.New("the connection's time_zone is not the server's: remove it from the DSN")

// readLayout reads the layout of the tables that filing writes.
func (c *CRM) readLayout(ctx context.Context) (layout, error) {
	same, err := collect(ctx, c.db, scanOne[bool], "SELECT @@session.time_zone = @@global.time_zone")
	if err != nil {
		return nil, fmt.Errorf("read the time zone: %w", err)
	}
	if len(same) == 0 || !same[0] {
		return nil, ErrTimeZone
	}
	names := []string{"messages", "messages_mref", "messages_attach", "entity_displayname", "attachments", "notes", "changelog"}
	for i, name := range names {
		names[i] = c.table(name)
	}
	list, args := in(names)
	read := make(layout)
	_, err = collect(ctx, c.db, func(rows *sql.Rows) (struct{}, error) {
		var name, column, kind, charset string
		var characters, octets int64
		err := rows.Scan(&name, &column, &kind, &characters, &octets, &charset)
		text := textColumn{length: int(characters), wide: charset == "utf8mb4"}
		if !strings.HasSuffix(kind, "char") {
			text.length, text.bytes = int(octets), true
		}
		read[[2]string{strings.TrimPrefix(name, c.prefix), column}] = text
		return struct{}{}, err
	}, `SELECT table_name, LOWER(column_name), data_type, character_maximum_length, character_octet_length, character_set_name
		FROM information_schema.columns WHERE character_set_name IS NOT NULL AND table_schema = DATABASE() AND table_name IN `+list,
		args...)
	if err != nil {
		return nil, fmt.Errorf("read the widths of columns: %w", err)
	}
	return read, nil
}

// of returns how a column takes text; a column that is not there takes none.
func (l layout) of(table, column string) textColumn { return l[[2]string{table, column}] }

// fit makes plain text fit a column: characters the column cannot hold are left out, as the CRM does, and what is too
// long is cut between two characters. A server in strict mode would refuse the row, any other would cut anywhere.
func (l layout) fit(table, column, text string) string {
	width := l.of(table, column)
	text = width.holdable(text)
	return text[:width.fitting(text)]
}

// fitList joins texts with commas, as many as fit a column whole. The first is cut if need be.
func (l layout) fitList(table, column string, texts []string) string {
	width := l.of(table, column)
	var list string
	for i, text := range texts {
		text = width.holdable(text)
		if i == 0 {
			list = text[:width.fitting(text)]
			continue
		}
		longer := list + ", " + text
		if width.fitting(longer) < len(longer) {
			break
		}
		list = longer
	}
	return list
}

// holdable leaves out the characters that the column cannot hold.
func (t textColumn) holdable(text string) string {
	return strings.Map(func(r rune) rune {
		if r > 0xFFFF && !t.wide {
			return -1
		}
		return r
	}, clean(text))
}

// fitting returns how many bytes of a text fit, whole characters only.
func (t textColumn) fitting(text string) int {
	left := t.length
	for i, r := range text {
		if left -= t.cost(string(r)); left < 0 {
			return i
		}
	}
	return len(text)
}

// cost is how much of a column's length a text takes.
func (t textColumn) cost(text string) int {
	if t.bytes {
		return len(text)
	}
	return utf8.RuneCountInString(text)
}

// fitMarkup makes plain text fit a column that the CRM prints as if it were HTML: what would be markup is written as
// character references, which the CRM undoes before it compares, and so are characters the column cannot hold. Nothing
// is cut inside a reference.
func (l layout) fitMarkup(table, column, text string) string {
	width := l.of(table, column)
	text = clean(text)
	var b strings.Builder
	left := width.length
	for i, r := range text {
		token := string(r)
		switch {
		case r == '<':
			token = "&lt;"
		case r == '>':
			token = "&gt;"
		case r == '&' && beginsReference(text[i:]):
			token = "&amp;"
		case r > 0xFFFF && !width.wide:
			token = reference(r)
		}
		if left -= width.cost(token); left < 0 {
			break
		}
		b.WriteString(token)
	}
	return b.String()
}

// fitHTML writes the characters that a column cannot hold as character references.
func (l layout) fitHTML(table, column, markup string) string {
	markup = clean(markup)
	if l.of(table, column).wide {
		return markup
	}
	var b strings.Builder
	for _, r := range markup {
		if r > 0xFFFF {
			b.WriteString(reference(r))
		} else {
			b.WriteRune(r)
		}
	}
	return b.String()
}

func reference(r rune) string { return "&#" + strconv.Itoa(int(r)) + ";" }

// longestReference is more than the longest name of a character has bytes.
const longestReference = 40

// beginsReference reports whether a browser would read the ampersand that s begins with, and what follows, as a
// character.
func beginsReference(s string) bool {
	s = s[:min(len(s), longestReference)]
	if next := strings.IndexByte(s[1:], '&'); next >= 0 {
		s = s[:next+1]
	}
	return html.UnescapeString(s) != s
}

// clean makes a string one that every database takes.
func clean(s string) string {
	return strings.ReplaceAll(strings.ToValidUTF8(s, "\uFFFD"), "\x00", "")
}

// plain makes a name or address safe where it is printed as HTML, in columns whose references nobody undoes.
func plain(s string) string {
	return strings.NewReplacer("<", "‹", ">", "›", "\r", " ", "\n", " ").Replace(s)
}
