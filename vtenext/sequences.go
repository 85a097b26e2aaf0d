package vtenext

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"

	"github.com/go-sql-driver/mysql"
)

// The server's numbers of errors that are answered here.
const (
	errNoTable  = 1146 // the table is not there
	errDeadlock = 1213 // given up for another transaction, or for another node of a Galera cluster
)

// sequenceTries is how often ids are asked for when the server gives way each time.
const sequenceTries = 20

// maxLockWait is how many seconds a reservation waits for a lock that the CRM holds. Past it the server answers that
// the lock took too long, which callers take for a database that does not answer at the moment.
const maxLockWait = 5

// next takes n ids in a row from a sequence of the CRM and returns the first. It is a statement of its own, never part
// of a transaction: the CRM's whole work would wait for the transaction's end. Ids that are never used leave a gap, no
// more. A sequence the CRM has not needed so far is created as the CRM does it.
func (c *CRM) next(ctx context.Context, sequence string, n int64) (first int64, err error) {
	err = c.patiently(ctx, func(conn *sql.Conn) error {
		first, err = c.nextOn(ctx, conn, sequence, n)
		return err
	})
	return first, err
}

// nextOn tries again where the server gave way to another: each statement counts by itself, so what was lost is an id at
// most.
func (c *CRM) nextOn(ctx context.Context, conn execer, sequence string, n int64) (first int64, err error) {
	for range sequenceTries {
		if first, err = c.tryNext(ctx, conn, sequence, n); !deadlocked(err) {
			break
		}
	}
	return first, err
}

func (c *CRM) tryNext(ctx context.Context, conn execer, sequence string, n int64) (first int64, err error) {
	advance := func() (int64, error) {
		result, err := conn.ExecContext(ctx, c.sql("UPDATE {"+sequence+"_seq} SET id = LAST_INSERT_ID(id + ?)"), n)
		if err != nil {
			return 0, err
		}
		return result.LastInsertId()
	}
	last, err := advance()
	if noTable(err) || err == nil && last == 0 {
		if err = c.createSequence(ctx, conn, sequence); err == nil {
			last, err = advance()
		}
	}
	if err != nil {
		return 0, fmt.Errorf("take ids from %s: %w", sequence, err)
	}
	return last - n + 1, nil
}

func noTable(err error) bool { return hasNumber(err, errNoTable) }

func deadlocked(err error) bool { return hasNumber(err, errDeadlock) }

func hasNumber(err error, number uint16) bool {
	var e *mysql.MySQLError
	return errors.As(err, &e) && e.Number == number
}

// createSequence makes a sequence of one row, however many do so at once.
func (c *CRM) createSequence(ctx context.Context, conn execer, sequence string) error {
	for _, statement := range []string{
		"CREATE TABLE IF NOT EXISTS {" + sequence + "_seq} (id int NOT NULL)",
		"INSERT INTO {" + sequence + "_seq} (id) SELECT 0 FROM DUAL WHERE NOT EXISTS (SELECT 1 FROM {" + sequence + "_seq})",
	} {
		if _, err := conn.ExecContext(ctx, c.sql(statement)); err != nil {
			return fmt.Errorf("create sequence: %w", err)
		}
	}
	return nil
}

// patiently gives fn a connection on which no statement waits long for a lock, be it of a row or of a table. The
// connection goes back to the pool as it was.
func (c *CRM) patiently(ctx context.Context, fn func(*sql.Conn) error) error {
	conn, err := c.db.Conn(ctx)
	if err != nil {
		return fmt.Errorf("take a connection: %w", err)
	}
	defer func() { _ = conn.Close() }()
	var table, row int64
	err = conn.QueryRowContext(ctx, "SELECT @@lock_wait_timeout, @@innodb_lock_wait_timeout").Scan(&table, &row)
	if err != nil {
		return fmt.Errorf("read lock timeouts: %w", err)
	}
	if err := setLockWait(ctx, conn, min(table, maxLockWait), min(row, maxLockWait)); err != nil {
		return err
	}
	defer func() {
		if setLockWait(context.WithoutCancel(ctx), conn, table, row) != nil {
			discard(conn)
		}
	}()
	return fn(conn)
}

func setLockWait(ctx context.Context, conn execer, table, row int64) error {
	_, err := conn.ExecContext(ctx, "SET SESSION lock_wait_timeout = ?, SESSION innodb_lock_wait_timeout = ?", table, row)
	if err != nil {
		return fmt.Errorf("set lock timeouts: %w", err)
	}
	return nil
}

// discard takes a connection out of the pool.
func discard(conn *sql.Conn) {
	_ = conn.Raw(func(any) error { return driver.ErrBadConn })
}
