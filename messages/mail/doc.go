// Package mail reads an e-mail once, in bounded memory, and says what is in it: the fields that identify and address it, its body
// texts as UTF-8, and every part with its place in the raw bytes and the hash of its decoded bytes.
//
// # Two layers
//
// The splitter is the authority on structure, bytes, hashes and limits. It streams the mail, finds the parts by their boundaries,
// decodes transfer encodings and hashes as it goes; it holds header blocks and body texts, never an attachment.
//
// The enmime library then sees only the skeleton: the header fields we ask it for and one body text at a time, each a small
// well-formed mail with its transfer encoding already undone. Charsets and address lists are its business; bytes never are.
//
// # Guarantees
//
// A mail is never rejected for what is in it. Whatever is odd, broken or beyond a limit becomes a [Problem] of the [Message], and
// no byte of a body vanishes because of it: a multipart without parts is one text, whatever follows the last allowed part is one
// part more. Of a header, lines that are no fields are skipped where it goes on behind them; where it may be over, they are text. The
// only errors are those of the reader and a [*TooLargeError].
//
// A part is never copied out. [Decode] applied to the raw bytes at Offset, Length long, gives again exactly the bytes that Size
// and SHA256 describe. Charsets are not touched there: a Latin-1 text file stays a Latin-1 text file.
//
// Every string of a [Message] is valid UTF-8 without NUL, so that any database takes it. It is otherwise as the sender wrote it:
// a file name may be a path, a subject may be markup.
//
// # Limits
//
// Time is linear in the size of the mail and memory is bounded by [Limits], whoever wrote the mail: nesting, part counts, header
// blocks, body texts and the size of the whole are capped.
//
// Attached mails (message/rfc822) stay whole, as one part. To look into one, call [Parse] on its decoded bytes.
package mail
