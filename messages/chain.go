package messages

import (
	"errors"
	"io"

	"github.com/mailconnector/mailconnector/messages/mail"
)

// chain reads chunks one after the other, holding none of them in memory.
type chain struct {
	open func(chunkRow) (io.ReadCloser, error)
	rest []chunkRow
	at   io.ReadCloser // nil between two chunks
	left int64         // bytes of the open chunk to come
}

// Read implements io.Reader. A chunk that is shorter in the store than it was written is io.ErrUnexpectedEOF.
func (c *chain) Read(p []byte) (int, error) {
	for {
		if c.at == nil {
			if err := c.next(); err != nil {
				return 0, err
			}
		}
		n, err := c.at.Read(p)
		c.left -= int64(n)
		if errors.Is(err, io.EOF) {
			err = nil
			if c.close(); c.left > 0 {
				err = io.ErrUnexpectedEOF
			}
		}
		if n > 0 || err != nil {
			return n, err
		}
	}
}

func (c *chain) next() (err error) {
	if len(c.rest) == 0 {
		return io.EOF
	}
	if c.at, err = c.open(c.rest[0]); err != nil {
		c.at = nil
		return err
	}
	c.left, c.rest = c.rest[0].Size, c.rest[1:]
	return nil
}

func (c *chain) close() {
	if c.at != nil {
		_ = c.at.Close() // it was only read
		c.at = nil
	}
}

// arriving ends where its connection does: what came before counts, unless all of it must come.
type arriving struct {
	r     io.Reader
	exact bool
}

// Read implements io.Reader.
func (a *arriving) Read(p []byte) (int, error) {
	n, err := a.r.Read(p)
	var beyond *mail.TooLargeError
	if err != nil && !a.exact && !errors.As(err, &beyond) {
		err = io.EOF
	}
	return n, err
}
