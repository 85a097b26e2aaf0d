package messages

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"strings"
	"time"
)

// WriteMbox appends a mail to a mailbox in the format mboxrd (RFC 4155 names the family): a separator line, the mail's bytes
// with one more ">" before every line that could be taken for a separator, and an empty line. Taking the ">" away again
// gives the exact bytes, but for a line end that a mail without one gets. It holds one line in memory at most in parts.
func WriteMbox(w io.Writer, from string, date time.Time, mail io.Reader) error {
	if from = strings.Join(strings.Fields(oneLine(from)), ""); from == "" {
		from = "MAILER-DAEMON"
	}
	out := bufio.NewWriter(w)
	_, _ = out.WriteString("From " + from + " " + date.UTC().Format(time.ANSIC) + "\n") // errors stay until Flush
	in, begins, last := bufio.NewReader(mail), true, byte('\n')
	for {
		line, err := in.ReadSlice('\n')
		if begins && bytes.HasPrefix(bytes.TrimLeft(line, ">"), []byte("From ")) {
			_ = out.WriteByte('>')
		}
		_, _ = out.Write(line)
		if len(line) > 0 {
			last = line[len(line)-1]
		}
		begins = err == nil
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil && !errors.Is(err, bufio.ErrBufferFull) {
			return err
		}
	}
	if last != '\n' {
		_ = out.WriteByte('\n')
	}
	_ = out.WriteByte('\n')
	return out.Flush()
}
