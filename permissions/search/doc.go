// Package search finds the records a mail belongs to: by typing, and by suggestion.
//
// The index proposes, the CRM disposes. Candidates come from index tables of this module, filled from a host's
// [Source]; every candidate then passes the host's permission check in the request that shows it, and its label comes
// from the host at that moment, made of fields the user may see. An index entry carries the field it came from, so
// that nobody finds a record by a value they may not read.
package search
