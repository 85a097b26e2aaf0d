// Package documents keeps the bytes of mails and attachments, and gives attachments safe names.
//
// Bytes live in a [ContentStore]: a folder ([Files]), or an object store. Which of them exist, and which of them
// anything still needs, is recorded in the database by [Blobs], so that a crash between the two loses nothing and leaves
// nothing for ever:
//
//	blob, err := blobs.Write(ctx, r)                     // durable, kept for a while
//	err = db.Tx(ctx, func(ctx context.Context, tx *database.Tx) error {
//		…                                                // the rows that need it
//		return blobs.Claim(tx, blob.Key, "message:0192") // ErrBlobGone: write it again
//	})
//
// # Guarantees
//
// What Write returned is on stable storage. What a committed transaction claimed stays, whatever a sweeper does at the
// same time; the same bytes are kept once. What nobody claims is removed in time, wherever a process died.
//
// # What it refuses
//
// No name that a mail gives reaches a file system or a screen other than through [SafeName], and no content is served as
// what a mail claims it is: [SniffType] reads its bytes.
package documents
