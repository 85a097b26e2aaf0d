// Package module mounts the Outlook mail connector into a CRM process. It is the only package a host must import.
//
// A host fills a [Config] with its database, its [Host] ports and a content store, and calls, in this order:
//
//	ext, err := module.New(config)   // checks the configuration; no I/O
//	err = ext.Migrate(ctx)           // creates or extends our tables, all named mc_…
//	err = ext.Start(ctx)             // background work; never listens
//	mux.Handle(ext.Pattern(), ext)   // everything lives below the prefix
//	defer ext.Stop(ctx)
//
// # Guarantees
//
// A user is never shown more than the CRM would show; what was linked is never lost or altered; what the module writes
// into the CRM's own rows is what the host's Filing port writes. Several instances may run on one database, and several
// modules in one process.
//
// # Refuses
//
// The module never closes or reconfigures the host's database, changes the host's tables only through the host's
// ports, registers nothing process-wide, and trusts no header to tell who a user is.
package module
