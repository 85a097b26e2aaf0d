package mail

import (
	"slices"
	"strings"
)

// maxReferences bounds the message ids kept of one field: threads grow, and so do forgeries.
const maxReferences = 100

// messageID returns the id of a Message-ID field with its brackets; without brackets, the field as it is.
func messageID(field string) string {
	field = plainIDs(field)
	if ids := messageIDs(field); len(ids) > 0 {
		return ids[0]
	}
	return cleanLine(field)
}

// plainIDs decodes ids that were sent as encoded words, which RFC 2047 forbids and some servers do with long ones.
func plainIDs(field string) string {
	if strings.HasPrefix(field, "=?") {
		return decodeWords(field)
	}
	return field
}

// messageIDs returns the bracketed ids of a field, without the white space that folding left in them; of too many the first, which
// is the root of the thread, and the nearest.
func messageIDs(field string) []string {
	var ids []string
	field = plainIDs(field)
	for {
		_, rest, ok := strings.Cut(field, "<")
		if !ok {
			break
		}
		id, after, ok := strings.Cut(rest, ">")
		if !ok {
			break
		}
		field = after
		if id = strings.ReplaceAll(cleanLine(id), " ", ""); id != "" {
			ids = append(ids, "<"+id+">")
		}
	}
	if n := len(ids); n > maxReferences {
		ids = slices.Delete(ids, 1, n-maxReferences+1)
	}
	return ids
}
