package database

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
)

// maxName bounds the names of leases, holders, settings and migrations, in bytes. It is checked here because a server
// without strict mode would cut a longer one.
const maxName = 100

func checkName(what, name string) error {
	if name == "" || len(name) > maxName {
		return fmt.Errorf("%s must have 1 to %d bytes, has %d", what, maxName, len(name))
	}
	return nil
}

// exec runs one statement that commits by itself, again while the database asks for it. A statement whose answer was
// lost may run twice.
func (d *DB) exec(ctx context.Context, query string, args ...any) (sql.Result, error) {
	var res sql.Result
	err := retry(ctx, func() (err error) {
		res, err = d.sql.ExecContext(ctx, query, args...)
		return err
	})
	return res, err
}

// changed runs one statement like exec and reports whether it changed a row.
func (d *DB) changed(ctx context.Context, query string, args ...any) (bool, error) {
	res, err := d.exec(ctx, query, args...)
	if err != nil {
		return false, err
	}
	n, err := res.RowsAffected()
	return n > 0, err
}

// row reads one row outside a transaction, again while the database asks for it. There may be none: found is false.
func (d *DB) row(ctx context.Context, into []any, query string, args ...any) (found bool, err error) {
	err = retry(ctx, func() error { return d.sql.QueryRowContext(ctx, query, args...).Scan(into...) })
	if errors.Is(err, sql.ErrNoRows) {
		return false, nil
	}
	return err == nil, err
}

// each reads all rows of a query, each into the same values, and calls fn after each.
func (d *DB) each(ctx context.Context, into []any, fn func(), query string, args ...any) error {
	rows, err := d.sql.QueryContext(ctx, query, args...)
	if err != nil {
		return err
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		if err := rows.Scan(into...); err != nil {
			return err
		}
		fn()
	}
	return rows.Err()
}
