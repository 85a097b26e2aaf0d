package database_test

import (
	"context"
	"database/sql/driver"
	"path/filepath"
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
