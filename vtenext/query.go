package vtenext

import (
	"context"
	"database/sql"
	"strconv"
	"strings"
	"time"
)

// execer writes: a pool, one connection of it, or a transaction.
type execer interface {
	ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error)
}

// collect reads every row of a query.
func collect[T any](ctx context.Context, q querier, scan func(*sql.Rows) (T, error), query string, args ...any) ([]T, error) {
	rows, err := q.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	defer func() { _ = rows.Close() }()
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

// scanOne reads a row of a single column.
func scanOne[T any](rows *sql.Rows) (v T, err error) { return v, rows.Scan(&v) }

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

// parseID reads an id as the CRM writes it. Anything else, "042" included, names no row.
func parseID(s string) (int64, bool) {
	id, err := strconv.ParseInt(s, 10, 32)
	return id, err == nil && id > 0 && formatID(id) == s
}

func formatID(id int64) string { return strconv.FormatInt(id, 10) }

// The CRM keeps times as local ones of its time zone, to the second. They are written and read as text, so that neither
// the driver's settings nor the type of a column change them.
const localTime = time.DateTime

func (c *CRM) localTime(t time.Time) string { return t.In(c.timeZone).Format(localTime) }

// parseTime reads a local time; what is no time, such as the CRM's zeros, is the zero time. Of the two readings that an
// hour has when clocks are set back, it is the earlier one.
func (c *CRM) parseTime(s string) time.Time {
	t, err := time.ParseInLocation(localTime, s, c.timeZone)
	if err != nil || t.Year() < 1971 {
		return time.Time{}
	}
	return t.UTC()
}

// cut returns the first n characters of a text.
func cut(s string, n int) string {
	for i := range s {
		if n == 0 {
			return s[:i]
		}
		n--
	}
	return s
}
