// Package documents keeps the bytes of mails and attachments, and gives attachments safe names.
//
// Bytes live in a [ContentStore]: a folder, or an object store. Which of them exist, and which of them anything still
// needs, is recorded in the database, so that a crash between the two loses nothing and leaves nothing for ever.
package documents
