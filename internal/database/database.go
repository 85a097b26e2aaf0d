package database

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"gorm.io/driver/mysql"
	"gorm.io/gorm"
)

// Dialect is the family of SQL a database speaks.
type Dialect string

// The supported dialects. MariaDB is MySQL here.
const (
	MySQL  Dialect = "mysql"
	SQLite Dialect = "sqlite"
)

// Options says how a database is used. The zero value is useful.
type Options struct {
	// Dialect is told by the type of the driver when empty; set it where the driver is wrapped, by tracing for example.
	Dialect Dialect

	// Owner names the CRM that our tables serve, as no other on the same database server is named. [DB.Migrate] notes it,
	// and tables that serve another one are refused with [ErrTaken]. Empty asks nothing.
	Owner string

	// Logger receives slow statements, without values, and the errors of background work. Defaults to discarding.
	Logger *slog.Logger

	// Now is the clock of timestamps and leases. Defaults to time.Now. The clocks of instances that share a database
	// must agree much closer than the shortest lease.
	Now func() time.Time
}

// DB is the host's database as our stores use it. It is safe for concurrent use.
type DB struct {
	sql     *sql.DB
	gorm    *gorm.DB
	dialect Dialect
	owner   string
	log     *slog.Logger
	now     func() time.Time
}

// New wraps the host's database without any I/O. It fails for a nil database and for a driver it does not recognize
// while Options.Dialect is empty.
func New(db *sql.DB, o Options) (*DB, error) {
	if db == nil {
		return nil, errors.New("database: no *sql.DB given")
	}
	dialect, err := chooseDialect(db, o.Dialect)
	if err != nil {
		return nil, err
	}
	d := &DB{sql: db, dialect: dialect, owner: o.Owner, log: o.Logger, now: o.Now}
	if d.log == nil {
		d.log = slog.New(slog.DiscardHandler)
	}
	if d.now == nil {
		d.now = time.Now
	}
	if d.gorm, err = openGorm(d); err != nil {
		return nil, fmt.Errorf("database: prepare gorm: %w", err)
	}
	return d, nil
}

// SQL returns the host's database, for statements outside a transaction.
func (d *DB) SQL() *sql.DB { return d.sql }

// Dialect tells which SQL the database speaks.
func (d *DB) Dialect() Dialect { return d.dialect }

// Now returns the current time in UTC, truncated to the microseconds our tables keep.
func (d *DB) Now() time.Time { return d.now().UTC().Truncate(time.Microsecond) }

// Gorm returns a gorm session outside any transaction. Each statement commits by itself and nothing is re-run.
func (d *DB) Gorm(ctx context.Context) *gorm.DB { return d.gorm.WithContext(ctx) }

func chooseDialect(db *sql.DB, wanted Dialect) (Dialect, error) {
	switch wanted {
	case MySQL, SQLite:
		return wanted, nil
	case "":
		return dialectOfDriver(fmt.Sprintf("%T", db.Driver()))
	default:
		return "", fmt.Errorf("database: unknown dialect %q: set Dialect to %q or %q", wanted, MySQL, SQLite)
	}
}

func dialectOfDriver(driverType string) (Dialect, error) {
	name := strings.ToLower(driverType)
	switch {
	case strings.Contains(name, "sqlite"):
		return SQLite, nil
	case strings.Contains(name, "mysql"), strings.Contains(name, "mariadb"):
		return MySQL, nil
	default:
		return "", fmt.Errorf("database: driver %s is not known: set Dialect to %q or %q", driverType, MySQL, SQLite)
	}
}

// openGorm prepares gorm so that it does nothing on its own: no ping, no version query, no transaction around a
// statement, no savepoints (a deadlock ends the whole transaction anyway), no prepared statements kept for ever, no
// translated errors (translation drops the name of the key that collided).
func openGorm(d *DB) (*gorm.DB, error) {
	return gorm.Open(d.dialector(), &gorm.Config{
		DisableAutomaticPing:     true,
		SkipDefaultTransaction:   true,
		DisableNestedTransaction: true,
		NowFunc:                  d.Now,
		Logger:                   gormLogger{log: d.log},
	})
}

func (d *DB) dialector() gorm.Dialector {
	if d.dialect == SQLite {
		return sqliteDialector{conn: d.sql}
	}
	return mysql.New(mysql.Config{
		Conn:                      d.sql,
		SkipInitializeWithVersion: true,
		DontSupportForShareClause: true, // MariaDB knows only LOCK IN SHARE MODE, MySQL knows both
	})
}
