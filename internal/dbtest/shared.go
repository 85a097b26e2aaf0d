package dbtest

import (
	"context"
	"database/sql"
	"os"
	"sync"
	"testing"

	"github.com/go-sql-driver/mysql"
)

// account is a login that may create databases.
type account struct {
	*mysql.Config
	server *Server // nil for a server that is not ours; held, because a collected one closes its lifeline
}

// sharedServer starts the server of this process at its first use. Nobody stops it: its guard does, when the process
// has ended.
func sharedServer(t testing.TB) account {
	t.Helper()
	a, err := sharedAccount()
	if err != nil {
		giveUp(t, err)
	}
	return a
}

var sharedAccount = sync.OnceValues(func() (account, error) {
	if dsn := os.Getenv("MAILCONNECTOR_TEST_DSN"); dsn != "" {
		cfg, err := mysql.ParseDSN(dsn)
		return account{Config: cfg}, err
	}
	s, err := newServer(nil)
	if err != nil {
		return account{}, err
	}
	return s.account(), nil
})

func (a account) newDatabase(t testing.TB) string {
	t.Helper()
	name := databaseName()
	if err := a.run("CREATE DATABASE " + name); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = a.run("DROP DATABASE " + name) })
	cfg := a.Clone()
	cfg.DBName = name
	return cfg.FormatDSN()
}

func (a account) run(statement string) error {
	cfg := a.Clone()
	cfg.DBName, cfg.Logger = "", &mysql.NopLogger{}
	connector, err := mysql.NewConnector(cfg)
	if err != nil {
		return err
	}
	db := sql.OpenDB(connector)
	defer func() { _ = db.Close() }()
	_, err = db.ExecContext(context.Background(), statement)
	return err
}
