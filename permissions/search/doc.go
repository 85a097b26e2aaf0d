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
// Values are compared without case and accents; German umlauts are found as two letters too. A word matches the
// beginning of any word of a value and, from three letters on, the middle; several words must all match, in any order.
// E-mail addresses match from their beginning, domains after an "@", telephone numbers by their digits from either
// end, and record numbers from their beginning or that of their digits.
//
// # Speed
//
// A query is answered by one walk along the terms of its rarest word, the same for every subject, so that a cursor
// can go on anywhere. The walk reads the terms of a few owners at once, or along all terms leaving out foreign owners,
// and turns from the second to the first where it finds next to nothing. It is cut into blocks, within which what was
// asked for exactly comes first, then beginnings, then the rest, the latest modified first among equals. Of a fragment
// that more than 2,000 distinct words contain, only so many are looked at.
//
// # Cursors
//
// A cursor is encrypted with a key of this installation, because it may name places between records that the subject
// may not see. It holds for one subject and one query. A record changed while someone pages may be left out; none is
// shown twice.
package search
