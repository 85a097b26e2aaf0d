package mail

import "hash"

// headSize is how much of an attached mail is read to find its subject.
const headSize = 64 << 10

// leaf takes the body of one part, piece by piece: decodes it, hashes it, and keeps its beginning where that is needed.
type leaf struct {
	part    Part
	decoder decoder
	sum     hash.Hash
	buf     []byte // one decoded piece, reused
	kept    []byte // beginning of the decoded bytes, reused
	keep    int    // bytes to keep at most
}

// start readies the splitter's one leaf for a part that begins here. The leaf before it must be finished.
func (s *splitter) start(p Part) *leaf {
	l := &s.leaf
	*l = leaf{part: p, sum: l.sum, buf: l.buf, kept: l.kept[:0], keep: s.keep(p)}
	l.sum.Reset()
	l.decoder, _ = newDecoder(p.Encoding)
	l.part.Offset = s.src.offset()
	return l
}

// keep is how many decoded bytes of a part the message needs: body texts as long as there is room, and the header of an attached
// mail.
func (s *splitter) keep(p Part) int {
	if b := s.texts.of(p.Role); b != nil {
		return b.room
	}
	if isMail(p.ContentType) {
		return headSize
	}
	return 0
}

// write takes the next piece.
func (l *leaf) write(piece []byte) {
	l.part.Length += int64(len(piece))
	if _, unchanged := l.decoder.(identity); unchanged {
		l.take(piece)
		return
	}
	l.buf = l.decoder.decode(l.buf[:0], piece)
	l.take(l.buf)
}

// take takes the next decoded bytes.
func (l *leaf) take(plain []byte) {
	l.part.Size += int64(len(plain))
	l.sum.Write(plain)
	if n := min(len(plain), l.keep-len(l.kept)); n > 0 {
		l.kept = append(l.kept, plain[:n]...)
	}
}

// finish ends the part and gives what was wrong with its encoding.
func (l *leaf) finish() defect {
	var d defect
	l.buf, d = l.decoder.finish(l.buf[:0])
	l.take(l.buf)
	l.sum.Sum(l.part.SHA256[:0])
	return d
}
