// Package crm is a small CRM and the reference host of the connector: what a partner writes once for his own CRM.
//
// The CRM keeps users, roles, records, messages and documents in one database through plain database/sql, on SQLite,
// MariaDB or MySQL. Four small types are the host, one for each port of the module:
//
//   - [Accounts] says who may sign in,
//   - [Permissions] says who may do what, with the sharing engine over the tables of this CRM,
//   - [Records] says what can be found,
//   - [Filing] keeps the CRM's own rows of messages and documents.
//
// Nothing here knows of HTTP; the pages are in package web.
package crm
