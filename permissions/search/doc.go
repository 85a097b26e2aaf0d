// Package search finds the records a mail belongs to: by typing, and by suggestion.
//
// The index proposes, the CRM disposes. Candidates come from index tables of this module, filled from a host's
// [Source]; every candidate then passes the host's permission check in the request that shows it, and its label comes
// from the host at that moment, made of fields the user may see. An index entry carries the field it came from, so
// that nobody finds a record by a value they may not read.
//
// # Freshness
//
// A search first asks the host for changes if the last time is over a second ago, so that the contact saved a moment
// ago is found. Each minute a digest per owner finds what changed without a modified time: a CRM that hands all
// records of one user to another leaves it alone. Only one instance refreshes at a time.
//
// # Matching
//
// Values are compared without case and accents. A word matches the beginning of any word of a value; several words
// must all match, in any order. E-mail addresses match from their beginning, telephone numbers by their digits from
// either end, and record numbers from their beginning.
package search
