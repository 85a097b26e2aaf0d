package demo

import (
	"cmp"
	"database/sql"
	"io"
	"log/slog"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"time"

	"github.com/go-sql-driver/mysql"
	_ "modernc.org/sqlite" // the driver "sqlite"
)

func (c Config) withDefaults() (Config, error) {
	if c.Addr == "" {
		c.Addr = "127.0.0.1:8080"
	}
	if c.DataDir == "" {
		c.DataDir = defaultDataDir()
	}
	if c.Out == nil {
		c.Out = io.Discard
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	return c, os.MkdirAll(c.DataDir, 0o700)
}

// defaultDataDir is a folder of the user's, so that what was linked is still there tomorrow.
func defaultDataDir() string {
	folder, err := os.UserCacheDir()
	if err != nil {
		folder = os.TempDir()
	}
	return filepath.Join(folder, "mailconnector-demo")
}

// openDatabase opens the CRM's database. SQLite waits for the disk at each commit, because what was acknowledged has to
// survive, and takes the write lock when a transaction begins, because one that takes it later may have to give up.
func openDatabase(c Config) (db *sql.DB, dialect string, err error) {
	if c.DSN != "" {
		server, err := mysql.ParseDSN(c.DSN)
		if err != nil {
			return nil, "", err
		}
		server.Timeout = cmp.Or(server.Timeout, 5*time.Second)
		server.ReadTimeout = cmp.Or(server.ReadTimeout, time.Minute) // a server that hangs is one that is gone
		server.WriteTimeout = cmp.Or(server.WriteTimeout, time.Minute)
		db, err = sql.Open("mysql", server.FormatDSN())
		return db, "mysql", err
	}
	settings := url.Values{
		"_txlock": {"immediate"},
		"_pragma": {"busy_timeout(10000)", "journal_mode(WAL)", "synchronous(FULL)", "foreign_keys(ON)"},
	}
	path, err := filepath.Abs(filepath.Join(c.DataDir, "crm.db"))
	if err != nil {
		return nil, "", err
	}
	name := url.URL{Scheme: "file", OmitHost: true, Path: filepath.ToSlash(path), RawQuery: settings.Encode()}
	db, err = sql.Open("sqlite", name.String())
	return db, "sqlite", err
}

// address returns the URL of a listener. One that listens everywhere is reached by the loopback address at least.
func address(l net.Listener) string {
	host, port, err := net.SplitHostPort(l.Addr().String())
	if ip := net.ParseIP(host); err != nil || ip == nil || ip.IsUnspecified() {
		host = "127.0.0.1"
	}
	return "http://" + net.JoinHostPort(host, port)
}
