package database

import (
	"context"
	"database/sql"
	"fmt"

	"gorm.io/gorm"
)

// Tx is a transaction that is being run by [DB.Tx]. It is used by one goroutine at a time and not after fn returned.
type Tx struct {
	sql  *sql.Tx
	gorm *gorm.DB
	pool *txPool
}

// SQL returns the transaction for plain statements, and for crossing the border to the host. The holder returns every
// statement's error: a deadlock ends the transaction on the server, and what follows would commit by itself.
func (t *Tx) SQL() *sql.Tx { return t.sql }

// Gorm returns a gorm session inside the transaction.
func (t *Tx) Gorm() *gorm.DB { return t.gorm }

// Tx runs fn in a READ COMMITTED transaction and commits when fn returns nil. Any error rolls back. fn's own errors
// come back unchanged.
//
// When the database gives way (deadlock, lock wait timeout, busy file, lost connection) the whole of fn runs again
// after a short random wait: at most twenty times, about a second of waiting, and after five seconds only if it ran
// once. So fn has no effect outside its transaction, sets its results anew in each run, and wraps errors with %w.
//
// A connection that dies during COMMIT leaves open whether it counted, and fn runs again too. Therefore fn's first
// statement inserts its unique receipt or natural key: a run that meets [IsDuplicate] there returns that error, and the
// caller reads the stored result instead. The same holds for a caller whose ctx ended during COMMIT.
func (d *DB) Tx(ctx context.Context, fn func(ctx context.Context, tx *Tx) error) error {
	return retry(ctx, func() error { return d.runOnce(ctx, fn) })
}

// Alone runs fn like Tx, but without a transaction around it: fn sends one statement, which is one by itself. That saves
// three round trips. A statement whose answer was lost runs again; it must be one that may.
func (d *DB) Alone(ctx context.Context, fn func(db *gorm.DB) error) error {
	return retry(ctx, func() error { return fn(d.gorm.WithContext(ctx)) })
}

func (d *DB) runOnce(ctx context.Context, fn func(context.Context, *Tx) error) error {
	raw, err := d.sql.BeginTx(ctx, &sql.TxOptions{Isolation: sql.LevelReadCommitted})
	if err != nil {
		return fmt.Errorf("begin transaction: %w", err)
	}
	defer func() { _ = raw.Rollback() }() // after COMMIT it does nothing; it also runs when fn panics
	if err := d.lockForWriting(ctx, raw); err != nil {
		return fmt.Errorf("begin transaction: %w", err)
	}
	tx := d.newTx(ctx, raw)
	err = fn(ctx, tx)
	if tx.pool.broken != nil && !retryable(err) {
		return fmt.Errorf("transaction given up by the database: %w", tx.pool.broken)
	}
	if err != nil {
		return err
	}
	if err := raw.Commit(); err != nil {
		return fmt.Errorf("commit transaction: %w", err)
	}
	return nil
}

// lockForWriting makes a SQLite transaction a writer from its start. A host that opened the file without
// _txlock=immediate gets readers that turn writers, which SQLite refuses at once while another writes: no busy timeout
// applies, and under load re-running alone would starve some. A statement that changes no row takes the lock and waits.
func (d *DB) lockForWriting(ctx context.Context, raw *sql.Tx) error {
	if d.dialect != SQLite {
		return nil
	}
	_, err := raw.ExecContext(ctx, "UPDATE mc_migrations SET id = id WHERE 0")
	if noSuchTable(err) {
		return nil
	}
	return err
}

func (d *DB) newTx(ctx context.Context, raw *sql.Tx) *Tx {
	pool := &txPool{Tx: raw}
	session := d.gorm.Session(&gorm.Session{NewDB: true, Context: ctx})
	session.Statement.ConnPool = pool
	return &Tx{sql: raw, gorm: session, pool: pool}
}

// txPool remembers a failure that ended the transaction on the server, so that it is never committed, not even when fn
// overlooked the error: the statements after a swallowed deadlock would count without those before it.
type txPool struct {
	*sql.Tx
	broken error
}

// ExecContext runs a statement of gorm.
func (p *txPool) ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error) {
	res, err := p.Tx.ExecContext(ctx, query, args...)
	p.note(err)
	return res, err
}

// QueryContext runs a query of gorm.
func (p *txPool) QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	rows, err := p.Tx.QueryContext(ctx, query, args...)
	p.note(err)
	return rows, err
}

func (p *txPool) note(err error) {
	if retryable(err) {
		p.broken = err
	}
}
