package crm

import (
	"context"
	"database/sql"
	_ "embed"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/mailconnector/mailconnector/permissions"
)

//go:embed schema.sql
var schema string

// Config is what a CRM needs.
type Config struct {
	DB      *sql.DB
	Dialect string           // "sqlite" or "mysql", which MariaDB is too
	Storage string           // the folder of the documents; created when the first one is filed
	URL     string           // where the pages are, without a slash at the end
	Now     func() time.Time // time.Now if nil
}

// CRM is the whole CRM. Its methods are safe for concurrent use.
type CRM struct {
	db      *sql.DB
	dialect string
	storage string
	url     string
	now     func() time.Time
	catalog catalog
	policy  policyCache
}

// New returns a CRM over a database that Migrate prepares.
func New(c Config) (*CRM, error) {
	if c.DB == nil || c.Storage == "" {
		return nil, errors.New("crm: DB and Storage are required")
	}
	if c.Dialect != "sqlite" && c.Dialect != "mysql" {
		return nil, fmt.Errorf("crm: unknown dialect %q", c.Dialect)
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	return &CRM{
		db: c.DB, dialect: c.Dialect, storage: c.Storage, url: strings.TrimSuffix(c.URL, "/"),
		now: c.Now, catalog: newCatalog(),
	}, nil
}

// Migrate creates the tables that are not there yet: on SQLite all or none, with a single wait for the disk.
func (c *CRM) Migrate(ctx context.Context) error {
	err := c.inTx(ctx, func(tx *sql.Tx) error {
		for statement := range strings.SplitSeq(schema, ";") {
			if strings.TrimSpace(statement) == "" {
				continue
			}
			if c.dialect == "mysql" {
				statement += " CHARACTER SET utf8mb4 COLLATE utf8mb4_bin"
			}
			if _, err := tx.ExecContext(ctx, statement); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("create tables: %w", err)
	}
	return nil
}

// reserve takes n numbers in a row from a sequence, in a statement of its own: a number taken inside a longer
// transaction would make everybody else wait for its end. A number that is never used leaves a gap, no more.
func (c *CRM) reserve(ctx context.Context, sequence string, n int) (first int64, err error) {
	for {
		var last int64
		if err := c.db.QueryRowContext(ctx, "SELECT value FROM crm_sequences WHERE name = ?", sequence).Scan(&last); err != nil {
			return 0, fmt.Errorf("read sequence %s: %w", sequence, err)
		}
		moved, err := affected(c.db.ExecContext(ctx, "UPDATE crm_sequences SET value = ? WHERE name = ? AND value = ?",
			last+int64(n), sequence, last))
		if err != nil {
			return 0, fmt.Errorf("move sequence %s: %w", sequence, err)
		}
		if moved {
			return last + 1, nil
		}
	}
}

// inTx runs fn in a transaction that is committed when fn returns nil.
func (c *CRM) inTx(ctx context.Context, fn func(*sql.Tx) error) error {
	tx, err := c.db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }() // after Commit it does nothing
	if err := fn(tx); err != nil {
		return err
	}
	return tx.Commit()
}

// queryer is what *sql.DB and *sql.Tx have in common for reading.
type queryer interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
}

// collect reads every row of a query.
func collect[T any](ctx context.Context, q queryer, scan func(*sql.Rows) (T, error), query string, args ...any) ([]T, error) {
	rows, err := q.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var all []T
	for rows.Next() {
		one, err := scan(rows)
		if err != nil {
			return nil, err
		}
		all = append(all, one)
	}
	return all, rows.Err()
}

// affected reports whether a statement changed a row.
func affected(result sql.Result, err error) (bool, error) {
	if err != nil {
		return false, err
	}
	n, err := result.RowsAffected()
	return n > 0, err
}

// in returns "(?, ?, ?)" and the arguments to go with it; for an empty list a condition that nothing meets.
func in[T any](list []T) (placeholders string, args []any) {
	if len(list) == 0 {
		return "(NULL)", nil
	}
	args = make([]any, len(list))
	for i, v := range list {
		args[i] = v
	}
	return "(?" + strings.Repeat(", ?", len(list)-1) + ")", args
}

// parseID reads an id as this CRM writes it. Anything else, "042" included, names no row.
func parseID(s string) (int64, bool) {
	id, err := strconv.ParseInt(s, 10, 64)
	return id, err == nil && id > 0 && formatID(id) == s
}

func formatID(id int64) string { return strconv.FormatInt(id, 10) }

// rowIDs returns the ids of those records that could be rows of this CRM.
func rowIDs(records []permissions.Record) []int64 {
	ids := make([]int64, 0, len(records))
	for _, r := range records {
		if id, ok := parseID(r.ID); ok {
			ids = append(ids, id)
		}
	}
	return ids
}

func micros(t time.Time) int64      { return t.UnixMicro() }
func fromMicros(us int64) time.Time { return time.UnixMicro(us).UTC() }
