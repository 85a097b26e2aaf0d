package database_test

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/go-sql-driver/mysql"
	"modernc.org/sqlite"

	"github.com/mailconnector/mailconnector/internal/database"
	"github.com/mailconnector/mailconnector/internal/dbtest"
)

// lossyConnector loses the connection after COMMIT was carried out and before its answer arrived, as often as told.
type lossyConnector struct {
	driver.Connector
	dialect database.Dialect
	losses  atomic.Int32
}

func lossyConnectors(t *testing.T) map[string]*lossyConnector {
	t.Helper()
	cfg, err := mysql.ParseDSN(dbtest.MariaDBDSN(t))
	if err != nil {
		t.Fatal(err)
	}
	maria, err := mysql.NewConnector(cfg)
	if err != nil {
		t.Fatal(err)
	}
	lite, err := sqlite.NewConnector(dbtest.SQLiteDSN(filepath.Join(t.TempDir(), "x.db")))
	if err != nil {
		t.Fatal(err)
	}
	return map[string]*lossyConnector{
		"MariaDB": {Connector: maria, dialect: database.MySQL},
		"SQLite":  {Connector: lite, dialect: database.SQLite},
	}
}

func (c *lossyConnector) Connect(ctx context.Context) (driver.Conn, error) {
	conn, err := c.Connector.Connect(ctx)
	return &lossyConn{Conn: conn, from: c}, err
}

type lossyConn struct {
	driver.Conn
	from *lossyConnector
}

func (c *lossyConn) BeginTx(ctx context.Context, opts driver.TxOptions) (driver.Tx, error) {
	tx, err := c.Conn.(driver.ConnBeginTx).BeginTx(ctx, opts)
	return &lossyTx{Tx: tx, from: c.from}, err
}

type lossyTx struct {
	driver.Tx
	from *lossyConnector
}

func (tx *lossyTx) Commit() error {
	err := tx.Tx.Commit()
	if err == nil && tx.from.losses.Add(-1) >= 0 {
		return driver.ErrBadConn
	}
	return err
}

// TestALostAnswerToCommitIsFoundByTheUniqueKey is the ambiguous commit: it counted, but nobody heard.
func TestALostAnswerToCommitIsFoundByTheUniqueKey(t *testing.T) {
	for name, c := range lossyConnectors(t) {
		t.Run(name, func(t *testing.T) {
			db := sql.OpenDB(c)
			t.Cleanup(func() { _ = db.Close() })
			exec(t, db, "CREATE TABLE receipts (id VARCHAR(20) NOT NULL PRIMARY KEY)")
			d, err := database.New(db, database.Options{Dialect: c.dialect})
			if err != nil {
				t.Fatal(err)
			}
			runs := 0
			c.losses.Store(1)
			err = d.Tx(t.Context(), func(ctx context.Context, tx *database.Tx) error {
				runs++
				_, err := tx.SQL().ExecContext(ctx, "INSERT INTO receipts (id) VALUES ('r')")
				return err
			})
			if !database.IsDuplicate(err) || runs != 2 {
				t.Errorf("got error %v after %d runs, want a duplicate after 2", err, runs)
			}
			if strings.Contains(err.Error(), "commit") {
				t.Errorf("error %q speaks of a commit that was never asked for", err)
			}
			if got := number(t, db, "SELECT COUNT(*) FROM receipts"); got != 1 {
				t.Errorf("%d receipts, want 1", got)
			}
		})
	}
}
