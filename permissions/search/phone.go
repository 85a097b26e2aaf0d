package search

import "strings"

// minPhone is the number of digits below which digits do not look like a telephone number.
const minPhone = 4

// phoneForms lists the digits by which a telephone number is kept: as they were noted, but for a "00" in front, and
// without country code and leading zeros, as it is dialled within the country.
func phoneForms(text string) []string {
	number, national := digits(text), ""
	if international, known := country(text); known {
		number, national = international, domestic(international)
	} else {
		national = strings.TrimLeft(number, "0")
	}
	return longEnough(number, national)
}

// phoneWord matches telephone and record numbers, and words, that begin with digits, and telephone numbers that end
// with them. A number noted with its country code is found without, and the other way round.
func phoneWord(text string) queryWord {
	typed := digits(text)
	national := strings.TrimLeft(typed, "0")
	starts, ends := []string{typed}, []string{typed}
	if international, known := country(text); known {
		starts = append(starts, international, "0"+domestic(international))
		ends = append(ends, international)
	} else {
		starts, ends = append(starts, national), append(ends, national)
	}
	word := queryWord{{numberTerm, prefix, []byte(typed)}}
	for _, start := range longEnough(starts...) {
		word = append(word, termRange{phoneTerm, prefix, []byte(start)})
	}
	for _, end := range longEnough(ends...) {
		word = append(word, termRange{phoneEndTerm, prefix, []byte(reversed(end))})
	}
	return append(word, termRange{wordTerm, prefix, []byte(typed)})
}

// country returns the digits of a number that says its country, from the country code on.
func country(text string) (string, bool) {
	number := digits(text)
	if strings.HasPrefix(strings.TrimSpace(text), "+") {
		return number, true
	}
	international, found := strings.CutPrefix(number, "00")
	return international, found && len(international) >= minPhone
}

// domestic leaves out the country code, and the zeros that some countries keep behind it.
func domestic(international string) string {
	return strings.TrimLeft(international[min(len(international), countryCode(international)):], "0")
}

// countryCode returns the length of the country code that a number begins with (ITU-T E.164, list of assigned codes):
// one digit in zones 1 and 7, two in what follows, and three elsewhere.
func countryCode(number string) int {
	const twoDigits = "20 27 30 31 32 33 34 36 39 40 41 43 44 45 46 47 48 49 51 52 53 54 55 56 57 58 " +
		"60 61 62 63 64 65 66 81 82 84 86 90 91 92 93 94 95 98"
	switch {
	case strings.HasPrefix(number, "1"), strings.HasPrefix(number, "7"):
		return 1
	case len(number) >= 2 && strings.Contains(twoDigits, number[:2]):
		return 2
	}
	return 3
}

// longEnough returns the numbers that have enough digits, each once.
func longEnough(numbers ...string) (list []string) {
	for _, number := range numbers {
		if len(number) >= minPhone {
			list = appendNew(list, []string{number})
		}
	}
	return list
}
