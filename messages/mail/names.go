package mail

import "bytes"

// mailName names an attached mail after its subject, as mail programs do. Head is its beginning.
func mailName(head []byte) string {
	subject := decodeWords(parseHeader(headerBlock(head)).get("subject"))
	if subject == "" {
		subject = "message"
	}
	return cut(subject, maxMailName) + ".eml"
}

// maxMailName bounds, in bytes, the name made of a subject.
const maxMailName = 200

// headerBlock is the part of head before the first blank line.
func headerBlock(head []byte) []byte {
	head = bytes.TrimLeft(head, "\r\n")
	for _, end := range []string{"\r\n\r\n", "\n\n"} {
		if block, _, ok := bytes.Cut(head, []byte(end)); ok {
			head = block
		}
	}
	return head
}
