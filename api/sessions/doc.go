// Package sessions signs users in with the CRM's credentials and keeps their sessions.
//
// Credentials are the CRM's: the [Accounts] port checks them by the CRM's own rules, and the package never weakens
// those rules. A session is an opaque random token of which only the hash is stored, bound to a user, a client and a
// scope. It ends by sign-out, by an administrator, by age, by disuse, when the password changes, when the account is
// disabled, or when its user opens more sessions than the CRM allows.
package sessions
