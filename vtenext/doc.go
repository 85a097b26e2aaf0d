// Package vtenext makes a vtenext CRM on MariaDB or MySQL a host of the module.
//
// It is the only package that knows the CRM's tables. A [CRM] names an installation; the ports are built on it:
// [Accounts] says who may sign in, [Permissions] who may do what, [Records] what can be found, and [Filing] keeps the
// CRM's own rows and files of messages and documents. [NewHost] puts them together.
//
// # Guarantees
//
// Permissions are computed from the base tables, not from the files and working tables the CRM generates, which may be
// stale. A change committed more than two seconds before a question counts in its answer. What the CRM is extended with
// and this package cannot evaluate is answered more strictly than the CRM would, never less.
//
// # What it refuses
//
// It never guesses: a table, column or value it does not know disables what needs it, with a [*LackingError], and a
// [Report] says why. It creates no triggers and changes no definition of the CRM's tables.
package vtenext
