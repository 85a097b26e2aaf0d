package search

import (
	"context"
	"database/sql"
	"slices"
	"strings"

	"github.com/mailconnector/mailconnector/internal/database"
)

// mostCounted bounds an estimate where the database has to count for it.
const mostCounted = 5000

// estimate tells about how many terms a range has. MariaDB and MySQL look at two places of the index for it.
func (s store) estimate(ctx context.Context, r termRange) (int64, error) {
	bounds, args := r.bounds(r.text)
	return s.explain(ctx, s.along(byTerm)+" WHERE 0 = 0"+bounds, args...)
}

// documentsIn tells about how many documents are in the holdings.
func (s store) documentsIn(ctx context.Context, holdings []holding) (int64, error) {
	some, args := inHoldings(holdings)
	from := "mc_search_docs d FORCE INDEX (mc_search_docs_owner)"
	if s.db.Dialect() == database.SQLite {
		from = "mc_search_docs d"
	}
	return s.explain(ctx, "SELECT d.id FROM "+from+" WHERE "+some, args...)
}

// explain tells about how many rows a query reads.
func (s store) explain(ctx context.Context, query string, args ...any) (n int64, err error) {
	if s.db.Dialect() == database.SQLite {
		err = s.statements.read(ctx, "count rows", func(rows *sql.Rows) error { return rows.Scan(&n) },
			"SELECT COUNT(*) FROM ("+query+" LIMIT ?)", join(args, []any{mostCounted})...)
		return n, err
	}
	err = s.statements.read(ctx, "estimate rows", func(rows *sql.Rows) error {
		more, err := plannedRows(rows)
		n = max(n, more)
		return err
	}, "EXPLAIN "+query, args...)
	return n, err
}

// plannedRows reads the column rows of a line of a plan, which differs between versions in its other columns.
func plannedRows(rows *sql.Rows) (int64, error) {
	columns, err := rows.Columns()
	if err != nil {
		return 0, err
	}
	var planned sql.NullInt64
	into := make([]any, len(columns))
	for i := range into {
		into[i] = new(sql.RawBytes)
	}
	if i := slices.IndexFunc(columns, func(c string) bool { return strings.EqualFold(c, "rows") }); i >= 0 {
		into[i] = &planned
	}
	err = rows.Scan(into...)
	return planned.Int64, err
}
