package messages_test

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"strings"
	"sync"
	"testing"

	"github.com/go-sql-driver/mysql"

	"github.com/mailconnector/mailconnector/internal/database"
	"github.com/mailconnector/mailconnector/internal/dbtest"
)

// errFault is what an injected failure says.
var errFault = errors.New("injected failure")

// faults decides which statements of transactions fail. The zero value lets all pass.
type faults struct {
	mu        sync.Mutex
	failAt    int  // the nth statement that changes rows within a transaction fails; 0 none
	loseAt    int  // the nth commit counts, but its answer is lost; 0 none
	statement int  // within transactions that link or unlink
	commits   int  // of such
	seen      bool // the failure was injected
	reads     reads
}

func (f *faults) exec() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.statement++; f.statement == f.failAt {
		f.seen = true
		return errFault
	}
	return nil
}

func (f *faults) commit() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.commits++; f.commits == f.loseAt {
		f.seen = true
		return driver.ErrBadConn
	}
	return nil
}

func (f *faults) reset(failAt, loseAt int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.failAt, f.loseAt, f.statement, f.commits, f.seen = failAt, loseAt, 0, 0, false
}

func (f *faults) injected() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.seen
}

// statements counts those that changed rows since the last reset.
func (f *faults) statements() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.statement
}

// onFaulty runs a test on every database, with a driver that fails on demand in the transactions of links.
func onFaulty(t *testing.T, test func(t *testing.T, h *harness, f *faults)) {
	t.Helper()
	t.Run("SQLite", func(t *testing.T) {
		under := dbtest.SQLite(t).Driver()
		f := &faults{}
		dsn := dbtest.SQLiteDSN(t.TempDir() + "/faulty.db")
		db := sql.OpenDB(&faultyConnector{open: func(context.Context) (driver.Conn, error) { return under.Open(dsn) }, faults: f, kind: database.SQLite})
		t.Cleanup(func() { _ = db.Close() })
		test(t, newHarness(t, db), f)
	})
	t.Run("MariaDB", func(t *testing.T) {
		under, err := (&mysql.MySQLDriver{}).OpenConnector(dbtest.MariaDBDSN(t))
		if err != nil {
			t.Fatal(err)
		}
		f := &faults{}
		db := sql.OpenDB(&faultyConnector{open: under.Connect, faults: f, kind: database.MySQL})
		t.Cleanup(func() { _ = db.Close() })
		test(t, newHarness(t, db), f)
	})
}

type faultyConnector struct {
	open   func(context.Context) (driver.Conn, error)
	faults *faults
	kind   database.Dialect
}

func (c *faultyConnector) Connect(ctx context.Context) (driver.Conn, error) {
	conn, err := c.open(ctx)
	if err != nil {
		return nil, err
	}
	return &faultyConn{Conn: conn, faults: c.faults}, nil
}

func (c *faultyConnector) Driver() driver.Driver            { return c }
func (c *faultyConnector) Open(string) (driver.Conn, error) { return c.Connect(context.Background()) }
func (c *faultyConnector) dialect() database.Dialect        { return c.kind }

// faultyConn counts the statements from the one on that inserts a receipt, or the event of an unlink, to the end of its
// transaction.
type faultyConn struct {
	driver.Conn
	faults  *faults
	linking bool
}

func (c *faultyConn) BeginTx(ctx context.Context, o driver.TxOptions) (driver.Tx, error) {
	tx, err := c.Conn.(driver.ConnBeginTx).BeginTx(ctx, o)
	c.linking = false
	return &faultyTx{Tx: tx, conn: c}, err
}

func (c *faultyConn) ExecContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Result, error) {
	if strings.HasPrefix(query, "INSERT INTO `mc_receipts`") || strings.HasPrefix(query, "INSERT INTO `mc_events`") {
		c.linking = true
	}
	if c.linking {
		if err := c.faults.exec(); err != nil {
			return nil, err
		}
	}
	return c.Conn.(driver.ExecerContext).ExecContext(ctx, query, args)
}

func (c *faultyConn) QueryContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Rows, error) {
	rows, err := c.Conn.(driver.QueryerContext).QueryContext(ctx, query, args)
	return c.faults.reads.read(query, rows), err
}

func (c *faultyConn) PrepareContext(ctx context.Context, query string) (driver.Stmt, error) {
	return c.Conn.(driver.ConnPrepareContext).PrepareContext(ctx, query)
}

func (c *faultyConn) CheckNamedValue(v *driver.NamedValue) error {
	if checker, ok := c.Conn.(driver.NamedValueChecker); ok {
		return checker.CheckNamedValue(v)
	}
	return driver.ErrSkip
}

func (c *faultyConn) ResetSession(ctx context.Context) error {
	if r, ok := c.Conn.(driver.SessionResetter); ok {
		return r.ResetSession(ctx)
	}
	return nil
}

type faultyTx struct {
	driver.Tx
	conn *faultyConn
}

func (t *faultyTx) Commit() error {
	linking := t.conn.linking
	t.conn.linking = false
	if err := t.Tx.Commit(); err != nil || !linking {
		return err
	}
	return t.conn.faults.commit()
}

func (t *faultyTx) Rollback() error {
	t.conn.linking = false
	return t.Tx.Rollback()
}
