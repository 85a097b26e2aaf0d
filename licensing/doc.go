// Package licensing decides whether the add-in may be used in this installation, and by whom.
//
// # Documents
//
// Four kinds of signed text travel between the vendor, its partners and the installations:
//
//   - a partner certificate, by which the vendor names a partner and the key it signs with ([Vendor.Certify]);
//   - a license request, which a certified partner signs for a customer ([SignRequest]);
//   - a license, which the vendor issues for such a request and for nothing else ([Vendor.Issue]);
//   - a revocation list, with the serials that no longer count ([Vendor.Revoke]).
//
// Each is a PASETO v4.public message with an implicit assertion of its own, so that one kind never passes as another,
// in an armour with a checksum, so that a slip of the keyboard ([ErrArmour]) is told apart from a forgery
// ([ErrNotGenuine]). A document may be pasted as one line or wrapped, quoted or indented, or uploaded as a file.
// The customer's own request ([Request.Text]) is plain text for the partner to sign.
//
// # Two questions
//
// Verify asks whether a document is genuine: [Verify], [VerifyRequest], [VerifyCertificate], [VerifyRevocations].
// Validate asks whether a genuine license is in force now and here, and answers with a [State]. Nothing expires in a
// Verify and nothing is forged in a Validate.
//
// # The installation
//
// [Service] keeps the license of one installation and its seats in the database. [Service.Allow] is the gate every use
// case passes. A license that is not in force closes that gate and does nothing else: no row is deleted, no seat is
// lost, and what was linked stays readable in the CRM.
//
// The package refuses to guess: a document lacking a claim, a license for another address and a clock that ran
// backwards are each refused with an error that says how to mend it.
package licensing
