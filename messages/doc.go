// Package messages is the Messages relationship of a CRM: it archives e-mails byte for byte, links them to records,
// says what became of every part, and shows them again to whom the CRM lets see them.
//
// # Guarantees
//
// Nothing is lost and nothing is half there. [Service.Archive] makes the bytes durable first, lets the host reserve
// what it needs, and then commits message, links and the host's own rows in one short transaction. Whoever holds a
// [Receipt] may pull the plug; whoever got none repeats the call with the same idempotency key and gets one message.
//
// One mail is one message, however many copies of it arrive: a sender's, a recipient's, one that a server rendered
// anew. Two mails that share a Message-ID, which any sender may choose, are two messages. A copy joins a message of those
// who see it; of somebody who does not, only if it has all that the message shows and the message lacks nothing. So knowing
// of a mail neither opens it nor changes what others see of it.
//
// Nobody is shown more than the CRM would show. A message is visible to whoever may view a record that the host says
// it is on now; every label, link and count is checked in the request that shows it, a replayed receipt included. The
// raw bytes of a mail, which hold its Bcc, are served to the user who uploaded them and to nobody else.
//
// A mail arrives in one piece, field by field, or chunk by chunk over connections that break ([Service.WriteChunk]). A copy
// that is more complete than the archived one takes its place, and records linked earlier get the documents it brings.
//
// What was archived can be proven: events are sealed into a chain, [Service.Verify] holds every stored byte against its hash
// and against that chain, and [Service.Export] hands a record's mails to whoever operates the CRM.
//
// The CRM's rows are the truth about what is linked where. The [Filing] port reads and writes them; the tables of this
// package add who, when, from which client, and the exact bytes.
//
// # What it refuses
//
// A mail is never refused for what is in it. Refused are uploads that are empty, cut off or beyond the size limit, and
// targets the user may not link to; then nothing is stored.
package messages
