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
// end, however the country is dialled, and record numbers from their beginning or that of their digits, with a space
// before the digits or without.
//
// # Order
//
// What was asked for exactly comes first, then labels that begin so, then whole words, beginnings of words and at last
// their middles; the latest modified first among equals. That holds within a block of 48 records, of 12 for several
// words. The blocks come by the terms that match, in their alphabetical order, and within one term by the time of the
// last change. So of the records with one and the same word the latest are always first. A fragment of a word that
// many different words begin with shows those of the first words first. For subjects who see the records of few owners
// a block is large enough to hold all that most queries find.
//
// # Building
//
// The first pass reads every record of the host, in batches, and remembers after each how far it came: it may end
// anywhere, and another instance goes on. It writes in the order of documents only, and sorts when all is read. Where
// the database user may not create indexes, and on a Galera cluster, where that would hold all writers up, it keeps
// the index sorted while it writes, which takes several times as long where there are millions of records. Until the
// index is built it is not searched; a host that offers [Exact] answers addresses and record numbers.
//
// # Speed
//
// A query is answered by one walk along the terms of its rarest word, the same for every subject, so that a cursor can
// go on anywhere. The walk goes along the terms of one entity type where only one is asked for, and along all terms
// otherwise, leaving out foreign owners. For subjects who see the records of few owners and types, and where it finds
// next to nothing, it reads only what is in scope instead: the terms of owners at once, and those of types without a
// limit to their owners side by side. With each term it reads which pairs of letters the document's words have, and
// passes over documents that lack a pair of the other words. The walk is cut into blocks.
//
// A request lasts for a bounded time whatever is asked: it looks at no more than 1,024 of the words with a fragment in
// their middle, and of several words it takes about 250 terms in the subject's scope. A document that is looked into
// for the other words counts as three, and a word with a fragment in its middle as a half, more where it is looked for
// owner by owner. Where a scope has records that the subject may not view, it checks about a thousand of these, and of
// several words takes about 4,000. Where that is not enough, its page is shorter than asked for, or empty, and the
// next page goes on. Where little of that is the subject's, a search ends after looking for words in 16,384 places.
//
// # Cursors
//
// A cursor is encrypted with a key of this installation, because it may name places between records that the subject
// may not see. It holds for one subject and one query. A record changed while someone pages may be left out; none is
// shown twice but one that was renamed, by its new name.
package search
