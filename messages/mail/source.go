package mail

import (
	"crypto/sha256"
	"errors"
	"hash"
	"io"
)

// windowSize is how much of the mail is in memory at once, header blocks and body texts apart.
const windowSize = 64 << 10

// source is the raw mail seen through a sliding window. It counts and hashes every byte as it is read. An error of the reader,
// like too many bytes, ends the mail and waits in err: the code that walks the mail need not carry it.
type source struct {
	r     io.Reader
	buf   []byte
	pos   int // the window is buf[pos:end]
	end   int
	base  int64 // offset in the mail of buf[0]
	limit int64 // bytes of the mail
	sum   hash.Hash
	done  bool // nothing more to read behind the window
	err   error
}

func newSource(r io.Reader, limit int64) *source {
	return &source{r: r, buf: make([]byte, windowSize), limit: limit, sum: sha256.New()}
}

// peek returns the window, with at least n bytes unless the mail ends before. It is valid until the next call.
func (s *source) peek(n int) []byte {
	for s.end-s.pos < n && !s.done {
		s.fill()
	}
	return s.buf[s.pos:s.end]
}

// skip moves the window's start over n of its bytes.
func (s *source) skip(n int) { s.pos += n }

// offset is the place of the window's start in the mail.
func (s *source) offset() int64 { return s.base + int64(s.pos) }

// fill moves the window to the front of the buffer and reads behind it.
func (s *source) fill() {
	s.base += int64(s.pos)
	s.end = copy(s.buf, s.buf[s.pos:s.end])
	s.pos = 0
	n, err := readSome(s.r, s.buf[s.end:])
	s.sum.Write(s.buf[s.end : s.end+n])
	s.end += n
	if size := s.base + int64(s.end); size > s.limit {
		err = &TooLargeError{Limit: s.limit}
	}
	if err != nil {
		s.done = true
		if !errors.Is(err, io.EOF) {
			s.err = err
		}
	}
}

// readSome reads at least one byte or says why not, even where r answers 0, nil.
func readSome(r io.Reader, p []byte) (int, error) {
	for range 100 {
		if n, err := r.Read(p); n > 0 || err != nil {
			return n, err
		}
	}
	return 0, io.ErrNoProgress
}
