// Package demo is a small CRM with the mail connector mounted: the reference host, and the first five minutes of a
// newcomer.
//
// It starts in a second with nothing installed, on a SQLite file of its own or on a MariaDB or MySQL given by a DSN, and
// brings a sample organisation, a trial license and a simulated Outlook with the real task pane. Read it in this order:
//
//   - demo.go mounts the module, as every host does;
//   - package crm implements the ports of the module over the CRM's tables;
//   - package web is the CRM's pages, with the module's Messages tab in one of them;
//   - package outlook is the simulated Outlook.
//
// The demo is for looking around. It speaks plain HTTP and its passwords are no secret, so it listens on the loopback
// interface unless told otherwise.
package demo
