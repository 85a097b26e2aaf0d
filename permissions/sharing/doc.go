// Package sharing decides who may do what with which record, by the rules of the vtiger family of CRMs.
//
// A [Policy] is what an administrator configured: users in a tree of roles, profiles, groups, the organisation's
// default for every entity type, sharing rules. [Compile] turns it into an [Engine], and the engine answers from the
// owner of a record alone:
//
//	engine, err := sharing.Compile(policy)
//	decision := engine.Check(userID, "Contacts", permissions.View, sharing.Record{Owner: ownerID})
//
// # The rules
//
// A decision falls through these steps; the first that answers wins.
//
//  1. A frozen record is not edited, saved or deleted.
//  2. Administrators may do everything.
//  3. An operation the entity type has no page for is refused.
//  4. A user without a profile may do nothing.
//  5. The profiles of the user's role, merged, must open the entity type and the operation on it.
//  6. A question about the entity type as a whole ends here, and so does one about a public entity type.
//  7. A profile that edits all records grants viewing and editing, one that views all grants viewing. (Under
//     Quirks.GlobalOverridesProfile this comes before step 5.)
//  8. The owner grants: the user itself, a user in a role below the user's, or one of the user's groups.
//  9. The organisation's default for the entity type grants, or leaves it to the sharing rules. Sharing rules open
//     records for viewing, or for viewing and editing; never for deleting.
//
// Where the CRM's own code deviates from what an administrator would expect, the deviation is a switch in [Quirks].
// The zero Quirks is the model without surprises; [AllQuirks] is what vtenext answers.
//
// # What it leaves to its host
//
// The deleted flag, whether a user may sign in, the existence of records, entity types with a permission function of
// their own (in vtenext Messages, Calendar, Users and a few more), and evaluating the filters of advanced rules. The
// package does no input or output.
package sharing
