package search

// pairBits is the number of bits a set of pairs has: those that keep it positive in a column for signed numbers.
const pairBits = 63

// pairs is the set of neighbouring letters, and of the two letters at the beginning, in the words of a document. A
// document whose set lacks a pair of a word cannot match the word; most that have them all do. Digits, numbers and
// addresses are left out: they would fill the set, and are rare enough to be walked along. The numbers are stored: never
// change how they come about.
type pairs int64

func pairsOf(terms []term) (set pairs) {
	for _, t := range terms {
		if t.kind == wordTerm {
			set |= inside(t.text) | opening(t.text)
		}
	}
	return set
}

// pairs returns what every document that matches the word has.
func (w queryWord) pairs() pairs {
	set := ^pairs(0)
	for _, r := range w {
		set &= r.pairs()
	}
	return set
}

func (r termRange) pairs() pairs {
	switch {
	case r.kind != wordTerm:
		return 0
	case r.how == within:
		return inside(string(r.text))
	default:
		return inside(string(r.text)) | opening(string(r.text))
	}
}

// inside returns the pairs of neighbouring bytes of a text.
func inside(text string) (set pairs) {
	for i := 1; i < len(text); i++ {
		set |= pair(text[i-1], text[i], 0)
	}
	return set
}

// opening returns the pair that a text begins with, told from the same pair elsewhere.
func opening(text string) pairs {
	if len(text) < 2 {
		return 0
	}
	return pair(text[0], text[1], 1)
}

func pair(first, second, place byte) pairs {
	if isDigit(first) || isDigit(second) {
		return 0
	}
	spread := (uint32(place)<<16 | uint32(first)<<8 | uint32(second)) * 2654435761 // Knuth's multiplicative hash
	return 1 << ((spread >> 8) % pairBits)
}

func isDigit(b byte) bool { return '0' <= b && b <= '9' }
