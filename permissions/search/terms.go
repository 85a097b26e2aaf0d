package search

import (
	"cmp"
	"crypto/sha256"
	"encoding/json"
	"slices"

	"github.com/mailconnector/mailconnector/permissions"
)

// termKind tells how a term is matched. The numbers are stored: never change one.
type termKind int16

const (
	wordTerm     termKind = 1
	emailTerm    termKind = 2
	domainTerm   termKind = 3
	phoneTerm    termKind = 4 // the digits
	phoneEndTerm termKind = 5 // the digits backwards, so that a number without its country code is a prefix too
	numberTerm   termKind = 6
	siteTerm     termKind = 7 // the domain of a web site, by which companies are told from the people who work there
)

// rules numbers the rules by which documents are taken apart into terms and pairs. Whoever changes them counts up: an
// index made by other rules is built anew.
const rules = 1

// maxTerms bounds what one record may put into the index, so that a novel in a text field stays harmless: of its words
// some are left out, of addresses and numbers none.
const maxTerms = 500

// term is one way to find a document.
type term struct {
	kind  termKind
	text  string
	field string
}

// termsOf takes a document apart into the terms it is found by, sorted and without repetitions.
func termsOf(d Doc) []term {
	var terms []term
	for _, e := range d.Entries {
		terms = append(terms, entryTerms(e)...)
	}
	slices.SortFunc(terms, func(a, b term) int {
		return cmp.Or(cmp.Compare(a.kind, b.kind), cmp.Compare(a.text, b.text), cmp.Compare(a.field, b.field))
	})
	terms = slices.Compact(terms)
	if extra := len(terms) - maxTerms; extra > 0 { // words come first, and go first
		words, _ := slices.BinarySearchFunc(terms, wordTerm+1, func(t term, k termKind) int { return cmp.Compare(t.kind, k) })
		terms = slices.Delete(terms, max(0, words-extra), words)
	}
	return terms[:min(len(terms), maxTerms)]
}

func entryTerms(e Entry) []term {
	var terms []term
	add := func(kind termKind, text string) {
		if text != "" {
			terms = append(terms, term{kind, text, e.Field})
		}
	}
	switch e.Kind {
	case permissions.KindEmail:
		add(emailTerm, address(e.Value))
		add(domainTerm, domainOf(e.Value))
	case permissions.KindDomain:
		add(domainTerm, domainOf(e.Value))
		add(siteTerm, domainOf(e.Value))
	case permissions.KindPhone:
		for i, number := range phoneForms(e.Value) {
			if add(phoneTerm, number); i == 0 {
				add(phoneEndTerm, reversed(number))
			}
		}
		return terms
	case permissions.KindNumber:
		add(numberTerm, cut(fold(e.Value)))
		add(numberTerm, digits(e.Value))
		return terms
	}
	for _, word := range words(e.Value) {
		add(wordTerm, word)
	}
	for _, word := range words(inGerman(e.Value)) { // the same words again where there are no umlauts
		add(wordTerm, word)
	}
	return terms
}

// fingerprint changes whenever anything of a document that the index keeps does.
func fingerprint(d Doc) []byte {
	encoded, err := json.Marshal(struct {
		Rules        int
		Owner, Label string
		Modified     int64
		Open         bool
		Parents      []permissions.Record
		Entries      []Entry
	}{rules, d.Owner, d.Label, d.Modified.UnixMicro(), d.Open, d.Parents, d.Entries})
	if err != nil {
		panic(err) // strings, numbers and booleans always encode
	}
	sum := sha256.Sum256(encoded)
	return sum[:]
}
