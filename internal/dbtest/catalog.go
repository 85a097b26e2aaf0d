package dbtest

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strings"
	"testing"
)

// Table describes a table so that the same one compares equal on both databases.
type Table struct {
	Name    string
	Columns []Column // in their order
	Keys    []Key    // primary and unique keys and plain indexes, sorted
	Options string   // on MariaDB what is not as it must be, such as another collation; else empty
}

// Column is a column with its type reduced to "integer", "real", "text" or "bytes".
type Column struct {
	Name     string
	Type     string
	Nullable bool
}

// Key is an index. Names of indexes are left out: on SQLite they are unique in a database, on MariaDB in a table.
type Key struct {
	Kind    string // "primary", "unique" or "index"
	Columns string // joined by commas
}

// wantedOptions are the engine and collation every table of the module has on MariaDB.
const wantedOptions = "InnoDB utf8mb4_bin"

// Catalog describes the tables whose names begin with prefix, sorted by name.
func Catalog(t testing.TB, db *sql.DB, prefix string) []Table {
	t.Helper()
	read := catalogOfMariaDB
	if strings.Contains(fmt.Sprintf("%T", db.Driver()), "sqlite") {
		read = catalogOfSQLite
	}
	tables, err := read(t.Context(), db)
	if err != nil {
		t.Fatalf("read the catalog: %v", err)
	}
	tables = slices.DeleteFunc(tables, func(table Table) bool { return !strings.HasPrefix(table.Name, prefix) })
	for i := range tables {
		slices.SortFunc(tables[i].Keys, func(a, b Key) int { return strings.Compare(a.Kind+a.Columns, b.Kind+b.Columns) })
	}
	return tables
}

func catalogOfMariaDB(ctx context.Context, db *sql.DB) ([]Table, error) {
	tables, err := collect(ctx, db, func(table *Table) []any { return []any{&table.Name, &table.Options} },
		`SELECT table_name, CONCAT(engine, ' ', table_collation) FROM information_schema.tables
		WHERE table_schema = DATABASE() ORDER BY BINARY table_name`)
	for i := range tables {
		if err != nil {
			break
		}
		err = tables[i].describeMariaDB(ctx, db)
	}
	return tables, err
}

func (table *Table) describeMariaDB(ctx context.Context, db *sql.DB) (err error) {
	table.Options = strings.TrimSuffix(table.Options, wantedOptions)
	table.Columns, err = collect(ctx, db, func(c *Column) []any { return []any{&c.Name, &c.Type, &c.Nullable} },
		`SELECT column_name, IF(collation_name <> 'utf8mb4_bin', CONCAT(data_type, ' ', collation_name), data_type),
			is_nullable = 'YES'
		FROM information_schema.columns WHERE table_schema = DATABASE() AND table_name = ?
		ORDER BY ordinal_position`, table.Name)
	if err != nil {
		return err
	}
	for i := range table.Columns {
		table.Columns[i].Type = plainType(table.Columns[i].Type)
	}
	table.Keys, err = collect(ctx, db, func(k *Key) []any { return []any{&k.Kind, &k.Columns} },
		`SELECT IF(index_name = 'PRIMARY', 'primary', IF(non_unique = 0, 'unique', 'index')),
			GROUP_CONCAT(column_name ORDER BY seq_in_index)
		FROM information_schema.statistics WHERE table_schema = DATABASE() AND table_name = ?
		GROUP BY index_name, non_unique`, table.Name)
	return err
}

func catalogOfSQLite(ctx context.Context, db *sql.DB) ([]Table, error) {
	tables, err := collect(ctx, db, func(table *Table) []any { return []any{&table.Name} },
		`SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite!_%' ESCAPE '!' ORDER BY name`)
	for i := range tables {
		if err != nil {
			break
		}
		err = tables[i].describeSQLite(ctx, db)
	}
	return tables, err
}

func (table *Table) describeSQLite(ctx context.Context, db *sql.DB) (err error) {
	table.Columns, err = collect(ctx, db, func(c *Column) []any { return []any{&c.Name, &c.Type, &c.Nullable} },
		`SELECT name, type, "notnull" = 0 AND NOT (pk > 0 AND type = 'INTEGER')
		FROM pragma_table_info(?) ORDER BY cid`, table.Name)
	if err != nil {
		return err
	}
	for i := range table.Columns {
		table.Columns[i].Type = plainType(table.Columns[i].Type)
	}
	table.Keys, err = collect(ctx, db, func(k *Key) []any { return []any{&k.Kind, &k.Columns} },
		`SELECT 'primary', group_concat(name) FROM (SELECT name FROM pragma_table_info(?1) WHERE pk > 0 ORDER BY pk)
			HAVING count(*) > 0
		UNION ALL
		SELECT iif("unique", 'unique', 'index'), (SELECT group_concat(name) FROM
			(SELECT name FROM pragma_index_info(list.name) ORDER BY seqno))
		FROM pragma_index_list(?1) AS list WHERE origin <> 'pk'`, table.Name)
	return err
}

// plainType follows SQLite's rules of affinity, https://www.sqlite.org/datatype3.html section 3.1, for both databases.
func plainType(declared string) string {
	declared = strings.ToLower(declared)
	contains := func(words ...string) bool {
		return slices.ContainsFunc(words, func(w string) bool { return strings.Contains(declared, w) })
	}
	switch {
	case strings.Contains(declared, " "): // a collation of its own: shown as it is
		return declared
	case contains("int", "bool"):
		return "integer"
	case contains("char", "clob", "text"):
		return "text"
	case contains("blob", "binary"), declared == "":
		return "bytes"
	case contains("real", "float", "double"):
		return "real"
	default:
		return declared
	}
}

// collect reads all rows of a query, each into the fields that scan points to.
func collect[T any](ctx context.Context, db *sql.DB, scan func(*T) []any, query string, args ...any) ([]T, error) {
	rows, err := db.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	defer func() { _ = rows.Close() }()
	var all []T
	for rows.Next() {
		var one T
		if err := rows.Scan(scan(&one)...); err != nil {
			return nil, err
		}
		all = append(all, one)
	}
	return all, rows.Err()
}
