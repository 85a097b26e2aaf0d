// Package database is the one way our own tables are reached: on the host's MariaDB, MySQL or SQLite, through the
// host's *sql.DB, which it never closes, reconfigures or trusts more than it must.
//
// # Guarantees
//
// [DB.Tx] runs a function in one READ COMMITTED transaction and runs the whole function again when the database asks
// for it: deadlock, lock wait timeout, a busy SQLite file, a lost connection, a Galera node that changed its mind.
// [DB.Migrate] brings the tables to the wanted state whatever earlier or concurrent runs left behind.
// [Lease] makes one of several instances the worker without locks that a Galera cluster does not share.
// [IsDuplicate] and [IsUnavailable] read the errors of every supported driver, so that nothing above a store does.
//
// # Rules for stores
//
// Inside Tx only the given [Tx] is used: on SQLite a second connection would wait for the first. A store that checks
// lengths itself is right on every server: a CRM often runs MySQL without strict mode, where a value that is too long
// is cut silently. Times are BIGINT microseconds ([Micros], [Time]). Identities are BINARY(32), the sha256 of the
// normalised value with the value beside it, because even utf8mb4_bin compares "<a@x>" equal to "<a@x> ". Ids are
// chosen by us, never taken from an auto-increment of a batch: a Galera cluster leaves gaps. What an upsert counts as
// changed rows means something else on each database and with each DSN. Every table has a primary key and ends, on
// MySQL, with [TableOptions]; on SQLite every column of it says NOT NULL, which a primary key there does not imply.
//
// # What it refuses
//
// [DB.Check] refuses connections on which data would be altered or lost, and says how to mend them.
package database
