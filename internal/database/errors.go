package database

import (
	"context"
	"database/sql/driver"
	"errors"
	"net"
	"slices"

	"github.com/go-sql-driver/mysql"
)

// Numbers of MySQL and MariaDB errors, from the servers' error reference.
var (
	mysqlDuplicate = []uint16{
		1062, // duplicate entry for key
		1586, // the same, naming the key
	}
	mysqlRetry = []uint16{
		1020, // record has changed since last read
		1205, // lock wait timeout
		1213, // deadlock, or a Galera certification failure
		1047, // Galera node not ready
		1053, // server shutting down
		1927, // connection killed
		2006, // server has gone away
		2013, // connection lost during query
	}
	mysqlUnavailable = []uint16{
		1021, 1026, 1030, 1114, // disk full, error writing file, storage engine error, table full
		1037, 1041, // out of memory
		1040, 1203, 1226, // too many connections, of all or of this user
		1045, 1049, // login refused, database gone
		1290, 1836, // read-only server
	}
	mysqlDone = []uint16{
		1050, // table exists
		1060, // duplicate column
		1061, // duplicate key name
	}
	mysqlNoTable = []uint16{1146}
)

// Primary result codes of SQLite, https://www.sqlite.org/rescode.html; extended ones have these as their low byte.
const (
	sqliteBusy     = 5
	sqliteLocked   = 6
	sqliteReadOnly = 8
	sqliteIOErr    = 10
	sqliteFull     = 13
	sqliteCantOpen = 14
)

// Extended result codes of SQLite for a collision of a unique key.
const (
	sqlitePrimaryKey = 1555
	sqliteUnique     = 2067
	sqliteRowID      = 2579
)

// IsDuplicate reports whether a statement failed because a row with the same unique key exists.
func IsDuplicate(err error) bool {
	if n, ok := mysqlNumber(err); ok {
		return slices.Contains(mysqlDuplicate, n)
	}
	switch code, _ := sqliteCode(err); code {
	case sqlitePrimaryKey, sqliteUnique, sqliteRowID:
		return true
	}
	return false
}

// IsUnavailable reports whether the database, not the request, is the reason of an error: gone, refusing connections,
// out of space, or so busy that all re-runs were in vain. The same request may succeed later. An ended context is not
// unavailability.
func IsUnavailable(err error) bool {
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return false
	}
	if retryable(err) {
		return true
	}
	if n, ok := mysqlNumber(err); ok {
		return slices.Contains(mysqlUnavailable, n)
	}
	switch code, _ := sqliteCode(err); code & 0xff {
	case sqliteReadOnly, sqliteIOErr, sqliteFull, sqliteCantOpen:
		return true
	}
	return false
}

// retryable reports whether the same work may succeed when it is run again from its beginning.
func retryable(err error) bool {
	if err == nil {
		return false
	}
	if n, ok := mysqlNumber(err); ok {
		return slices.Contains(mysqlRetry, n)
	}
	if code, ok := sqliteCode(err); ok {
		return code&0xff == sqliteBusy || code&0xff == sqliteLocked
	}
	return connectionLost(err)
}

// connectionLost looks for *net.OpError, not net.Error: an ended context is a net.Error too.
func connectionLost(err error) bool {
	var network *net.OpError
	return errors.Is(err, driver.ErrBadConn) || errors.Is(err, mysql.ErrInvalidConn) || errors.As(err, &network)
}

func mysqlNumber(err error) (uint16, bool) {
	var e *mysql.MySQLError
	if !errors.As(err, &e) {
		return 0, false
	}
	return e.Number, true
}
