package database

import (
	"context"
	"errors"
	"fmt"
	"strings"
)

// Check looks at a connection of the host and refuses settings under which data would be altered or lost. The error
// says how to mend them.
func (d *DB) Check(ctx context.Context) error {
	if d.dialect == SQLite {
		return d.checkSQLite(ctx)
	}
	return d.checkMySQL(ctx)
}

// checkMySQL insists on utf8mb4 in both directions: on another connection the server replaces what does not fit by
// question marks, without an error. A binary log of statements cannot record READ COMMITTED: every write would fail.
func (d *DB) checkMySQL(ctx context.Context) error {
	v, err := d.variables(ctx, "character_set_client", "character_set_results", "log_bin", "binlog_format")
	if err != nil {
		return fmt.Errorf("check the database connection: %w", err)
	}
	for _, charset := range []string{v["character_set_client"], v["character_set_results"]} {
		if charset != "utf8mb4" {
			return fmt.Errorf("the database connection uses the character set %s and would lose characters: "+
				"add charset=utf8mb4 to the DSN", charset)
		}
	}
	if v["log_bin"] == "ON" && v["binlog_format"] == "STATEMENT" {
		return errors.New("the database logs statements and would refuse our transactions: " +
			"set binlog_format to MIXED or ROW")
	}
	return nil
}

// variables reads system variables as this connection sees them; one the server does not know is missing.
func (d *DB) variables(ctx context.Context, names ...any) (map[string]string, error) {
	marks := strings.TrimSuffix(strings.Repeat("?, ", len(names)), ", ")
	rows, err := d.sql.QueryContext(ctx, "SHOW VARIABLES WHERE Variable_name IN ("+marks+")", names...)
	if err != nil {
		return nil, err
	}
	defer func() { _ = rows.Close() }()
	values := make(map[string]string, len(names))
	for rows.Next() {
		var name, value string
		if err := rows.Scan(&name, &value); err != nil {
			return nil, err
		}
		values[name] = value
	}
	return values, rows.Err()
}

func (d *DB) checkSQLite(ctx context.Context) error {
	var file, journal string
	var busy, synchronous int
	for query, into := range map[string]any{
		"SELECT file FROM pragma_database_list WHERE name = 'main'": &file,
		"PRAGMA journal_mode": &journal,
		"PRAGMA busy_timeout": &busy,
		"PRAGMA synchronous":  &synchronous,
	} {
		if err := d.sql.QueryRowContext(ctx, query).Scan(into); err != nil {
			return fmt.Errorf("check the database connection: %w", err)
		}
	}
	switch {
	case file == "" && d.sql.Stats().MaxOpenConnections != 1:
		return errors.New("each connection to an in-memory SQLite database is a database of its own: " +
			"call SetMaxOpenConns(1) or use a file")
	case file == "":
		return nil
	case journal != "wal":
		return fmt.Errorf("the SQLite database uses the journal mode %q, where readers and writers block each other: "+
			"set PRAGMA journal_mode = WAL", journal)
	case busy == 0:
		return errors.New("the SQLite connection does not wait for locks: set PRAGMA busy_timeout, to 5000 say, in the DSN")
	case synchronous == 0:
		return errors.New("the SQLite connection would lose acknowledged data in a crash: set PRAGMA synchronous = FULL")
	}
	return nil
}
