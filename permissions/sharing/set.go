package sharing

import (
	"iter"
	"math/bits"
)

// set is a set of small numbers, one bit each. A nil set is empty.
type set []uint64

func newSet(size int) set { return make(set, (size+63)/64) }

func (s set) has(i int32) bool {
	word := int(i >> 6)
	return uint(word) < uint(len(s)) && s[word]>>(uint(i)&63)&1 != 0
}

func (s set) add(i int32) { s[i>>6] |= 1 << (uint(i) & 63) }

// addAll adds the members of other, which must not be larger than s.
func (s set) addAll(other set) {
	for i, word := range other {
		s[i] |= word
	}
}

func (s set) len() int {
	n := 0
	for _, word := range s {
		n += bits.OnesCount64(word)
	}
	return n
}

// all yields the members in ascending order.
func (s set) all() iter.Seq[int32] {
	return func(yield func(int32) bool) {
		for i, word := range s {
			for ; word != 0; word &= word - 1 {
				if !yield(int32(i*64 + bits.TrailingZeros64(word))) {
					return
				}
			}
		}
	}
}
