package search

import (
	"hash/maphash"
	"iter"
	"sync"
)

// manyWords bounds the words remembered: a dozen megabytes.
const manyWords = 1 << 20

// wordSet remembers words whose endings are in the index, as hashes. It only saves work: what it forgot is written
// again. It is safe for concurrent use.
type wordSet struct {
	seed  maphash.Seed
	mu    sync.Mutex
	known map[uint64]struct{}
}

func newWordSet() *wordSet {
	return &wordSet{seed: maphash.MakeSeed(), known: make(map[uint64]struct{})}
}

// unknown yields the distinct words among terms that are not remembered.
func (s *wordSet) unknown(terms []writtenTerm) iter.Seq[string] {
	return func(yield func(string) bool) {
		seen := make(map[string]bool)
		for _, t := range terms {
			if t.Kind != wordTerm || seen[string(t.Term)] || s.knows(t.Term) {
				continue
			}
			seen[string(t.Term)] = true
			if !yield(string(t.Term)) {
				return
			}
		}
	}
}

func (s *wordSet) knows(word []byte) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	_, known := s.known[maphash.Bytes(s.seed, word)]
	return known
}

// remember notes words whose endings were committed.
func (s *wordSet) remember(terms []writtenTerm) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.known) > manyWords {
		clear(s.known)
	}
	for _, t := range terms {
		if t.Kind == wordTerm {
			s.known[maphash.Bytes(s.seed, t.Term)] = struct{}{}
		}
	}
}
